//! What a store in a file does beyond the contract: full disks, moments, the write-ahead log.

use dealership::{Seq, Space, Timestamp};

use super::*;
use crate::store::ReadStore;

fn gone(seq: u64) -> LogRow {
    LogRow {
        seq: Seq(seq),
        received_at: Timestamp::from_millis(0),
        space: Space::Group,
        document: DocumentId::from_bytes([1; 16]),
        entry: LogEntry::Gone,
    }
}

#[test]
fn a_full_disk_takes_the_whole_transaction_back_and_the_store_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&folder.path().join("relay.sqlite")).unwrap();
    store.begin().unwrap();
    store.append(&gone(1), &[0; 32]).unwrap();
    store.commit().unwrap();
    let pages: i64 = store
        .connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    let limit = |store: &SqliteStore, pages: i64| {
        let sql = format!("PRAGMA max_page_count = {pages}");
        store.connection.query_row(&sql, [], |_| Ok(())).unwrap();
    };
    limit(&store, pages);

    store.begin().unwrap();
    let full = (2..10_000).find_map(|seq| store.append(&gone(seq), &[0; 32]).err());
    assert!(matches!(full, Some(StoreError::DiskFull(_))), "{full:?}");
    // Whatever SQLite has taken back by itself, nothing is written outside a transaction.
    let after = store.append(&gone(2), &[0; 32]);
    assert!(after.is_err(), "{after:?}");
    store.roll_back().unwrap();
    assert_eq!(store.head().unwrap().seq, Seq(1));

    limit(&store, 1_000_000);
    store.begin().unwrap();
    store.append(&gone(2), &[0; 32]).unwrap();
    store.commit().unwrap();
    assert_eq!(store.head().unwrap().seq, Seq(2));
}

#[test]
fn what_is_read_at_one_moment_is_as_it_stood_whatever_is_committed_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.sqlite");
    let mut store = SqliteStore::open(&path).unwrap();
    let reader = SqliteStore::open_to_read(&path).unwrap();
    let head = || reader.head().unwrap().seq;
    let heads = reader.at_one_moment(|| {
        let before = head();
        store.begin().unwrap();
        store.append(&gone(1), &[0; 32]).unwrap();
        store.commit().unwrap();
        (before, head())
    });
    assert_eq!(heads.unwrap(), (Seq(0), Seq(0)));
    assert_eq!(head(), Seq(1));
}

#[test]
fn the_write_ahead_log_is_copied_when_it_is_long_and_given_back_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.sqlite");
    let mut store = SqliteStore::open(&path).unwrap();
    let fill = |store: &mut SqliteStore, from: u64, to: u64| {
        store.begin().unwrap();
        for seq in from..to {
            store.append(&gone(seq), &[0; 32]).unwrap();
        }
        store.commit().unwrap();
    };
    fill(&mut store, 1, 100);
    let few = store.pages_to_checkpoint().unwrap();
    assert!(few > 0);
    store.tidy_up(false).unwrap();
    assert_eq!(store.pages_to_checkpoint().unwrap(), few);
    fill(&mut store, 100, 60_000);
    assert!(store.pages_to_checkpoint().unwrap() >= CHECKPOINT_PAGES);
    store.tidy_up(false).unwrap();
    assert_eq!(store.pages_to_checkpoint().unwrap(), 0);
    store.tidy_up(true).unwrap();
    let wal = folder.path().join("relay.sqlite-wal");
    assert_eq!(std::fs::metadata(wal).unwrap().len(), 0);
}
