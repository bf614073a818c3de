//! The rows of a store.

use change_gate::{Actor, Hash};
use dealership::{
    ChangeReceipt, DeviceNumber, DocumentId, GroupId, Kind, Receipts, Seq, Space, StaffId,
    Timestamp,
};
use sync_protocol::{BatchId, Epoch, Refusal, SegmentHash, StatesRoot};

/// The hash over the whole log up to an entry: it names one history.
pub type RunningHash = [u8; 32];

/// What a relay knows of its group, and of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// The group.
    pub group: GroupId,
    /// The life of the log: drawn when it was founded, and again when it was restored.
    pub epoch: Epoch,
    /// The name that devices know the relay by; part of what they sign.
    pub server_name: String,
    /// The key under which phones are hashed.
    pub phone_key: [u8; 32],
    /// Whether the log lost its end to a restore: devices may have seen more than there is.
    pub is_restored: bool,
    /// The number that the next device gets.
    pub next_device: DeviceNumber,
}

/// The end of the log, now or at an earlier entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// The position of the last entry; 0 if there is none.
    pub seq: Seq,
    /// The hash over everything up to it.
    pub running: RunningHash,
    /// When the relay received it; the epoch (0) if there is none.
    pub received_at: Timestamp,
}

impl LogHead {
    /// What stands before the first entry.
    pub const START: Self = Self {
        seq: Seq(0),
        running: [0; 32],
        received_at: Timestamp::from_millis(0),
    };
}

/// One row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// Its position: 1, 2, 3 …
    pub seq: Seq,
    /// When the relay received it; never before the row before.
    pub received_at: Timestamp,
    /// The space whose readers get it.
    pub space: Space,
    /// The document that it is about.
    pub document: DocumentId,
    /// What happened.
    pub entry: LogEntry,
}

/// What happened to a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEntry {
    /// It was changed.
    Change(ChangeRow),
    /// It was purged, with its history.
    Gone,
    /// It left this space for another, with its history: what stands before is sent to nobody.
    Left,
    /// It came into this space from another, whole.
    Came,
}

/// One change, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    /// Its name.
    pub hash: Hash,
    /// Who wrote it.
    pub actor: Actor,
    /// Its place among the actor's changes of the document, from 1.
    pub actor_seq: u64,
    /// The counter of its last operation.
    pub max_op: u64,
    /// The batch that brought it; `None` for the relay's own.
    pub batch: Option<BatchId>,
    /// The device that pushed it.
    pub device: DeviceNumber,
    /// When the relay received the entry at the author's `base_seq`.
    pub base_received_at: Timestamp,
    /// Whether the session's clock was within ten minutes of the relay's.
    pub clock_trusted: bool,
    /// Its bytes, uncompressed.
    pub raw: Vec<u8>,
}

impl LogRow {
    /// The change with its receipt, if the row is a change.
    pub fn change(&self) -> Option<(&ChangeRow, ChangeReceipt)> {
        match &self.entry {
            LogEntry::Change(change) => Some((
                change,
                ChangeReceipt {
                    seq: self.seq,
                    received_at: self.received_at,
                    base_received_at: change.base_received_at,
                    clock_trusted: change.clock_trusted,
                },
            )),
            LogEntry::Gone | LogEntry::Left | LogEntry::Came => None,
        }
    }
}

/// Where an entry stands, without what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The position.
    pub seq: Seq,
    /// The document that it is about.
    pub document: DocumentId,
    /// Whether the document leaves the space here.
    pub leaves: bool,
}

/// That a document once left a space for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departure {
    /// The space.
    pub space: Space,
    /// Where the log says so.
    pub seq: Seq,
}

/// What a stretch of the log holds of one document for the readers of the space that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The first position.
    pub first: Seq,
    /// How many entries there are.
    pub entries: u64,
}

/// The cache of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    /// Which.
    pub id: DocumentId,
    /// Of what kind.
    pub kind: Kind,
    /// Where it is.
    pub space: Space,
    /// The position of its last entry.
    pub head: Seq,
    /// What it holds; `None` when it was purged.
    pub content: Option<DocumentContent>,
}

/// A document as it is loaded, with what the relay knows of its changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentContent {
    /// The document as Automerge saves it, uncompressed.
    pub saved: Vec<u8>,
    /// The receipts of all its changes.
    pub receipts: Receipts,
}

/// The segments of one space as they stood at one position: together everything of the space at or
/// before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentSet {
    /// The position.
    pub through: Seq,
    /// The segments, the most useful first.
    pub segments: Vec<SegmentRow>,
}

/// What is known of a segment beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentRow {
    /// Its name.
    pub hash: SegmentHash,
    /// How soon its documents are needed: 0 before all others.
    pub usefulness: u8,
    /// How many bytes it has.
    pub bytes: u32,
    /// How many documents it holds.
    pub documents: u32,
    /// The root over the states that its saves end with.
    pub root: Option<StatesRoot>,
}

/// The verdict on a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRow {
    /// Which.
    pub id: BatchId,
    /// The device that pushed it.
    pub device: DeviceNumber,
    /// The hash over what was pushed: another content under the same id is another batch.
    pub digest: [u8; 32],
    /// When the relay received it.
    pub received_at: Timestamp,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of a batch, for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its changes are in the log.
    Durable {
        /// The position of the first of them.
        first: Seq,
        /// The position of the last of them.
        last: Seq,
    },
    /// None of its changes are.
    Refused(Refusal),
}

/// An enrolled device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    /// Its number.
    pub number: DeviceNumber,
    /// Whose it is.
    pub staff: StaffId,
    /// Its Ed25519 public key.
    pub public_key: [u8; 32],
    /// The document that tells colleagues of it.
    pub document: DocumentId,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// When it was shut out, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// That a document was purged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurgeRow {
    /// Which.
    pub document: DocumentId,
    /// The last position that says so.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
}

/// That a device has deleted a document that was purged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErasureRow {
    /// Which document.
    pub document: DocumentId,
    /// Which device.
    pub device: DeviceNumber,
    /// When the relay heard of it.
    pub at: Timestamp,
}

/// A code that enrols one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentCodeRow {
    /// Its first characters, by which it is found.
    pub selector: String,
    /// The keyed hash of the whole code.
    pub hash: [u8; 32],
    /// Who will own the device.
    pub staff: StaffId,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How many wrong tries it still bears.
    pub tries_left: u8,
    /// The device that it enrolled.
    pub used_by: Option<DeviceNumber>,
}
