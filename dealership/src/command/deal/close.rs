//! Describing, closing and reviving deals.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::customer::set_changed;
use crate::command::input::{self, Change, LONGEST_LINE};
use crate::command::{Command, Context, Library, Plan, claim, lookup};
use crate::customer::LostReason;
use crate::deal::{ClosingOutcome, Deal, DealState, Stage};
use crate::document::Document;
use crate::edit::Edits;
use crate::id::{DealId, FactId, TrimId};
use crate::kind::Kind;
use crate::refusal::Refusal;

/// Changes what is said of a deal: what is left out stays, null clears.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditDeal {
    /// Which.
    pub deal: DealId,
    /// About which trim.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub trim: Change<TrimId>,
    /// Out of which intent.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub intent: Change<FactId>,
    /// What it is called; never a person's name, since the whole store reads it.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub title: Change<String>,
    /// When it is expected to close.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub expected_date: Change<NaiveDate>,
}

impl Command for EditDeal {
    type Output = ();

    const NAME: &'static str = "edit_deal";
    const ABOUT: &'static str = "Changes what is said of a deal";

    fn plan(&self, library: &dyn Library, _: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let (document, _) = lookup::deal(library, self.deal)?;
        if let Change::Set(trim) = self.trim {
            library.find(Kind::Trim, trim.into())?;
        }
        let title = self
            .title
            .clone()
            .try_map(|title| input::line("title", &title, LONGEST_LINE))?;
        let mut edits = Edits::default();
        set_changed(
            &mut edits,
            &document,
            [
                ("trim", self.trim.value()),
                ("intent", self.intent.value()),
                ("title", title.value()),
                ("expected_date", self.expected_date.value()),
            ],
        );
        Ok(Plan::new(edits, ()))
    }
}

/// Closes a deal: lost before the contract, cancelled after it, archived at the end. What it holds
/// is free again, as far as this person may release it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseDeal {
    /// Which.
    pub deal: DealId,
    /// As what.
    pub outcome: ClosingOutcome,
    /// Why; needed unless it is archived.
    #[serde(default)]
    pub reasons: BTreeSet<LostReason>,
    /// To which competitor.
    #[serde(default)]
    pub competitor: Option<String>,
}

/// The closing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DealClosed {
    /// The fact.
    pub closing: FactId,
}

impl Command for CloseDeal {
    type Output = DealClosed;

    const NAME: &'static str = "close_deal";
    const ABOUT: &'static str = "Closes a deal: lost, cancelled or archived";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<DealClosed>, Refusal> {
        let (document, deal) = lookup::deal(library, self.deal)?;
        check_outcome(&document, &deal, self.outcome)?;
        if self.reasons.is_empty() && self.outcome != ClosingOutcome::Archived {
            return Err(Refusal::invalid("reasons", "name at least one"));
        }
        let competitor =
            input::optional_line("competitor", self.competitor.as_deref(), LONGEST_LINE)?;
        let closing = context.ids.fact();
        let mut fields = context.signed([
            ("outcome", self.outcome.into()),
            ("competitor", competitor.into()),
        ]);
        for reason in &self.reasons {
            fields.insert(format!("reason/{reason}"), true.into());
        }
        let mut edits = Edits::default();
        edits.record(document.id(), "closing", closing, fields);
        let notices = if deal.state() == DealState::Delivered {
            // The customer has the car.
            Vec::new()
        } else {
            claim::with_deal(self.deal, library, context, &mut edits)?
        };
        Ok(Plan {
            notices,
            ..Plan::new(edits, DealClosed { closing })
        })
    }
}

fn check_outcome(document: &Document, deal: &Deal, outcome: ClosingOutcome) -> Result<(), Refusal> {
    let signed = deal.progress.holds(Stage::Contract);
    let problem = match (outcome, deal.state()) {
        (ClosingOutcome::Lost, DealState::Open) if signed => {
            "there is a contract: the deal is cancelled, not lost"
        }
        (ClosingOutcome::Cancelled, DealState::Open) if !signed => {
            "there is no contract: the deal is lost, not cancelled"
        }
        (ClosingOutcome::Lost | ClosingOutcome::Cancelled, DealState::Open) => return Ok(()),
        (ClosingOutcome::Archived, DealState::Open) => "the deal is open",
        (ClosingOutcome::Archived, DealState::Archived) => "the deal is archived",
        (ClosingOutcome::Archived, _) => return Ok(()),
        (_, DealState::Delivered) => "the car is delivered",
        (_, _) => "the deal is closed",
    };
    Err(Refusal::state(document, problem))
}

/// Takes the closing of a deal back.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviveDeal {
    /// Which.
    pub deal: DealId,
    /// Why.
    pub reason: String,
}

impl Command for ReviveDeal {
    type Output = ();

    const NAME: &'static str = "revive_deal";
    const ABOUT: &'static str = "Takes the closing of a deal back";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let (document, deal) = lookup::deal(library, self.deal)?;
        if deal.closing.is_none() {
            return Err(Refusal::state(&document, "the deal is not closed"));
        }
        let reason = input::line("reason", &self.reason, LONGEST_LINE)?;
        let revived: BTreeSet<FactId> = document
            .facts("revival")
            .filter_map(|fact| fact.parsed("closing"))
            .collect();
        let mut edits = Edits::default();
        // Two devices may have closed it: every closing is taken back.
        for closing in document
            .facts("closing")
            .filter(|fact| !revived.contains(&fact.id))
        {
            let fields = context.signed([
                ("closing", closing.id.into()),
                ("reason", reason.clone().into()),
            ]);
            edits.record(document.id(), "revival", context.ids.fact(), fields);
        }
        Ok(Plan::new(edits, ()))
    }
}
