//! The replica: one device's database, and everything that reads or writes it.
//!
//! ```text
//!   execute ──► command ──► edits ──► own gate ──► change, outbox ─┐
//!   receive ──► pre-scan ──► extend ──► change, cursor ────────────┼─► projection ──► view
//!   settle  ──► outbox, quarantine, replay ────────────────────────┘
//! ```
//!
//! Each of the three is one SQLite transaction: what it wrote is there as a whole after a crash,
//! or not at all. Documents are loaded one by one; nothing keeps a space in memory.
//!
//! **Architecture Invariant:** the replica reads no clock and draws no randomness: the time comes
//! with each call, randomness from the [`Entropy`] handed in.

use std::cell::RefCell;

use change_gate::Actor;
use dealership::Timestamp;
use dealership::access::{Author, StaffAccess};
use dealership::authorship::Seq;
use dealership::command;
use rusqlite::Connection;
use serde_json::Value as Json;

use crate::entropy::{Entropy, draw};
use crate::error::{OpenError, ReplicaError, StoreError};
use crate::identity::Identity;
use crate::outbox::QuarantinedBatch;
use crate::projection::Progress;
use crate::replica::cache::Cache;
use crate::settings::{self, Medium};
use crate::store::{self, position};
use crate::wire::of_wire_seq;
use crate::{projection, schema, view};

#[cfg(not(target_arch = "wasm32"))]
mod backup;
mod cache;
mod comparison;
mod execute;
#[cfg(not(target_arch = "wasm32"))]
mod folder;
mod history;
mod import;
mod intake;
mod lost;
mod own_change;
mod push;
mod receive;
mod reoffer;
mod segments;
mod set_aside;
mod settle;
mod shelf;
mod states;
mod tidy;
mod verify;

pub use execute::Executed;
pub use history::HistoryEntry;
pub(crate) use history::of as history_of;
pub(crate) use import::stores_called;
pub use receive::{Page, Received};
pub use settle::Settled;
pub(crate) use shelf::Shelf;
pub use verify::{Problem, Verified};

/// Finds a command by its name.
type Commands = fn(&str) -> Option<&'static command::Entry>;

/// One device's database, open for its one writer.
pub struct Replica {
    connection: Connection,
    identity: Identity,
    entropy: Box<dyn Entropy>,
    /// Drawn at the first write of this opening, so that a copied or restored database never
    /// goes on under an actor that another copy uses.
    actor: Option<Actor>,
    cache: RefCell<Cache>,
    /// Which commands there are: the dealership's, or a test's.
    commands: Commands,
    /// Whether foreign bytes are applied one document at a time, because an opening before this
    /// one ended among several.
    cautious: bool,
    #[cfg(not(target_arch = "wasm32"))]
    lock: Option<folder::Lock>,
}

