//! Invoicing a vehicle, and taking the invoice back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::end::find_claim;
use crate::claim::{ClaimState, may_finalise};
use crate::command::input::{self, LONGEST_LINE};
use crate::command::vehicle::{Recorded, find_vehicle};
use crate::command::{Command, Context, Library, Plan};
use crate::edit::Edits;
use crate::id::{FactId, VehicleId};
use crate::refusal::{Notice, Refusal};

/// Makes a confirmed claim final.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FinaliseClaim {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The claim.
    pub claim: FactId,
}

/// Takes back that a claim is final: the invoice was reversed (红冲).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseFinal {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The final claim.
    pub claim: FactId,
    /// Why.
    pub reason: String,
}

impl Command for FinaliseClaim {
    type Output = Recorded;

    const NAME: &'static str = "finalise_claim";
    const ABOUT: &'static str = "Makes a confirmed claim final: the invoice is issued";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Recorded>, Refusal> {
        let (document, vehicle) = find_vehicle(library, self.vehicle)?;
        if let Some(status) = vehicle.stopped_by() {
            let problem = format!("the vehicle is {status}");
            return Err(Refusal::state(&document, problem));
        }
        may_finalise(&document, self.claim)
            .map_err(|problem| Refusal::state(&document, problem.to_string()))?;
        let waits = document.facts("final").any(|fact| {
            let made = document.provenance(fact);
            made.is_some_and(|made| made.receipt.is_none())
        });
        if waits {
            let problem = "an invoice waits for the relay to accept it";
            return Err(Refusal::state(&document, problem));
        }
        let id = context.ids.fact();
        let written = context.signed([("claim", self.claim.to_string().into())]);
        let mut edits = Edits::default();
        edits.record(document.id(), "final", id, written);
        let mut plan = Plan::new(edits, Recorded { fact: id });
        plan.notices.push(Notice {
            code: "until_the_relay_accepts".to_owned(),
            text: "the claim is final once the relay has accepted it".to_owned(),
            documents: vec![document.id()],
        });
        Ok(plan)
    }
}

impl Command for ReverseFinal {
    type Output = Recorded;

    const NAME: &'static str = "reverse_final";
    const ABOUT: &'static str = "Takes back that a claim is final: the invoice was reversed";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Recorded>, Refusal> {
        let (document, vehicle) = find_vehicle(library, self.vehicle)?;
        let claim = find_claim(&document, &vehicle, self.claim)?;
        let invoiced = document
            .facts("final")
            .filter(|fact| fact.parsed("claim") == Some(self.claim))
            .max_by_key(|fact| document.provenance(fact).and_then(|made| made.receipt));
        let Some(invoiced) = invoiced.filter(|_| claim.state == ClaimState::Final) else {
            let problem = format!("the claim is {}", claim.state);
            return Err(Refusal::state(&document, problem));
        };
        let id = context.ids.fact();
        let written = context.signed([
            ("final", invoiced.id.to_string().into()),
            (
                "reason",
                input::line("reason", &self.reason, LONGEST_LINE)?.into(),
            ),
        ]);
        let mut edits = Edits::default();
        edits.record(document.id(), "final_reversal", id, written);
        Ok(Plan::new(edits, Recorded { fact: id }))
    }
}
