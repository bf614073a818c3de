//! Answers sessions without writing: who is it, may it come in, what is new to it.
//!
//! The program keeps one on each of its reading threads; stories ask [`Relay::front_desk`].

use std::collections::BTreeSet;

use dealership::{Author, DeviceNumber, Seq, Space, Timestamp, schema};
use sync_protocol::message::spaces_digest;
use sync_protocol::{Admission, Bye, ByeCode, Greeting, LogAnswer, Upgrade, Walk};

use super::read::{ReadError, read_log};
use super::{Directory, Relay, RelayKey, erasure};
use crate::store::{DeviceRow, ReadStore, Store, StoreError};
use crate::wire;

/// How far a device's clock may be off to be trusted, in milliseconds.
const CLOCK_TOLERANCE: u64 = 10 * 60 * 1_000;

/// What answers sessions.
#[derive(Clone, Copy, Debug)]
pub struct FrontDesk<'r, S> {
    store: &'r S,
    key: &'r RelayKey,
    directory: &'r Directory,
}

/// What becomes of a device that has proved itself.
#[derive(Clone, Debug)]
pub enum Admittance {
    /// It comes in.
    Admitted(Box<Guest>),
    /// It does not.
    Dismissed(Bye),
}

/// A device that came in.
#[derive(Clone, Debug)]
pub struct Guest {
    /// What its session is told.
    pub admission: Admission,
    /// The spaces that it is read.
    pub spaces: BTreeSet<Space>,
    /// The newest shape of documents that it writes.
    pub shapes: u32,
    /// Whether its clock is within ten minutes of the relay's.
    pub clock_trusted: bool,
    /// Whether somebody may want to know that it came with nothing unsent: then
    /// [`Relay::note_synced`].
    pub is_awaited: bool,
    /// Up to where its cursor says that it has deleted what was purged, if it owes word of that:
    /// then [`Relay::note_erased`].
    pub has_erased: Option<Seq>,
}

impl<'r, S: ReadStore> FrontDesk<'r, S> {
    /// Answers from these.
    pub const fn new(store: &'r S, key: &'r RelayKey, directory: &'r Directory) -> Self {
        Self {
            store,
            key,
            directory,
        }
    }

    pub(super) const fn store(&self) -> &'r S {
        self.store
    }

    pub(super) const fn key(&self) -> &'r RelayKey {
        self.key
    }

    /// An enrolled device; also one that was shut out, for it may still prove who it is.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub fn identify(&self, device: DeviceNumber) -> Result<Option<DeviceRow>, StoreError> {
        self.store.device(device)
    }

    /// What the owner of a device may see and write on it; `None` if the device is unknown or
    /// shut out, or its owner has left.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub fn author(&self, device: DeviceNumber) -> Result<Option<Author>, StoreError> {
        let row = self.store.device(device)?;
        Ok(row
            .filter(|row| row.revoked_at.is_none())
            .and_then(|row| self.directory.author(row.staff, device)))
    }

    /// Whether a device may still be read these spaces, and no other set: it is not shut out, its
    /// owner has not left, and these are the spaces that are theirs now.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub fn may_read(
        &self,
        device: DeviceNumber,
        spaces: &BTreeSet<Space>,
    ) -> Result<bool, StoreError> {
        let row = self.store.device(device)?;
        let owner = row
            .filter(|row| row.revoked_at.is_none())
            .and_then(|row| self.directory.member(row.staff));
        Ok(owner.is_some_and(|owner| owner.access.active && owner.spaces == *spaces))
    }

    /// Decides whether a device that has proved itself comes in, and what it is told.
    ///
    /// Its cursor speaks of the spaces that it names, and those may no longer be its spaces: one
    /// that it gained since has entries before the cursor. A cursor ahead of the log counts all the
    /// same, for it proves that the log has gone back, and so does one that was given for another
    /// history than the log's.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails, or holds no group.
    pub fn admit(&self, now: Timestamp, greeting: &Greeting) -> Result<Admittance, StoreError> {
        let device = wire::domain_device(greeting.device);
        let Some(author) = self.author(device)? else {
            let text = "the device or its owner is no longer admitted";
            return Ok(Admittance::Dismissed(Bye::new(ByeCode::Denied, text)));
        };
        let group = self.store.group()?;
        let group = group.ok_or_else(|| StoreError::damaged("there is no group"))?;
        let names: Vec<_> = author.spaces.iter().copied().map(wire::space).collect();
        let has_same_spaces = greeting.spaces == Some(spaces_digest(&names));
        let head = self.store.head()?.seq;
        let (mut cursor_tag_is_valid, mut cursor_is_of_a_lost_history) = (false, false);
        if let Some(cursor) = &greeting.cursor {
            let here = self.store.head_at(wire::domain_seq(cursor.seq))?;
            cursor_tag_is_valid = self.key.gave(cursor, group.epoch, here.as_ref());
            cursor_is_of_a_lost_history = self.key.proves_loss(cursor, group.epoch, here.as_ref());
        }
        let has_erased = match (&greeting.cursor, self.store.device(device)?) {
            (Some(cursor), Some(row)) if cursor_tag_is_valid && has_same_spaces => {
                let through = wire::domain_seq(cursor.seq);
                erasure::owes(self.store, &row, through)?.then_some(through)
            }
            _ => None,
        };
        let mut shows = self.directory.shows_awaiting(author.staff(), now);
        let is_awaited = greeting.outbox.batches == 0 && shows.next().is_some();
        let ahead = wire::domain_timestamp(greeting.clock).millis_since(now);
        Ok(Admittance::Admitted(Box::new(Guest {
            admission: Admission {
                epoch: group.epoch,
                head: wire::seq(head),
                cursor_tag_is_valid,
                cursor_is_of_a_lost_history,
                has_same_spaces,
                spaces: names,
                clock: wire::timestamp(now),
                upgrade: upgrade(greeting.shapes),
            },
            spaces: author.spaces,
            shapes: greeting.shapes,
            clock_trusted: ahead.unsigned_abs() <= CLOCK_TOLERANCE,
            is_awaited,
            has_erased,
        })))
    }

    /// Reads a page of these spaces after a position.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when the store fails, or holds what cannot be sent.
    pub fn read(
        &self,
        spaces: &BTreeSet<Space>,
        after: Seq,
        walk: Walk,
    ) -> Result<LogAnswer, ReadError> {
        self.store.at_one_moment(|| {
            let group = self.store.group()?;
            let group = group.ok_or_else(|| StoreError::damaged("there is no group"))?;
            read_log(self.store, self.key, &group, spaces, after, walk)
        })?
    }
}

impl<S: Store> Relay<S> {
    /// What answers sessions from this relay's store.
    pub fn front_desk(&self) -> FrontDesk<'_, S> {
        FrontDesk::new(&self.store, &self.key, &self.directory)
    }
}

/// A device that writes older shapes than this version still syncs, and should be upgraded.
fn upgrade(shapes: u32) -> Upgrade {
    if i64::from(shapes) < schema::SHAPE {
        Upgrade::Soft
    } else {
        Upgrade::None
    }
}
