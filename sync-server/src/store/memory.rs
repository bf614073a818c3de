//! A store in memory, for tests, stories and the simulator.
//!
//! It keeps what it would need to undo each write until the transaction ends, so that a
//! transaction costs what it writes, not what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use change_gate::Hash;
use dealership::phone::PhoneHash;
use dealership::{CustomerId, DeviceNumber, DocumentId, Kind, Seq, Space, StoreId};
use sync_protocol::{BatchId, SegmentHash};

use crate::store::{
    BatchRow, Departure, DeviceRow, DocumentRow, EnrolmentCodeRow, ErasureRow, GroupRow, LogEntry,
    LogHead, LogRow, Pending, Position, PurgeRow, ReadStore, RunningHash, SegmentSet, Store,
    StoreError,
};

mod derived;
mod state;

use state::{State, index, restore, stretch};

/// A store that lives as long as its value.
#[derive(Default)]
pub struct MemoryStore {
    state: State,
    /// How to undo each write of the open transaction; `None` when there is none.
    undo: Option<Vec<Undo>>,
    /// How much of `undo` stood at the savepoint.
    savepoint: Option<usize>,
}

type Undo = Box<dyn FnOnce(&mut State) + Send>;

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy of what was committed, as a backup is one.
    ///
    /// # Errors
    ///
    /// [`StoreError::OutOfTurn`] while a transaction is open.
    pub fn backup(&self) -> Result<Self, StoreError> {
        match self.undo {
            None => Ok(Self {
                state: self.state.clone(),
                ..Self::default()
            }),
            Some(_) => Err(StoreError::OutOfTurn),
        }
    }

    /// Writes, and remembers how to undo it.
    fn write(
        &mut self,
        undo: impl FnOnce(&mut State) + Send + 'static,
    ) -> Result<&mut State, StoreError> {
        self.undo
            .as_mut()
            .ok_or(StoreError::OutOfTurn)?
            .push(Box::new(undo));
        Ok(&mut self.state)
    }

    fn undo_to(&mut self, kept: usize) {
        let Some(undo) = &mut self.undo else { return };
        for step in undo.drain(kept.min(undo.len())..).rev() {
            step(&mut self.state);
        }
    }
}

impl ReadStore for MemoryStore {
    fn group(&self) -> Result<Option<GroupRow>, StoreError> {
        Ok(self.state.group.clone())
    }

    fn head(&self) -> Result<LogHead, StoreError> {
        Ok(self
            .state
            .log
            .last()
            .map_or(LogHead::START, |(head, _)| *head))
    }

    fn head_at(&self, seq: Seq) -> Result<Option<LogHead>, StoreError> {
        if seq == LogHead::START.seq {
            return Ok(Some(LogHead::START));
        }
        Ok(self.state.row(seq).map(|(head, _)| *head))
    }

    fn log_row(&self, seq: Seq) -> Result<Option<LogRow>, StoreError> {
        Ok(self.state.row(seq).and_then(|(_, row)| row.clone()))
    }

    fn erased_hash(&self, seq: Seq) -> Result<Option<Hash>, StoreError> {
        Ok(self.state.erased.get(&seq).copied())
    }

    fn positions(
        &self,
        spaces: &BTreeSet<Space>,
        after: Seq,
        through: Seq,
        limit: usize,
    ) -> Result<Vec<Position>, StoreError> {
        let mut found = BTreeSet::new();
        for space in spaces {
            found.extend(
                stretch(&self.state.by_space, *space, after, through)
                    .take(limit)
                    .map(|(_, seq)| *seq),
            );
        }
        Ok(found
            .into_iter()
            .filter_map(|seq| {
                let (_, row) = self.state.row(seq)?;
                let row = row.as_ref()?;
                Some(Position {
                    seq,
                    document: row.document,
                    leaves: row.entry == LogEntry::Left,
                })
            })
            .take(limit)
            .collect())
    }

