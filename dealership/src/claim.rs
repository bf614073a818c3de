//! Claims: a deal's hold on a vehicle, and which of several holds stands.
//!
//! A claim is an ordinary fact, written offline. What it is worth is derived from what its author
//! had seen, from its order time and from what the relay, a manager and finance wrote since:
//!
//! - **Soft** claims and looks inform; they exclude nobody and end by themselves.
//! - A **hard** claim *stands* unless it is barred, ended or ruled against. It is **barred** for
//!   good if its author had seen a hold of another deal that stood in what the author had seen,
//!   or a pack of a team that the author is not in: the command refuses such a claim, and a
//!   client that writes it all the same gains nothing.
//! - Standing hard claims of two deals are **rivals**: neither author knew of the other. The
//!   vehicle is then disputed until a manager rules, whatever the relay had confirmed before.
//! - The relay **confirms** a standing hard claim when it knows of no rival and no foreign pack.
//! - A claim **in a pack** (its author in the team, within the pack's window as far as clocks and
//!   receipts can tell, without having seen the pack's release) wins over one outside, even when
//!   it arrives later, if the relay has confirmed the pack. Somebody outside who had not known of
//!   that pack bars nobody of its team; a team-mate does, from the pack or from before its window.
//! - **Final** is finance's own fact about a confirmed claim: invoiced, irrevocable without a
//!   reversal. The relay accepts it at its own state only, so there is at most one.
//!
//! Among claims of equal rank the earlier [`OrderTime`] comes first, then the lower fact id.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::coded_enum;
use crate::id::{DealId, DeviceNumber, FactId, StaffId, StoreId};
use crate::order::OrderTime;
use crate::refusal::Hold;
use crate::time::Timestamp;

mod finality;
mod standing;

pub use finality::{NotFinal, may_finalise, may_finalise_what_is_new};
pub(crate) use standing::Standing;

coded_enum! {
    /// How strongly a claim holds a vehicle.
    pub enum Strength {
        /// 关注: for information.
        Look = "look",
        /// 预占: others see it and may still claim.
        Soft = "soft",
        /// 锁定: a deposit or a contract stands behind it.
        Hard = "hard",
    }
}

coded_enum! {
    /// What became of a claim.
    pub enum ClaimState {
        /// 有效: a look or a soft claim that nobody ended.
        Active = "active",
        /// 已过期: a look or a soft claim whose time is over.
        Expired = "expired",
        /// 待确认: a hard claim that the relay has not confirmed, or that has a rival.
        Provisional = "provisional",
        /// 已确认: a hard claim that the relay confirmed or a manager's ruling chose.
        Confirmed = "confirmed",
        /// 已开票: irrevocable.
        Final = "final",
        /// 已释放
        Released = "released",
        /// 已转换: a soft claim that became a hard one.
        Converted = "converted",
        /// 争议失效: a manager's ruling chose another.
        LostDispute = "lost_dispute",
        /// 无效: written though a standing hold of another deal was in sight.
        Barred = "barred",
    }
}

coded_enum! {
    /// Why a claim was ended.
    pub enum ClaimEndReason {
        /// The deal no longer wants the vehicle.
        Released = "released",
        /// A stronger claim of the same deal took its place.
        Converted = "converted",
        /// The deal took another vehicle.
        Exchanged = "exchanged",
        /// The deal was lost or terminated.
        DealEnded = "deal_ended",
        /// A manager took it away.
        Revoked = "revoked",
    }
}

impl Strength {
    /// How long a claim lives if nobody says otherwise; a hard one until its deal ends.
    pub const fn default_hours(self) -> Option<i64> {
        match self {
            Self::Look => Some(24),
            Self::Soft => Some(48),
            Self::Hard => None,
        }
    }

    /// The longest that a look or a soft claim lives, whatever was written.
    pub const MAX_HOURS: i64 = 24 * 14;
}

/// A claim with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Claim {
    /// The fact.
    pub id: FactId,
    /// How strong.
    pub strength: Strength,
    /// For which deal.
    pub deal: DealId,
    /// Who made it.
    pub staff: StaffId,
    /// Whose it is: its author's, until its deal is handed over.
    pub owner: StaffId,
    /// Made on which device.
    pub device: DeviceNumber,
    /// At which store.
    pub store: Option<StoreId>,
    /// Whether a deposit stands behind it.
    pub deposit: bool,
    /// The pack that it was made from, if it counts as made from one.
    pub pack: Option<FactId>,
    /// When it was made.
    pub order: OrderTime,
    /// When a look or a soft claim ends by itself, counted from its order time.
    pub until: Option<Timestamp>,
    /// What became of it, its time not considered; see [`Claim::state_at`].
    pub state: ClaimState,
    /// Why it was ended, if somebody ended it.
    pub end_reason: Option<ClaimEndReason>,
}

impl Claim {
    /// What became of it by an instant.
    pub fn state_at(&self, now: Timestamp) -> ClaimState {
        match (self.state, self.until) {
            (ClaimState::Active, Some(until)) if until <= now => ClaimState::Expired,
            (state, _) => state,
        }
    }

    /// It as a message says it.
    pub(crate) fn hold(&self) -> Hold {
        Hold {
            strength: self.strength.code().to_owned(),
            deal: Some(self.deal),
            show: None,
            staff: self.staff,
            until: self.until,
        }
    }

    /// Whether it excludes other deals.
    pub const fn excludes(&self) -> bool {
        matches!(
            self.state,
            ClaimState::Provisional | ClaimState::Confirmed | ClaimState::Final
        )
    }
}
