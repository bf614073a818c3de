//! Merging customers, and taking that back.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::{Command, Context, Library, Plan, lookup};
use crate::document::Document;
use crate::edit::Edits;
use crate::id::{CustomerId, FactId};
use crate::merge::MergeMap;
use crate::refusal::{Notice, Refusal};
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

/// Merges one customer into another: both histories are shown as one from then on.
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
            edits.set(survivor.id(), register.as_str(), chosen);
            fields.insert(format!("chosen/{register}"), chosen.into());
            if let Some(before) = before {
                fields.insert(format!("before/{register}"), before.into());
            }
        }
        let merge = context.ids.fact();
        edits.record(absorbed.id(), "merge", merge, fields);
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

/// Takes a merge back: both customers are shown apart again, each with what was added to it, and
/// the survivor gets back what the merge had changed unless somebody wrote it since.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoMerge {
    /// The customer who was absorbed.
    pub absorbed: CustomerId,
    /// Which merge.
    pub merge: FactId,
}

impl Command for UndoMerge {
    type Output = ();

    const NAME: &'static str = "undo_merge";
    const ABOUT: &'static str = "Takes a merge of customers back";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
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
        if !merge.chosen.is_empty() {
            let (survivor, _) = lookup::any_card(library, merge.into)?;
            for (register, chosen) in &merge.chosen {
                if stands_from_merge(&survivor, register, chosen) {
                    let before = merge.before.get(register).cloned();
                    edits.set(survivor.id(), register.as_str(), Value::from(before));
                }
            }
        }
        Ok(Plan::new(edits, ()))
    }
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
