//! Rows with whole defaults.

use dealership::phone::PhoneHash;
use dealership::{
    ChangeReceipt, CustomerId, DeviceNumber, DocumentId, GroupId, Kind, Receipts, Seq, Space,
    StaffId, StoreId, Timestamp,
};
use sync_protocol::{BatchId, Epoch};

use crate::store::{
    BatchRow, ChangeRow, DeviceRow, DocumentContent, DocumentRow, EnrolmentCodeRow, GroupRow,
    LogEntry, LogRow, Verdict,
};

pub(super) fn row(seq: u64, document: u64, space: Space) -> LogRow {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&seq.to_be_bytes());
    LogRow {
        seq: Seq(seq),
        received_at: Timestamp::from_millis(1_000 + seq as i64),
        space,
        document: id(document),
        entry: LogEntry::Change(ChangeRow {
            hash,
            actor: [4; 16],
            actor_seq: seq,
            max_op: seq * 10,
            batch: seq.is_multiple_of(2).then_some(BatchId([6; 16])),
            device: DeviceNumber(4),
            base_received_at: Timestamp::from_millis(999),
            clock_trusted: seq.is_multiple_of(2),
            raw: vec![seq as u8; 100],
        }),
    }
}

pub(super) fn running(seq: Seq) -> [u8; 32] {
    let mut running = [7; 32];
    running[..8].copy_from_slice(&seq.0.to_be_bytes());
    running
}

pub(super) fn document(number: u64, head: u64) -> DocumentRow {
    let mut receipts = Receipts::default();
    receipts.insert_prefix(
        [1; 8],
        ChangeReceipt {
            seq: Seq(head),
            received_at: Timestamp::from_millis(5),
            base_received_at: Timestamp::from_millis(4),
            clock_trusted: true,
        },
    );
    DocumentRow {
        id: id(number),
        kind: Kind::Vehicle,
        space: Space::Group,
        head: Seq(head),
        content: Some(DocumentContent {
            saved: vec![1, 2, 3],
            receipts,
        }),
    }
}

pub(super) fn batch(number: u8, verdict: Verdict) -> BatchRow {
    BatchRow {
        id: BatchId([number; 16]),
        device: DeviceNumber(3),
        digest: [number; 32],
        received_at: Timestamp::from_millis(12),
        verdict,
    }
}

pub(super) fn group() -> GroupRow {
    GroupRow {
        group: GroupId::from_bytes([1; 16]),
        epoch: Epoch([2; 16]),
        server_name: "relay.example".to_owned(),
        phone_key: [3; 32],
        is_restored: false,
        next_device: DeviceNumber(1),
    }
}

pub(super) fn device(number: u64) -> DeviceRow {
    DeviceRow {
        number: DeviceNumber(number),
        staff: StaffId::from_bytes([1; 16]),
        public_key: [2; 32],
        document: id(3),
        enrolled_at: Timestamp::from_millis(4),
        revoked_at: None,
    }
}

pub(super) fn code(selector: &str) -> EnrolmentCodeRow {
    EnrolmentCodeRow {
        selector: selector.to_owned(),
        hash: [8; 32],
        staff: StaffId::from_bytes([1; 16]),
        expires_at: Timestamp::from_millis(99),
        tries_left: 5,
        used_by: None,
    }
}

pub(super) fn id(number: u64) -> DocumentId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    DocumentId::from_bytes(bytes)
}

pub(super) fn customer(number: u64) -> CustomerId {
    id(number).into()
}

pub(super) fn shop_id(number: u64) -> StoreId {
    id(number).into()
}

pub(super) fn shop(number: u64) -> Space {
    Space::Store(shop_id(number))
}

pub(super) fn phone(text: &str) -> PhoneHash {
    text.repeat(64).parse().unwrap()
}
