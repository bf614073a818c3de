//! Merging customers, and taking that back.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::{Command, Context, Library, Plan, lookup};
use crate::contact::Contact;
use crate::customer::Merge;
use crate::deal::Deal;
use crate::document::{Document, Fact};
use crate::edit::{Edits, Fields};
use crate::id::{CustomerId, DealId, FactId, StaffId};
use crate::merge::MergeMap;
use crate::refusal::{Notice, Refusal};
use crate::time::Timestamp;
use crate::value::Value;

/// The registers of a card of which the absorbed one's may be chosen.
const CHOOSABLE: [&str; 10] = [
    "name",
    "type",
    "gender",
    "age_band",
    "region",
    "source_channel",
    "source_platform",
    "source_show",
    "source_referrer",
    "value_class",
];

/// Merges one customer into another: both histories are shown as one from then on, and the
/// survivor's consultant answers for both.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeCustomers {
    /// As whom both are shown.
    pub survivor: CustomerId,
    /// Who is shown as the survivor.
    pub absorbed: CustomerId,
    /// The registers of which the absorbed card's hold: name, gender, region …
    #[serde(default)]
    pub take_from_absorbed: BTreeSet<String>,
}

/// The merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Merged {
    /// The fact in the absorbed card.
    pub merge: FactId,
}

impl Command for MergeCustomers {
    type Output = Merged;

    const NAME: &'static str = "merge_customers";
    const ABOUT: &'static str = "Merges one customer into another; it can be taken back";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Merged>, Refusal> {
        let (survivor, into) = lookup::card(library, self.survivor)?;
        let (absorbed, from) = lookup::card(library, self.absorbed)?;
        if self.survivor == self.absorbed {
            return Err(Refusal::invalid("absorbed", "is the survivor"));
        }
        if MergeMap::of([&into, &from]).is_one(self.survivor, self.absorbed) {
            return Err(Refusal::state(&absorbed, "the two are merged"));
        }
        if from.merged_into().next().is_some() {
            return Err(Refusal::state(&absorbed, "is merged into another"));
        }
        if into.merged_into().next().is_some() {
            return Err(Refusal::state(&survivor, "is merged into another"));
        }
        let mut edits = Edits::default();
        let mut fields = context.signed([("into", self.survivor.into())]);
        for register in &self.take_from_absorbed {
            if !CHOOSABLE.contains(&register.as_str()) {
                let problem = format!("{register:?} cannot be chosen");
                return Err(Refusal::invalid("take_from_absorbed", problem));
            }
            let (Some(chosen), before) = (absorbed.text(register), survivor.text(register)) else {
                continue;
            };
            if before == Some(chosen) {
                continue;
            }
            // Writing it would settle in silence what people differ about.
            for (document, card) in [(&survivor, &into), (&absorbed, &from)] {
                if card.contested.contains(register) {
                    let problem = format!("decide between the values of {register} first");
                    return Err(Refusal::state(document, problem));
                }
            }
            edits.set(survivor.id(), register.as_str(), chosen);
            fields.insert(format!("chosen/{register}"), chosen.into());
            if let Some(before) = before {
                fields.insert(format!("before/{register}"), before.into());
            }
        }
        let merge = context.ids.fact();
        edits.record(absorbed.id(), "merge", merge, fields);
        // Whoever answers for the survivor gets what was said on the other cards too.
        for (document, card) in lookup::whole(library, self.absorbed)?.cards {
            if card.store == into.store && into.owner.is_some() && card.owner != into.owner {
                let handover = handover(card.owner, into.owner, context);
                edits.record(document.id(), "handover", context.ids.fact(), handover);
            }
        }
        let mut plan = Plan::new(edits, Merged { merge });
        if into.store != from.store {
            plan.notices.push(Notice {
                code: "stores_differ".into(),
                text: "each store goes on seeing its own card until the relay moves one".into(),
                documents: vec![survivor.id(), absorbed.id()],
            });
        }
        Ok(plan)
    }
}

/// Takes a merge back: both customers are shown apart again, each with what was added to it, the
/// survivor gets back what the merge had changed unless somebody wrote it since, and the absorbed
/// goes back to the consultant who had them unless somebody handed them on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoMerge {
    /// The customer who was absorbed.
    pub absorbed: CustomerId,
    /// Which merge.
    pub merge: FactId,
}

/// What stays with the survivor of a merge that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unmerged {
    /// What was added to the survivor after the merge: it may be the absorbed one's. The oldest
    /// first.
    pub later: Vec<LaterEntry>,
    /// The deals that were opened with the survivor after the merge.
    pub later_deals: Vec<DealId>,
}

