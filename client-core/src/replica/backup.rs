//! Backups: a whole replica as one file, and back.
//!
//! A restored replica is the same device. It draws a new actor at its first write, as every
//! opening does, so it never continues the numbers of the one it was copied from; what that one
//! pushed after the backup comes back with the log.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use crate::error::OpenError;
use crate::projection::Progress;
use crate::replica::Replica;
use crate::replica::folder::{self, Lock};
use crate::{schema, store};

/// How many pages are copied between two reports of progress.
const PAGES_PER_STEP: i32 = 1_000;

impl Replica {
    /// Writes the whole replica, secrets included, into a file that appears only when it is
    /// whole and on disk.
    ///
    /// # Errors
    ///
    /// [`OpenError::Exists`] if the file is there, [`OpenError::Folder`], [`OpenError::Store`].
    pub fn backup(&self, file: &Path, progress: &mut dyn FnMut(Progress)) -> Result<(), OpenError> {
        if file.try_exists()? {
            return Err(OpenError::Exists);
        }
        let unfinished = file.with_extension("unfinished");
        copy(&self.connection, &unfinished, progress)?;
        fs::rename(&unfinished, file)?;
        sync_folder(file)
    }

    /// Makes a replica in a folder from a file that [`backup`](Self::backup) wrote.
    ///
    /// # Errors
    ///
    /// [`OpenError::Exists`] if there is a replica in the folder, [`OpenError::LeftOver`] if there
    /// is something of one that was moved away, [`OpenError::Foreign`],
    /// [`OpenError::Newer`] or [`OpenError::Damaged`] if the file is none that can be restored.
    pub fn restore(
        folder: &Path,
        file: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), OpenError> {
        if !file.try_exists()? {
            return Err(OpenError::Missing);
        }
        let backup = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        schema::inspect(&backup)?;
        store::identity::read(&backup)?.ok_or(OpenError::Foreign)?;
        let found: String = backup.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))?;
        if found != "ok" {
            return Err(OpenError::Damaged { problem: found });
        }
        folder::make(folder)?;
        let _lock = Lock::take(folder)?;
        let database = folder.join(folder::DATABASE);
        if database.try_exists()? {
            return Err(OpenError::Exists);
        }
        // The log of a database that was moved away alone would be replayed into this one.
        for file in beside(&database) {
            if file.try_exists()? {
                return Err(OpenError::LeftOver { file });
            }
        }
        let unfinished = database.with_extension("unfinished");
        copy(&backup, &unfinished, progress)?;
        fs::rename(&unfinished, &database)?;
        sync_folder(&database)
    }
}

fn copy(
    from: &Connection,
    into: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), OpenError> {
    // Left over from one that was interrupted.
    for file in beside(into).iter().map(PathBuf::as_path).chain([into]) {
        if file.try_exists()? {
            fs::remove_file(file)?;
        }
    }
    folder::private().create_new(true).open(into)?;
    let mut copy = Connection::open(into)?;
    let backup = Backup::new(from, &mut copy)?;
    loop {
        let step = backup.step(PAGES_PER_STEP)?;
        let pages = backup.progress();
        let count = |pages: i32| u64::try_from(pages).unwrap_or_default();
        let total = count(pages.pagecount);
        progress(Progress {
            done: total.saturating_sub(count(pages.remaining)),
            total,
        });
        match step {
            rusqlite::backup::StepResult::Done => break,
            // Nobody else writes: what is busy is a checkpoint, and soon over.
            _ => from.busy_timeout(Duration::from_secs(5))?,
        }
    }
    drop(backup);
    copy.close().map_err(|(_, error)| error)?;
    Ok(File::open(into)?.sync_all()?)
}

/// The files that SQLite keeps beside a database.
fn beside(database: &Path) -> [PathBuf; 3] {
    ["-wal", "-shm", "-journal"].map(|suffix| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    })
}

/// Makes sure that a new name in a folder survives a power cut.
fn sync_folder(file: &Path) -> Result<(), OpenError> {
    #[cfg(unix)]
    {
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}
