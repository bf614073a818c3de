//! Shows: off-site sales with a team of their own.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::fen::Fen;
use crate::id::{ShowId, StaffId, StoreId};
use crate::kind::Kind;
use crate::time::Timestamp;

/// How long after a show's end devices of its team are still awaited, in hours.
const AWAITED_HOURS: i64 = 14 * 24;

/// A show (车展).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Show {
    /// Which.
    pub id: ShowId,
    /// Its name.
    pub name: String,
    /// Where it is held.
    pub place: Option<String>,
    /// The store that goes there.
    pub store: Option<StoreId>,
    /// When it begins.
    pub starts_at: Option<Timestamp>,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
    /// Who sells there; a pack keeps the team as it was when the pack was made.
    pub team: BTreeSet<StaffId>,
    /// What it costs.
    pub cost: Option<Fen>,
    /// Whether it does not take place.
    pub cancelled: bool,
}

impl Show {
    /// Whether sales from this show may still come in from a person's devices: they are in its
    /// team, and it has begun and did not end long ago.
    pub fn awaits(&self, staff: StaffId, now: Timestamp) -> bool {
        let (Some(starts_at), Some(ends_at)) = (self.starts_at, self.ends_at) else {
            return false;
        };
        self.team.contains(&staff) && starts_at <= now && now <= ends_at.plus_hours(AWAITED_HOURS)
    }

    /// Reads a show; `None` if the document is of another kind.
    pub fn read(document: &Document) -> Option<Self> {
        if document.kind() != Kind::Show {
            return None;
        }
        Some(Self {
            id: document.id().into(),
            name: document.text("name").unwrap_or_default().to_owned(),
            place: document.text("place").map(str::to_owned),
            store: document.parsed("store"),
            starts_at: document.int("starts_at").map(Timestamp::from_millis),
            ends_at: document.int("ends_at").map(Timestamp::from_millis),
            team: document
                .members("team")
                .filter(|(_, register)| register.value.as_bool() == Some(true))
                .filter_map(|(staff, _)| staff.parse().ok())
                .collect(),
            cost: document.int("cost").map(Fen::new),
            cancelled: document.flag("cancelled"),
        })
    }
}
