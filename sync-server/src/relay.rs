//! The relay's core: it judges, orders and keeps changes, and reads the log to devices.
//!
//! Nothing here waits, reads a clock or draws randomness of its own: the time is handed in with
//! every call, a seed at the opening. So stories and the simulator drive the very code that the
//! program runs on its writer thread.
//!
//! ```text
//! accept ─► judge (gate, rights) ─► draft ─► own facts ─► write ─► commit ─► verdicts
//! ```
//!
//! **Architecture Invariant:** one relay writes a store, in one transaction at a time. The
//! position of an entry is given in the transaction that keeps it, so the order of commits is
//! the order of the log, and no reader can pass a position that is filled later.
//!
//! Call it on a thread with a stack of [`change_gate::limits::STACK_BYTES`] where changes come
//! from outside.

use std::sync::Arc;

use change_gate::Actor;
use dealership::document::UnreadableDocument;
use dealership::{DeviceNumber, Document, DocumentId, FreshIds, GroupId, Timestamp};
use sync_protocol::Epoch;

use crate::store::{GroupRow, LogHead, Store, StoreError};

mod accept;
mod directory;
mod documents;
mod draft;
mod enrol;
mod erasure;
mod front_desk;
mod heal;
mod judge;
mod own;
mod purge;
mod randomness;
mod read;
mod relocate;
mod restore;
mod segments;
mod tag;
mod verdict;
mod verify;

pub use accept::Pushed;
pub use directory::{Directory, Member};
pub use documents::LoadError;
pub use enrol::{EnrolError, Enrolled, Enrolment, EnrolmentRequest};
pub use erasure::{Owing, PurgeProgress, purge_progress};
pub use front_desk::{Admittance, FrontDesk, Guest};
pub use own::OwnFactError;
pub use purge::PurgeError;
pub use randomness::Randomness;
pub use read::ReadError;
pub use restore::renew_epoch;
pub use segments::{Built, Fetched};
pub use tag::{Link, RelayKey};
pub use verify::{Verified, verify_documents, verify_log};

use documents::{Documents, Found};

/// How far the clock may be behind the log, in milliseconds.
const CLOCK_TOLERANCE: i64 = 10 * 60 * 1_000;

/// The relay of one group.
pub struct Relay<S> {
    store: S,
    key: RelayKey,
    group: GroupRow,
    head: LogHead,
    /// Who writes the relay's own facts, in this opening.
    actor: Actor,
    randomness: Randomness,
    documents: Documents,
    directory: Arc<Directory>,
}

/// What a relay needs beside its store.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Its secret.
    pub key: RelayKey,
    /// Fresh randomness, never used for two openings.
    pub seed: [u8; 32],
    /// How many documents are kept in memory; each takes about 20 KB.
    pub cached_documents: usize,
}

/// What a relay could not do.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The store holds no group yet.
    #[error("there is no group yet")]
    NoGroup,
    /// The store holds a group already.
    #[error("there is a group already")]
    GroupExists,
    /// The clock is far behind the log: whatever came now would bear the time of its last entry,
    /// for as long as the clock is wrong.
    #[error("the clock shows {now}, and the last entry of the log was received at {last}")]
    ClockBehind {
        /// What the clock shows.
        now: Timestamp,
        /// When the last entry was received.
        last: Timestamp,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A document could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A document could not be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableDocument),
    /// A fact of the relay's own could not be written.
    #[error(transparent)]
    OwnFact(#[from] OwnFactError),
    /// The code that judged a batch panicked.
    #[error("judging a batch panicked: {message}")]
    Panicked {
        /// What it said.
        message: String,
    },
    /// The gate let a document in whose kind nobody asked for.
    #[error("document {document} came in without being judged")]
    Unjudged {
        /// Which.
        document: DocumentId,
    },
}

impl RelayError {
    /// Whether it is about one batch, so that others of the same transaction may stand.
    const fn is_of_one_batch(&self) -> bool {
        match self {
            Self::Store(error) | Self::Load(LoadError::Store(error)) => {
                matches!(
                    error,
                    StoreError::Taken { .. } | StoreError::TooLarge(_) | StoreError::Damaged { .. }
                )
            }
            Self::NoGroup | Self::GroupExists | Self::ClockBehind { .. } => false,
            Self::Load(LoadError::Unreadable { .. })
            | Self::Unreadable(_)
            | Self::OwnFact(_)
            | Self::Panicked { .. }
            | Self::Unjudged { .. } => true,
        }
    }
}

