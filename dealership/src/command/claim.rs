//! Claiming vehicles for deals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::claim::{Claim, ClaimEndReason, ClaimState, Standing, Strength};
use crate::command::vehicle::find_vehicle;
use crate::command::{Command, Context, Library, Plan, lookup};
use crate::deal::{Deal, DealState};
use crate::document::Document;
use crate::edit::Edits;
use crate::id::{DealId, FactId, StoreId, VehicleId};
use crate::pack::{Pack, PackState};
use crate::refusal::{Notice, Refusal};
use crate::time::Timestamp;
use crate::vehicle::Vehicle;

mod end;
mod finality;

pub use end::ReleaseClaim;
pub(super) use end::{hand_over, with_deal};
pub use finality::{FinaliseClaim, ReverseFinal};

/// Claims a vehicle for a deal.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimVehicle {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The deal.
    pub deal: DealId,
    /// How strongly.
    pub strength: Strength,
    /// Whether the customer has paid a deposit for it.
    #[serde(default)]
    pub deposit: bool,
    /// How many hours a look or a soft claim is to live; the trade's default if left out.
    #[serde(default)]
    pub hours: Option<i64>,
}

/// Turns a soft claim into a hard one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HardenClaim {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The soft claim, one's own.
    pub claim: FactId,
    /// Whether the customer has paid a deposit for it.
    #[serde(default)]
    pub deposit: bool,
}

/// What a claim is worth so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Claimed {
    /// The claim.
    pub claim: FactId,
    /// Whether nobody outside the author's team can have the vehicle: it was claimed from the
    /// team's confirmed pack, in its window by the device's clock, and no other deal was seen to
    /// hold it. Otherwise a hard claim is provisional until the relay confirms it.
    pub certain: bool,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}

impl Command for ClaimVehicle {
    type Output = Claimed;

    const NAME: &'static str = "claim_vehicle";
    const ABOUT: &'static str = "Claims a vehicle for a deal: look, soft or hard";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Claimed>, Refusal> {
        let (document, vehicle) = find_vehicle(library, self.vehicle)?;
        let deal = open_deal(library, self.deal)?;
        let claim = NewClaim {
            strength: self.strength,
            deal: self.deal,
            store: Some(deal.store),
            deposit: self.deposit,
            until: self.ends_at(context.now)?,
        };
        claim.plan(&document, &vehicle, context)
    }
}

impl ClaimVehicle {
    fn ends_at(&self, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
        match (self.strength.default_hours(), self.hours) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Refusal::invalid(
                "hours",
                "a hard claim lives until its deal ends",
            )),
            (Some(default), hours) => {
                let hours = hours.unwrap_or(default);
                if (1..=Strength::MAX_HOURS).contains(&hours) {
                    Ok(Some(now.plus_hours(hours)))
                } else {
                    let problem = format!("a claim lives 1 to {} hours", Strength::MAX_HOURS);
                    Err(Refusal::invalid("hours", problem))
                }
            }
        }
    }
}

impl Command for HardenClaim {
    type Output = Claimed;

    const NAME: &'static str = "harden_claim";
    const ABOUT: &'static str = "Turns one's own soft claim into a hard one";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Claimed>, Refusal> {
        let (document, vehicle) = find_vehicle(library, self.vehicle)?;
        let soft = end::find_claim(&document, &vehicle, self.claim)?;
        if soft.owner != context.author.staff() {
            return Err(Refusal::state(&document, "the claim is a colleague's"));
        }
        open_deal(library, soft.deal)?;
        // A soft claim whose time is over may still be hardened: it never excluded anybody.
        if soft.strength == Strength::Hard || soft.state != ClaimState::Active {
            let problem = format!("the {} claim is {}", soft.strength, soft.state);
            return Err(Refusal::state(&document, problem));
        }
        let claim = NewClaim {
            strength: Strength::Hard,
            deal: soft.deal,
            store: soft.store,
            deposit: self.deposit,
            until: None,
        };
        let mut plan = claim.plan(&document, &vehicle, context)?;
        let end = context.ids.fact();
        let ended = end::fields(self.claim, ClaimEndReason::Converted, context);
        plan.edits
            .record(self.vehicle.into(), "claim_end", end, ended);
        Ok(plan)
    }
}

