//! A device with something wrong in it: what its database does behind the replica's back, and what
//! its randomness gives.

use std::path::Path;

use client_core::Entropy;
use rusqlite::Connection;
use sync_protocol::message::{ClientMessage, RelayMessage};
use sync_protocol::{Epoch, frame};

use super::Bug;
use crate::chaos::SeededEntropy;

/// What a database of a device does by itself with a bug; nothing without one.
const fn triggers(bug: Bug) -> &'static str {
    match bug {
        Bug::WipedBeforeUpload => {
            "CREATE TRIGGER wiped AFTER DELETE ON document BEGIN
                 DELETE FROM batch WHERE id IN
                     (SELECT batch FROM change WHERE document = old.id);
                 DELETE FROM change WHERE document = old.id;
             END"
        }
        Bug::RefusedIsDropped => {
            "CREATE TRIGGER dropped AFTER INSERT ON quarantine BEGIN
                 DELETE FROM quarantine WHERE batch = new.batch;
             END;
             CREATE TRIGGER dropped_too BEFORE INSERT ON quarantined_change BEGIN
                 SELECT raise(IGNORE);
             END"
        }
        Bug::CasesNotForgotten => {
            "CREATE TRIGGER kept BEFORE DELETE ON known_case
             WHEN old.source GLOB '*/*' BEGIN
                 SELECT raise(IGNORE);
             END"
        }
        _ => "",
    }
}

/// Plants a bug in the database of a new device.
pub(crate) fn plant(bug: Option<Bug>, database: &Path) {
    if let Some(bug) = bug {
        let connection = Connection::open(database).expect("a replica's database");
        let planted = connection.execute_batch(triggers(bug));
        planted.expect("a replica's database");
    }
}

/// Saves the cursor of a frame that has only just come, and nothing of what is in it.
pub(crate) fn save_cursor(database: &Path, epoch: Epoch, frame: &[u8]) {
    let message = frame::decode_relay(version_of(frame), frame);
    let Ok(Some(RelayMessage::Entries(entries))) = message else {
        return;
    };
    if let Some(reached) = entries.reached {
        behind_its_back(database, |connection| {
            connection.execute(
                "INSERT OR REPLACE INTO cursor (only, epoch, seq, tag) VALUES (1, ?, ?, ?)",
                (epoch.0, reached.through.0 as i64, reached.tag.0),
            )
        });
    }
}

/// Forgets the batch in a frame that was only just sent.
pub(crate) fn forget_sent(database: &Path, frame: &[u8]) {
    let message = frame::decode_client(version_of(frame), frame);
    let Ok(Some(ClientMessage::Push(push))) = message else {
        return;
    };
    behind_its_back(database, |connection| {
        connection.execute(
            "UPDATE change SET batch = NULL, space = NULL WHERE batch = ?",
            [push.batch.0],
        )?;
        connection.execute("DELETE FROM batch WHERE id = ?", [push.batch.0])
    });
}

/// The version of whatever protocol a frame is of.
fn version_of(frame: &[u8]) -> u8 {
    frame.first().copied().unwrap_or_default()
}

/// Does something to a replica's database. The disk may fail meanwhile: then it is not done.
fn behind_its_back(
    database: &Path,
    work: impl FnOnce(&Connection) -> Result<usize, rusqlite::Error>,
) {
    let _done = Connection::open(database).and_then(|mut connection| {
        connection.pragma_update(None, "foreign_keys", true)?;
        let transaction = connection.transaction()?;
        work(&transaction)?;
        transaction.commit()
    });
}

/// Randomness that gives the same actor at every opening of a database.
pub(crate) struct SameActor {
    entropy: SeededEntropy,
    actor: [u8; 8],
}

impl SameActor {
    /// Gives what `entropy` gives, but for the random bytes of an actor.
    pub(crate) const fn new(entropy: SeededEntropy, actor: [u8; 8]) -> Self {
        Self { entropy, actor }
    }
}

impl Entropy for SameActor {
    fn fill(&mut self, bytes: &mut [u8]) {
        // Nothing else that a replica draws has eight bytes.
        if bytes.len() == self.actor.len() {
            bytes.copy_from_slice(&self.actor);
        } else {
            self.entropy.fill(bytes);
        }
    }
}
