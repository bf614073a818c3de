//! Opens connections whose settings are what the promises need, and proves that they are.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::backup::make_private;
use super::migration::{self, MigrationError};
use super::schema::{APPLICATION_ID, MIGRATIONS};

/// Why a database could not be opened; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none.
    #[error("there is no database at {}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is another program's.
    #[error("{} is not a relay's database", path.display())]
    Foreign {
        /// Which.
        path: PathBuf,
    },
    /// A newer version of this program made the database.
    #[error(
        "{} was written by a newer forecourt-server (version {found} of the database, \
         this one knows {newest})", path.display()
    )]
    Newer {
        /// Which.
        path: PathBuf,
        /// The version of the database.
        found: i64,
        /// The newest that this program knows.
        newest: i64,
    },
    /// SQLite does not take a setting that a promise rests on.
    #[error("SQLite sets {setting} to {found}, not {expected}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The file cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database cannot be used.
    #[error("{} cannot be used", path.display())]
    Database {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What stands in every setting of every connection, as SQLite says it back.
const SETTINGS: &[(&str, &str)] = &[
    ("journal_mode", "wal"),
    ("synchronous", "2"),
    ("foreign_keys", "1"),
    ("busy_timeout", "5000"),
    ("mmap_size", "0"),
    ("trusted_schema", "0"),
    ("cell_size_check", "1"),
    // Only the writer checkpoints, when it has time: `Store::tidy_up`.
    ("wal_autocheckpoint", "0"),
    ("journal_size_limit", "67108864"),
    ("temp_store", "2"),
    // What is purged is overwritten, not only unlinked.
    ("secure_delete", "1"),
];

/// The page size of a new database, in bytes.
const PAGE_BYTES: i64 = 4096;

/// The longest text or blob: a save of [`sync_protocol::limits::SAVE`] with room to spare.
const LONGEST_VALUE: i32 = 32 << 20;

/// Opens the one connection that writes; makes the database if there is none.
pub(super) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    check_header(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    make_private(path).map_err(|source| OpenError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let failed = |source: rusqlite::Error| unusable(path, source);
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    let found = migration::check(&connection, APPLICATION_ID, MIGRATIONS)
        .map_err(|error| refused(path, error))?;
    if found == 0 {
        connection
            .pragma_update(None, "page_size", PAGE_BYTES)
            .map_err(failed)?;
    }
    configure(&connection, path)?;
    migration::migrate(&mut connection, APPLICATION_ID, MIGRATIONS)
        .map_err(|error| refused(path, error))?;
    Ok(connection)
}

/// Opens a connection that writes and syncs nothing.
pub(super) fn open_filler(path: &Path) -> Result<Connection, OpenError> {
    let connection = open_writer(path)?;
    connection
        .pragma_update(None, "synchronous", "OFF")
        .map_err(|source| unusable(path, source))?;
    Ok(connection)
}

/// Opens a connection that cannot write.
pub(super) fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    if !path.exists() {
        let path = path.to_owned();
        return Err(OpenError::Missing { path });
    }
    check_header(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|source| unusable(path, source))?;
    migration::check(&connection, APPLICATION_ID, MIGRATIONS)
        .map_err(|error| refused(path, error))?;
    configure(&connection, path)?;
    connection
        .pragma_update(None, "query_only", true)
        .map_err(|source| unusable(path, source))?;
    Ok(connection)
}

fn configure(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |source: rusqlite::Error| unusable(path, source);
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)
        .map_err(failed)?;
    // One plan for every value: without it SQLite plans some statements anew at each call.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(failed)?;
    connection
        .set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        .map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    for (setting, expected) in SETTINGS {
        connection
            .pragma_update_and_check(None, setting, expected, |_| Ok(()))
            .or_else(|error| match error {
                // Most settings answer nothing when they are set.
                rusqlite::Error::QueryReturnedNoRows => Ok(()),
                error => Err(error),
            })
            .map_err(failed)?;
        let found = connection
            .pragma_query_value(None, setting, |row| row.get::<_, rusqlite::types::Value>(0))
            .map_err(failed)?;
        let found = match found {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        };
        if found != *expected {
            return Err(OpenError::Setting {
                setting,
                expected: (*expected).to_owned(),
                found,
            });
        }
    }
    Ok(())
}

/// Looks at the file's own header before SQLite opens it, which would already touch the folder.
///
/// ```text
///  0  "SQLite format 3\0"
/// 60  user_version     big endian
/// 68  application_id   big endian
/// ```
///
/// The header may lag behind the write-ahead log, so what it does not refuse is asked of SQLite.
fn check_header(path: &Path) -> Result<(), OpenError> {
    let unreadable = |source| OpenError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut header = [0; 72];
    match file.read_exact(&mut header) {
        Ok(()) => {}
        // A database whose first pages are all in the write-ahead log has an empty file.
        Err(_) if file.metadata().map_err(unreadable)?.len() == 0 => return Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            return Err(refused(path, MigrationError::Foreign));
        }
        Err(error) => return Err(unreadable(error)),
    }
    let number = |at: usize| {
        let bytes = header.get(at..).and_then(<[u8]>::first_chunk::<4>);
        bytes.map_or(0, |bytes| i32::from_be_bytes(*bytes))
    };
    let (version, owner) = (i64::from(number(60)), number(68));
    let newest = MIGRATIONS.len() as i64;
    if !header.starts_with(b"SQLite format 3\0") || (owner != 0 && owner != APPLICATION_ID) {
        return Err(refused(path, MigrationError::Foreign));
    }
    if owner == APPLICATION_ID && version > newest {
        let found = version;
        return Err(refused(path, MigrationError::Newer { found, newest }));
    }
    Ok(())
}

fn refused(path: &Path, error: MigrationError) -> OpenError {
    let path = path.to_owned();
    match error {
        MigrationError::Foreign => OpenError::Foreign { path },
        MigrationError::Newer { found, newest } => OpenError::Newer {
            path,
            found,
            newest,
        },
        error => OpenError::Database {
            path,
            source: Box::new(error),
        },
    }
}

fn unusable(path: &Path, source: rusqlite::Error) -> OpenError {
    if source.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) {
        return refused(path, MigrationError::Foreign);
    }
    OpenError::Database {
        path: path.to_owned(),
        source: Box::new(source),
    }
}
