//! What the relay asks before it accepts that a claim is final.

use super::{ClaimState, Standing, Strength};
use crate::case::double_vin;
use crate::document::Document;
use crate::id::{CaseId, FactId};
use crate::vehicle::Vehicle;

/// Why a claim may not become final.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFinal {
    /// The vehicle has no such claim.
    #[error("the vehicle has no claim {0}")]
    NoSuchClaim(FactId),
    /// Looks and soft claims do not become final.
    #[error("claim {claim} is {strength}: only a hard claim becomes final")]
    NotHard {
        /// The claim.
        claim: FactId,
        /// What it is.
        strength: Strength,
    },
    /// Its VIN was mistyped, or so somebody said.
    #[error("the vehicle's entry is void")]
    Void,
    /// It holds nothing any more, or never did.
    #[error("claim {claim} is {state}")]
    NotStanding {
        /// The claim.
        claim: FactId,
        /// What became of it.
        state: ClaimState,
    },
    /// Another claim, or this one, is final already.
    #[error("claim {0} is final already")]
    AlreadyFinal(FactId),
    /// Standing claims of two deals wait for a ruling.
    #[error("the vehicle is disputed: case {0}")]
    Disputed(CaseId),
    /// A team's pack holds the vehicle.
    #[error("pack {0} of another team holds the vehicle")]
    Packed(FactId),
    /// The relay has not confirmed it.
    #[error("claim {0} is not confirmed")]
    Unconfirmed(FactId),
}

/// Decides whether a claim of this vehicle may become final now; the relay asks it of its own
/// state, where nothing is unknown that was accepted.
///
/// # Errors
///
/// [`NotFinal`], with what stands against it.
pub fn may_finalise(document: &Document, claim: FactId) -> Result<(), NotFinal> {
    let standing = Standing::of(document);
    let found = standing.claim(claim).ok_or(NotFinal::NoSuchClaim(claim))?;
    if let Some(invoiced) = standing.invoiced() {
        return Err(NotFinal::AlreadyFinal(invoiced));
    }
    match found.state {
        _ if found.strength != Strength::Hard => Err(NotFinal::NotHard {
            claim,
            strength: found.strength,
        }),
        ClaimState::Provisional | ClaimState::Confirmed => {
            if Vehicle::is_void(document) {
                return Err(NotFinal::Void);
            }
            if standing.is_disputed() {
                let case = double_vin::id(document, &standing.contenders());
                return Err(NotFinal::Disputed(case));
            }
            if let Some(pack) = standing.pack_against(found) {
                return Err(NotFinal::Packed(pack));
            }
            if found.state == ClaimState::Provisional {
                return Err(NotFinal::Unconfirmed(claim));
            }
            Ok(())
        }
        state => Err(NotFinal::NotStanding { claim, state }),
    }
}

/// Decides whether the finals that a change adds to a vehicle may be accepted: `before` is the
/// relay's document without the change, `after` with it.
///
/// # Errors
///
/// [`NotFinal`], for the first final that may not.
pub fn may_finalise_what_is_new(before: &Document, after: &Document) -> Result<(), NotFinal> {
    let change = |document: &Document, fact| document.provenance(fact).map(|from| from.change);
    let mut new = after.facts("final").filter(|fact| {
        let known = before.fact("final", fact.id);
        known.is_none_or(|known| change(before, known) != change(after, fact))
    });
    let Some(first) = new.next() else {
        return Ok(());
    };
    let claim = first.parsed("claim").unwrap_or(first.id);
    may_finalise(before, claim)?;
    // Two in one change cannot both be the only one.
    match new.next() {
        Some(_) => Err(NotFinal::AlreadyFinal(claim)),
        None => Ok(()),
    }
}