    fn pending(
        &self,
        document: DocumentId,
        after: Seq,
        through: Seq,
    ) -> Result<Option<Pending>, StoreError> {
        let mut entries = stretch(&self.state.standing, document, after, through);
        Ok(entries.next().map(|(_, first)| Pending {
            first: *first,
            entries: 1 + entries.count() as u64,
        }))
    }

    fn departures(&self, document: DocumentId) -> Result<Vec<Departure>, StoreError> {
        let rows = self.state.rows_of(document);
        Ok(rows
            .filter(|row| row.entry == LogEntry::Left)
            .map(|row| Departure {
                space: row.space,
                seq: row.seq,
            })
            .collect())
    }

    fn changes_of(&self, document: DocumentId) -> Result<Vec<LogRow>, StoreError> {
        let rows = self.state.rows_of(document);
        Ok(rows.filter(|row| row.change().is_some()).cloned().collect())
    }

    fn seq_of_change(&self, document: DocumentId, hash: &Hash) -> Result<Option<Seq>, StoreError> {
        Ok(self.state.seq_of_change.get(&(document, *hash)).copied())
    }

    fn document(&self, id: DocumentId) -> Result<Option<DocumentRow>, StoreError> {
        Ok(self.state.documents.get(&id).cloned())
    }

    fn documents_of_kind(&self, kind: Kind) -> Result<Vec<DocumentId>, StoreError> {
        let of_kind = |row: &&DocumentRow| row.kind == kind && row.content.is_some();
        let documents = self.state.documents.values().filter(of_kind);
        Ok(documents.map(|row| row.id).collect())
    }

    fn document_ids(
        &self,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<DocumentId>, StoreError> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(self
            .state
            .documents
            .range((start, Bound::Unbounded))
            .filter(|(_, row)| row.content.is_some())
            .map(|(id, _)| *id)
            .take(limit)
            .collect())
    }

    fn documents_in(&self, space: Space) -> Result<Vec<(DocumentId, Kind)>, StoreError> {
        Ok(self.state.documents_in(space))
    }

    fn segments_of(&self, space: Space) -> Result<Option<SegmentSet>, StoreError> {
        Ok(self.state.segments.get(&space).map(|(set, _)| set.clone()))
    }

    fn segment(&self, hash: &SegmentHash) -> Result<Option<(Space, Vec<u8>)>, StoreError> {
        Ok(self.state.segment(hash))
    }

    fn batch(&self, id: BatchId) -> Result<Option<BatchRow>, StoreError> {
        Ok(self.state.batches.get(&id).cloned())
    }

    fn device(&self, number: DeviceNumber) -> Result<Option<DeviceRow>, StoreError> {
        Ok(self.state.devices.get(&number).cloned())
    }

    fn devices(&self) -> Result<Vec<DeviceRow>, StoreError> {
        Ok(self.state.devices.values().cloned().collect())
    }

    fn purges(&self) -> Result<Vec<PurgeRow>, StoreError> {
        let mut purges = BTreeMap::new();
        for seq in &self.state.purges {
            if let Some((_, Some(row))) = self.state.row(*seq) {
                let purge = PurgeRow {
                    document: row.document,
                    seq: *seq,
                    at: row.received_at,
                };
                purges.insert(row.document, purge);
            }
        }
        Ok(purges.into_values().collect())
    }

    fn purges_unheard_of(
        &self,
        device: DeviceNumber,
        through: Seq,
    ) -> Result<Vec<PurgeRow>, StoreError> {
        let mut purges = self.purges()?;
        let erasures = &self.state.erasures;
        purges.retain(|purge| {
            purge.seq <= through && !erasures.contains_key(&(purge.document, device))
        });
        Ok(purges)
    }

    fn erasures(&self, document: DocumentId) -> Result<Vec<ErasureRow>, StoreError> {
        let all = (document, DeviceNumber(0))..=(document, DeviceNumber(u64::MAX));
        let rows = self.state.erasures.range(all);
        Ok(rows.map(|(_, row)| *row).collect())
    }

