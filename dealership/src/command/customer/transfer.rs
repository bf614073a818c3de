//! Handing customers and deals over 交接, 转交.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::input::{self, LONGEST_LINE};
use crate::command::{Command, Context, Library, Plan, claim, lookup};
use crate::customer::ownership;
use crate::edit::Edits;
use crate::id::{CustomerId, DealId, DocumentId, FactId, StaffId};
use crate::refusal::{Notice, Refusal};

/// Hands a customer over to another consultant of the store, with the deals that are named.
///
/// The contact changes hands when the relay moves it between the consultants' spaces.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferOwner {
    /// Whom.
    pub customer: CustomerId,
    /// To which consultant.
    pub to: StaffId,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// The deals that go with the customer.
    #[serde(default)]
    pub deals: BTreeSet<DealId>,
}

/// The handover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Transferred {
    /// The fact on the card.
    pub handover: FactId,
}

impl Command for TransferOwner {
    type Output = Transferred;

    const NAME: &'static str = "transfer_owner";
    const ABOUT: &'static str = "Hands a customer over to another consultant";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Transferred>, Refusal> {
        let (card, customer) = lookup::card(library, self.customer)?;
        if customer.owner == Some(self.to) && !ownership::is_disputed(&customer.handovers) {
            return Err(Refusal::state(&card, "they have this customer already"));
        }
        let (_, to) = lookup::staff(library, self.to)?;
        if !to.active {
            return Err(Refusal::invalid("to", "this person has left"));
        }
        if !to.stores.contains(&customer.store) {
            return Err(Refusal::invalid("to", "works in another store"));
        }
        let reason = input::optional_line("reason", self.reason.as_deref(), LONGEST_LINE)?;
        let mut edits = Edits::default();
        let mut hand = |document: DocumentId, from: Option<StaffId>, context: &mut Context<'_>| {
            let id = context.ids.fact();
            let fields = context.signed([
                ("from", from.into()),
                ("to", self.to.into()),
                ("reason", reason.clone().into()),
            ]);
            edits.record(document, "handover", id, fields);
            id
        };
        let handover = hand(card.id(), customer.owner, context);
        for id in &self.deals {
            let (document, deal) = lookup::deal(library, *id)?;
            if deal.customer != self.customer {
                return Err(Refusal::invalid("deals", format!("{id} is another's")));
            }
            if deal.owner != Some(self.to) || ownership::is_disputed(&deal.handovers) {
                hand(document.id(), deal.owner, context);
            }
        }
        for deal in &self.deals {
            claim::hand_over(*deal, self.to, library, context, &mut edits)?;
        }
        let mut plan = Plan::new(edits, Transferred { handover });
        plan.notices.push(Notice {
            code: "contact_moves_later".into(),
            text: format!(
                "{} sees how to reach the customer when the relay has moved the contact",
                to.name
            ),
            documents: vec![card.id()],
        });
        Ok(plan)
    }
}
