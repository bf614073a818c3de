//! What the relay's log brings: stored, applied and projected in the transaction that moves the
//! cursor.
//!
//! Bytes from the log passed the relay's gate, so they are pre-scanned and applied without the
//! proof by reloading. In a browser a panic ends the instance, and nothing catches a stack that
//! overflows anywhere. So the documents are marked in a transaction of their own before a foreign
//! byte is applied. A mark that is found when the replica is opened tells which documents were in
//! hand when the process died. Of several each is then taken in alone. One that was alone twice is
//! set aside for a while ([`set_aside`](super::set_aside)); once may have been a kill, and a failure
//! of the replica itself leaves no mark.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use change_gate::device_of;
use dealership::Timestamp;
use dealership::id::DocumentId;
use rusqlite::TransactionBehavior;
use sync_protocol::{Cursor, Entry, Leaf, Resume, StatesTag, Welcomed};

use crate::error::ReplicaError;
use crate::projection;
use crate::replica::intake::{Arrival, Intake};
use crate::replica::shelf::Shelf;
use crate::replica::{Replica, comparison};
use crate::store::{self, position, purged, segment, suspect, tagged_page};
use crate::wire::{leaves, of_wire_document, of_wire_time};

/// One page among entries that are stored together, under the relay's tag for its states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Which of the entries it brought.
    pub entries: Range<usize>,
    /// The tag.
    pub states: StatesTag,
}

/// What moves the cursor: everything that came, and where the replica stands with it.
#[derive(Clone, Copy)]
pub(super) struct Reading<'r> {
    entries: &'r [Entry],
    pages: &'r [Page],
    /// Documents that were purged and that the relay has again.
    returned: &'r BTreeSet<DocumentId>,
    cursor: Cursor,
}

/// What came of what the log brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The documents that were made, changed or removed: what screens show of them is old.
    pub changed: Vec<DocumentId>,
    /// The documents among them that this version could not take; the person should know.
    pub set_aside: Vec<DocumentId>,
    /// Whether there is something new to push: the relay has a document again that was purged.
    pub goes_back: bool,
}