impl Replica {
    /// Makes a replica in an empty database.
    ///
    /// # Errors
    ///
    /// [`OpenError::Exists`] if it is a replica already, [`OpenError::Foreign`] if it is
    /// something else.
    pub fn create_in(
        mut connection: Connection,
        medium: Medium,
        identity: &Identity,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self, OpenError> {
        schema::inspect(&connection)?;
        settings::apply(&connection, medium)?;
        schema::migrate(&mut connection)?;
        if store::identity::read(&connection)?.is_some() {
            return Err(OpenError::Exists);
        }
        store::identity::write(&connection, identity)?;
        Self::begin(connection, entropy)?.with_tables(&mut |_| {})
    }

    /// Opens the replica in a database; a projection of another version is made anew.
    ///
    /// `now` is what the device's clock shows: documents that were set aside for a while wait by
    /// it.
    ///
    /// # Errors
    ///
    /// [`OpenError`], and then a database that is foreign or newer is as it was.
    pub fn open_in(
        mut connection: Connection,
        medium: Medium,
        entropy: Box<dyn Entropy>,
        now: Timestamp,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, OpenError> {
        schema::inspect(&connection)?;
        settings::apply(&connection, medium)?;
        schema::migrate(&mut connection)?;
        let mut replica = Self::begin(connection, entropy)?;
        replica.review_marks(now)?;
        replica.with_tables(progress)
    }

    fn begin(connection: Connection, entropy: Box<dyn Entropy>) -> Result<Self, OpenError> {
        let identity = store::identity::read(&connection)?.ok_or(OpenError::Missing)?;
        Ok(Self {
            connection,
            identity,
            entropy,
            actor: None,
            cache: RefCell::default(),
            commands: command::find,
            cautious: false,
            #[cfg(not(target_arch = "wasm32"))]
            lock: None,
        })
    }

    /// Makes the projection if there is none, or one of another version.
    fn with_tables(mut self, progress: &mut dyn FnMut(Progress)) -> Result<Self, OpenError> {
        if projection::version(&self.connection)? != Some(projection::VERSION) {
            self.rebuild(progress)?;
        }
        Ok(self)
    }

    /// Whose replica this is.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Runs a view.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::NoSuchView`], [`ReplicaError::NotThisView`], [`ReplicaError::Store`].
    pub fn show(&self, name: &str, input: Json, now: Timestamp) -> Result<Json, ReplicaError> {
        let entry = view::find(name).ok_or_else(|| ReplicaError::NoSuchView(name.to_owned()))?;
        (entry.run)(input, &self.desk(now))
    }

    /// Makes the projection anew from documents and receipts.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`], and then the projection is made anew at the next opening.
    pub fn rebuild(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<(), ReplicaError> {
        self.cache.borrow_mut().clear();
        let cautious = self.cautious || !store::suspect::struck(&self.connection)?.is_empty();
        let rebuilt = projection::rebuild(&mut self.connection, cautious, progress);
        if rebuilt.is_err() {
            self.let_go();
        }
        rebuilt
    }

    /// What a relay refused and nobody decided yet, the oldest first.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`].
    pub fn quarantine(&self) -> Result<Vec<QuarantinedBatch>, ReplicaError> {
        Ok(store::quarantine::all(&self.connection)?)
    }

    pub(crate) fn desk(&self, now: Timestamp) -> view::Desk<'_> {
        view::Desk {
            connection: &self.connection,
            identity: &self.identity,
            shelf: self.shelf(),
            now,
        }
    }

    /// What the person may do, by what is here.
    pub(crate) fn access(&self) -> Result<StaffAccess, ReplicaError> {
        Ok(Self::author(&self.identity, &self.shelf())?.access)
    }

    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn shelf(&self) -> Shelf<'_> {
        Shelf::new(&self.connection, &self.cache)
    }

    #[cfg(test)]
    pub(crate) fn use_commands(&mut self, commands: Commands) {
        self.commands = commands;
    }

    #[cfg(test)]
    pub(crate) fn sql(&self, sql: &str) {
        self.connection.execute_batch(sql).unwrap();
    }

    #[cfg(test)]
    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    #[cfg(test)]
    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.connection
            .query_row(sql, (), |row| row.get(0))
            .unwrap()
    }

    /// The cursor that whatever is written now has seen.
    fn base_seq(connection: &Connection) -> Result<Seq, StoreError> {
        Ok(position::read(connection)?.map_or(Seq(0), |cursor| of_wire_seq(cursor.seq)))
    }

    /// The person as rights judge them, by what is here.
    fn author(identity: &Identity, shelf: &Shelf<'_>) -> Result<Author, ReplicaError> {
        let access = shelf
            .document(identity.staff.into())?
            .as_deref()
            .and_then(StaffAccess::read)
            .ok_or(ReplicaError::NotYetSynced {
                staff: identity.staff,
            })?;
        Ok(Author {
            access,
            device: identity.device,
            spaces: shelf.spaces()?,
        })
    }

    /// This opening's actor.
    fn actor(&mut self) -> Actor {
        *self.actor.get_or_insert_with(|| {
            let mut actor = [0; 16];
            let (random, device) = actor.split_at_mut(8);
            random.copy_from_slice(&draw::<8>(self.entropy.as_mut()));
            device.copy_from_slice(&self.identity.device.0.to_be_bytes());
            actor
        })
    }
}

#[cfg(test)]
mod tests;
