//! Databases with damaged pages: of a replica, of a relay, and their backups.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use client_core::native::{Clock, SystemEntropy};
use client_core::{OpenError, Replica};
use dealership::Seq;
use serde_json::json;
use stories::chaos::Dice;
use stories::group;
use stories::{Network, Weather};
use sync_server::relay::{Opening, Relay, RelayKey, verify_documents, verify_log};
use sync_server::store::{SqliteStore, Store as _};

use crate::damage::damaged;

/// How often a database is damaged: in every run, and in a long one.
const TIMES: [usize; 2] = [120, 5_000];

fn times() -> usize {
    TIMES[usize::from(std::env::var_os("FORECOURT_LONG").is_some())]
}

/// What became of damaged databases.
#[derive(Debug, Default)]
struct Tally {
    not_opened: usize,
    found: usize,
    unharmed: usize,
}

#[test]
fn a_damaged_replica_is_refused_or_says_what_is_damaged_or_holds_what_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    let mut network = Network::found(3, Weather::Fair);
    let lina = network.enrol("李娜");
    for number in 0..20 {
        let card = json!({"name": format!("客户{number}"), "phone": format!("1380000{number:04}")});
        let customer = network.run(lina, "create_customer", card).output["customer"].clone();
        let follow_up = json!({"customer": customer, "type": "call_out", "outcome": "reached",
                               "content": "看了S5"});
        network.run(lina, "log_follow_up", follow_up);
        if number == 15 {
            network.sync(lina);
        }
    }
    network.replica(lina).backup(&backup, &mut |_| {}).unwrap();
    let whole = network.replica(lina).states().unwrap();
    let bytes = fs::read(&backup).unwrap();
    let mut dice = Dice::new(11);
    let mut tally = Tally::default();
    for number in 0..times() {
        let harmed = damaged(&bytes, &mut dice);
        let home = folder.path().join(format!("{number}"));
        match opened(&home, &harmed, number) {
            Err(error) => {
                let said = with_causes(&error);
                assert!(said.len() > 10, "{number}: {said}");
                tally.not_opened += 1;
            }
            Ok(mut replica) => {
                // Damage that was not looked for yet is an error of the view that meets it.
                let _shown = replica.show("customer_list", json!({}), network.now());
                let verified = replica.verify(&mut |_| {});
                match verified {
                    Ok(verified) if verified.is_well() => {
                        assert_eq!(replica.states().unwrap(), whole, "{number}");
                        tally.unharmed += 1;
                    }
                    Ok(verified) => {
                        assert!(
                            verified
                                .problems
                                .iter()
                                .all(|problem| problem.text.len() > 5)
                        );
                        tally.found += 1;
                    }
                    Err(error) => {
                        assert!(error.to_string().len() > 10, "{number}");
                        tally.found += 1;
                    }
                }
            }
        }
        if home.exists() {
            fs::remove_dir_all(home).unwrap();
        }
    }
    println!("{tally:?}");
    assert!(
        tally.not_opened > 0 && tally.found + tally.unharmed > 0,
        "{tally:?}"
    );
}

/// Restores the bytes from a backup, or opens them where they lie.
fn opened(home: &Path, bytes: &[u8], number: usize) -> Result<Replica, OpenError> {
    fs::create_dir_all(home).unwrap();
    if number.is_multiple_of(2) {
        let backup = home.with_extension("backup");
        fs::write(&backup, bytes).unwrap();
        let restored = Replica::restore(home, &backup, &mut |_| {});
        fs::remove_file(&backup).unwrap();
        restored?;
    } else {
        fs::write(home.join("replica.sqlite"), bytes).unwrap();
    }
    Replica::open(home, Box::new(SystemEntropy), Clock::wall(), &mut |_| {})
}

#[test]
fn a_damaged_relays_database_is_refused_or_says_what_is_damaged_or_holds_what_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.sqlite");
    let now = dealership::Timestamp::from_millis(1_777_780_800_000);
    let opening = || Opening {
        key: RelayKey::new([42; 32]),
        seed: [1; 32],
        cached_documents: 8,
    };
    let mut relay =
        Relay::found(SqliteStore::open(&path).unwrap(), "relay.test", opening()).unwrap();
    relay.establish(now, "found", &group::founding()).unwrap();
    relay
        .issue_code(group::staff("李娜"), now.plus_hours(1))
        .unwrap();
    let mut store = relay.into_store();
    store.tidy_up(true).unwrap();
    let whole = contents(&store);
    drop(store);
    let bytes = fs::read(&path).unwrap();
    let mut dice = Dice::new(12);
    let mut tally = Tally::default();
    for number in 0..times() {
        let harmed = damaged(&bytes, &mut dice);
        let path = folder.path().join(format!("{number}.sqlite"));
        fs::write(&path, harmed).unwrap();
        match SqliteStore::open_to_read(&path) {
            Err(error) => {
                assert!(with_causes(&error).len() > 10, "{number}");
                tally.not_opened += 1;
            }
            Ok(store) => {
                let problems = || -> Result<usize, sync_server::store::StoreError> {
                    Ok(store.problems()?.len()
                        + verify_log(&store, Seq(0))?.problems.len()
                        + verify_documents(&store)?.problems.len())
                };
                match problems() {
                    Ok(0) => {
                        assert_eq!(contents(&store), whole, "{number}");
                        tally.unharmed += 1;
                    }
                    Ok(_) | Err(_) => tally.found += 1,
                }
            }
        }
        // Opened to write it is refused or served; it does not panic.
        if let Ok(store) = SqliteStore::open(&path) {
            let _opened = Relay::open(store, opening());
        }
        for suffix in ["", "-wal", "-shm"] {
            let path = folder.path().join(format!("{number}.sqlite{suffix}"));
            if path.exists() {
                fs::remove_file(path).unwrap();
            }
        }
    }
    println!("{tally:?}");
    assert!(
        tally.not_opened > 0 && tally.found + tally.unharmed > 0,
        "{tally:?}"
    );
}

/// Every document of a relay with its heads, as its log has them.
fn contents(store: &impl sync_server::store::ReadStore) -> BTreeMap<String, Vec<Vec<u8>>> {
    let ids = store.document_ids(None, 1_000).unwrap();
    let changes = |id| {
        let rows = store.changes_of(id).unwrap().into_iter();
        rows.map(|row| {
            row.change()
                .map(|(change, _)| change.raw.clone())
                .unwrap_or_default()
        })
        .collect()
    };
    ids.into_iter()
        .map(|id| (id.to_string(), changes(id)))
        .collect()
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said.push_str(": ");
        said.push_str(&error.to_string());
        cause = error.source();
    }
    said
}
