//! A relay's store with something wrong in it.

use std::collections::BTreeSet;

use change_gate::Hash;
use dealership::phone::PhoneHash;
use dealership::{CustomerId, DeviceNumber, DocumentId, Kind, Seq, Space, StoreId};
use sync_protocol::{BatchId, SegmentHash};
use sync_server::store::{
    BatchRow, Departure, DeviceRow, DocumentRow, EnrolmentCodeRow, ErasureRow, GroupRow, LogHead,
    LogRow, Pending, Position, PurgeRow, ReadStore, RunningHash, SegmentSet, SqliteStore, Store,
    StoreError,
};

use super::Bug;

/// The store that ships, and around it what is planted; with nothing planted it is the store.
#[derive(Debug)]
pub(crate) struct PlantedStore {
    store: SqliteStore,
    bug: Option<Bug>,
    /// A transaction that somebody was told is committed, and is not.
    owes_commit: bool,
}

impl PlantedStore {
    /// Plants a bug in a store, or none.
    pub(crate) const fn new(store: SqliteStore, bug: Option<Bug>) -> Self {
        Self {
            store,
            bug,
            owes_commit: false,
        }
    }

    /// The store without what is wrong in it, for whoever looks what holds.
    pub(crate) const fn sound(&self) -> &SqliteStore {
        &self.store
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    fn commit_what_is_owed(&mut self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.owes_commit) {
            self.store.commit()?;
        }
        Ok(())
    }
}

impl ReadStore for PlantedStore {
    fn pending(
        &self,
        document: DocumentId,
        after: Seq,
        through: Seq,
    ) -> Result<Option<Pending>, StoreError> {
        let pending = self.store.pending(document, after, through)?;
        if !self.has(Bug::CatchUpByLastChange) {
            return Ok(pending);
        }
        let changes = self.store.changes_of(document)?;
        let seqs = changes.iter().map(|row| row.seq);
        let last = seqs.filter(|seq| after < *seq && *seq <= through).max();
        Ok(pending.map(|pending| Pending {
            first: last.unwrap_or(pending.first),
            ..pending
        }))
    }

    fn seq_of_change(&self, document: DocumentId, hash: &Hash) -> Result<Option<Seq>, StoreError> {
        if self.has(Bug::BatchNotKnownAgain) {
            return Ok(None);
        }
        self.store.seq_of_change(document, hash)
    }

    fn batch(&self, id: BatchId) -> Result<Option<BatchRow>, StoreError> {
        if self.has(Bug::BatchNotKnownAgain) {
            return Ok(None);
        }
        self.store.batch(id)
    }

    fn group(&self) -> Result<Option<GroupRow>, StoreError> {
        self.store.group()
    }

    fn head(&self) -> Result<LogHead, StoreError> {
        self.store.head()
    }

    fn head_at(&self, seq: Seq) -> Result<Option<LogHead>, StoreError> {
        self.store.head_at(seq)
    }

    fn log_row(&self, seq: Seq) -> Result<Option<LogRow>, StoreError> {
        self.store.log_row(seq)
    }

    fn erased_hash(&self, seq: Seq) -> Result<Option<Hash>, StoreError> {
        self.store.erased_hash(seq)
    }

    fn positions(
        &self,
        spaces: &BTreeSet<Space>,
        after: Seq,
        through: Seq,
        limit: usize,
    ) -> Result<Vec<Position>, StoreError> {
        self.store.positions(spaces, after, through, limit)
    }

    fn departures(&self, document: DocumentId) -> Result<Vec<Departure>, StoreError> {
        self.store.departures(document)
    }

    fn changes_of(&self, document: DocumentId) -> Result<Vec<LogRow>, StoreError> {
        self.store.changes_of(document)
    }

    fn document(&self, id: DocumentId) -> Result<Option<DocumentRow>, StoreError> {
        self.store.document(id)
    }

    fn documents_of_kind(&self, kind: Kind) -> Result<Vec<DocumentId>, StoreError> {
        self.store.documents_of_kind(kind)
    }

