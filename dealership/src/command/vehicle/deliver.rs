//! Handing a vehicle over.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Role;
use crate::claim::ClaimState;
use crate::command::vehicle::{Recorded, find_vehicle};
use crate::command::{Command, Context, Library, Plan};
use crate::edit::Edits;
use crate::id::{DealId, VehicleId};
use crate::refusal::{Notice, Refusal};
use crate::vehicle::Custody;

/// Hands a vehicle over for a deal, with its certificate.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliverVehicle {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The deal, whose claim must be final.
    pub deal: DealId,
}

impl Command for DeliverVehicle {
    type Output = Recorded;

    const NAME: &'static str = "deliver_vehicle";
    const ABOUT: &'static str = "Hands an invoiced and inspected vehicle over for its deal";

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
        let invoiced = vehicle
            .claims
            .iter()
            .any(|claim| claim.deal == self.deal && claim.state == ClaimState::Final);
        if !invoiced {
            let problem = "it is not invoiced for this deal";
            return Err(Refusal::state(&document, problem));
        }
        if vehicle.is_damaged() {
            let problem = "a damage that stops its sale is not repaired";
            return Err(Refusal::state(&document, problem));
        }
        if !vehicle.is_ready(context.now) {
            let problem = "it did not pass the inspection before delivery in the last seven days";
            return Err(Refusal::state(&document, problem));
        }
        // A car whose certificate lies at the bank cannot be registered by its buyer.
        if vehicle.custody != Some(Custody::InHouse) {
            let problem = "its certificate is not in the house";
            return Err(Refusal::state(&document, problem));
        }
        if !vehicle.place.is_some_and(|place| place.kind.is_at_hand()) {
            return Err(Refusal::state(&document, "it is not here"));
        }
        let id = context.ids.fact();
        let written = context.signed([("deal", self.deal.to_string().into())]);
        let mut edits = Edits::default();
        edits.record(document.id(), "delivered", id, written);
        let mut plan = Plan::new(edits, Recorded { fact: id });
        // The certificate's keepers alone write where it is; others are told to have it written.
        let keepers = [
            Role::StockKeeper,
            Role::Finance,
            Role::Manager,
            Role::GeneralManager,
        ];
        if context.author.access.has_any(&keepers) {
            let handed = context.signed([("state", Custody::Handed.code().into())]);
            let custody = context.ids.fact();
            plan.edits.record(document.id(), "custody", custody, handed);
        } else {
            plan.notices.push(Notice {
                code: "certificate_to_be_handed".to_owned(),
                text: "stock or finance must note that the certificate was handed over".to_owned(),
                documents: vec![document.id()],
            });
        }
        Ok(plan)
    }
}