impl<S: Store> Relay<S> {
    /// Founds a group in an empty store.
    ///
    /// # Errors
    ///
    /// [`RelayError::GroupExists`], or [`RelayError::Store`] when the store fails.
    pub fn found(mut store: S, server_name: &str, opening: Opening) -> Result<Self, RelayError> {
        if store.group()?.is_some() {
            return Err(RelayError::GroupExists);
        }
        let mut randomness = Randomness::from_seed(opening.seed);
        let group = GroupRow {
            group: GroupId::new(uuid::Builder::from_random_bytes(randomness.bytes()).into_uuid()),
            epoch: Epoch(randomness.bytes()),
            server_name: server_name.to_owned(),
            phone_key: randomness.bytes(),
            is_restored: false,
            next_device: DeviceNumber(1),
        };
        store.begin()?;
        store.put_group(&group)?;
        store.commit()?;
        Self::begin(store, group, randomness, opening)
    }

    /// Opens the relay of a store that holds a group.
    ///
    /// # Errors
    ///
    /// [`RelayError::NoGroup`], or [`RelayError::Store`] when the store fails.
    pub fn open(store: S, opening: Opening) -> Result<Self, RelayError> {
        let group = store.group()?.ok_or(RelayError::NoGroup)?;
        let randomness = Randomness::from_seed(opening.seed);
        Self::begin(store, group, randomness, opening)
    }

    fn begin(
        store: S,
        group: GroupRow,
        mut randomness: Randomness,
        opening: Opening,
    ) -> Result<Self, RelayError> {
        let mut actor = [0; 16];
        actor[..8].copy_from_slice(&randomness.bytes::<8>());
        actor[8..].copy_from_slice(&DeviceNumber::RELAY.0.to_be_bytes());
        let mut documents = Documents::with_capacity(opening.cached_documents);
        let directory = Directory::read(&store, &mut documents)?;
        Ok(Self {
            head: store.head()?,
            store,
            key: opening.key,
            group,
            actor,
            randomness,
            documents,
            directory: Arc::new(directory),
        })
    }

    /// The group and what the relay knows of itself.
    pub const fn group(&self) -> &GroupRow {
        &self.group
    }

    /// The relay's secret.
    pub const fn key(&self) -> &RelayKey {
        &self.key
    }

    /// The end of the log.
    pub const fn head(&self) -> LogHead {
        self.head
    }

    /// Everyone of the group, as the staff documents say now.
    pub const fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// What is kept.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Gives the store back.
    pub fn into_store(self) -> S {
        self.store
    }

    /// Fresh ids, for what is made now.
    pub fn fresh_ids(&mut self, now: Timestamp) -> FreshIds {
        self.randomness.ids(now)
    }

    /// A document as rules read it; `None` if there is none or it was purged.
    ///
    /// # Errors
    ///
    /// [`RelayError`] when it cannot be loaded or read.
    pub fn document(&mut self, id: DocumentId) -> Result<Option<Document>, RelayError> {
        match self.documents.find(&self.store, id)? {
            Found::Document(loaded) => Ok(Some(loaded.read()?)),
            Found::Nothing | Found::Tombstone => Ok(None),
        }
    }

    /// Gives the store time to put itself in order; see [`Store::tidy_up`].
    ///
    /// # Errors
    ///
    /// [`RelayError::Store`] when the store fails.
    pub fn tidy_up(&mut self, thorough: bool) -> Result<(), RelayError> {
        Ok(self.store.tidy_up(thorough)?)
    }

    /// Fails while the clock is further behind the log than clocks are set back by.
    ///
    /// # Errors
    ///
    /// [`RelayError::ClockBehind`].
    pub fn check_clock(&self, now: Timestamp) -> Result<(), RelayError> {
        let last = self.head.received_at;
        if last.millis_since(now) > CLOCK_TOLERANCE {
            return Err(RelayError::ClockBehind { now, last });
        }
        Ok(())
    }

    /// Runs `work` in one transaction, and takes everything back if it or the commit fails.
    fn in_transaction<T, E>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E>
    where
        E: From<RelayError>,
    {
        self.store.begin().map_err(RelayError::from)?;
        let done = work(self);
        let ended = match &done {
            Ok(_) => self.store.commit(),
            Err(_) => self.store.roll_back(),
        };
        if done.is_err() || ended.is_err() {
            self.forget()?;
        }
        match ended {
            Ok(()) => done,
            // Why the work failed says more than that it could not be taken back.
            Err(error) => Err(done.err().unwrap_or_else(|| RelayError::from(error).into())),
        }
    }

    /// Forgets what was worked out from a store that has gone back, and reads it again.
    fn forget(&mut self) -> Result<(), RelayError> {
        self.documents.clear();
        self.head = self.store.head()?;
        if let Some(group) = self.store.group()? {
            self.group = group;
        }
        self.directory = Arc::new(Directory::read(&self.store, &mut self.documents)?);
        Ok(())
    }
}

impl<S> std::fmt::Debug for Relay<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (group, head) = (self.group.group, self.head.seq);
        write!(f, "Relay({group} at {head})")
    }
}