    fn enrolment_code(&self, selector: &str) -> Result<Option<EnrolmentCodeRow>, StoreError> {
        Ok(self.state.codes.get(selector).cloned())
    }

    fn customers_with_phone(
        &self,
        phone: &PhoneHash,
    ) -> Result<Vec<(CustomerId, StoreId)>, StoreError> {
        let bears = |entry: &(&CustomerId, &(StoreId, BTreeSet<PhoneHash>))| {
            let (_, (_, phones)) = entry;
            phones.contains(phone)
        };
        let customers = self.state.phones.iter().filter(bears);
        Ok(customers
            .map(|(customer, (store, _))| (*customer, *store))
            .collect())
    }
}

impl Store for MemoryStore {
    fn begin(&mut self) -> Result<(), StoreError> {
        if self.undo.is_some() {
            return Err(StoreError::OutOfTurn);
        }
        self.undo = Some(Vec::new());
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.savepoint = None;
        self.undo.take().map(drop).ok_or(StoreError::OutOfTurn)
    }

    fn roll_back(&mut self) -> Result<(), StoreError> {
        self.undo_to(0);
        self.savepoint = None;
        self.undo.take().map(drop).ok_or(StoreError::OutOfTurn)
    }

    fn set_savepoint(&mut self) -> Result<(), StoreError> {
        let undo = self.undo.as_ref().ok_or(StoreError::OutOfTurn)?;
        if self.savepoint.is_some() {
            return Err(StoreError::OutOfTurn);
        }
        self.savepoint = Some(undo.len());
        Ok(())
    }

    fn release_savepoint(&mut self) -> Result<(), StoreError> {
        self.savepoint.take().map(drop).ok_or(StoreError::OutOfTurn)
    }

    fn roll_back_to_savepoint(&mut self) -> Result<(), StoreError> {
        let kept = self.savepoint.take().ok_or(StoreError::OutOfTurn)?;
        self.undo_to(kept);
        Ok(())
    }

    fn put_group(&mut self, group: &GroupRow) -> Result<(), StoreError> {
        let before = self.state.group.clone();
        self.write(|state| state.group = before)?.group = Some(group.clone());
        Ok(())
    }

    fn append(&mut self, row: &LogRow, running: &RunningHash) -> Result<(), StoreError> {
        if index(row.seq) != Some(self.state.log.len()) {
            return Err(StoreError::Taken {
                what: "the position",
            });
        }
        let (seq, space, document) = (row.seq, row.space, row.document);
        let mut names = None;
        if let LogEntry::Change(change) = &row.entry {
            let place = (document, change.actor, change.actor_seq);
            let name = (document, change.hash);
            if self.state.seq_of_change.contains_key(&name) {
                return Err(StoreError::Taken { what: "the change" });
            }
            if self.state.places.contains(&place) {
                return Err(StoreError::Taken {
                    what: "the place among the actor's changes",
                });
            }
            names = Some((name, place));
        }
        if row.entry == LogEntry::Left {
            self.pass(document)?;
        }
        let state = self.write(move |state| {
            state.log.pop();
            state.by_space.remove(&(space, seq));
            state.by_document.remove(&(document, seq));
            state.standing.remove(&(document, seq));
            state.purges.remove(&seq);
            if let Some((name, place)) = names {
                state.seq_of_change.remove(&name);
                state.places.remove(&place);
            }
        })?;
        let head = LogHead {
            seq,
            running: *running,
            received_at: row.received_at,
        };
        state.log.push((head, Some(row.clone())));
        state.by_space.insert((space, seq));
        state.by_document.insert((document, seq));
        if row.entry == LogEntry::Gone {
            state.purges.insert(seq);
        }
        if row.entry != LogEntry::Left {
            state.standing.insert((document, seq));
        }
        if let Some((name, place)) = names {
            state.seq_of_change.insert(name, seq);
            state.places.insert(place);
        }
        Ok(())
    }

