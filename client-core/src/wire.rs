//! The protocol's words as the dealership's, and back.
//!
//! `sync-protocol` and `dealership` do not know each other; here is where they meet.

use change_gate::{prescan, saved_heads};
use dealership::id::DocumentId;
use dealership::receipt::{ChangeReceipt, Receipts};
use dealership::{Seq, Timestamp};
use sync_protocol::entry::SavedReceipt;
use sync_protocol::{ChangeHash, Entry, Leaf};

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

/// The leaves of an entry under the tag of its page.
pub(crate) fn leaves(entry: &Entry) -> Vec<Leaf> {
    let (heads, document, space) = match entry {
        Entry::Change(change) => {
            let hash = prescan(&change.raw).map(|header| header.hash);
            (hash.into_iter().collect(), change.document, &change.space)
        }
        Entry::Save(save) => {
            let heads = saved_heads(&save.saved).unwrap_or_default();
            (heads, save.document, &save.space)
        }
        Entry::Gone(gone) => return vec![Leaf::of_purge(gone.document)],
        Entry::Left(_) => return Vec::new(),
    };
    let leaf = |head| Leaf::of_state(document, ChangeHash(head), space);
    heads.into_iter().map(leaf).collect()
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
