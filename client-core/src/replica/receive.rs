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

use std::collections::BTreeMap;

use change_gate::device_of;
use dealership::Timestamp;
use dealership::id::DocumentId;
use rusqlite::TransactionBehavior;
use sync_protocol::{Cursor, Entry, Resume, Welcomed};

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
    /// Changes that wait in the outbox stay there: the relay judges them. Where the log begins
    /// again, the cursor is given up in the same transaction: whatever ends the connection, the
    /// next one begins again too, and entries of spaces that were gained are not passed over.
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
        if welcomed.resume == Resume::Restart {
            position::give_up(&transaction)?;
        }
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
        let struck = suspect::struck(&self.connection)?;
        let (alone, together): (BTreeMap<_, _>, BTreeMap<_, _>) = arrivals
            .into_iter()
            .partition(|(id, _)| self.cautious || struck.contains(id));
        for (id, arrivals) in alone {
            self.take_in(BTreeMap::from([(id, arrivals)]), None, &mut received)?;
        }
        self.take_in(together, Some(cursor), &mut received)?;
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
        let taken = self.take_in_marked(arrivals, cursor, received);
        if taken.is_err() {
            self.let_go();
        }
        taken
    }

    fn take_in_marked(
        &mut self,
        arrivals: BTreeMap<DocumentId, Vec<Arrival<'_>>>,
        cursor: Option<Cursor>,
        received: &mut Received,
    ) -> Result<(), ReplicaError> {
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
        let set_aside = projection::update(&shelf, changed.iter().copied())?;
        received.set_aside.extend(set_aside);
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

    /// Takes marks away after a failure that is no document's. Where even that fails, the disk is
    /// full or gone, and the marks count as those of a process that died.
    pub(super) fn let_go(&self) {
        if let Err(error) = suspect::let_go(&self.connection) {
            tracing::warn!(%error, "marks of documents stay");
        }
    }
}
