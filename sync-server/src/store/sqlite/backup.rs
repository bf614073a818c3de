//! Copies a database while it is in use, and checks databases.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dealership::Seq;
use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::SqliteStore;
use super::failure::failed;
use crate::store::{ReadStore, StoreError};

/// How many pages are copied between two looks at what was written meanwhile.
const PAGES_PER_STEP: i32 = 1_024;

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
        let copied = self.copy(&partial);
        let named = copied.and_then(|head| {
            let done = || {
                File::open(&partial)?.sync_all()?;
                std::fs::rename(&partial, to)?;
                let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
                File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
            };
            let path = to.to_owned();
            done().map_err(|source| BackupError::File { path, source })?;
            Ok(head)
        });
        if named.is_err() && partial.exists() {
            // The copy is worthless; that it cannot be removed says nothing about the database.
            let _left_over = std::fs::remove_file(&partial);
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
            .and_then(|backup| backup.run_to_completion(PAGES_PER_STEP, Duration::ZERO, None))
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
