//! A disk that keeps what was synced, and of the rest what chance leaves.
//!
//! SQLite runs on real files in a temporary folder, through a shim ([`shim`]) that notes every
//! write until the file is synced. When the power fails, each file becomes what was synced, with
//! some of the noted writes: the first of them, a random part of them, or none; and one in four is
//! torn at a sector. When only the process is killed, the operating system keeps all.
//!
//! Folders are not simulated: a file that was made is there after a power cut, and one that was
//! removed is gone.

mod image;
mod shim;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use crate::chaos::Dice;
use image::Image;

/// How SQLite names a write-ahead log behind its database.
const WAL: &str = "-wal";

/// Files by their names.
pub(super) type Files = BTreeMap<OsString, Vec<u8>>;

/// What ended the process that used a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outage {
    /// The process was killed: what it had written is there.
    Kill,
    /// The power failed: what was not synced is there or not.
    Power,
}

/// A disk with one folder.
pub(crate) struct Disk {
    folder: TempDir,
    state: Arc<Mutex<State>>,
}

/// What a disk knows and does.
#[derive(Debug, Default)]
struct State {
    image: Image,
    /// Nothing is written any more: whoever writes has no power.
    is_dead: bool,
    /// After how many more operations the power fails.
    fuse: Option<u64>,
    /// There is no room for anything.
    is_full: bool,
    /// After how many more operations there is none.
    room: Option<u64>,
    /// Operations after which the next one fails, once.
    fault: Option<u64>,
    /// Whether a sync does nothing and says that it did.
    is_lying: bool,
    /// Whether write-ahead logs are synced only before a checkpoint writes to their database.
    is_syncing_late: bool,
    /// Whether a write-ahead log has begun again, which is always synced.
    has_begun_again: bool,
    /// How many operations failed because the disk was full or faulty.
    failures: u64,
}

/// Something written to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Write,
    Truncate,
    Sync,
    Delete,
}

/// Why an operation was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Full,
    Broken,
}

impl Disk {
    /// An empty disk with power.
    pub(crate) fn new() -> Self {
        // Where a system keeps files in memory, no disk is waited for.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let folder = folder.expect("a temporary folder");
        let state = Arc::new(Mutex::new(State::default()));
        shim::watch(folder.path(), &state);
        Self { folder, state }
    }

    /// A disk with files that somebody took from another one.
    pub(super) fn with(files: &Files) -> Self {
        let disk = Self::new();
        for (name, bytes) in files {
            std::fs::write(disk.folder().join(name), bytes).expect("an empty folder");
        }
        disk
    }

    /// What is on it, once nobody has a file of it open any more.
    pub(super) fn into_files(self) -> Files {
        let entries = std::fs::read_dir(self.folder()).expect("a folder");
        let file = |entry: std::io::Result<std::fs::DirEntry>| {
            let entry = entry?;
            Ok((entry.file_name(), std::fs::read(entry.path())?))
        };
        let files: std::io::Result<Files> = entries.map(file).collect();
        files.expect("a folder of files")
    }

    /// The folder on it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Lets the power fail after so many more operations.
    pub(crate) fn fail_after(&self, operations: u64) {
        self.state().fuse = Some(operations);
    }

    /// Lets the power fail now.
    pub(crate) fn fail_now(&self) {
        self.state().is_dead = true;
    }

    /// Whether the power has failed.
    pub(crate) fn is_dead(&self) -> bool {
        self.state().is_dead
    }

    /// Fills the disk up, or makes room again.
    pub(crate) fn set_full(&self, is_full: bool) {
        self.state().is_full = is_full;
    }

    /// Fills the disk up after so many more operations.
    pub(crate) fn fill_after(&self, operations: u64) {
        self.state().room = Some(operations);
    }

    /// Lets one operation fail, after so many more.
    pub(crate) fn fault_after(&self, operations: u64) {
        self.state().fault = Some(operations);
    }

    /// Lets syncs do nothing though they say that they did, or makes them honest again.
    pub(crate) fn set_lying(&self, is_lying: bool) {
        self.state().is_lying = is_lying;
    }

    /// Lets write-ahead logs be synced only with a checkpoint, as `synchronous=NORMAL` does, or with
    /// every commit again.
    pub(crate) fn set_syncing_late(&self, is_syncing_late: bool) {
        self.state().is_syncing_late = is_syncing_late;
    }

    /// Takes back every fault but an outage that has happened.
    pub(crate) fn mend(&self) {
        let mut state = self.state();
        (state.fuse, state.fault, state.room, state.is_full) = (None, None, None, false);
    }

    /// Takes the files as they are, once somebody has replaced them past SQLite and synced them.
    pub(super) fn look_again(&self) {
        self.state().image = Image::default();
    }

    /// How many operations have failed until now because the disk was full or faulty.
    pub(crate) fn failures(&self) -> u64 {
        self.state().failures
    }

    /// Gives the power back, once nobody has a file of it open any more. Gives the number of
    /// writes that are lost.
    pub(crate) fn restart(&self, outage: Outage, dice: &mut Dice) -> usize {
        let mut state = self.state();
        (state.is_dead, state.fuse) = (false, None);
        match outage {
            Outage::Kill => 0,
            Outage::Power => state.image.lose(dice),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        shim::forget(&self.state);
    }
}

impl State {
    /// Whether an operation is done; counts it.
    fn permit(&mut self, operation: Operation) -> Result<(), Failure> {
        if self.is_dead {
            return Err(Failure::Broken);
        }
        if burns_down(&mut self.fuse) {
            self.is_dead = true;
            return Err(Failure::Broken);
        }
        if burns_down(&mut self.fault) {
            self.failures += 1;
            return Err(Failure::Broken);
        }
        if burns_down(&mut self.room) {
            self.is_full = true;
        }
        if self.is_full && operation == Operation::Write {
            self.failures += 1;
            return Err(Failure::Full);
        }
        Ok(())
    }

