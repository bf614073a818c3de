//! Letting go of a vehicle.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Role;
use crate::claim::{Claim, ClaimEndReason, ClaimState, Standing};
use crate::command::vehicle::{Recorded, find_vehicle};
use crate::command::{Command, Context, Library, Plan};
use crate::document::Document;
use crate::edit::{Edits, Fields};
use crate::id::{DealId, DocumentId, FactId, StaffId, VehicleId};
use crate::refusal::{Notice, Refusal};
use crate::vehicle::Vehicle;

/// Ends a claim.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseClaim {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The claim: one's own, or anybody's if a manager revokes it.
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
        let Some(name) = fact_that_ends(claim, context) else {
            let problem = "only its owner ends a claim, or a manager";
            return Err(Refusal::state(&document, problem));
        };
        let own = name == OWN_END;
        if self.reason == ClaimEndReason::Converted
            || (own && self.reason == ClaimEndReason::Revoked)
        {
            let problem = if own {
                "is said of a colleague's claim, or by hardening one's own"
            } else {
                "is said by its owner, who hardens it"
            };
            return Err(Refusal::invalid("reason", problem));
        }
        let id = context.ids.fact();
        let mut edits = Edits::default();
        let ended = fields(self.claim, self.reason, context);
        edits.record(document.id(), name, id, ended);
        Ok(Plan::new(edits, Recorded { fact: id }))
    }
}

/// The fact by which the owner of a claim ends it.
const OWN_END: &str = "claim_end";

/// The fact by which this person can end a claim, if they can. The gate lets nobody but managers
/// write revocations; an end counts from the claim's owner only, because the gate cannot see
/// whose claim it names.
fn fact_that_ends(claim: &Claim, context: &Context<'_>) -> Option<&'static str> {
    let access = &context.author.access;
    if claim.owner == access.staff {
        Some(OWN_END)
    } else {
        access
            .has_any(&[Role::Manager, Role::GeneralManager])
            .then_some("claim_revocation")
    }
}

/// Ends what a deal holds, since it ended; what this person cannot end is pointed out.
///
/// # Errors
///
/// [`Refusal::Storage`] when the store fails.
pub(in crate::command) fn with_deal(
    deal: DealId,
    library: &dyn Library,
    context: &mut Context<'_>,
    edits: &mut Edits,
) -> Result<Vec<Notice>, Refusal> {
    let mut notices = Vec::new();
    for (document, claim) in open_claims(deal, library)? {
        let problem = match fact_that_ends(&claim, context) {
            _ if claim.state == ClaimState::Final => "the invoice must be reversed first",
            None => "its owner or a manager must release it",
            Some(name) => {
                let ended = fields(claim.id, ClaimEndReason::DealEnded, context);
                edits.record(document, name, context.ids.fact(), ended);
                continue;
            }
        };
        if !claim.excludes() && claim.state_at(context.now) != ClaimState::Active {
            // It holds nothing as it is.
            continue;
        }
        notices.push(Notice {
            code: "claim_stays".to_owned(),
            text: format!("the deal still has a {} claim: {problem}", claim.strength),
            documents: vec![document],
        });
    }
    Ok(notices)
}

/// Makes what a deal holds somebody else's, since the deal is.
///
/// # Errors
///
/// [`Refusal::Storage`] when the store fails.
pub(in crate::command) fn hand_over(
    deal: DealId,
    to: StaffId,
    library: &dyn Library,
    context: &mut Context<'_>,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    for (document, claim) in open_claims(deal, library)? {
        if claim.owner != to {
            let fields = context.signed([("claim", claim.id.into()), ("to", to.into())]);
            edits.record(document, "claim_handover", context.ids.fact(), fields);
        }
    }
    Ok(())
}

/// The claims of a deal that nobody ended, with their vehicles.
fn open_claims(deal: DealId, library: &dyn Library) -> Result<Vec<(DocumentId, Claim)>, Refusal> {
    let mut open = Vec::new();
    for vehicle in library.vehicles_claimed_for(deal)? {
        let document = library.document(vehicle.into())?;
        let claims = document
            .as_deref()
            .map(|document| Standing::of(document).claims());
        let of_deal = |claim: &Claim| claim.deal == deal && claim.end_reason.is_none();
        let claims = claims.into_iter().flatten().filter(of_deal);
        open.extend(claims.map(|claim| (vehicle.into(), claim)));
    }
    Ok(open)
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
