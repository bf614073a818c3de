//! Where a vehicle is, derived from its moves.
//!
//! A move supersedes those that its author had seen. What is left are the last moves; where they
//! lead to different places, nobody knew of the other or nobody sent the car, and a ruling or a
//! further move decides.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use automerge::ChangeHash;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::coded_enum;
use crate::document::{Document, Fact};
use crate::id::{FactId, ShowId, StaffId, StoreId};
use crate::order::OrderTime;
use crate::ruling::Ruling;

coded_enum! {
    /// Why a vehicle was moved.
    pub enum MoveReason {
        /// 采购入库
        Purchase = "purchase",
        /// 厂家发车: on its way from the factory.
        Shipped = "shipped",
        /// 移库
        Shift = "shift",
        /// 送展
        ShowOut = "show_out",
        /// 回场
        ShowBack = "show_back",
        /// 调出
        TransferOut = "transfer_out",
        /// 调入
        TransferIn = "transfer_in",
        /// 盘盈: found again, or found though not on the books.
        Gain = "gain",
        /// 盘亏: on the books, not found.
        Loss = "loss",
        /// 核销: given up.
        WriteOff = "write_off",
        /// 退车
        Return = "return",
    }
}

coded_enum! {
    /// What sort of place a vehicle is at.
    pub enum PlaceKind {
        /// A showroom or its yard.
        Store = "store",
        /// A warehouse.
        Warehouse = "warehouse",
        /// A show.
        Show = "show",
        /// 在途
        Transit = "transit",
        /// Nowhere: lost or written off.
        Nowhere = "nowhere",
    }
}

impl PlaceKind {
    /// Whether a vehicle that is there can be touched: it is neither on its way nor gone.
    pub const fn is_at_hand(self) -> bool {
        matches!(self, Self::Store | Self::Warehouse | Self::Show)
    }
}

/// Where a vehicle is; two devices that agree on this agree on the place.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct Place {
    /// What sort of place.
    pub kind: PlaceKind,
    /// The store that answers for it, also while it is on its way there or at a show.
    pub store: Option<StoreId>,
    /// The show.
    pub show: Option<ShowId>,
}

/// One move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Move {
    /// The fact.
    pub id: FactId,
    /// Why.
    pub reason: MoveReason,
    /// Where to.
    pub place: Place,
    /// The slot there (库位), as people call it.
    pub slot: Option<String>,
    /// The civil date that the author gave it.
    pub date: Option<NaiveDate>,
    /// Who.
    pub staff: StaffId,
    /// When.
    pub order: OrderTime,
}

/// The moves of a vehicle.
pub(crate) struct Moves {
    all: Vec<Move>,
    last: Vec<Move>,
    rulings: Vec<(Ruling, Vec<Move>)>,
}

struct Moved {
    moved: Move,
    change: ChangeHash,
}

/// A ruling for one move and against all others that its author had seen.
struct Preference {
    change: ChangeHash,
    winner: FactId,
}

impl Moves {
    pub(crate) fn of(document: &Document) -> Self {
        let moved: Vec<_> = document
            .facts("move")
            .filter_map(|fact| Moved::read(document, fact))
            .collect();
        let mut preferences: Vec<Preference> = Vec::new();
        let mut rulings = Vec::new();
        for ruling in in_order_of_seeing(document) {
            let change = ruling.provenance.change;
            let seen = |other: &ChangeHash| document.author_of(&change).had_seen(other);
            let Some(winner) = moved
                .iter()
                .find(|each| Some(each.moved.id) == ruling.winner && seen(&each.change))
            else {
                continue;
            };
            let winner = winner.moved.id;
            let sides = last_of(document, &moved, &preferences, &seen);
            preferences.push(Preference { change, winner });
            rulings.push((ruling, sides));
        }
        let last = last_of(document, &moved, &preferences, &|_| true);
        let all = ranked(moved.into_iter().map(|each| each.moved).collect());
        Self { all, last, rulings }
    }

    /// Every move, the later order time first.
    pub(crate) fn all(&self) -> &[Move] {
        &self.all
    }

    /// The moves that nothing supersedes, the later order time first.
    pub(crate) fn last(&self) -> &[Move] {
        &self.last
    }

