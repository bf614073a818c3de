//! Commands that do on purpose what commands of the trade do by the way.

use dealership::command::{Command, Context, Entry, Library, Plan};
use dealership::edit::{Edits, Fields};
use dealership::id::{DocumentId, StaffId};
use dealership::kind::Kind;
use dealership::refusal::Refusal;
use dealership::space::Space;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::testing::store;

static COMMANDS: &[Entry] = &[
    Entry::of::<Card>(),
    Entry::of::<Rename>(),
    Entry::of::<OpenDeal>(),
    Entry::of::<Advance>(),
    Entry::of::<Recount>(),
];

/// The test's command of that name.
pub(crate) fn find(name: &str) -> Option<&'static Entry> {
    COMMANDS.iter().find(|entry| entry.name == name)
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Made {
    document: DocumentId,
}

/// Makes a customer.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Card {
    name: String,
}

impl Command for Card {
    type Output = Made;
    const NAME: &'static str = "card";
    const ABOUT: &'static str = "Makes a customer";

    fn plan(&self, _: &dyn Library, context: &mut Context<'_>) -> Result<Plan<Made>, Refusal> {
        let document = context.ids.document();
        let mut edits = Edits::default();
        let registers = Fields::from([("name".to_owned(), self.name.clone().into())]);
        edits.create(document, Kind::Customer, Space::Store(store()), registers);
        Ok(Plan::new(edits, Made { document }))
    }
}

/// Writes a customer's name.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Rename {
    customer: DocumentId,
    name: String,
}

impl Command for Rename {
    type Output = ();
    const NAME: &'static str = "rename";
    const ABOUT: &'static str = "Writes a customer's name";

    fn plan(&self, library: &dyn Library, _: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        here(library, Kind::Customer, self.customer)?;
        let mut edits = Edits::default();
        edits.set(self.customer, "name", self.name.as_str());
        Ok(Plan::new(edits, ()))
    }
}

/// Makes a deal for a customer.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct OpenDeal {
    customer: DocumentId,
}

impl Command for OpenDeal {
    type Output = Made;
    const NAME: &'static str = "open_deal";
    const ABOUT: &'static str = "Makes a deal";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Made>, Refusal> {
        here(library, Kind::Customer, self.customer)?;
        let document = context.ids.document();
        let mut edits = Edits::default();
        let registers = Fields::from([("customer".to_owned(), self.customer.to_string().into())]);
        edits.create(document, Kind::Deal, Space::Store(store()), registers);
        Ok(Plan::new(edits, Made { document }))
    }
}

/// Adds a stage event to a deal, and notes it in the deal's title.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Advance {
    deal: DocumentId,
    stage: String,
}

impl Command for Advance {
    type Output = ();
    const NAME: &'static str = "advance";
    const ABOUT: &'static str = "Adds a stage event";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        here(library, Kind::Deal, self.deal)?;
        let mut edits = Edits::default();
        edits.set(self.deal, "title", self.stage.as_str());
        let by = context.author.staff();
        edits.record(
            self.deal,
            "stage",
            context.ids.fact(),
            stage(&self.stage, by),
        );
        Ok(Plan::new(edits, ()))
    }
}

/// Records how many stage events a deal has: another fact where there are fewer.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Recount {
    deal: DocumentId,
}

impl Command for Recount {
    type Output = ();
    const NAME: &'static str = "recount";
    const ABOUT: &'static str = "Records how many stage events there are";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        here(library, Kind::Deal, self.deal)?;
        let count = library
            .document(self.deal)?
            .map_or(0, |deal| deal.facts("stage").count());
        let mut edits = Edits::default();
        let by = context.author.staff();
        edits.record(
            self.deal,
            "stage",
            context.ids.fact(),
            stage(&count.to_string(), by),
        );
        Ok(Plan::new(edits, ()))
    }
}

fn stage(code: &str, by: StaffId) -> Fields {
    Fields::from([
        ("stage".to_owned(), code.into()),
        ("by".to_owned(), by.to_string().into()),
    ])
}

fn here(library: &dyn Library, kind: Kind, id: DocumentId) -> Result<(), Refusal> {
    match library.document(id)? {
        Some(document) if document.kind() == kind => Ok(()),
        _ => Err(Refusal::NotHere { kind, id }),
    }
}
