//! Letting go of a vehicle.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Role;
use crate::claim::{Claim, ClaimEndReason, ClaimState};
use crate::command::vehicle::{Recorded, find_vehicle};
use crate::command::{Command, Context, Library, Plan};
use crate::document::Document;
use crate::edit::{Edits, Fields};
use crate::id::{FactId, VehicleId};
use crate::refusal::Refusal;
use crate::vehicle::Vehicle;

/// Ends a claim.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseClaim {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The claim: the author's own, or anybody's if a manager revokes it.
    pub claim: FactId,
    /// Why.
    pub reason: ClaimEndReason,
}

impl Command for ReleaseClaim {
    type Output = Recorded;

    const NAME: &'static str = "release_claim";
    const ABOUT: &'static str = "Ends one's own claim, or as a manager anybody's";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Recorded>, Refusal> {
        let (document, vehicle) = find_vehicle(library, self.vehicle)?;
        let claim = find_claim(&document, &vehicle, self.claim)?;
        if claim.state == ClaimState::Final {
            let problem = "the claim is final: the invoice must be reversed first";
            return Err(Refusal::state(&document, problem));
        }
        if claim.end_reason.is_some() {
            let problem = format!("the claim is {} already", claim.state);
            return Err(Refusal::state(&document, problem));
        }
        let access = &context.author.access;
        // The gate lets nobody but managers write revocations; an end counts from the claim's
        // author only, because the gate cannot see whose claim it names.
        let name = if claim.staff == access.staff {
            "claim_end"
        } else if access.has_any(&[Role::Manager, Role::GeneralManager]) {
            "claim_revocation"
        } else {
            let problem = "only its author ends a claim, or a manager";
            return Err(Refusal::state(&document, problem));
        };
        let id = context.ids.fact();
        let mut edits = Edits::default();
        let ended = fields(self.claim, self.reason, context);
        edits.record(document.id(), name, id, ended);
        Ok(Plan::new(edits, Recorded { fact: id }))
    }
}

pub(super) fn fields(claim: FactId, reason: ClaimEndReason, context: &Context<'_>) -> Fields {
    context.signed([
        ("claim", claim.to_string().into()),
        ("reason", reason.code().into()),
    ])
}

pub(super) fn find_claim<'v>(
    document: &Document,
    vehicle: &'v Vehicle,
    id: FactId,
) -> Result<&'v Claim, Refusal> {
    vehicle
        .claims
        .iter()
        .find(|claim| claim.id == id)
        .ok_or_else(|| Refusal::state(document, format!("it has no claim {id}")))
}