    /// The rulings about places with the moves between which they chose.
    pub(crate) fn rulings(&self) -> impl Iterator<Item = (&Ruling, &[Move])> {
        self.rulings
            .iter()
            .map(|(ruling, sides)| (ruling, sides.as_slice()))
    }

    /// The earliest date on which the vehicle came in.
    pub(crate) fn stocked_in(&self) -> Option<NaiveDate> {
        self.all
            .iter()
            .filter(|moved| matches!(moved.reason, MoveReason::Purchase | MoveReason::Gain))
            .filter_map(|moved| moved.date)
            .min()
    }

    /// Whether the last moves lead to different places.
    pub(crate) fn disagree(&self) -> bool {
        let first = self.last.first().map(|moved| moved.place);
        self.last.iter().any(|moved| Some(moved.place) != first)
    }
}

impl Moved {
    fn read(document: &Document, fact: &Fact) -> Option<Self> {
        let provenance = document.provenance(fact)?;
        let moved = Move {
            id: fact.id,
            reason: fact.parsed("reason")?,
            place: Place {
                kind: fact.parsed("to")?,
                store: fact.parsed("store"),
                show: fact.parsed("show"),
            },
            slot: fact.text("slot").map(str::to_owned),
            date: fact.parsed("date"),
            staff: provenance.staff,
            order: OrderTime::of(&provenance),
        };
        Some(Self {
            moved,
            change: provenance.change,
        })
    }
}

/// The moves that nothing supersedes in the view of someone who has seen some changes.
///
/// A ruling supersedes every move that it had seen but its winner; a ruling that had seen another
/// takes its place, and concurrent ones for different moves leave both winners standing.
fn last_of(
    document: &Document,
    moved: &[Moved],
    preferences: &[Preference],
    seen: &dyn Fn(&ChangeHash) -> bool,
) -> Vec<Move> {
    let known = preferences
        .iter()
        .filter(|preference| seen(&preference.change));
    let in_force = document.heads_by_seeing(known, |preference| preference.change);
    let winners: BTreeSet<_> = in_force
        .iter()
        .map(|preference| preference.winner)
        .collect();
    let superseded = |each: &Moved| {
        let moved_on = moved.iter().any(|later| {
            seen(&later.change)
                && supersedes(document, later, each)
                // The winner had not gone away when the ruling was made.
                && !(winners.contains(&each.moved.id)
                    && in_force
                        .iter()
                        .any(|ruled| document.author_of(&ruled.change).had_seen(&later.change)))
        });
        let ruled_out = !winners.contains(&each.moved.id)
            && in_force
                .iter()
                .any(|ruled| document.author_of(&ruled.change).had_seen(&each.change));
        moved_on || ruled_out
    };
    ranked(
        moved
            .iter()
            .filter(|each| seen(&each.change) && !superseded(each))
            .map(|each| each.moved.clone())
            .collect(),
    )
}

/// Whether a move takes the place of another: its author had seen that one.
///
/// A car that comes in from another store must have been sent (a VIN is in exactly one place). If
/// nobody who sent it was seen, where it was and where it came in both stand, and a person
/// decides; what sent it there may come later and then says the same as the arrival.
fn supersedes(document: &Document, later: &Moved, earlier: &Moved) -> bool {
    if later.change == earlier.change {
        return false;
    }
    let seen = document.author_of(&later.change).had_seen(&earlier.change);
    if later.moved.reason != MoveReason::TransferIn {
        return seen;
    }
    let (to, from) = (later.moved.place, earlier.moved.place);
    if earlier.moved.reason == MoveReason::TransferOut && from.store == to.store {
        return !document.author_of(&earlier.change).had_seen(&later.change);
    }
    seen && (from.store == to.store || !from.kind.is_at_hand())
}

/// The later order time first, then the higher id.
fn ranked(mut moves: Vec<Move>) -> Vec<Move> {
    moves.sort_by_key(|moved| Reverse((moved.order, moved.id)));
    moves
}

fn in_order_of_seeing(document: &Document) -> Vec<Ruling> {
    let mut rulings = Ruling::all(document);
    let ancestry = document.ancestry();
    rulings.sort_by_key(|ruling| (ancestry.changes_seen(&ruling.provenance.change), ruling.id));
    rulings
}
