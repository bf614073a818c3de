//! Work that can wait until nobody does.

use rusqlite::Connection;

use crate::error::{ReplicaError, StoreError};
use crate::replica::Replica;

/// How many pages of the write-ahead log are worth a moment of the disk: 2 MB.
const PAGES: i64 = 512;

impl Replica {
    /// Moves what was written from the write-ahead log into the database's own file, if it is
    /// much: to be called when nobody waits, so that no command has to.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`], and then it stays where it is, as durable as before.
    pub fn tidy_up(&mut self) -> Result<(), ReplicaError> {
        if waiting_pages(&self.connection)? >= PAGES {
            let checkpoint = "PRAGMA wal_checkpoint(PASSIVE)";
            let row = self.connection.query_row(checkpoint, (), |_| Ok(()));
            row.map_err(StoreError::from)?;
        }
        Ok(())
    }
}

/// How many pages of the write-ahead log are not in the database's file yet; less than none
/// where there is no such log.
fn waiting_pages(connection: &Connection) -> Result<i64, StoreError> {
    let pages = connection.query_row("PRAGMA wal_checkpoint(NOOP)", (), |row| {
        Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?)
    })?;
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::LI_NA;

    #[test]
    fn much_that_was_written_is_moved_into_the_file_and_little_waits() {
        let folder = tempfile::tempdir().unwrap();
        let mut replica = LI_NA.replica_at(folder.path());
        let before = waiting_pages(&replica.connection).unwrap();
        assert!((1..PAGES).contains(&before));
        replica.tidy_up().unwrap();
        assert_eq!(waiting_pages(&replica.connection).unwrap(), before);
        replica.sql("CREATE TABLE much (bytes); INSERT INTO much VALUES (zeroblob(3000000))");
        assert!(waiting_pages(&replica.connection).unwrap() >= PAGES);
        replica.tidy_up().unwrap();
        assert_eq!(waiting_pages(&replica.connection).unwrap(), 0);
    }

    #[test]
    fn a_database_in_memory_has_nothing_to_tidy_up() {
        LI_NA.replica().tidy_up().unwrap();
    }
}
