//! What customers want.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::input::{self, LONGEST_LINE};
use crate::command::{Command, Context, Library, Plan, lookup};
use crate::contact::{Contact, IntentStatus, PayWay, PlateQuota, PurchaseType, Use};
use crate::document::Document;
use crate::edit::Edits;
use crate::fen::Fen;
use crate::id::{CustomerId, DocumentId, FactId, TrimId};
use crate::refusal::Refusal;
use crate::value::Value;

/// What a customer wants; what is left out is not known, or stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntentInput {
    /// In how many days they expect to order.
    #[serde(default)]
    pub horizon_days: Option<u16>,
    /// What they would spend at least, in fen.
    #[serde(default)]
    pub budget_min: Option<Fen>,
    /// What they would spend at most, in fen.
    #[serde(default)]
    pub budget_max: Option<Fen>,
    /// How they mean to pay.
    #[serde(default)]
    pub pay_way: Option<PayWay>,
    /// Which car in the household it is.
    #[serde(default)]
    pub purchase_type: Option<PurchaseType>,
    /// Who decides.
    #[serde(default)]
    pub decision_maker: Option<String>,
    /// Whether a plate can be had.
    #[serde(default)]
    pub plate_quota: Option<PlateQuota>,
    /// The car they would give in part exchange.
    #[serde(default)]
    pub trade_in: Option<String>,
    /// What else they said.
    #[serde(default)]
    pub wish: Option<String>,
    /// The trims they like, the liked best first.
    #[serde(default)]
    pub models: Option<Vec<TrimId>>,
    /// What for.
    #[serde(default)]
    pub uses: Option<BTreeSet<Use>>,
    /// Codes of energy.
    #[serde(default)]
    pub energies: Option<BTreeSet<String>>,
    /// Codes of bodies.
    #[serde(default)]
    pub bodies: Option<BTreeSet<String>>,
    /// Codes of colours.
    #[serde(default)]
    pub colors: Option<BTreeSet<String>>,
    /// Codes of what it must have.
    #[serde(default)]
    pub must_haves: Option<BTreeSet<String>>,
}

/// A set of the entry, with its members and what their registers hold.
pub(super) type Set = (&'static str, Vec<(String, Value)>);

impl IntentInput {
    /// Writes a new intent; gives the entry's id.
    pub(in crate::command) fn write(
        &self,
        edits: &mut Edits,
        contact: DocumentId,
        context: &mut Context<'_>,
    ) -> Result<FactId, Refusal> {
        let id = context.ids.fact();
        let mut entry = context.signed([("status", IntentStatus::Open.into())]);
        for (name, value) in self.scalars()? {
            entry.insert(name.to_owned(), value);
        }
        for (name, members) in self.sets()? {
            for (member, value) in members {
                entry.insert(format!("{name}/{member}"), value);
            }
        }
        edits.record(contact, "intent", id, entry);
        Ok(id)
    }

    /// The registers that are given.
    pub(super) fn scalars(&self) -> Result<Vec<(&'static str, Value)>, Refusal> {
        if let (Some(min), Some(max)) = (self.budget_min, self.budget_max)
            && min > max
        {
            return Err(Refusal::invalid("budget_min", "is above budget_max"));
        }
        for (field, amount) in [
            ("budget_min", self.budget_min),
            ("budget_max", self.budget_max),
        ] {
            if amount.is_some_and(|amount| amount < Fen::ZERO) {
                return Err(Refusal::invalid(field, "is negative"));
            }
        }
        let decision_maker = self.decision_maker.as_deref();
        let given: [(&'static str, Value); 9] = [
            ("horizon_days", self.horizon_days.map(i64::from).into()),
            ("budget_min", self.budget_min.map(Fen::get).into()),
            ("budget_max", self.budget_max.map(Fen::get).into()),
            ("pay_way", self.pay_way.into()),
            ("purchase_type", self.purchase_type.into()),
            (
                "decision_maker",
                input::optional_line("decision_maker", decision_maker, LONGEST_LINE)?.into(),
            ),
            ("plate_quota", self.plate_quota.into()),
            (
                "trade_in",
                input::optional_line("trade_in", self.trade_in.as_deref(), LONGEST_LINE)?.into(),
            ),
            (
                "wish",
                input::optional_prose("wish", self.wish.as_deref())?.into(),
            ),
        ];
        Ok(given
            .into_iter()
            .filter(|(_, value)| *value != Value::Null)
            .collect())
    }

    /// The sets that are given.
    pub(super) fn sets(&self) -> Result<Vec<Set>, Refusal> {
        let mut sets = Vec::new();
        if let Some(models) = &self.models {
            let distinct: BTreeSet<_> = models.iter().collect();
            if distinct.len() != models.len() {
                return Err(Refusal::invalid("models", "names a trim twice"));
            }
            let ranked = (1_i64..)
                .zip(models)
                .map(|(rank, trim)| (trim.to_string(), rank.into()));
            sets.push(("model", ranked.collect()));
        }
        if let Some(uses) = &self.uses {
            let members = uses.iter().map(|code| (code.to_string(), true.into()));
            sets.push(("use", members.collect()));
        }
        for (field, name, codes) in [
            ("energies", "energy", &self.energies),
            ("bodies", "body", &self.bodies),
            ("colors", "color", &self.colors),
            ("must_haves", "must_have", &self.must_haves),
        ] {
            if let Some(codes) = codes {
                let members = codes
                    .iter()
                    .map(|code| Ok((input::code(field, code)?, true.into())))
                    .collect::<Result<_, Refusal>>()?;
                sets.push((name, members));
            }
        }
        Ok(sets)
    }
}

/// Adds what a customer wants.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddIntent {
    /// Who.
    pub customer: CustomerId,
    /// What.
    pub intent: IntentInput,
}

/// The intent that was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IntentAdded {
    /// The entry.
    pub intent: FactId,
}

