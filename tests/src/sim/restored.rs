//! A relay whose disk is lost, and which is restored from a backup.
//!
//! I16: whatever it had accepted and the backup lacks comes back from the devices that held it.
//! One that may no longer read what it held, that was lost itself, or that has set something
//! aside, is not counted on.

use std::collections::BTreeSet;
use std::path::Path;

use automerge::ReadDoc as _;
use change_gate::{GatedDocument, Hash};
use dealership::{DocumentId, Seq};
use rusqlite::{Connection, OptionalExtension as _};
use sync_protocol::Epoch;
use sync_server::relay::renew_epoch;
use sync_server::store::SqliteStore;
use sync_server::store::sqlite::{remove_database, rename_durably};
use tempfile::TempDir;

use crate::invariants::is_kept;
use crate::planted::Bug;

use super::disk::Outage;
use super::plan::Node;
use super::world::World;

/// A copy of a relay's database, on a disk on which nothing happens.
pub(super) struct Backup {
    folder: TempDir,
    /// How much the relay had refused.
    refused: usize,
}

impl Backup {
    /// The file.
    const FILE: &'static str = "backup.sqlite";
}

impl World {
    /// Copies a relay's database.
    pub(super) fn back_up(&mut self, group: usize) {
        let Some(relay) = &self.sites[group].relay else {
            return;
        };
        let backup = Backup {
            folder: tempfile::tempdir().expect("a temporary folder"),
            refused: self.verdicts[group].refused.len(),
        };
        let file = backup.folder.path().join(Backup::FILE);
        let copied = relay.store().sound().back_up(&file);
        copied.expect("nothing stands against a backup");
        self.sites[group].backup = Some(backup);
    }

    /// Loses a relay's disk and makes a new one from its last backup, as its program does.
    pub(super) fn restore(&mut self, group: usize) {
        let Some(backup) = self.sites[group].backup.take() else {
            return;
        };
        let held = self.held(group, &backup);
        self.end(Node::Relay(group), Outage::Kill);
        let site = &mut self.sites[group];
        site.disk.mend();
        let database = site.database();
        let partial = database.with_extension("partial");
        remove_database(&database).expect("the database goes");
        let file = backup.folder.path().join(Backup::FILE);
        let copy = SqliteStore::open_to_read(&file).expect("a backup");
        copy.back_up(&partial).expect("there is room");
        if self.bug != Some(Bug::RestoredKeepsEpoch) {
            let mut store = SqliteStore::open(&partial).expect("a backup");
            renew_epoch(&mut store, Epoch(self.dice.bytes())).expect("a backup holds a group");
        }
        rename_durably(&partial, &database).expect("it has its name");
        site.disk.look_again();
        site.published = Seq(0);
        let verdicts = &mut self.verdicts[group];
        verdicts.refused.truncate(backup.refused);
        verdicts.lost.extend(held);
        self.sites[group].backup = Some(backup);
        self.seen.note("a relay is restored from a backup");
        self.trace
            .say(self.now, &format!("relay {group} is restored"));
    }

    /// What a relay has accepted and its backup lacks, with the members whose devices hold it.
    fn held(&self, group: usize, backup: &Backup) -> Vec<((DocumentId, Hash), BTreeSet<usize>)> {
        let file = backup.folder.path().join(Backup::FILE);
        let copy = SqliteStore::open_to_read(&file).expect("a backup");
        let batches = self.verdicts[group].accepted.iter();
        let changes = batches.flat_map(|batch| &batch.changes);
        let lost = changes.filter(|change| !is_kept(&copy, change.document, &change.hash));
        let now = self.timestamp();
        let is_counted_on = |number: usize| {
            let member = &self.members[number];
            member.role.group == group
                && member.replica.is_some()
                && member.set_aside(now).is_empty()
                && self.author(number).is_some()
        };
        let counted_on: Vec<usize> = (0..self.members.len())
            .filter(|it| is_counted_on(*it))
            .collect();
        lost.map(|change| {
            let (document, hash) = (change.document, change.hash);
            let holds = |number: &&usize| {
                let database = self.members[**number].database();
                holds(&database, document, &hash)
            };
            let holders = counted_on.iter().filter(holds).copied().collect();
            ((document, hash), holders)
        })
        .collect()
    }

    /// Counts no longer on what a device held.
    pub(super) fn strike(&mut self, number: usize) {
        for verdicts in &mut self.verdicts {
            for holders in verdicts.lost.values_mut() {
                holders.remove(&number);
            }
        }
    }
}

/// Whether a device holds a change.
fn holds(database: &Path, document: DocumentId, hash: &Hash) -> bool {
    let connection = Connection::open(database).expect("a replica's database");
    let sql = "SELECT 1 FROM change WHERE document = ? AND hash = ?";
    let row = connection.query_row(sql, (document.as_bytes(), hash), |_| Ok(()));
    if row.optional().expect("a replica's database").is_some() {
        return true;
    }
    let sql = "SELECT base FROM document WHERE id = ? AND base IS NOT NULL";
    let base = connection.query_row(sql, [document.as_bytes()], |row| row.get::<_, Vec<u8>>(0));
    let base = base.optional().expect("a replica's database");
    base.is_some_and(|base| {
        let base = GatedDocument::load(&base).expect("a save of the relay's");
        let hash = automerge::ChangeHash(*hash);
        base.automerge().get_change_by_hash(&hash).is_some()
    })
}
