//! Brings a database to the newest shape.
//!
//! Laws, each tested: migrations are only ever added at the end; each runs in a transaction of
//! its own with the number it leaves behind; a database of somebody else, or of a newer version,
//! is refused and left as it is.

use rusqlite::{Connection, TransactionBehavior};

/// One step; its place in the list is its number, counted from 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Migration {
    /// What is true once it has run.
    pub(super) about: &'static str,
    /// What it runs.
    pub(super) sql: &'static str,
}

/// Why a database could not be brought to the newest shape.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// It is not ours.
    #[error("it belongs to another program")]
    Foreign,
    /// A newer version made it.
    #[error("it has version {found}, and this program knows none newer than {newest}")]
    Newer {
        /// The version of the database.
        found: i64,
        /// The newest that this program knows.
        newest: i64,
    },
    /// SQLite failed.
    #[error("it could not be brought to version {version}, where {about}")]
    Failed {
        /// The version that was to be reached.
        version: i64,
        /// What would be true with it.
        about: &'static str,
        /// How it failed.
        #[source]
        source: rusqlite::Error,
    },
    /// SQLite could not say what it holds.
    #[error(transparent)]
    Unreadable(#[from] rusqlite::Error),
}

/// Runs what is missing and gives the version that was reached.
///
/// # Errors
///
/// [`MigrationError`]; the steps before the one that failed stay.
pub(super) fn migrate(
    connection: &mut Connection,
    application_id: i32,
    migrations: &[Migration],
) -> Result<i64, MigrationError> {
    let found = check(connection, application_id, migrations)?;
    for (version, migration) in (1_i64..).zip(migrations) {
        if version > found {
            step(connection, application_id, version, migration).map_err(|source| {
                MigrationError::Failed {
                    version,
                    about: migration.about,
                    source,
                }
            })?;
        }
    }
    Ok(newest(migrations))
}

/// Says which version a database has, if it is ours or empty.
///
/// # Errors
///
/// [`MigrationError`]; nothing is ever written.
pub(super) fn check(
    connection: &Connection,
    application_id: i32,
    migrations: &[Migration],
) -> Result<i64, MigrationError> {
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let owner = number("PRAGMA application_id")?;
    let found = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    let is_empty = owner == 0 && found == 0 && tables == 0;
    if owner != i64::from(application_id) && !is_empty {
        return Err(MigrationError::Foreign);
    }
    let newest = newest(migrations);
    if found > newest {
        return Err(MigrationError::Newer { found, newest });
    }
    Ok(found)
}

fn step(
    connection: &mut Connection,
    application_id: i32,
    version: i64,
    migration: &Migration,
) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(migration.sql)?;
    transaction.pragma_update(None, "application_id", application_id)?;
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}

fn newest(migrations: &[Migration]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: i32 = 7;
    const ONE: Migration = Migration {
        about: "there is a table",
        sql: "CREATE TABLE thing (id INTEGER PRIMARY KEY) STRICT;",
    };
    const TWO: Migration = Migration {
        about: "things have names",
        sql: "ALTER TABLE thing ADD COLUMN name TEXT; INSERT INTO thing (name) VALUES ('a');",
    };
    const BROKEN: Migration = Migration {
        about: "fails half-way",
        sql: "CREATE TABLE half (id INTEGER) STRICT; INSERT INTO nowhere VALUES (1);",
    };

    fn empty() -> Connection {
        Connection::open_in_memory().unwrap()
    }

    fn shape(connection: &Connection) -> Vec<String> {
        let sql = "SELECT name || ':' || sql FROM sqlite_schema ORDER BY name";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn upgrading_step_by_step_gives_the_shape_of_a_fresh_database() {
        let (mut fresh, mut old) = (empty(), empty());
        assert_eq!(migrate(&mut fresh, OURS, &[ONE, TWO]).unwrap(), 2);
        assert_eq!(migrate(&mut old, OURS, &[ONE]).unwrap(), 1);
        assert_eq!(migrate(&mut old, OURS, &[ONE, TWO]).unwrap(), 2);
        assert_eq!(shape(&fresh), shape(&old));
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut database = empty();
        migrate(&mut database, OURS, &[ONE, TWO]).unwrap();
        migrate(&mut database, OURS, &[ONE, TWO]).unwrap();
        let things: i64 = database
            .query_row("SELECT count(*) FROM thing", [], |row| row.get(0))
            .unwrap();
        assert_eq!(things, 1);
    }

    #[test]
    fn a_newer_database_is_refused() {
        let mut database = empty();
        migrate(&mut database, OURS, &[ONE, TWO]).unwrap();
        let refused = migrate(&mut database, OURS, &[ONE]).unwrap_err();
        assert!(matches!(
            refused,
            MigrationError::Newer {
                found: 2,
                newest: 1
            }
        ));
    }

    #[test]
    fn a_foreign_database_is_refused_whether_or_not_it_says_whose_it_is() {
        let mut named = empty();
        migrate(&mut named, OURS + 1, &[ONE]).unwrap();
        let mut nameless = empty();
        nameless.execute_batch(ONE.sql).unwrap();
        for database in [&mut named, &mut nameless] {
            let before = shape(database);
            let refused = migrate(database, OURS, &[ONE, TWO]).unwrap_err();
            assert!(matches!(refused, MigrationError::Foreign));
            assert_eq!(shape(database), before);
        }
    }

    #[test]
    fn a_migration_that_fails_leaves_the_version_before_it() {
        let mut database = empty();
        let failed = migrate(&mut database, OURS, &[ONE, BROKEN]).unwrap_err();
        assert!(matches!(failed, MigrationError::Failed { version: 2, .. }));
        assert_eq!(check(&database, OURS, &[ONE, BROKEN]).unwrap(), 1);
        assert_eq!(shape(&database).len(), 1);
    }
}
