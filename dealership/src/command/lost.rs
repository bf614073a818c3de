//! Lost customers 战败: a consultant asks, a manager confirms.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::civil;
use crate::code::Coded;
use crate::command::grade::note;
use crate::command::input::{self, LONGEST_LINE};
use crate::command::{Command, Context, Library, Plan, lookup};
use crate::contact::Outcome;
use crate::customer::{Customer, LostDecision, LostReason, LostRequest};
use crate::edit::Edits;
use crate::grade::{LEAST_ATTEMPT_DAYS, may_be_called_unreachable};
use crate::id::{CustomerId, FactId};
use crate::refusal::Refusal;

/// Asks to give a customer up.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestLost {
    /// Whom.
    pub customer: CustomerId,
    /// Why.
    pub reasons: BTreeSet<LostReason>,
    /// To which competitor; needed where that is a reason.
    #[serde(default)]
    pub competitor: Option<String>,
    /// What else there is to say.
    #[serde(default)]
    pub note: Option<String>,
}

/// The request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LostRequested {
    /// The fact.
    pub request: FactId,
}

impl Command for RequestLost {
    type Output = LostRequested;

    const NAME: &'static str = "request_lost";
    const ABOUT: &'static str = "Asks a manager to give a customer up, with the reasons";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<LostRequested>, Refusal> {
        let (card, _) = lookup::card(library, self.customer)?;
        let customer = lookup::whole(library, self.customer)?.customer;
        if customer.lost.iter().any(LostRequest::waits) {
            return Err(Refusal::state(&card, "a request waits for the manager"));
        }
        if self.reasons.is_empty() {
            return Err(Refusal::invalid("reasons", "name at least one"));
        }
        let competitor =
            input::optional_line("competitor", self.competitor.as_deref(), LONGEST_LINE)?;
        if self.reasons.contains(&LostReason::Competitor) && competitor.is_none() {
            return Err(Refusal::invalid("competitor", "say which"));
        }
        if self.reasons.contains(&LostReason::Unreachable) {
            check_attempts(&customer)?;
        }
        let request = context.ids.fact();
        let mut fields = context.signed([("competitor", competitor.into())]);
        for reason in &self.reasons {
            fields.insert(format!("reason/{reason}"), true.into());
        }
        let mut edits = Edits::default();
        edits.record(card.id(), "lost_request", request, fields);
        if let Some(text) = input::optional_prose("note", self.note.as_deref())? {
            let (contact, _) = lookup::contact(library, self.customer)?;
            note(&mut edits, contact.id(), text, Some(request), context);
        }
        Ok(Plan::new(edits, LostRequested { request }))
    }
}

/// 失联 needs attempts on three different days on which nobody was reached.
fn check_attempts(customer: &Customer) -> Result<(), Refusal> {
    let attempts = customer
        .contacted
        .iter()
        .filter(|contacted| contacted.corrected_by.is_none())
        .filter(|contacted| {
            matches!(
                contacted.outcome.as_ref().and_then(Coded::known),
                Some(Outcome::NoAnswer | Outcome::WrongNumber)
            )
        })
        .filter_map(|contacted| civil::civil_date(contacted.at.millis()));
    if may_be_called_unreachable(attempts) {
        Ok(())
    } else {
        let problem = format!("out of reach needs attempts on {LEAST_ATTEMPT_DAYS} different days");
        Err(Refusal::invalid("reasons", problem))
    }
}

/// Says a manager's word on a request to give a customer up.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmLost {
    /// Whom.
    pub customer: CustomerId,
    /// Which request.
    pub request: FactId,
    /// The word.
    pub decision: LostDecision,
}

impl Command for ConfirmLost {
    type Output = ();

    const NAME: &'static str = "confirm_lost";
    const ABOUT: &'static str = "Confirms or refuses that a customer is lost";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        lookup::card(library, self.customer)?;
        // It may stand on another card of the same person.
        let cards = lookup::whole(library, self.customer)?.cards;
        let (card, request) = cards
            .iter()
            .flat_map(|(card, customer)| customer.lost.iter().map(move |request| (card, request)))
            .find(|(_, request)| request.id == self.request)
            .ok_or_else(|| Refusal::invalid("request", "the card has none such"))?;
        if !request.waits() {
            return Err(Refusal::state(card, "the request is answered"));
        }
        let fields = context.signed([
            ("request", self.request.into()),
            ("decision", self.decision.into()),
        ]);
        let mut edits = Edits::default();
        edits.record(card.id(), "lost_review", context.ids.fact(), fields);
        Ok(Plan::new(edits, ()))
    }
}