impl Command for AddIntent {
    type Output = IntentAdded;

    const NAME: &'static str = "add_intent";
    const ABOUT: &'static str = "Adds what a customer wants";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<IntentAdded>, Refusal> {
        lookup::card(library, self.customer)?;
        let (document, _) = lookup::contact(library, self.customer)?;
        let mut edits = Edits::default();
        let intent = self.intent.write(&mut edits, document.id(), context)?;
        Ok(Plan::new(edits, IntentAdded { intent }))
    }
}

/// Changes what a customer wants: what is left out stays.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditIntent {
    /// Who.
    pub customer: CustomerId,
    /// Which intent.
    pub intent: FactId,
    /// What becomes of it.
    #[serde(default)]
    pub status: Option<IntentStatus>,
    /// What changes; a set that is given replaces the one that was.
    #[serde(default)]
    pub changes: IntentInput,
}

impl Command for EditIntent {
    type Output = ();

    const NAME: &'static str = "edit_intent";
    const ABOUT: &'static str = "Changes what a customer wants";

    fn plan(&self, library: &dyn Library, _: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        lookup::card(library, self.customer)?;
        let (document, contact) = lookup::contact(library, self.customer)?;
        check_budget(&contact, self)?;
        let mut edits = Edits::default();
        let mut changes: Vec<(String, Value)> = self
            .changes
            .scalars()?
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        if let Some(status) = self.status {
            changes.push(("status".to_owned(), status.into()));
        }
        for (name, members) in self.changes.sets()? {
            changes.extend(replaced(&document, self.intent, name, members));
        }
        let entry = document.fact("intent", self.intent);
        for (field, value) in changes {
            let stands = entry.and_then(|entry| entry.field(&field));
            let settled = stands.is_some_and(|register| !register.concurrent);
            if !settled || stands.is_none_or(|register| register.value != value) {
                edits.amend(document.id(), "intent", self.intent, field, value);
            }
        }
        Ok(Plan::new(edits, ()))
    }
}

/// The intent is there, and the range that results is one.
fn check_budget(contact: &Contact, edit: &EditIntent) -> Result<(), Refusal> {
    let intent = contact
        .intents
        .iter()
        .find(|intent| intent.id == edit.intent)
        .ok_or_else(|| Refusal::invalid("intent", "the contact has none such"))?;
    let min = edit.changes.budget_min.or(intent.budget_min);
    let max = edit.changes.budget_max.or(intent.budget_max);
    match min.zip(max) {
        Some((min, max)) if min > max => Err(Refusal::invalid("budget_min", "is above budget_max")),
        _ => Ok(()),
    }
}

/// The members that a set gets, and those that it loses.
fn replaced(
    document: &Document,
    intent: FactId,
    name: &str,
    members: Vec<(String, Value)>,
) -> Vec<(String, Value)> {
    let lost: Vec<_> = document
        .fact("intent", intent)
        .into_iter()
        .flat_map(|entry| entry.members(name))
        .filter(|(member, register)| {
            register.value != Value::Null && !members.iter().any(|(kept, _)| kept == member)
        })
        .map(|(member, _)| (format!("{name}/{member}"), Value::Null))
        .collect();
    members
        .into_iter()
        .map(|(member, value)| (format!("{name}/{member}"), value))
        .chain(lost)
        .collect()
}

/// Notes what a competitor offers a customer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteCompetitor {
    /// Whom.
    pub customer: CustomerId,
    /// For which intent.
    #[serde(default)]
    pub intent: Option<FactId>,
    /// The brand.
    pub brand: String,
    /// The series.
    #[serde(default)]
    pub series: Option<String>,
    /// What they ask, in fen.
    #[serde(default)]
    pub quoted_price: Option<Fen>,
    /// The dealer.
    #[serde(default)]
    pub dealer: Option<String>,
}

impl Command for NoteCompetitor {
    type Output = ();

    const NAME: &'static str = "note_competitor";
    const ABOUT: &'static str = "Notes what a competitor offers a customer";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        lookup::card(library, self.customer)?;
        let (document, contact) = lookup::contact(library, self.customer)?;
        let intents = &contact.intents;
        if let Some(intent) = self.intent
            && !intents.iter().any(|known| known.id == intent)
        {
            return Err(Refusal::invalid("intent", "the contact has none such"));
        }
        if self.quoted_price.is_some_and(|price| price < Fen::ZERO) {
            return Err(Refusal::invalid("quoted_price", "is negative"));
        }
        let mut edits = Edits::default();
        self.write(&mut edits, document.id(), context)?;
        Ok(Plan::new(edits, ()))
    }
}

impl NoteCompetitor {
    /// Writes the fact.
    pub(in crate::command) fn write(
        &self,
        edits: &mut Edits,
        contact: DocumentId,
        context: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let line = |field, text: &Option<String>| {
            input::optional_line(field, text.as_deref(), LONGEST_LINE)
        };
        let brand = input::line("brand", &self.brand, LONGEST_LINE)?;
        let fields = context.signed([
            ("intent", self.intent.into()),
            ("brand", brand.into()),
            ("series", line("series", &self.series)?.into()),
            ("quoted_price", self.quoted_price.map(Fen::get).into()),
            ("dealer", line("dealer", &self.dealer)?.into()),
        ]);
        edits.record(contact, "competitor", context.ids.fact(), fields);
        Ok(())
    }
}
