//! What was found, done and decided about a vehicle itself, derived from its facts.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ChangeHash;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Delivered, MoveReason};
use crate::code::coded_enum;
use crate::document::{Document, Fact};
use crate::id::{FactId, StaffId};
use crate::order::OrderTime;

coded_enum! {
    /// Why a vehicle may not be sold for now (冻结).
    pub enum FreezeReason {
        /// 质量问题
        QualityHold = "quality_hold",
        /// 召回
        Recall = "recall",
        /// 纠纷
        Dispute = "dispute",
        /// 盘亏: not found in a count.
        Missing = "missing",
    }
}

coded_enum! {
    /// What came of an inspection before delivery.
    pub enum PdiResult {
        /// 合格
        Passed = "passed",
        /// 整备
        Rework = "rework",
        /// 不合格
        Failed = "failed",
    }
}

/// Why an entry was voided, as long as nobody took that back.
pub(super) fn voided(document: &Document) -> Option<String> {
    let undone: BTreeSet<FactId> = document
        .facts("void_undo")
        .filter_map(|fact| fact.parsed("void"))
        .collect();
    document
        .recorded("void")
        .into_iter()
        .rev()
        .find(|(_, fact)| !undone.contains(&fact.id))
        .map(|(_, fact)| fact.text("reason").unwrap_or_default().to_owned())
}

/// Something that stops the sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Freeze {
    /// The fact.
    pub id: FactId,
    /// Why; a code of a newer version reads as a quality hold, which stops the sale as well.
    pub reason: FreezeReason,
    /// What else was said.
    pub note: Option<String>,
    /// Who.
    pub staff: StaffId,
    /// When.
    pub order: OrderTime,
}

/// A damage (质损).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Damage {
    /// The fact.
    pub id: FactId,
    /// The code of the part.
    pub part: String,
    /// The code of the severity.
    pub severity: String,
    /// The blob of its photo.
    pub photo: Option<String>,
    /// Whether the vehicle is not sold until it is repaired.
    pub stops_sale: bool,
    /// Whether it was repaired.
    pub repaired: bool,
    /// When it was found.
    pub order: OrderTime,
}

/// Something done to keep the vehicle well (库存保养).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Care {
    /// Who did it.
    pub staff: StaffId,
    /// When.
    pub order: OrderTime,
}

/// A reading of the traction battery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Battery {
    /// State of health in per cent.
    pub soh_percent: Option<i64>,
    /// State of charge in per cent.
    pub soc_percent: Option<i64>,
    /// When it was read.
    pub order: OrderTime,
    /// When it was charged last.
    pub charged: Option<OrderTime>,
}

/// A photo, whose bytes may come later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Photo {
    /// The fact.
    pub id: FactId,
    /// SHA-256 of the blob in hex digits.
    pub sha256: String,
    /// The code of what it shows.
    pub subject: Option<String>,
    /// When.
    pub order: OrderTime,
}

/// The last fact of a name: one that no author of another had seen, and of those the latest by
/// order time. So a person's correction counts even when their clock was set back in between.
pub(super) fn latest<'d>(document: &'d Document, name: &str) -> Option<(&'d Fact, OrderTime)> {
    let signed = signed(document, name);
    document
        .heads_by_seeing(&signed, |signed| signed.change)
        .into_iter()
        .max_by_key(|signed| (signed.order, signed.fact.id))
        .map(|signed| (signed.fact, signed.order))
}

/// When the inspection before delivery was passed last. Of inspections whose authors knew nothing
/// of each other one that was not passed counts more: somebody saw what the other did not.
pub(super) fn pdi_passed(document: &Document) -> Option<OrderTime> {
    let inspections = signed(document, "pdi");
    let last = document.heads_by_seeing(&inspections, |signed| signed.change);
    let passed = |signed: &&Signed<'_>| signed.fact.parsed("result") == Some(PdiResult::Passed);
    if !last.iter().all(passed) {
        return None;
    }
    last.iter().map(|signed| signed.order).max()
}