    fn write(&mut self, path: &Path, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        self.permit(Operation::Write)?;
        match is_write_ahead_log(path) {
            true if at == 0 => self.has_begun_again = true,
            false if self.is_syncing_late => self.image.sync(&write_ahead_log(path)),
            _ => {}
        }
        self.image.write(path, at, bytes);
        Ok(())
    }

    fn truncate(&mut self, path: &Path, length: u64) -> Result<(), Failure> {
        self.permit(Operation::Truncate)?;
        self.image.truncate(path, length);
        Ok(())
    }

    fn sync(&mut self, path: &Path) -> Result<(), Failure> {
        self.permit(Operation::Sync)?;
        let is_commit = is_write_ahead_log(path) && !std::mem::take(&mut self.has_begun_again);
        let is_owed = self.is_syncing_late && is_commit;
        if !self.is_lying && !is_owed {
            self.image.sync(path);
        }
        Ok(())
    }

    fn delete(&mut self, path: &Path) -> Result<(), Failure> {
        self.permit(Operation::Delete)?;
        self.image.delete(path);
        Ok(())
    }

    fn open(&mut self, path: PathBuf) {
        self.image.open(path);
    }
}

fn is_write_ahead_log(path: &Path) -> bool {
    path.as_os_str()
        .as_encoded_bytes()
        .ends_with(WAL.as_bytes())
}

fn write_ahead_log(database: &Path) -> PathBuf {
    let mut log = database.as_os_str().to_owned();
    log.push(WAL);
    log.into()
}

/// Counts one down; whether it was the last.
fn burns_down(fuse: &mut Option<u64>) -> bool {
    match fuse {
        Some(0) => {
            *fuse = None;
            true
        }
        Some(left) => {
            *left -= 1;
            false
        }
        None => false,
    }
}

/// A test that panics elsewhere leaves nothing half done in here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// Writes rows in transactions of their own until the power fails after so many operations;
    /// gives how many were acknowledged, and how many are there when the power is back.
    fn cut(disk: &Disk, operations: u64, dice: &mut Dice) -> (i64, i64) {
        let open = || Connection::open(disk.folder().join("rows.sqlite")).unwrap();
        let connection = open();
        connection
            .execute_batch(
                "PRAGMA journal_mode = wal; PRAGMA synchronous = full;
                 PRAGMA wal_autocheckpoint = 8; CREATE TABLE IF NOT EXISTS row (bytes BLOB)",
            )
            .unwrap();
        let count = "SELECT count(*) FROM row";
        let mut acknowledged: i64 = connection.query_row(count, (), |row| row.get(0)).unwrap();
        disk.fail_after(operations);
        let insert = "INSERT INTO row VALUES (randomblob(700))";
        while connection.execute(insert, ()).is_ok() {
            acknowledged += 1;
        }
        assert!(disk.is_dead());
        drop(connection);
        disk.restart(Outage::Power, dice);
        let connection = open();
        let check: String = connection
            .query_row("PRAGMA integrity_check", (), |row| row.get(0))
            .unwrap_or_else(|error| error.to_string());
        // The table itself may be among what is lost.
        let found = connection.query_row(count, (), |row| row.get(0));
        let found = found.ok().filter(|_| check == "ok");
        (acknowledged, found.unwrap_or(-1))
    }

    #[test]
    fn what_was_committed_survives_every_power_cut() {
        let mut dice = Dice::new(1);
        let disk = Disk::new();
        for operations in 0..120 {
            let (acknowledged, found) = cut(&disk, operations, &mut dice);
            assert!(found >= acknowledged, "{found} of {acknowledged} rows");
        }
    }

    #[test]
    fn a_disk_that_lies_about_syncing_loses_what_was_committed() {
        let mut dice = Dice::new(1);
        let lost = (0..40).filter(|_| {
            let disk = Disk::new();
            disk.set_lying(true);
            let (acknowledged, found) = cut(&disk, 60, &mut dice);
            found < acknowledged
        });
        assert!(lost.count() > 10, "else the simulated disk proves nothing");
    }

    #[test]
    fn a_disk_that_syncs_late_loses_commits_and_stays_whole() {
        let mut dice = Dice::new(1);
        let mut lost = 0;
        for operations in 20..80 {
            let disk = Disk::new();
            // There is a table to write to.
            cut(&disk, 60, &mut dice);
            disk.set_syncing_late(true);
            let (acknowledged, found) = cut(&disk, operations, &mut dice);
            assert!(found >= 0, "the database is damaged");
            lost += acknowledged - found;
        }
        assert!(lost > 10, "else it is not late");
    }

    #[test]
    fn a_full_disk_refuses_writes_and_loses_nothing() {
        let disk = Disk::new();
        let connection = Connection::open(disk.folder().join("rows.sqlite")).unwrap();
        let setup = "PRAGMA journal_mode = wal; CREATE TABLE row (number INTEGER)";
        connection.execute_batch(setup).unwrap();
        let insert = "INSERT INTO row VALUES (1)";
        connection.execute(insert, ()).unwrap();

        disk.set_full(true);
        let refused = connection.execute(insert, ()).unwrap_err();
        disk.set_full(false);
        connection.execute(insert, ()).unwrap();

        let full = Some(rusqlite::ErrorCode::DiskFull);
        assert_eq!(refused.sqlite_error_code(), full);
        let count = "SELECT count(*) FROM row";
        let rows: i64 = connection.query_row(count, (), |row| row.get(0)).unwrap();
        assert_eq!((rows, disk.failures() > 0), (2, true));
    }
}