/// The deal, unless it is won or lost: a closed deal holds no vehicle.
fn open_deal(library: &dyn Library, deal: DealId) -> Result<Deal, Refusal> {
    let (document, deal) = lookup::deal(library, deal)?;
    match deal.state() {
        DealState::Open => Ok(deal),
        state => Err(Refusal::state(&document, format!("the deal is {state}"))),
    }
}

/// A claim about to be written.
struct NewClaim {
    strength: Strength,
    deal: DealId,
    store: Option<StoreId>,
    deposit: bool,
    until: Option<Timestamp>,
}

impl NewClaim {
    fn plan(
        &self,
        document: &Document,
        vehicle: &Vehicle,
        context: &mut Context<'_>,
    ) -> Result<Plan<Claimed>, Refusal> {
        self.may_be_written(document, vehicle, context)?;
        let hard = self.strength == Strength::Hard;
        let pack = vehicle
            .own_pack(context.author.staff(), context.now)
            .filter(|_| hard);
        let id = context.ids.fact();
        let written = context.signed([
            ("strength", self.strength.code().into()),
            ("deal", self.deal.to_string().into()),
            ("store", self.store.map(|store| store.to_string()).into()),
            ("deposit", self.deposit.into()),
            ("pack", pack.map(|pack| pack.id.to_string()).into()),
            ("expires", self.until.map(Timestamp::millis).into()),
        ]);
        let mut edits = Edits::default();
        edits.record(document.id(), "claim", id, written);
        let certain = pack.is_some_and(|pack| is_certain(pack, self.deal, vehicle, context.now));
        let output = Claimed {
            claim: id,
            certain,
            until: self.until,
        };
        let mut plan = Plan::new(edits, output);
        plan.notices = self.notices(vehicle, certain, context.now);
        Ok(plan)
    }

    fn may_be_written(
        &self,
        document: &Document,
        vehicle: &Vehicle,
        context: &Context<'_>,
    ) -> Result<(), Refusal> {
        if self.strength == Strength::Look {
            return Ok(());
        }
        if let Some(status) = vehicle.stopped_by() {
            let problem = format!("the vehicle is {status}");
            return Err(Refusal::state(document, problem));
        }
        let staff = context.author.staff();
        let standing = Standing::of(document);
        if let Some(hold) = standing.hold_against(self.deal, staff, self.strength, context.now) {
            return Err(Refusal::VehicleHeld {
                vehicle: vehicle.id,
                hold: Box::new(hold),
            });
        }
        let locked = vehicle
            .claims
            .iter()
            .any(|claim| claim.deal == self.deal && claim.excludes());
        if locked {
            return Err(Refusal::state(document, "the deal has locked it already"));
        }
        Ok(())
    }

    fn notices(&self, vehicle: &Vehicle, certain: bool, now: Timestamp) -> Vec<Notice> {
        let mut notices = Vec::new();
        let mut notice = |code: &str, text: String| {
            notices.push(Notice {
                code: code.to_owned(),
                text,
                documents: vec![vehicle.id.into()],
            });
        };
        if self.strength == Strength::Hard && !certain {
            let text = "the claim is provisional until the relay confirms it";
            notice("provisional", text.to_owned());
        }
        let outside = vehicle
            .claims
            .iter()
            .find(|claim| claim.excludes() && claim.deal != self.deal);
        if let (Strength::Hard, Some(other)) = (self.strength, outside) {
            let text = format!("{} claimed it outside the pack", other.staff);
            notice("claimed_outside_the_pack", text);
        }
        if let Some(soft) = vehicle.soft_claim(now)
            && soft.deal != self.deal
        {
            let text = format!("{} has a soft claim on it", soft.staff);
            notice("soft_claimed_by_others", text);
        }
        notices
    }
}

/// Whether a claim that is made from a pack now can have no rival from outside the pack's team.
fn is_certain(pack: &Pack, deal: DealId, vehicle: &Vehicle, now: Timestamp) -> bool {
    let others_claim = |claim: &Claim| claim.deal != deal && claim.excludes();
    pack.state == PackState::Confirmed
        && pack.is_on(now)
        && !vehicle.claims.iter().any(others_claim)
}
