//! What was promised: by devices, that something is saved; by relays, that it is accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use change_gate::Hash;
use client_core::BatchId;
use dealership::DocumentId;
use rusqlite::Connection;
use sync_server::store::{ReadStore, Verdict};

use crate::connection::{Judged, JudgedChange};

/// The promises of one device.
#[derive(Clone, Default)]
pub(super) struct Saved(Vec<SavedBatch>);

/// The verdicts of one relay.
#[derive(Clone, Default)]
pub(super) struct Verdicts {
    /// What it promised to keep.
    pub(super) accepted: Vec<Judged>,
    /// What it said goes nowhere.
    pub(super) refused: Vec<Judged>,
    /// What it lost with its disk, and whose devices held it then and must bring it back.
    pub(super) lost: BTreeMap<(DocumentId, Hash), BTreeSet<usize>>,
}

impl Verdicts {
    /// Whether a change was lost and nobody is left who holds it.
    pub(super) fn is_given_up(&self, change: &JudgedChange) -> bool {
        let holders = self.lost.get(&(change.document, change.hash));
        holders.is_some_and(BTreeSet::is_empty)
    }

    /// Whether it ever said that it accepted a batch.
    fn has_accepted(&self, batch: BatchId) -> bool {
        let is_meant = |judged: &Judged| BatchId::from(judged.batch) == batch;
        self.accepted.iter().any(is_meant)
    }
}

/// Something that a person was told is saved.
#[derive(Clone)]
struct SavedBatch {
    /// The batch, by its newest name: what is made anew after a refusal gets another.
    batch: BatchId,
    command: String,
    made_at: i64,
    is_accepted: bool,
}

impl Saved {
    /// Notes that a person was told so.
    pub(super) fn promise(&mut self, batch: BatchId, command: &str, made_at: i64) {
        self.0.push(SavedBatch {
            batch,
            command: command.to_owned(),
            made_at,
            is_accepted: false,
        });
    }

    /// I3: looks where everything is, in the device's database or at the relay; gives what is
    /// nowhere. Without a relay to ask, what is not on the device may be there.
    pub(super) fn lost(
        &mut self,
        database: &Path,
        relay: Option<&impl ReadStore>,
        verdicts: &Verdicts,
    ) -> Vec<String> {
        let connection = Connection::open(database).expect("a replica's database");
        let waiting = waiting(&connection);
        let is_quarantined = |batch: &BatchId| {
            let sql = "SELECT count(*) FROM quarantine WHERE batch = ?";
            let count = connection.query_row(sql, [batch.0], |row| row.get::<_, i64>(0));
            count.expect("a replica's database") > 0
        };
        let mut lost = Vec::new();
        for saved in &mut self.0 {
            if saved.is_accepted
                || waiting.contains_key(&saved.batch)
                || is_quarantined(&saved.batch)
            {
                continue;
            }
            let verdict = relay.map(|store| store.batch(saved.batch.into()));
            let verdict = verdict.and_then(|read| read.expect("the store is read"));
            // A restored relay has lost its verdicts too; what became of the changes is asked at the
            // end.
            let was_accepted = !verdicts.lost.is_empty() && verdicts.has_accepted(saved.batch);
            if was_accepted
                || verdict.is_some_and(|row| matches!(row.verdict, Verdict::Durable { .. }))
            {
                saved.is_accepted = true;
                continue;
            }
            let is_meant = |(_, intent): &(&BatchId, &(String, i64))| {
                intent.0 == saved.command && intent.1 == saved.made_at
            };
            if let Some((batch, _)) = waiting.iter().find(is_meant) {
                saved.batch = *batch;
            } else if relay.is_some() {
                let (batch, command) = (saved.batch, &saved.command);
                lost.push(format!(
                    "I3: {command} (batch {batch}) was saved and is nowhere"
                ));
            }
        }
        lost
    }

    /// I2: gives what a relay had and has no more.
    pub(super) fn forgotten(&self, relay: &impl ReadStore) -> Vec<String> {
        let accepted = self.0.iter().filter(|saved| saved.is_accepted);
        let forgotten = accepted.filter(|saved| {
            let row = relay.batch(saved.batch.into());
            row.expect("the store is read").is_none()
        });
        forgotten
            .map(|saved| format!("I2: {} (batch {}) is forgotten", saved.command, saved.batch))
            .collect()
    }
}

/// The batches in the outbox, with what was asked for and when.
fn waiting(connection: &Connection) -> BTreeMap<BatchId, (String, i64)> {
    let mut statement = connection
        .prepare("SELECT id, command, made_at FROM batch")
        .expect("a replica's database");
    let rows = statement.query_map((), |row| {
        Ok((BatchId(row.get(0)?), (row.get(1)?, row.get(2)?)))
    });
    rows.and_then(Iterator::collect)
        .expect("a replica's database")
}
