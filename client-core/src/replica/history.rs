//! The history of a document: who changed it, when they say so, and when the relay knew.

use dealership::Timestamp;
use dealership::authorship::Seq;
use dealership::id::{DeviceNumber, DocumentId, StaffId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::ReplicaError;
use crate::replica::Replica;
use crate::replica::shelf::Shelf;

/// One change of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HistoryEntry {
    /// The change, as 64 hex digits.
    pub change: String,
    /// Who made it.
    pub staff: StaffId,
    /// On which device.
    pub device: DeviceNumber,
    /// By which command.
    pub command: String,
    /// When, by that device's clock, to the second.
    pub claimed_at: Timestamp,
    /// The position in the log up to which the author had read.
    pub base_seq: Seq,
    /// Its position in the log; absent until the relay has it.
    pub seq: Option<Seq>,
    /// When the relay received it; absent until then.
    pub received_at: Option<Timestamp>,
    /// Whether that device's clock was within ten minutes of the relay's.
    pub clock_trusted: Option<bool>,
}

impl Replica {
    /// The changes of a document, each after what its author had seen.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::NoSuchDocument`], [`ReplicaError::Unreadable`].
    pub fn history(&self, document: DocumentId) -> Result<Vec<HistoryEntry>, ReplicaError> {
        of(&self.shelf(), document)
    }
}

/// The changes of a document on the shelf.
pub(crate) fn of(
    shelf: &Shelf<'_>,
    document: DocumentId,
) -> Result<Vec<HistoryEntry>, ReplicaError> {
    let read = shelf
        .document(document)?
        .ok_or(ReplicaError::NoSuchDocument(document))?;
    let entries = read.history().into_iter().map(|change| HistoryEntry {
        change: hex::encode(change.change.0),
        staff: change.staff,
        device: change.device,
        command: change.command,
        claimed_at: change.claimed_at,
        base_seq: change.base_seq,
        seq: change.receipt.map(|receipt| receipt.seq),
        received_at: change.receipt.map(|receipt| receipt.received_at),
        clock_trusted: change.receipt.map(|receipt| receipt.clock_trusted),
    });
    Ok(entries.collect())
}
