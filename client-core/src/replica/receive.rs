//! What the relay's log brings: stored, applied and projected in the transaction that moves the
//! cursor.
//!
//! Bytes from the log passed the relay's gate, so they are pre-scanned and applied without the
//! proof by reloading. In a browser a panic ends the instance, and nothing catches a stack that
//! overflows anywhere. So the documents are marked in a transaction of their own before a foreign
//! byte is applied. A mark that is found when the replica is opened tells which documents were in
//! hand: a single one is set aside; of several each is then taken in alone, until the culprit is
//! known.

use std::collections::BTreeMap;

use change_gate::device_of;
use dealership::Timestamp;
use dealership::id::DocumentId;
use rusqlite::TransactionBehavior;
use sync_protocol::{Cursor, Entry, Welcomed};

use crate::error::ReplicaError;
use crate::projection;
use crate::replica::Replica;
use crate::replica::intake::{Arrival, Intake};
use crate::replica::shelf::Shelf;
use crate::store::{self, position, suspect};
use crate::wire::{of_wire_document, of_wire_time};

/// What came of what the log brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The documents that were made, changed or removed: what screens show of them is old.
    pub changed: Vec<DocumentId>,
    /// The documents among them that this version could not take; the person should know.
    pub set_aside: Vec<DocumentId>,
}

impl Replica {
    /// Notes that the relay admitted this device, and removes what it no longer may hold.
    ///
    /// Changes that wait in the outbox stay there: the relay judges them.
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
        let held: Vec<&str> = welcomed.spaces.iter().map(|space| space.as_str()).collect();
        let shelf = Shelf::new(&transaction, &self.cache);
        let mut received = Received::default();
        if position::spaces(&transaction)? != held {
            position::set_spaces(&transaction, held.iter().copied())?;
            for space in store::document::spaces(&transaction)? {
                if held.contains(&space.as_str()) {
                    continue;
                }
                for id in store::document::in_space(&transaction, &space)? {
                    Intake { shelf: &shelf, id }.take(vec![Arrival::Removed])?;
                    received.changed.push(id);
                }
            }
        }
        projection::update(&shelf, received.changed.iter().copied())?;
        let taken = shelf.into_taken();
        transaction.commit()?;
        self.keep(taken);
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
        let mut arrivals: BTreeMap<DocumentId, Vec<Arrival<'_>>> = BTreeMap::new();
        for entry in entries {
            let (document, arrival) = Arrival::of(entry);
            arrivals
                .entry(of_wire_document(document))
                .or_default()
                .push(arrival);
        }
        let mut received = Received::default();
        if self.cautious {
            for (id, arrivals) in std::mem::take(&mut arrivals) {
                self.take_in(BTreeMap::from([(id, arrivals)]), None, &mut received)?;
            }
        }
        self.take_in(arrivals, Some(cursor), &mut received)?;
        Ok(received)
    }

    /// Notes that everything that the relay's log held is here.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`].
    pub fn caught_up(&mut self, now: Timestamp) -> Result<(), ReplicaError> {
        Ok(position::caught_up(&self.connection, now)?)
    }

    fn take_in(
        &mut self,
        arrivals: BTreeMap<DocumentId, Vec<Arrival<'_>>>,
        cursor: Option<Cursor>,
        received: &mut Received,
    ) -> Result<(), ReplicaError> {
        self.mark(&arrivals)?;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let shelf = Shelf::new(&transaction, &self.cache);
        let mut changed = Vec::with_capacity(arrivals.len());
        for (id, arrivals) in arrivals {
            if !(Intake { shelf: &shelf, id }).take(arrivals)? {
                received.set_aside.push(id);
            }
            changed.push(id);
        }
        if let Some(cursor) = cursor {
            position::write(&transaction, &cursor)?;
        }
        projection::update(&shelf, changed.iter().copied())?;
        suspect::clear(&transaction)?;
        let taken = shelf.into_taken();
        transaction.commit()?;
        self.keep(taken);
        received.changed.append(&mut changed);
        Ok(())
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

    /// Looks for marks that an opening before this one left behind.
    pub(super) fn inspect_marks(&mut self) -> Result<(), ReplicaError> {
        let marked = suspect::marked(&self.connection)?;
        if marked.is_empty() {
            return Ok(());
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let [culprit] = marked.as_slice() {
            let reason = "the program ended while it took this document in";
            suspect::set_aside(&transaction, *culprit, reason)?;
            if projection::version(&transaction)? == Some(projection::VERSION) {
                projection::update(&Shelf::new(&transaction, &self.cache), [*culprit])?;
            }
        } else {
            self.cautious = true;
        }
        suspect::clear(&transaction)?;
        transaction.commit()?;
        Ok(())
    }

    /// Gives documents that another version set aside a chance with this one.
    ///
    /// Their projection is the caller's.
    pub(super) fn retry_set_aside(&mut self) -> Result<(), ReplicaError> {
        for id in suspect::set_aside_by_another_version(&self.connection)? {
            // One at a time, marked: what ended the process once may do so again.
            suspect::mark(&self.connection, [id])?;
            let transaction = self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            suspect::take_back(&transaction, id)?;
            let held = store::held::take(&transaction, id)?;
            let shelf = Shelf::new(&transaction, &self.cache);
            Intake { shelf: &shelf, id }.take(held.iter().map(Arrival::of_held).collect())?;
            suspect::clear(&transaction)?;
            transaction.commit()?;
        }
        Ok(())
    }
}
