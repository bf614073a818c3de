//! Copies a database while it is in use, and checks databases.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dealership::Seq;
use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::SqliteStore;
use super::failure::failed;
use crate::store::{ReadStore, StoreError};

/// All pages are copied in one step, from one state of the database: a copy in several begins
/// again whenever somebody else has written, and on a busy relay never ends.
const PAGES_PER_STEP: i32 = i32::MAX;

/// How long to wait where the database is busy with a checkpoint.
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// SQLite's check of everything, and the one that leaves out indexes.
const WHOLE: &str = "PRAGMA integrity_check(20)";
const GLANCE: &str = "PRAGMA quick_check(20)";

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file to write exists.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error("{} cannot be written", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The copy is not whole.
    #[error("the copy is damaged: {0}")]
    Damaged(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<Access> SqliteStore<Access> {
    /// Copies the database to a file, checks the copy, and makes it durable under its name.
    /// Gives the end of the log that is in it.
    ///
    /// # Errors
    ///
    /// [`BackupError`], and then there is no file of that name.
    pub fn back_up(&self, to: &Path) -> Result<Seq, BackupError> {
        if to.exists() {
            return Err(BackupError::Exists(to.to_owned()));
        }
        let partial = partial(to);
        let begun = remove_database(&partial).and_then(|()| make_private(&partial));
        begun.map_err(|source| BackupError::File {
            path: partial.clone(),
            source,
        })?;
        let copied = self.copy(&partial);
        let named = copied.and_then(|head| {
            let done = || {
                File::open(&partial)?.sync_all()?;
                rename_durably(&partial, to)
            };
            let path = to.to_owned();
            done().map_err(|source| BackupError::File { path, source })?;
            Ok(head)
        });
        if named.is_err() {
            // The copy is worthless; that it cannot be removed says nothing about the database.
            let _left_over = remove_database(&partial);
        }
        named
    }

    /// What SQLite finds wrong with the file: nothing, if all is well.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot even be looked at.
    pub fn problems(&self) -> Result<Vec<String>, StoreError> {
        problems(&self.connection, WHOLE).map_err(failed)
    }

    /// What SQLite finds wrong with the file in a fraction of the time, without comparing indexes
    /// with their tables: a damaged index hides rows and is not found.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot even be looked at.
    pub fn problems_at_a_glance(&self) -> Result<Vec<String>, StoreError> {
        problems(&self.connection, GLANCE).map_err(failed)
    }

    fn copy(&self, to: &Path) -> Result<Seq, BackupError> {
        let mut copy = Connection::open(to).map_err(failed)?;
        Backup::new(&self.connection, &mut copy)
            .and_then(|backup| backup.run_to_completion(PAGES_PER_STEP, BUSY_PAUSE, None))
            .map_err(failed)?;
        // One file, with nothing beside it.
        copy.pragma_update(None, "journal_mode", "DELETE")
            .map_err(failed)?;
        if let Some(problem) = problems(&copy, WHOLE).map_err(failed)?.into_iter().next() {
            return Err(BackupError::Damaged(problem));
        }
        let copied = Self::over(copy);
        Ok(copied.head()?.seq)
    }
}

/// The files that SQLite keeps beside a database. One that outlives its database is replayed into
/// whatever takes the database's name.
pub fn beside(database: &Path) -> [PathBuf; 3] {
    ["-wal", "-shm", "-journal"].map(|suffix| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    })
}

/// Removes a database that is worthless, with all that stands beside it; there may be none.
///
/// # Errors
///
/// Whatever the file system says.
pub fn remove_database(database: &Path) -> io::Result<()> {
    for file in beside(database)
        .iter()
        .map(PathBuf::as_path)
        .chain([database])
    {
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Gives a file its name so that it survives a power cut.
///
/// # Errors
///
/// Whatever the file system says.
pub fn rename_durably(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Makes an empty database that its owner alone may read, and so what stands beside it.
pub(super) fn make_private(database: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    match options.open(database) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

fn problems(connection: &Connection, check: &str) -> Result<Vec<String>, rusqlite::Error> {
    let mut found = Vec::new();
    let mut statement = connection.prepare(check)?;
    for line in statement.query_map([], |row| row.get::<_, String>(0))? {
        let line = line?;
        if line != "ok" {
            found.push(line);
        }
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    for table in statement.query_map([], |row| row.get::<_, String>(0))? {
        found.push(format!("table {} refers to what is not there", table?));
    }
    Ok(found)
}

fn partial(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}