    fn put_document(&mut self, document: &DocumentRow) -> Result<(), StoreError> {
        let id = document.id;
        let before = self.state.documents.get(&id).cloned();
        self.write(move |state| restore(&mut state.documents, id, before))?
            .documents
            .insert(id, document.clone());
        Ok(())
    }

    fn erase_document(&mut self, document: DocumentId, at: Seq) -> Result<(), StoreError> {
        let Some(mut row) = self.state.documents.get(&document).cloned() else {
            return Ok(());
        };
        row.content = None;
        row.head = at;
        self.put_document(&row)?;
        self.put_phones_of(document.into(), None)?;
        for log_row in self.changes_of(document)? {
            let (seq, space) = (log_row.seq, log_row.space);
            let (Some(at), LogEntry::Change(change)) = (index(seq), &log_row.entry) else {
                continue;
            };
            let name = (document, change.hash);
            let place = (document, change.actor, change.actor_seq);
            let stood = self.state.standing.contains(&(document, seq));
            let state = self.write(move |state| {
                if stood {
                    state.by_space.insert((space, seq));
                    state.standing.insert((document, seq));
                }
                state.by_document.insert((document, seq));
                state.seq_of_change.insert(name, seq);
                state.places.insert(place);
                state.erased.remove(&seq);
                if let Some((_, row)) = state.log.get_mut(at) {
                    *row = Some(log_row);
                }
            })?;
            state.by_space.remove(&(space, seq));
            state.standing.remove(&(document, seq));
            state.by_document.remove(&(document, seq));
            state.seq_of_change.remove(&name);
            state.places.remove(&place);
            let (_, hash) = name;
            state.erased.insert(seq, hash);
            if let Some((_, row)) = state.log.get_mut(at) {
                *row = None;
            }
        }
        Ok(())
    }

    fn put_segments(
        &mut self,
        space: Space,
        set: &SegmentSet,
        bytes: &[Vec<u8>],
    ) -> Result<(), StoreError> {
        self.put_segments_of(space, Some((set.clone(), bytes.to_vec())))
    }

    fn delete_segments(&mut self, space: Space) -> Result<(), StoreError> {
        self.put_segments_of(space, None)
    }

    fn put_batch(&mut self, batch: &BatchRow) -> Result<(), StoreError> {
        let id = batch.id;
        if self.state.batches.contains_key(&id) {
            return Err(StoreError::Taken { what: "the batch" });
        }
        let state = self.write(move |state| {
            state.batches.remove(&id);
        })?;
        state.batches.insert(id, batch.clone());
        Ok(())
    }

    fn put_device(&mut self, device: &DeviceRow) -> Result<(), StoreError> {
        let number = device.number;
        let before = self.state.devices.get(&number).cloned();
        self.write(move |state| restore(&mut state.devices, number, before))?
            .devices
            .insert(number, device.clone());
        Ok(())
    }

    fn put_erasure(&mut self, erasure: &ErasureRow) -> Result<(), StoreError> {
        let key = (erasure.document, erasure.device);
        if self.state.erasures.contains_key(&key) {
            return Ok(());
        }
        let state = self.write(move |state| {
            state.erasures.remove(&key);
        })?;
        state.erasures.insert(key, *erasure);
        Ok(())
    }

    fn put_enrolment_code(&mut self, code: &EnrolmentCodeRow) -> Result<(), StoreError> {
        let selector = code.selector.clone();
        let before = self.state.codes.get(&selector).cloned();
        let key = selector.clone();
        self.write(move |state| restore(&mut state.codes, key, before))?
            .codes
            .insert(selector, code.clone());
        Ok(())
    }

    fn put_phones(
        &mut self,
        customer: CustomerId,
        store: StoreId,
        phones: &BTreeSet<PhoneHash>,
    ) -> Result<(), StoreError> {
        self.put_phones_of(customer, Some((store, phones.clone())))
    }

    fn tidy_up(&mut self, _thorough: bool) -> Result<(), StoreError> {
        Ok(())
    }
}
