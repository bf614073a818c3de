//! Whose customer it is.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::id::{FactId, StaffId};
use crate::time::Timestamp;

/// One handing over of a customer or a deal, by a manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Handover {
    /// The fact.
    pub id: FactId,
    /// Who had it, as the manager saw it.
    pub from: Option<StaffId>,
    /// Who gets it.
    pub to: StaffId,
    /// Why.
    pub reason: Option<String>,
    /// The manager.
    pub by: Option<StaffId>,
    /// When.
    pub at: Timestamp,
    /// Whether a later handover had seen it.
    pub superseded: bool,
}

/// The handovers of a customer or a deal, in the order in which they were recorded.
pub(crate) fn read(document: &Document) -> Vec<Handover> {
    let recorded = document.recorded("handover");
    let changes: Vec<_> = recorded
        .iter()
        .map(|(_, fact)| {
            document
                .provenance(fact)
                .map(|provenance| provenance.change)
        })
        .collect();
    let superseded = |index: usize| {
        changes.iter().enumerate().any(|(other, later)| {
            other != index
                && later
                    .zip(changes.get(index).copied().flatten())
                    .is_some_and(|(later, earlier)| {
                        later != earlier && document.author_of(&later).had_seen(&earlier)
                    })
        })
    };
    recorded
        .iter()
        .enumerate()
        .filter_map(|(index, (_, fact))| {
            Some(Handover {
                id: fact.id,
                from: fact.parsed("from"),
                to: fact.parsed("to")?,
                reason: fact.text("reason").map(str::to_owned),
                by: fact.parsed("by"),
                at: document.happened_at(fact),
                superseded: superseded(index),
            })
        })
        .collect()
}

/// Whether several handovers stand beside each other, so that a manager should confirm one.
pub(crate) fn is_disputed(handovers: &[Handover]) -> bool {
    let standing = handovers.iter().filter(|handover| !handover.superseded);
    standing.count() > 1
}

/// Who has it: of the handovers that nobody has seen and superseded, the earliest holds until a
/// manager decides between them.
pub(crate) fn in_force(first: Option<StaffId>, handovers: &[Handover]) -> Option<StaffId> {
    handovers
        .iter()
        .enumerate()
        .filter(|(_, handover)| !handover.superseded)
        .max_by_key(|(index, _)| Reverse(*index))
        .map(|(_, handover)| handover.to)
        .or(first)
}
