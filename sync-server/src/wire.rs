//! The same values in the words of the domain and on the wire.

use change_gate::{prescan, saved_heads};
use dealership::{ChangeReceipt, DeviceNumber, DocumentId, Receipts, Seq, Space, Timestamp};
use sync_protocol::entry::SavedReceipt;
use sync_protocol::{ChangeHash, Entry, HashPrefix, Leaf, SpaceName};

/// A position, for the wire.
pub const fn seq(seq: Seq) -> sync_protocol::Seq {
    sync_protocol::Seq(seq.0)
}

/// A position, from the wire.
pub const fn domain_seq(seq: sync_protocol::Seq) -> Seq {
    Seq(seq.0)
}

/// An instant, for the wire.
pub const fn timestamp(at: Timestamp) -> sync_protocol::Timestamp {
    sync_protocol::Timestamp(at.millis())
}

/// An instant, from the wire.
pub const fn domain_timestamp(at: sync_protocol::Timestamp) -> Timestamp {
    Timestamp::from_millis(at.0)
}

/// A document's id, for the wire.
pub const fn document(id: DocumentId) -> sync_protocol::DocumentId {
    sync_protocol::DocumentId(*id.as_bytes())
}

/// A document's id, from the wire.
pub const fn domain_document(id: sync_protocol::DocumentId) -> DocumentId {
    DocumentId::from_bytes(id.0)
}

/// A device's number, from the wire.
pub const fn domain_device(device: sync_protocol::DeviceNumber) -> DeviceNumber {
    DeviceNumber(device.0)
}

/// The name of a space, for the wire.
///
/// # Panics
///
/// Never: every space's name is shorter than [`sync_protocol::limits::SPACE_NAME`].
#[allow(clippy::expect_used, reason = "a test writes the longest space")]
pub fn space(space: Space) -> SpaceName {
    SpaceName::new(space.to_string()).expect("a name of 8 to 91 bytes")
}

/// A receipt, for the wire.
pub const fn receipt(receipt: &ChangeReceipt) -> sync_protocol::ChangeReceipt {
    sync_protocol::ChangeReceipt {
        seq: seq(receipt.seq),
        received_at: timestamp(receipt.received_at),
        base_received_at: timestamp(receipt.base_received_at),
        clock_trusted: receipt.clock_trusted,
    }
}

/// The receipts of a save, for the wire.
pub fn saved_receipts(receipts: &Receipts) -> Vec<SavedReceipt> {
    receipts
        .iter()
        .map(|(prefix, one)| SavedReceipt {
            change: HashPrefix(*prefix),
            receipt: receipt(one),
        })
        .collect()
}

/// The leaves of an entry under the tag of its page.
pub fn leaves(entry: &Entry) -> Vec<Leaf> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use dealership::{StaffId, StoreId};

    #[test]
    fn the_name_of_every_space_fits_the_wire() {
        let store = StoreId::from_bytes([0xff; 16]);
        let staff = StaffId::from_bytes([0xff; 16]);
        for one in [
            Space::Group,
            Space::Finance,
            Space::Store(store),
            Space::Contact(store, staff),
            Space::Money(store, staff),
        ] {
            assert_eq!(space(one).as_str().parse(), Ok(one));
        }
    }
}