impl Replica {
    /// Notes that the relay admitted this device, and removes what it no longer may hold.
    ///
    /// Changes that wait in the outbox stay there: the relay judges them. Where the log begins
    /// again, the cursor is given up in the same transaction: whatever ends the connection, the
    /// next one begins again too, and entries of spaces that were gained are not passed over. Where
    /// segments bring them, it is noted that the cursor does not speak of them.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`], and then nothing is noted.
    pub fn welcomed(
        &mut self,
        welcomed: &Welcomed,
        now: Timestamp,
    ) -> Result<Received, ReplicaError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let clock_ahead = now.millis_since(of_wire_time(welcomed.relay_clock));
        position::welcomed(&transaction, now, clock_ahead)?;
        comparison::welcomed(&transaction, welcomed.epoch)?;
        if welcomed.resume == Resume::Restart {
            position::give_up(&transaction)?;
        }
        let held: Vec<&str> = welcomed.spaces.iter().map(|space| space.as_str()).collect();
        let shelf = Shelf::new(&transaction, &self.cache);
        let mut received = Received::default();
        let lacking: BTreeSet<&str> = welcomed.lacking.iter().map(|name| name.as_str()).collect();
        let is_whole = |space: &&str| !lacking.contains(space);
        let known = position::spaces(&transaction)?;
        let whole: Vec<&str> = held.iter().copied().filter(is_whole).collect();
        if known != held || position::whole_spaces(&transaction)? != whole {
            let spaces = held.iter().map(|space| (*space, is_whole(space)));
            position::set_spaces(&transaction, spaces)?;
            segment::forget_others(&transaction)?;
        }
        if known != held {
            for space in store::document::spaces(&transaction)? {
                if held.contains(&space.as_str()) {
                    continue;
                }
                for id in store::document::in_space(&transaction, &space)? {
                    store::lost::delete_of(&transaction, id)?;
                    Intake { shelf: &shelf, id }.take(vec![Arrival::Removed])?;
                    received.changed.push(id);
                }
            }
        }
        projection::update(&shelf, received.changed.iter().copied())?;
        let taken = shelf.into_taken();
        transaction.commit()?;
        self.cache.borrow_mut().set_spaces(None);
        self.keep(taken);
        if !received.changed.is_empty() {
            self.overwrite();
        }
        Ok(received)
    }

    /// Stores entries of the log together with the cursor that they bring the replica to.
    ///
    /// Entries that are here already change nothing but receipts.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`], and then neither entries nor cursor are stored.
    pub fn receive(&mut self, entries: &[Entry], cursor: Cursor) -> Result<Received, ReplicaError> {
        self.receive_pages(entries, &[], cursor)
    }

    /// Stores entries of the log as [`receive`](Self::receive) does, and keeps the relay's tags for
    /// what they bring: by them it will know its own changes again if it loses them.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`], and then nothing is stored.
    pub fn receive_pages(
        &mut self,
        entries: &[Entry],
        pages: &[Page],
        cursor: Cursor,
    ) -> Result<Received, ReplicaError> {
        let mut arrivals: BTreeMap<DocumentId, Vec<Arrival<'_>>> = BTreeMap::new();
        let mut returned = BTreeSet::new();
        let was_none_purged = purged::is_empty(&self.connection)?;
        for entry in entries {
            let (document, arrival) = Arrival::of(entry);
            let id = of_wire_document(document);
            let brings = matches!(arrival, Arrival::Change { .. } | Arrival::Save { .. });
            if brings && !was_none_purged && purged::contains(&self.connection, id)? {
                returned.insert(id);
            } else {
                arrivals.entry(id).or_default().push(arrival);
            }
        }
        let mut received = Received::default();
        let struck = suspect::struck(&self.connection)?;
        let (alone, together): (BTreeMap<_, _>, BTreeMap<_, _>) = arrivals
            .into_iter()
            .partition(|(id, _)| self.cautious || struck.contains(id));
        for (id, arrivals) in alone {
            self.take_in(BTreeMap::from([(id, arrivals)]), None, &mut received)?;
        }
        let reading = Reading {
            entries,
            pages,
            returned: &returned,
            cursor,
        };
        self.take_in(together, Some(reading), &mut received)?;
        Ok(received)
    }

    /// Notes that everything that the relay's log held is here, and says whether there is
    /// something to push that the log turned out to have lost.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`].
    pub fn caught_up(&mut self, now: Timestamp) -> Result<bool, ReplicaError> {
        position::caught_up(&self.connection, now)?;
        self.compare()
    }

    pub(super) fn take_in(
        &mut self,
        arrivals: BTreeMap<DocumentId, Vec<Arrival<'_>>>,
        reading: Option<Reading<'_>>,
        received: &mut Received,
    ) -> Result<(), ReplicaError> {
        self.mark(&arrivals)?;
        let taken = self.take_in_marked(arrivals, reading, received);
        if taken.is_err() {
            self.let_go();
        }
        taken
    }

    fn take_in_marked(
        &mut self,
        arrivals: BTreeMap<DocumentId, Vec<Arrival<'_>>>,
        reading: Option<Reading<'_>>,
        received: &mut Received,
    ) -> Result<(), ReplicaError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let shelf = Shelf::new(&transaction, &self.cache);
        let mut changed = Vec::with_capacity(arrivals.len());
        let is_removal =
            |arrival: &Arrival<'_>| matches!(arrival, Arrival::Removed | Arrival::Purged);
        let removes = arrivals.values().flatten().any(is_removal);
        for (id, arrivals) in arrivals {
            if !(Intake { shelf: &shelf, id }).take(arrivals)? {
                received.set_aside.push(id);
            }
            changed.push(id);
        }
        if let Some(reading) = reading {
            position::write(&transaction, &reading.cursor)?;
            comparison::note(&transaction, reading.entries)?;
            for page in reading.pages {
                let entries = reading.entries.get(page.entries.clone());
                let entries = entries.unwrap_or_default().iter();
                let leaves: Vec<Leaf> = entries.flat_map(leaves).collect();
                tagged_page::append(&transaction, &leaves, page.states)?;
            }
            let entropy = self.entropy.as_mut();
            received.goes_back |= comparison::show_purges(&transaction, entropy, reading.returned)?;
        }
        let set_aside = projection::update(&shelf, changed.iter().copied())?;
        received.set_aside.extend(set_aside);
        suspect::clear(&transaction)?;
        let taken = shelf.into_taken();
        transaction.commit()?;
        self.keep(taken);
        received.changed.append(&mut changed);
        if removes {
            self.overwrite();
        }
        Ok(())
    }

    /// Writes over what was just removed, in the file of the write-ahead log too, before anybody is
    /// told that it is gone.
    fn overwrite(&self) {
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        let done = self.connection.query_row(checkpoint, (), |_| Ok(()));
        if let Err(error) = done {
            // Whoever reads meanwhile keeps it in use; the next checkpoint writes over it.
            tracing::warn!(%error, "what was removed stays in the write-ahead log for now");
        }
    }

    /// Marks the documents that foreign bytes are about to be applied to.
    fn mark(
        &mut self,
        arrivals: &BTreeMap<DocumentId, Vec<Arrival<'_>>>,
    ) -> Result<(), ReplicaError> {
        let own = self.identity.device.0;
        let is_foreign = |arrival: &Arrival<'_>| match arrival {
            Arrival::Change { header, .. } => header
                .as_ref()
                .is_ok_and(|header| device_of(&header.actor) != own),
            Arrival::Save { .. } => true,
            Arrival::Removed | Arrival::Purged => false,
        };
        let foreign: Vec<_> = arrivals
            .iter()
            .filter(|(_, arrivals)| arrivals.iter().any(is_foreign))
            .map(|(id, _)| *id)
            .collect();
        if foreign.is_empty() {
            return Ok(());
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        suspect::mark(&transaction, foreign)?;
        transaction.commit()?;
        Ok(())
    }

    /// Takes marks away after a failure that is no document's. Where even that fails, the disk is
    /// full or gone, and the marks count as those of a process that died.
    pub(super) fn let_go(&self) {
        if let Err(error) = suspect::let_go(&self.connection) {
            tracing::warn!(%error, "marks of documents stay");
        }
    }
}
