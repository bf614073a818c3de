//! Moving a deal through its stages.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Role;
use crate::command::input::{self, LONGEST_LINE};
use crate::command::{Command, Context, Library, Plan, lookup};
use crate::contact::Contact;
use crate::customer::Customer;
use crate::deal::{Deal, DealState, SkipRule, Stage, StageState};
use crate::document::Document;
use crate::edit::{Edits, Fields};
use crate::id::{DealId, FactId};
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// Records that a stage is done.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordStage {
    /// Of which deal.
    pub deal: DealId,
    /// Which.
    pub stage: Stage,
    /// When it was done, in milliseconds since the Unix epoch; now if left out.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// The fact or document that shows it.
    #[serde(default)]
    pub evidence: Option<String>,
}

/// Passes over a stage.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SkipStage {
    /// Of which deal.
    pub deal: DealId,
    /// Which.
    pub stage: Stage,
    /// Why.
    pub reason: String,
}

/// Goes back to a stage: takes back what was recorded of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenStage {
    /// Of which deal.
    pub deal: DealId,
    /// Which.
    pub stage: Stage,
    /// Why.
    pub reason: String,
}

/// What was recorded of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StageRecorded {
    /// The fact.
    pub event: FactId,
}

impl Command for RecordStage {
    type Output = StageRecorded;

    const NAME: &'static str = "record_stage";
    const ABOUT: &'static str = "Records that a stage of a deal is done";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<StageRecorded>, Refusal> {
        let (document, deal) = working(library, self.deal, self.stage)?;
        let standing = deal.progress.standing(self.stage);
        if standing.is_some_and(|standing| standing.state == Some(StageState::Done)) {
            let problem = format!("{} is done already", self.stage);
            return Err(Refusal::state(&document, problem));
        }
        let customer = library
            .document(deal.customer.into())?
            .and_then(|document| Customer::read(&document));
        let contact = library
            .document(Contact::document_id(deal.customer))?
            .and_then(|document| Contact::read(&document));
        let missing = deal.missing_for(self.stage, customer.as_ref(), contact.as_ref());
        if !missing.is_empty() {
            return Err(Refusal::StageLacks {
                deal: self.deal,
                stage: self.stage,
                missing,
            });
        }
        let evidence = self
            .evidence
            .as_deref()
            .map(|evidence| input::code("evidence", evidence))
            .transpose()?;
        let at = input::past("at", self.at, context.now)?;
        let mut fields = context.signed([
            ("stage", self.stage.into()),
            ("state", StageState::Done.into()),
            ("evidence", evidence.into()),
        ]);
        fields.insert("at".into(), at.into());
        Ok(event(&document, fields, context))
    }
}

impl Command for SkipStage {
    type Output = StageRecorded;

    const NAME: &'static str = "skip_stage";
    const ABOUT: &'static str = "Passes over a stage of a deal, with the reason";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<StageRecorded>, Refusal> {
        let (document, deal) = working(library, self.deal, self.stage)?;
        let managers = [Role::Manager, Role::GeneralManager];
        match self.stage.skip_rule() {
            SkipRule::Anyone => {}
            SkipRule::Manager if context.author.access.has_any(&managers) => {}
            SkipRule::Manager => {
                let problem = format!("a manager may skip {}", self.stage);
                return Err(Refusal::invalid("stage", problem));
            }
            SkipRule::Never => {
                let problem = format!("nobody may skip {}", self.stage);
                return Err(Refusal::invalid("stage", problem));
            }
        }
        if deal
            .progress
            .standing(self.stage)
            .is_some_and(|standing| standing.state.is_some())
        {
            let problem = format!("{} is done or skipped already", self.stage);
            return Err(Refusal::state(&document, problem));
        }
        let fields = context.signed([
            ("stage", self.stage.into()),
            ("state", StageState::Skipped.into()),
            (
                "reason",
                input::line("reason", &self.reason, LONGEST_LINE)?.into(),
            ),
        ]);
        Ok(event(&document, fields, context))
    }
}

impl Command for ReopenStage {
    type Output = StageRecorded;

    const NAME: &'static str = "reopen_stage";
    const ABOUT: &'static str = "Goes back to a stage of a deal, with the reason";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<StageRecorded>, Refusal> {
        let (document, deal) = working(library, self.deal, self.stage)?;
        if deal
            .progress
            .standing(self.stage)
            .is_none_or(|standing| standing.state.is_none())
        {
            let problem = format!("{} is open as it is", self.stage);
            return Err(Refusal::state(&document, problem));
        }
        let fields = context.signed([
            ("stage", self.stage.into()),
            ("state", StageState::Reopened.into()),
            (
                "reason",
                input::line("reason", &self.reason, LONGEST_LINE)?.into(),
            ),
        ]);
        Ok(event(&document, fields, context))
    }
}

/// The deal, if the stage may still be worked on: a closed deal is worked on no more, a delivered
/// one has its ceremony and guidance left.
fn working(
    library: &dyn Library,
    deal: DealId,
    stage: Stage,
) -> Result<(Rc<Document>, Deal), Refusal> {
    let (document, deal) = lookup::deal(library, deal)?;
    match deal.state() {
        DealState::Open => Ok((document, deal)),
        DealState::Delivered if stage > Stage::Acceptance => Ok((document, deal)),
        state => Err(Refusal::state(&document, format!("the deal is {state}"))),
    }
}

fn event(document: &Document, fields: Fields, context: &mut Context<'_>) -> Plan<StageRecorded> {
    let id = context.ids.fact();
    let mut edits = Edits::default();
    edits.record(document.id(), "stage", id, fields);
    Plan::new(edits, StageRecorded { event: id })
}
