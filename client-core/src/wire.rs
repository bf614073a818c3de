//! The protocol's words as the dealership's, and back.
//!
//! `sync-protocol` and `dealership` do not know each other; here is where they meet.

use dealership::id::DocumentId;
use dealership::receipt::{ChangeReceipt, Receipts};
use dealership::{Seq, Timestamp};
use sync_protocol::entry::SavedReceipt;

use crate::outbox::BatchId;

pub(crate) const fn of_wire_seq(seq: sync_protocol::Seq) -> Seq {
    Seq(seq.0)
}

pub(crate) const fn to_wire_seq(seq: Seq) -> sync_protocol::Seq {
    sync_protocol::Seq(seq.0)
}

pub(crate) const fn of_wire_time(time: sync_protocol::Timestamp) -> Timestamp {
    Timestamp::from_millis(time.0)
}

pub(crate) const fn to_wire_time(time: Timestamp) -> sync_protocol::Timestamp {
    sync_protocol::Timestamp(time.millis())
}

pub(crate) const fn of_wire_document(document: sync_protocol::DocumentId) -> DocumentId {
    DocumentId::from_bytes(document.0)
}

pub(crate) const fn to_wire_document(document: DocumentId) -> sync_protocol::DocumentId {
    sync_protocol::DocumentId(*document.as_bytes())
}

pub(crate) const fn of_wire_receipt(receipt: &sync_protocol::ChangeReceipt) -> ChangeReceipt {
    ChangeReceipt {
        seq: of_wire_seq(receipt.seq),
        received_at: of_wire_time(receipt.received_at),
        base_received_at: of_wire_time(receipt.base_received_at),
        clock_trusted: receipt.clock_trusted,
    }
}

/// The receipts of the changes in a save.
pub(crate) fn of_wire_receipts(receipts: &[SavedReceipt]) -> Receipts {
    let mut read = Receipts::default();
    for saved in receipts {
        read.insert_prefix(saved.change.0, of_wire_receipt(&saved.receipt));
    }
    read
}

impl From<sync_protocol::BatchId> for BatchId {
    fn from(id: sync_protocol::BatchId) -> Self {
        Self(id.0)
    }
}

impl From<BatchId> for sync_protocol::BatchId {
    fn from(id: BatchId) -> Self {
        Self(id.0)
    }
}
