//! Databases and backups.

use std::fs;
use std::path::Path;

use client_core::Replica;
use client_core::native::{Clock, SystemEntropy};
use dealership::Seq;
use rusqlite::Connection;
use rusqlite::backup::Backup;
use sync_server::relay::{Opening, Relay, RelayKey, verify_documents, verify_log};
use sync_server::store::{SqliteStore, Store as _};

use super::world::World;
use crate::group;

/// A file that somebody wants restored, as a replica and as a relay.
pub(super) fn backup(_: &mut World, bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("backup");
    fs::write(&file, bytes).expect("a file");
    let home = folder.path().join("home");
    match Replica::restore(&home, &file, &mut |_| {}) {
        Ok(()) => open_replica(&home),
        Err(error) => assert!(error.to_string().len() > 5, "{error:?}"),
    }
    match SqliteStore::open_to_read(&file) {
        Ok(store) => {
            // What it finds is an answer either way.
            let _problems = store.problems();
            let _problems = verify_log(&store, Seq(0));
            let _problems = verify_documents(&store);
        }
        Err(error) => assert!(error.to_string().len() > 5, "{error:?}"),
    }
}

fn open_replica(home: &Path) {
    let opened = Replica::open(home, Box::new(SystemEntropy), Clock::wall(), &mut |_| {});
    match opened {
        Ok(mut replica) => {
            // What it finds is an answer either way.
            let _verified = replica.verify(&mut |_| {});
            let _shown = replica.show("customer_list", serde_json::json!({}), Clock::wall());
        }
        Err(error) => assert!(error.to_string().len() > 5, "{error:?}"),
    }
}

pub(super) fn seeds(world: &World) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("relay.sqlite");
    let opening = Opening {
        key: RelayKey::new([42; 32]),
        seed: [1; 32],
        cached_documents: 8,
    };
    let store = SqliteStore::open(&path).expect("a store");
    let mut relay = Relay::found(store, "relay.test", opening).expect("an empty store");
    let founded = relay.establish(world.network.now(), "found", &group::founding());
    founded.expect("the relay founds the group");
    let mut store = relay.into_store();
    store.tidy_up(true).expect("a checkpoint");
    drop(store);
    let identity = world.network.identity(world.lina);
    let replica = Replica::create(folder.path(), identity, Box::new(SystemEntropy));
    drop(replica.expect("a new replica"));
    let copy = folder.path().join("copy.sqlite");
    shrink(&folder.path().join("replica.sqlite"), &copy);
    [path, copy]
        .iter()
        .map(|file| fs::read(file).expect("a file"))
        .collect()
}

/// Copies a database without its log, in as few pages as it needs.
fn shrink(from: &Path, into: &Path) {
    let from = Connection::open(from).expect("a database");
    let mut into = Connection::open(into).expect("a database");
    let backup = Backup::new(&from, &mut into).expect("a backup");
    backup
        .run_to_completion(1_000, std::time::Duration::ZERO, None)
        .expect("a backup");
    drop(backup);
    into.execute_batch("VACUUM").expect("a database");
}