    fn document_ids(
        &self,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<DocumentId>, StoreError> {
        self.store.document_ids(after, limit)
    }

    fn documents_in(&self, space: Space) -> Result<Vec<(DocumentId, Kind)>, StoreError> {
        self.store.documents_in(space)
    }

    fn segments_of(&self, space: Space) -> Result<Option<SegmentSet>, StoreError> {
        self.store.segments_of(space)
    }

    fn segment(&self, hash: &SegmentHash) -> Result<Option<(Space, Vec<u8>)>, StoreError> {
        self.store.segment(hash)
    }

    fn device(&self, number: DeviceNumber) -> Result<Option<DeviceRow>, StoreError> {
        self.store.device(number)
    }

    fn devices(&self) -> Result<Vec<DeviceRow>, StoreError> {
        self.store.devices()
    }

    fn purges(&self) -> Result<Vec<PurgeRow>, StoreError> {
        self.store.purges()
    }

    fn purges_unheard_of(
        &self,
        device: DeviceNumber,
        through: Seq,
    ) -> Result<Vec<PurgeRow>, StoreError> {
        self.store.purges_unheard_of(device, through)
    }

    fn erasures(&self, document: DocumentId) -> Result<Vec<ErasureRow>, StoreError> {
        self.store.erasures(document)
    }

    fn enrolment_code(&self, selector: &str) -> Result<Option<EnrolmentCodeRow>, StoreError> {
        self.store.enrolment_code(selector)
    }

    fn customers_with_phone(
        &self,
        phone: &PhoneHash,
    ) -> Result<Vec<(CustomerId, StoreId)>, StoreError> {
        self.store.customers_with_phone(phone)
    }
}

impl Store for PlantedStore {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.commit_what_is_owed()?;
        self.store.begin()
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if self.has(Bug::AcknowledgedBeforeCommit) {
            self.owes_commit = true;
            return Ok(());
        }
        self.store.commit()
    }

    fn tidy_up(&mut self, thorough: bool) -> Result<(), StoreError> {
        self.commit_what_is_owed()?;
        self.store.tidy_up(thorough)
    }

    fn roll_back(&mut self) -> Result<(), StoreError> {
        self.store.roll_back()
    }

    fn set_savepoint(&mut self) -> Result<(), StoreError> {
        self.store.set_savepoint()
    }

    fn release_savepoint(&mut self) -> Result<(), StoreError> {
        self.store.release_savepoint()
    }

    fn roll_back_to_savepoint(&mut self) -> Result<(), StoreError> {
        self.store.roll_back_to_savepoint()
    }

    fn put_group(&mut self, group: &GroupRow) -> Result<(), StoreError> {
        self.store.put_group(group)
    }

    fn append(&mut self, row: &LogRow, running: &RunningHash) -> Result<(), StoreError> {
        self.store.append(row, running)
    }

    fn put_document(&mut self, document: &DocumentRow) -> Result<(), StoreError> {
        self.store.put_document(document)
    }

    fn erase_document(&mut self, document: DocumentId, at: Seq) -> Result<(), StoreError> {
        self.store.erase_document(document, at)
    }

    fn put_segments(
        &mut self,
        space: Space,
        set: &SegmentSet,
        bytes: &[Vec<u8>],
    ) -> Result<(), StoreError> {
        self.store.put_segments(space, set, bytes)
    }

    fn delete_segments(&mut self, space: Space) -> Result<(), StoreError> {
        self.store.delete_segments(space)
    }

    fn put_batch(&mut self, batch: &BatchRow) -> Result<(), StoreError> {
        self.store.put_batch(batch)
    }

    fn put_device(&mut self, device: &DeviceRow) -> Result<(), StoreError> {
        self.store.put_device(device)
    }

    fn put_erasure(&mut self, erasure: &ErasureRow) -> Result<(), StoreError> {
        self.store.put_erasure(erasure)
    }

    fn put_enrolment_code(&mut self, code: &EnrolmentCodeRow) -> Result<(), StoreError> {
        self.store.put_enrolment_code(code)
    }

    fn put_phones(
        &mut self,
        customer: CustomerId,
        store: StoreId,
        phones: &BTreeSet<PhoneHash>,
    ) -> Result<(), StoreError> {
        self.store.put_phones(customer, store, phones)
    }
}
