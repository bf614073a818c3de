//! What a relay keeps: one trait, listed once, and one contract that every store passes.
//!
//! The log is the truth, one row for each change. Saved documents, their receipts, segments and the
//! index of phones are caches of it. A store knows no rule: what may be written, and in which order, is
//! the relay's business.
//!
//! One store holds one group. Every table of [`SqliteStore`] is keyed by a tenant all the same, so
//! that a second one needs no new keys.

use std::collections::BTreeSet;

use change_gate::Hash;
use dealership::phone::PhoneHash;
use dealership::{CustomerId, DeviceNumber, DocumentId, Kind, Seq, Space, StoreId};
use sync_protocol::{BatchId, SegmentHash};

mod error;
mod memory;
mod row;
pub mod sqlite;

#[cfg(test)]
mod contract;

pub use error::StoreError;
pub use memory::MemoryStore;
pub use row::{
    BatchRow, ChangeRow, Departure, DeviceRow, DocumentContent, DocumentRow, EnrolmentCodeRow,
    ErasureRow, GroupRow, LogEntry, LogHead, LogRow, Pending, Position, PurgeRow, RunningHash,
    SegmentRow, SegmentSet, Verdict,
};
pub use sqlite::SqliteStore;

/// Reading, from whatever was committed; inside a transaction also from what it wrote.
///
/// # Errors
///
/// Every function gives [`StoreError`] when the store fails.
pub trait ReadStore {
    /// Reads several things as they stand at one moment, whatever is committed meanwhile.
    ///
    /// The provided one is for stores that nobody writes to while they are read.
    fn at_one_moment<T>(&self, read: impl FnOnce() -> T) -> Result<T, StoreError> {
        Ok(read())
    }

    /// The group, `None` before it was founded.
    fn group(&self) -> Result<Option<GroupRow>, StoreError>;

    /// The end of the log.
    fn head(&self) -> Result<LogHead, StoreError>;

    /// The end of the log as it was when the entry at `seq` was the last; what stands before the
    /// first entry is at 0. `None` if the log is shorter.
    fn head_at(&self, seq: Seq) -> Result<Option<LogHead>, StoreError>;

    /// One row of the log; `None` if the log is shorter or the row was erased.
    fn log_row(&self, seq: Seq) -> Result<Option<LogRow>, StoreError>;

    /// The hash of the change that stood at a position and was erased.
    fn erased_hash(&self, seq: Seq) -> Result<Option<Hash>, StoreError>;

    /// The positions of these spaces with `after < seq <= through`, in ascending order, the first
    /// `limit` of them.
    fn positions(
        &self,
        spaces: &BTreeSet<Space>,
        after: Seq,
        through: Seq,
        limit: usize,
    ) -> Result<Vec<Position>, StoreError>;

    /// What the log holds of a document with `after < seq <= through`, from where it came into the
    /// space that it is in.
    fn pending(
        &self,
        document: DocumentId,
        after: Seq,
        through: Seq,
    ) -> Result<Option<Pending>, StoreError>;

    /// The spaces that a document left, in the order of the log.
    fn departures(&self, document: DocumentId) -> Result<Vec<Departure>, StoreError>;

    /// Every change of a document, in the order of the log.
    fn changes_of(&self, document: DocumentId) -> Result<Vec<LogRow>, StoreError>;

    /// Where a change of a document stands in the log.
    ///
    /// A change is named by its hash within its document only: the first changes of two documents
    /// may be equal to the byte.
    fn seq_of_change(&self, document: DocumentId, hash: &Hash) -> Result<Option<Seq>, StoreError>;

    /// One document; also what is left of a purged one.
    fn document(&self, id: DocumentId) -> Result<Option<DocumentRow>, StoreError>;

    /// The documents of a kind, in order of ids, purged ones left out.
    fn documents_of_kind(&self, kind: Kind) -> Result<Vec<DocumentId>, StoreError>;