/// A fact or an entry that was added after a merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LaterEntry {
    /// What it is: `follow_up`, `grade`, `task` …
    pub name: String,
    /// Which.
    pub fact: FactId,
    /// Who added it.
    pub by: Option<StaffId>,
    /// When it happened.
    pub at: Timestamp,
}

impl Command for UndoMerge {
    type Output = Unmerged;

    const NAME: &'static str = "undo_merge";
    const ABOUT: &'static str = "Takes a merge of customers back, and lists what stays";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Unmerged>, Refusal> {
        let (absorbed, customer) = lookup::any_card(library, self.absorbed)?;
        let merge = customer
            .merges
            .iter()
            .find(|merge| merge.id == self.merge)
            .ok_or_else(|| Refusal::invalid("merge", "the card has none such"))?;
        if merge.undone {
            return Err(Refusal::state(&absorbed, "the merge is undone"));
        }
        let mut edits = Edits::default();
        let fields = context.signed([("merge", self.merge.into())]);
        edits.record(absorbed.id(), "merge_undo", context.ids.fact(), fields);
        let members = lookup::whole(library, self.absorbed)?.cards;
        for (document, card) in members.iter().filter(|(_, card)| card.id != merge.into) {
            if let Some(taken) = handover_of(&absorbed, merge.id, document)
                && let Some(back) = taken.parsed("from")
                && card.owner == taken.parsed("to")
            {
                let handover = handover(card.owner, Some(back), context);
                edits.record(document.id(), "handover", context.ids.fact(), handover);
            }
        }
        if !merge.chosen.is_empty() {
            let (survivor, _) = lookup::any_card(library, merge.into)?;
            for (register, chosen) in &merge.chosen {
                if stands_from_merge(&survivor, register, chosen) {
                    let before = merge.before.get(register).cloned();
                    edits.set(survivor.id(), register.as_str(), Value::from(before));
                }
            }
        }
        let output = Unmerged {
            later: later(library, merge)?,
            later_deals: later_deals(library, merge)?,
        };
        Ok(Plan::new(edits, output))
    }
}

/// The handover that came with a merge, in one of the cards that it made the survivor's.
fn handover_of<'d>(absorbed: &Document, merge: FactId, card: &'d Document) -> Option<&'d Fact> {
    let merge = absorbed.fact("merge", merge)?;
    let with_it = |fact: &&Fact| ["by", "at"].iter().all(|name| same(fact, merge, name));
    card.facts("handover").find(with_it)
}

fn same(one: &Fact, other: &Fact, field: &str) -> bool {
    let value = |fact: &Fact| fact.field(field).map(|register| register.value.clone());
    value(one).is_some() && value(one) == value(other)
}

fn handover(from: Option<StaffId>, to: Option<StaffId>, context: &Context<'_>) -> Fields {
    context.signed([("from", from.into()), ("to", to.into())])
}

/// What people added to the survivor's card and contact after a merge.
fn later(library: &dyn Library, merge: &Merge) -> Result<Vec<LaterEntry>, Refusal> {
    let mut later: BTreeMap<FactId, LaterEntry> = BTreeMap::new();
    // The contact comes last: what stands in both under one id is told by its name there.
    for id in [merge.into.into(), Contact::document_id(merge.into)] {
        let Some(document) = library.document(id)? else {
            continue;
        };
        let entries = document.fact_names().flat_map(|name| {
            let recorded = document.recorded(name).into_iter();
            recorded.map(move |(moment, fact)| (name, moment, fact))
        });
        for (name, moment, fact) in entries {
            let is_relays = document
                .provenance(fact)
                .is_some_and(|provenance| provenance.staff == StaffId::RELAY);
            let at = document.happened_at(fact);
            if !is_relays && at.max(moment.time) > merge.at {
                let entry = LaterEntry {
                    name: name.to_owned(),
                    fact: fact.id,
                    by: fact.parsed("by"),
                    at,
                };
                later.insert(fact.id, entry);
            }
        }
    }
    let mut later: Vec<LaterEntry> = later.into_values().collect();
    later.sort_by_key(|entry| (entry.at, entry.fact));
    Ok(later)
}

fn later_deals(library: &dyn Library, merge: &Merge) -> Result<Vec<DealId>, Refusal> {
    let mut later = Vec::new();
    for id in library.deals_of(merge.into)? {
        let document = library.document(id.into())?;
        let deal = document.as_deref().and_then(Deal::read);
        later.extend(deal.filter(|deal| deal.created_at > merge.at).map(|_| id));
    }
    Ok(later)
}

/// Whether what a merge put there is what stands: nobody has written it since.
fn stands_from_merge(survivor: &Document, register: &str, chosen: &str) -> bool {
    match survivor.rivals(register).as_slice() {
        [only] => {
            only.value.as_text() == Some(chosen) && only.provenance.command == MergeCustomers::NAME
        }
        _ => false,
    }
}