pub(super) fn delivered(document: &Document) -> Option<Delivered> {
    let returns: Vec<_> = signed(document, "move")
        .into_iter()
        .filter(|signed| signed.fact.parsed("reason") == Some(MoveReason::Return))
        .collect();
    signed(document, "delivered")
        .into_iter()
        .filter(|signed| {
            !returns
                .iter()
                .any(|back| document.author_of(&back.change).had_seen(&signed.change))
        })
        .min_by_key(|signed| (signed.order, signed.fact.id))
        .map(|signed| Delivered {
            id: signed.fact.id,
            deal: signed.fact.parsed("deal"),
            order: signed.order,
        })
}

pub(super) fn freezes(document: &Document) -> Vec<Freeze> {
    let lifted = named(document, "unfreeze", "freeze");
    signed(document, "freeze")
        .into_iter()
        .filter(|signed| !lifted.contains(&signed.fact.id))
        .map(|signed| Freeze {
            id: signed.fact.id,
            reason: signed
                .fact
                .parsed("reason")
                .unwrap_or(FreezeReason::QualityHold),
            note: signed.fact.text("note").map(str::to_owned),
            staff: signed.staff,
            order: signed.order,
        })
        .collect()
}

pub(super) fn damages(document: &Document) -> Vec<Damage> {
    let repaired = named(document, "damage_repair", "damage");
    signed(document, "damage")
        .into_iter()
        .map(|signed| Damage {
            id: signed.fact.id,
            part: signed.fact.text("part").unwrap_or_default().to_owned(),
            severity: signed.fact.text("severity").unwrap_or_default().to_owned(),
            photo: signed.fact.text("photo").map(str::to_owned),
            stops_sale: signed.fact.flag("stops_sale"),
            repaired: repaired.contains(&signed.fact.id),
            order: signed.order,
        })
        .collect()
}

pub(super) fn cares(document: &Document) -> BTreeMap<String, Care> {
    let mut cares = signed(document, "care");
    cares.sort_by_key(|signed| (signed.order, signed.fact.id));
    cares
        .into_iter()
        .filter_map(|signed| {
            let care = Care {
                staff: signed.staff,
                order: signed.order,
            };
            Some((signed.fact.text("task")?.to_owned(), care))
        })
        .collect()
}

pub(super) fn battery(document: &Document) -> Option<Battery> {
    let (reading, order) = latest(document, "battery")?;
    let charged = signed(document, "battery")
        .into_iter()
        .filter(|signed| signed.fact.flag("charged"))
        .map(|signed| signed.order)
        .max();
    Some(Battery {
        soh_percent: reading.int("soh_percent"),
        soc_percent: reading.int("soc_percent"),
        order,
        charged,
    })
}

pub(super) fn photos(document: &Document) -> Vec<Photo> {
    signed(document, "photo")
        .into_iter()
        .filter_map(|signed| {
            Some(Photo {
                id: signed.fact.id,
                sha256: signed.fact.text("sha256")?.to_owned(),
                subject: signed.fact.text("subject").map(str::to_owned),
                order: signed.order,
            })
        })
        .collect()
}

struct Signed<'d> {
    fact: &'d Fact,
    staff: StaffId,
    change: ChangeHash,
    order: OrderTime,
}

fn signed<'d>(document: &'d Document, name: &str) -> Vec<Signed<'d>> {
    document
        .facts(name)
        .filter_map(|fact| {
            let provenance = document.provenance(fact)?;
            Some(Signed {
                fact,
                staff: provenance.staff,
                change: provenance.change,
                order: OrderTime::of(&provenance),
            })
        })
        .collect()
}

/// The facts that facts of another name refer to.
fn named(document: &Document, name: &str, field: &str) -> BTreeSet<FactId> {
    document
        .facts(name)
        .filter_map(|fact| fact.parsed(field))
        .collect()
}