    /// The ids of every document that was not purged and comes after `after`, in order, the first
    /// `limit` of them.
    fn document_ids(
        &self,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<DocumentId>, StoreError>;

    /// The documents that are in a space, with their kinds, in order of ids, purged ones left out.
    fn documents_in(&self, space: Space) -> Result<Vec<(DocumentId, Kind)>, StoreError>;

    /// The segments of a space, if they are kept.
    fn segments_of(&self, space: Space) -> Result<Option<SegmentSet>, StoreError>;

    /// The bytes of a segment, and the space that it is of.
    fn segment(&self, hash: &SegmentHash) -> Result<Option<(Space, Vec<u8>)>, StoreError>;

    /// The verdict on a batch, if it has one.
    fn batch(&self, id: BatchId) -> Result<Option<BatchRow>, StoreError>;

    /// One device.
    fn device(&self, number: DeviceNumber) -> Result<Option<DeviceRow>, StoreError>;

    /// Every device, in order of numbers.
    fn devices(&self) -> Result<Vec<DeviceRow>, StoreError>;

    /// Every document that was purged, with the last position that says so, in no order.
    fn purges(&self) -> Result<Vec<PurgeRow>, StoreError>;

    /// The purges at or before a position of which a device has not said that it deleted what was
    /// purged, in no order.
    fn purges_unheard_of(
        &self,
        device: DeviceNumber,
        through: Seq,
    ) -> Result<Vec<PurgeRow>, StoreError>;

    /// The devices that have deleted a purged document, in order of numbers.
    fn erasures(&self, document: DocumentId) -> Result<Vec<ErasureRow>, StoreError>;

    /// The enrolment code with this selector.
    fn enrolment_code(&self, selector: &str) -> Result<Option<EnrolmentCodeRow>, StoreError>;

    /// The customers who bear a phone, in every store of the group.
    fn customers_with_phone(
        &self,
        phone: &PhoneHash,
    ) -> Result<Vec<(CustomerId, StoreId)>, StoreError>;
}

/// Writing, always inside a transaction: [`begin`](Self::begin), then
/// [`commit`](Self::commit) or [`roll_back`](Self::roll_back).
///
/// # Errors
///
/// Every function gives [`StoreError`] when the store fails, and
/// [`StoreError::OutOfTurn`] when a transaction or a savepoint is not open that must be, or is
/// open that must not be.
pub trait Store: ReadStore {
    /// Begins a transaction.
    fn begin(&mut self) -> Result<(), StoreError>;

    /// Makes the transaction durable: when this returns, it survives a power cut.
    ///
    /// After an error the transaction is rolled back.
    fn commit(&mut self) -> Result<(), StoreError>;

    /// Forgets what the transaction wrote.
    fn roll_back(&mut self) -> Result<(), StoreError>;

    /// Marks a point within the transaction; there is one at a time.
    fn set_savepoint(&mut self) -> Result<(), StoreError>;

    /// Keeps what was written since the savepoint.
    fn release_savepoint(&mut self) -> Result<(), StoreError>;

    /// Forgets what was written since the savepoint, and the savepoint.
    fn roll_back_to_savepoint(&mut self) -> Result<(), StoreError>;

    /// Writes the group's own row.
    fn put_group(&mut self, group: &GroupRow) -> Result<(), StoreError>;

    /// Adds the next row to the log; `running` chains it to the rows before. With a
    /// [`LogEntry::Left`] the document's rows before it are at no space's positions any more.
    ///
    /// [`StoreError::Taken`] when the position, the change of the document, or its place among
    /// its actor's changes of the document is in the log already.
    fn append(&mut self, row: &LogRow, running: &RunningHash) -> Result<(), StoreError>;

    /// Writes a document's cache.
    fn put_document(&mut self, document: &DocumentRow) -> Result<(), StoreError>;

    /// Erases a document's cache and what its log rows hold; positions, hashes and the chain
    /// stay, and so does a tombstone in the document's place.
    fn erase_document(&mut self, document: DocumentId, at: Seq) -> Result<(), StoreError>;

    /// Keeps the segments of a space, in the place of those that were kept; `bytes` holds those
    /// of each segment.
    fn put_segments(
        &mut self,
        space: Space,
        set: &SegmentSet,
        bytes: &[Vec<u8>],
    ) -> Result<(), StoreError>;

    /// Deletes the segments of a space.
    fn delete_segments(&mut self, space: Space) -> Result<(), StoreError>;

    /// Writes a verdict; [`StoreError::Taken`] when the batch has one.
    fn put_batch(&mut self, batch: &BatchRow) -> Result<(), StoreError>;

    /// Writes a device, new or changed.
    fn put_device(&mut self, device: &DeviceRow) -> Result<(), StoreError>;

    /// Notes that a device has deleted a purged document; what was noted first stays.
    fn put_erasure(&mut self, erasure: &ErasureRow) -> Result<(), StoreError>;

    /// Writes an enrolment code, new or changed.
    fn put_enrolment_code(&mut self, code: &EnrolmentCodeRow) -> Result<(), StoreError>;

    /// Replaces the phones under which a customer is found.
    fn put_phones(
        &mut self,
        customer: CustomerId,
        store: StoreId,
        phones: &BTreeSet<PhoneHash>,
    ) -> Result<(), StoreError>;

    /// Keeps what was written in the file of the log in order: called when there is time.
    ///
    /// `thorough` also gives the disk space of the write-ahead log back.
    fn tidy_up(&mut self, thorough: bool) -> Result<(), StoreError>;
}
