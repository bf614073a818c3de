//! Packs: vehicles handed to a team before a show, which only that team may claim.
//!
//! A pack holds from when it is written until somebody releases it. Its window says when its team
//! may claim from it; the window's end alone frees nothing, because a device of the team may
//! still hold a sale that it could not send.

use std::collections::BTreeSet;

use automerge::ChangeHash;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::coded_enum;
use crate::document::{Document, Fact};
use crate::id::{FactId, ShowId, StaffId, StoreId};
use crate::order::OrderTime;
use crate::refusal::Hold;
use crate::time::Timestamp;

coded_enum! {
    /// What became of a pack.
    pub enum PackState {
        /// 待确认: the relay has not confirmed it; until then the team has no certainty.
        Provisional = "provisional",
        /// 已确认: the relay knew of no claim and no other pack.
        Confirmed = "confirmed",
        /// 已释放
        Released = "released",
        /// 无效: written though a standing hold was in sight.
        Barred = "barred",
    }
}

/// A pack with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pack {
    /// The fact.
    pub id: FactId,
    /// For which show.
    pub show: Option<ShowId>,
    /// Which store's team.
    pub store: Option<StoreId>,
    /// Who may claim from it.
    pub team: BTreeSet<StaffId>,
    /// When the team may begin to claim.
    pub from: Timestamp,
    /// Until when the team may claim.
    pub until: Timestamp,
    /// Who made it.
    pub staff: StaffId,
    /// When it was made.
    pub order: OrderTime,
    /// What became of it.
    pub state: PackState,
}

/// A pack as it was written.
pub(crate) struct PackFact {
    pub(crate) id: FactId,
    pub(crate) show: Option<ShowId>,
    pub(crate) store: Option<StoreId>,
    pub(crate) team: BTreeSet<StaffId>,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) staff: StaffId,
    pub(crate) order: OrderTime,
    pub(crate) change: ChangeHash,
}

impl Pack {
    /// Whether it holds the vehicle for its team.
    pub const fn holds(&self) -> bool {
        matches!(self.state, PackState::Provisional | PackState::Confirmed)
    }

    /// Whether an instant lies within its window.
    pub fn is_on(&self, now: Timestamp) -> bool {
        (self.from..=self.until).contains(&now)
    }

    /// It as a message says it.
    pub(crate) fn hold(&self) -> Hold {
        Hold {
            strength: "pack".to_owned(),
            deal: None,
            show: self.show,
            staff: self.staff,
            until: Some(self.until),
        }
    }

    /// Whether it still holds though its window is over: somebody should release it.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.holds() && self.until < now
    }
}

impl PackFact {
    pub(crate) fn read(document: &Document, fact: &Fact) -> Option<Self> {
        let provenance = document.provenance(fact)?;
        Some(Self {
            id: fact.id,
            show: fact.parsed("show"),
            store: fact.parsed("store"),
            team: fact
                .fields()
                .filter(|(_, register)| register.value.as_bool() == Some(true))
                .filter_map(|(name, _)| name.strip_prefix("team/")?.parse().ok())
                .collect(),
            from: Timestamp::from_millis(fact.int("from")?),
            until: Timestamp::from_millis(fact.int("until")?),
            staff: provenance.staff,
            order: OrderTime::of(&provenance),
            change: provenance.change,
        })
    }

    pub(crate) fn pack(&self, state: PackState) -> Pack {
        Pack {
            id: self.id,
            show: self.show,
            store: self.store,
            team: self.team.clone(),
            from: self.from,
            until: self.until,
            staff: self.staff,
            order: self.order,
            state,
        }
    }
}
