//! How SQLite is set: for durability first, read back and asserted.

use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::error::OpenError;

/// What the database lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// A file of the operating system.
    File,
    /// The browser's origin-private file system: no shared memory, one connection.
    Opfs,
    /// Memory, for tests and for private windows: durable nowhere.
    Memory,
}

/// Sets a connection for the medium and makes sure that SQLite took every setting.
///
/// `synchronous` is FULL: with NORMAL a power cut loses what a person was told is saved.
///
/// # Errors
///
/// [`OpenError::Setting`] for the first that did not take.
pub(crate) fn apply(connection: &Connection, medium: Medium) -> Result<(), OpenError> {
    connection.busy_timeout(Duration::from_secs(5))?;
    match medium {
        Medium::File => set(connection, "journal_mode", "wal", "wal")?,
        Medium::Opfs => {
            // In this order: without exclusive locking WAL needs shared memory, which OPFS has not.
            set(connection, "locking_mode", "exclusive", "exclusive")?;
            if set(connection, "journal_mode", "wal", "wal").is_err() {
                set(connection, "journal_mode", "persist", "persist")?;
            }
        }
        Medium::Memory => {}
    }
    set(connection, "synchronous", "full", "2")?;
    set(connection, "foreign_keys", "on", "1")?;
    set(connection, "trusted_schema", "off", "0")?;
    set(connection, "cell_size_check", "on", "1")?;
    set(connection, "temp_store", "memory", "2")?;
    // What is purged is overwritten, not only let go of.
    set(connection, "secure_delete", "on", "1")?;
    set(connection, "cache_size", "-16000", "-16000")?;
    set(connection, "journal_size_limit", "67108864", "67108864")?;
    // `Replica::tidy_up` does it when there is time; this is for those who have none.
    set(connection, "wal_autocheckpoint", "8192", "8192")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // One plan for every value: without it SQLite plans some statements anew at each call.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(())
}

fn set(
    connection: &Connection,
    name: &'static str,
    value: &str,
    wanted: &'static str,
) -> Result<(), OpenError> {
    connection.execute_batch(&format!("PRAGMA {name} = {value}"))?;
    let found = connection.pragma_query_value(None, name, |row| {
        Ok(match row.get_ref(0)? {
            rusqlite::types::ValueRef::Integer(integer) => integer.to_string(),
            other => other.as_str()?.to_owned(),
        })
    })?;
    if found == wanted {
        Ok(())
    } else {
        Err(OpenError::Setting {
            name,
            wanted,
            found,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_ahead_and_synced_at_every_commit() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("replica.sqlite")).unwrap();
        apply(&connection, Medium::File).unwrap();
        let journal: String = connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .unwrap();
        assert_eq!(journal, "wal");
    }

    #[test]
    fn an_exclusive_database_is_written_ahead_without_shared_memory() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("replica.sqlite")).unwrap();
        apply(&connection, Medium::Opfs).unwrap();
        connection.execute_batch("CREATE TABLE a (b)").unwrap();
        assert!(!folder.path().join("replica.sqlite-shm").exists());
    }

    #[test]
    fn a_setting_that_does_not_take_is_an_error() {
        // Memory cannot be written ahead: SQLite stays at its own journal and says so.
        let connection = Connection::open_in_memory().unwrap();
        assert!(matches!(
            apply(&connection, Medium::File),
            Err(OpenError::Setting {
                name: "journal_mode",
                ..
            })
        ));
        apply(&connection, Medium::Memory).unwrap();
    }
}
