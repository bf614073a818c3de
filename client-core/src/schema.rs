//! The replica's tables, and how an older database becomes a newer one.

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::error::OpenError;

/// Marks a database as a replica of ours: "FCre".
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"FCre");

/// What each version added to the one before; only ever appended to.
static MIGRATIONS: &[&str] = &[
    include_str!("schema/0001_replica.sql"),
    include_str!("schema/0002_tried_again.sql"),
    include_str!("schema/0003_healing.sql"),
    include_str!("schema/0004_segments.sql"),
];

/// The tables that cannot be made again from others; all the rest is the projection.
pub(crate) static OWN_TABLES: &[&str] = &[
    "batch",
    "batch_makes",
    "batch_needs",
    "brought",
    "change",
    "cursor",
    "document",
    "held",
    "identity",
    "last_sync",
    "life",
    "lost_batch",
    "lost_batch_state",
    "projected",
    "purged",
    "quarantine",
    "quarantined_change",
    "segment",
    "sheet_heading",
    "space",
    "suspect",
    "tagged_page",
    "unreadable",
];

/// Makes sure that a database is a replica or empty, and not newer than this build.
///
/// Writes nothing, so a database that is refused stays as it was.
///
/// # Errors
///
/// [`OpenError::Foreign`], [`OpenError::Newer`].
pub(crate) fn inspect(connection: &Connection) -> Result<(), OpenError> {
    let application = match integer(connection, "PRAGMA application_id") {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            return Err(OpenError::Foreign);
        }
        application => application?,
    };
    let tables = integer(connection, "SELECT count(*) FROM sqlite_schema")?;
    let version = integer(connection, "PRAGMA user_version")?;
    match i32::try_from(application) {
        Ok(APPLICATION_ID) => {}
        Ok(0) if tables == 0 && version == 0 => {}
        _ => return Err(OpenError::Foreign),
    }
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version > known {
        return Err(OpenError::Newer {
            found: version,
            known,
        });
    }
    Ok(())
}

/// Brings a database that [`inspect`] let pass to this build's version, each step in a
/// transaction of its own.
///
/// # Errors
///
/// [`OpenError::Store`], and then the database is at the last version that was reached.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    apply(connection, MIGRATIONS)
}

fn apply(connection: &mut Connection, migrations: &[&str]) -> Result<(), OpenError> {
    let found = integer(connection, "PRAGMA user_version")?;
    let found = usize::try_from(found).unwrap_or(usize::MAX);
    for (index, migration) in migrations.iter().enumerate().skip(found) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.execute_batch(&format!(
            "PRAGMA user_version = {}",
            index.saturating_add(1)
        ))?;
        transaction.commit()?;
    }
    Ok(())
}

fn integer(connection: &Connection, sql: &str) -> Result<i64, rusqlite::Error> {
    connection.query_row(sql, (), |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(connection: &Connection) -> Vec<String> {
        connection
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .unwrap()
            .query_map((), |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    }

    #[test]
    fn an_empty_database_becomes_a_replica_and_stays_one() {
        let mut connection = Connection::open_in_memory().unwrap();
        inspect(&connection).unwrap();
        migrate(&mut connection).unwrap();
        let first = tables(&connection);
        inspect(&connection).unwrap();
        migrate(&mut connection).unwrap();
        assert_eq!(tables(&connection), first);
        assert!(first.len() > 10);
    }

    #[test]
    fn the_replicas_own_tables_are_those_that_migrations_make() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let made: Vec<String> = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            .unwrap()
            .query_map((), |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(made, OWN_TABLES);
    }

    #[test]
    fn every_step_of_the_way_leads_to_the_same_tables() {
        let mut whole = Connection::open_in_memory().unwrap();
        migrate(&mut whole).unwrap();
        let mut stepped = Connection::open_in_memory().unwrap();
        for end in 1..=MIGRATIONS.len() {
            apply(&mut stepped, &MIGRATIONS[..end]).unwrap();
            inspect(&stepped).unwrap();
        }
        assert_eq!(tables(&stepped), tables(&whole));
    }

    #[test]
    fn a_failing_migration_leaves_the_database_at_the_version_before() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let before = tables(&connection);
        let broken = [
            MIGRATIONS,
            &["CREATE TABLE half (a) STRICT; SELECT nothing;"],
        ]
        .concat();
        apply(&mut connection, &broken).unwrap_err();
        assert_eq!(tables(&connection), before);
        inspect(&connection).unwrap();
    }

    #[test]
    fn a_newer_database_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(
            inspect(&connection),
            Err(OpenError::Newer { found: 99, .. })
        ));
    }

    #[test]
    fn another_programs_database_is_refused() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE theirs (a)").unwrap();
        assert!(matches!(inspect(&connection), Err(OpenError::Foreign)));
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "application_id", 7).unwrap();
        assert!(matches!(inspect(&connection), Err(OpenError::Foreign)));
    }
}
