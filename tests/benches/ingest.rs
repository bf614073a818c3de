//! How many changes a second one relay gates, accepts and makes durable. The changes are made
//! before the clock runs, so the load generator's work is apart.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark stops at the first surprise"
)]

use std::path::Path;
use std::thread;

use change_gate::on_big_stack;
use client_core::native::{Clock, SystemEntropy, enrol, sync_once};
use client_core::{Identity, LinkInput, Medium, Moment, Replica};
use dealership::DeviceNumber;
use ed25519_dalek::SigningKey;
use rusqlite::Connection as Database;
use serde_json::{Value as Json, json};
use stories::bench::figures::{memory_of, say_peer, timed};
use stories::bench::serving::{administer, target};
use stories::bench::{Serving, say};
use stories::connection::{Connection, Direction};
use stories::group;
use sync_protocol::{Batch, Outcome, RelayInput};
use sync_server::relay::{Enrolment, Opening, Pushed, Relay, RelayKey};
use sync_server::store::SqliteStore;
use tempfile::TempDir;

/// How many customers are edited.
const CUSTOMERS: usize = 1_000;

/// How many changes a document gets in one batch.
const CHANGES_PER_BATCH: usize = 8;

/// How many batches the relay's writer takes into one commit at most.
const BATCHES_PER_COMMIT: usize = 256;

fn main() {
    on_big_stack(in_process).expect("a thread");
    for connections in [1, 8] {
        over_connections(connections);
    }
}

/// The relay's core on this thread, on a disk.
fn in_process() {
    let folder = tempfile::tempdir_in(target()).expect("a folder in target");
    let mut relay = founded(folder.path());
    let mut replica = enrolled(&mut relay);
    carry(&mut replica, &mut relay);
    let customers = carded(&mut replica);
    carry(&mut replica, &mut relay);

    let eight = edits(&mut replica, &customers, CHANGES_PER_BATCH);
    let eight = merged(&eight);
    let rate = accepted_per_second(&mut relay, &eight, BATCHES_PER_COMMIT);
    let inserts = inserts_per_second(&folder, BATCHES_PER_COMMIT * CHANGES_PER_BATCH);
    let peer = format!("bare SQLite inserts, as many to a commit, {inserts:.0} /s");
    say_peer("ingest/batches_of_8", rate, "changes/s", &peer);

    carry(&mut replica, &mut relay);
    let singles = merged_by(1, &edits(&mut replica, &customers, 1));
    // Opened again: no document is in memory, and none comes twice.
    let mut relay = opened(folder.path(), relay);
    let rate = accepted_per_second(&mut relay, &singles, BATCHES_PER_COMMIT);
    let inserts = inserts_per_second(&folder, BATCHES_PER_COMMIT);
    let peer = format!("bare SQLite inserts, as many to a commit, {inserts:.0} /s");
    say_peer("ingest/cold_singles", rate, "changes/s", &peer);

    carry(&mut replica, &mut relay);
    let singles = merged_by(1, &edits(&mut replica, &customers, 1));
    let rate = accepted_per_second(&mut relay, &singles, 1);
    let inserts = inserts_per_second(&folder, 1);
    let peer = format!("bare SQLite inserts, one to a commit, {inserts:.0} /s");
    say_peer(
        "ingest/singles_of_one_commit_each",
        rate,
        "changes/s",
        &peer,
    );
}

/// The relay as a process, devices on threads of this one, edits made before.
fn over_connections(connections: usize) {
    let folder = tempfile::tempdir_in(target()).expect("a folder in target");
    administer(
        folder.path(),
        &[
            "group",
            "init",
            "--server-name",
            "relay.example",
            "--administrator",
            "马超",
        ],
    );
    let serving = Serving::start(folder.path());
    let code = |name: &str| administer(folder.path(), &["device", "code", "--staff", name]);
    let mut founder = dialling(&serving, &code("马超"));
    synced(&mut founder);
    let store = execute(
        &mut founder,
        "create_store",
        json!({"name": "城东店", "code": "CD"}),
    );
    let staff = json!({"name": "陈刚", "roles": ["manager"], "stores": [store["store"]]});
    execute(&mut founder, "create_staff", staff);
    synced(&mut founder);

    let per_device = CUSTOMERS / connections;
    let mut devices: Vec<Replica> = (0..connections)
        .map(|device| {
            let mut replica = dialling(&serving, &code("陈刚"));
            synced(&mut replica);
            for number in 0..per_device {
                let phone = format!("199{:08}", device * CUSTOMERS + number);
                let card = json!({"name": format!("客户{number}"), "phone": phone,
                                  "store": store["store"]});
                execute(&mut replica, "create_customer", card);
            }
            replica
        })
        .collect();
    let changes: usize = devices.iter().map(waiting).sum();
    let ((), took) = timed(|| {
        thread::scope(|scope| {
            for device in &mut devices {
                scope.spawn(|| synced(device));
            }
        });
    });
    let rate = changes as f64 / took.as_secs_f64();
    say(
        &format!("ingest/over_{connections}_connections"),
        rate,
        "changes/s",
    );
    let (now, most) = memory_of(serving.process());
    say(
        &format!("memory/relay/after_ingest_{connections}"),
        now,
        "MiB",
    );
    say(
        &format!("memory/relay/after_ingest_{connections}/most"),
        most,
        "MiB",
    );
}

fn opening() -> Opening {
    Opening {
        key: RelayKey::new([1; 32]),
        seed: [2; 32],
        cached_documents: 2_000,
    }
}

fn founded(folder: &Path) -> Relay<SqliteStore> {
    let store = SqliteStore::open(&folder.join("relay.sqlite")).expect("a database");
    let mut relay = Relay::found(store, "relay.example", opening()).expect("an empty store");
    relay
        .establish(Clock::wall(), "found", &group::founding())
        .expect("the relay founds the group");
    relay
}

fn opened(folder: &Path, relay: Relay<SqliteStore>) -> Relay<SqliteStore> {
    drop(relay);
    let store = SqliteStore::open(&folder.join("relay.sqlite")).expect("a database");
    let opening = Opening {
        seed: [3; 32],
        ..opening()
    };
    Relay::open(store, opening).expect("the group")
}

/// A manager's device with a replica in memory: the disk is the relay's.
fn enrolled(relay: &mut Relay<SqliteStore>) -> Replica {
    let expires = Clock::wall().plus_hours(1);
    let code = relay
        .issue_code(group::staff("陈刚"), expires)
        .expect("a code");
    let key = SigningKey::from_bytes(&[4; 32]);
    let enrolment = Enrolment {
        code: &code,
        public_key: key.verifying_key().to_bytes(),
        device_name: "bench",
    };
    let enrolled = relay.enrol(Clock::wall(), &enrolment).expect("a device");
    in_memory(&Identity {
        group: enrolled.group,
        device: enrolled.device,
        device_name: "bench".to_owned(),
        signing_key: key.to_bytes(),
        staff: enrolled.staff,
        staff_name: enrolled.staff_name,
        phone_key: enrolled.phone_key,
        server: "http://127.0.0.1".to_owned(),
        server_name: enrolled.server_name,
        certificates: None,
    })
}

fn dialling(serving: &Serving, code: &str) -> Replica {
    let identity = enrol(&serving.address, None, code, "bench", &mut SystemEntropy);
    in_memory(&identity.expect("the relay enrols the device"))
}

fn in_memory(identity: &Identity) -> Replica {
    let database = Database::open_in_memory().expect("memory");
    Replica::create_in(database, Medium::Memory, identity, Box::new(SystemEntropy))
        .expect("an empty database")
}

fn synced(replica: &mut Replica) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let clock = Clock::start();
    runtime
        .expect("a runtime")
        .block_on(sync_once(replica, &clock, "bench", &mut |_| {}))
        .expect("it syncs");
}

/// Syncs over a connection in memory, whose clock goes on to when somebody wants to be told.
fn carry(replica: &mut Replica, relay: &mut Relay<SqliteStore>) {
    let wall = Clock::wall();
    let mut at = Moment { monotonic: 1, wall };
    let connection = Connection::open(replica, relay, [5; 32], at, wall);
    let mut connection = connection.expect("the replica is read");
    loop {
        if let Some(direction) = connection.waiting().first() {
            let carried = connection.carry(*direction, replica, relay, at, wall);
            carried.expect("the replica takes it");
        } else if connection.is_idle(replica).expect("the replica is read") {
            return;
        } else {
            assert_eq!(connection.closed, None, "both ends stay");
            at.monotonic = connection.wake_at().expect("somebody waits");
            let told = connection.tell_device(replica, at, LinkInput::Tick);
            told.expect("the replica takes it");
            connection.tell_relay(relay, at, wall, RelayInput::Tick);
        }
        if connection.on_the_way(Direction::Down) == 0 {
            let flushed = connection.flush(replica, at);
            flushed.expect("the replica takes it");
        }
    }
}

fn carded(replica: &mut Replica) -> Vec<Json> {
    (0..CUSTOMERS)
        .map(|number| {
            let card = json!({"name": format!("客户{number}"), "phone": format!("199{number:08}")});
            execute(replica, "create_customer", card)["customer"].clone()
        })
        .collect()
}

/// Notes on every customer, so many each, as the batches that wait.
fn edits(replica: &mut Replica, customers: &[Json], each: usize) -> Vec<Batch> {
    for customer in customers {
        for number in 0..each {
            let note = json!({"customer": customer, "text": format!("备注{number}")});
            execute(replica, "add_note", note);
        }
    }
    replica.outbox(usize::MAX, &[]).expect("the outbox")
}

fn merged(batches: &[Batch]) -> Vec<Batch> {
    merged_by(CHANGES_PER_BATCH, batches)
}

/// So many batches as one, as if one action had made all of their changes.
fn merged_by(each: usize, batches: &[Batch]) -> Vec<Batch> {
    batches
        .chunks(each)
        .map(|batches| {
            let changes = batches.iter().flat_map(|batch| batch.changes().to_vec());
            let base_seq = batches[0].base_seq();
            Batch::new(batches[0].id(), base_seq, changes.collect()).expect("a small batch")
        })
        .collect()
}

fn accepted_per_second(
    relay: &mut Relay<SqliteStore>,
    batches: &[Batch],
    batches_per_commit: usize,
) -> f64 {
    let changes: usize = batches.iter().map(|batch| batch.changes().len()).sum();
    let pushed: Vec<Pushed> = batches.iter().map(|batch| pushed(relay, batch)).collect();
    let ((), took) = timed(|| {
        for pushed in pushed.chunks(batches_per_commit) {
            let outcomes = relay
                .accept(Clock::wall(), pushed)
                .expect("the store writes");
            let accepted = |outcome: &Outcome| matches!(outcome, Outcome::Accepted(_));
            assert!(outcomes.iter().all(accepted), "{outcomes:?}");
        }
    });
    changes as f64 / took.as_secs_f64()
}

fn pushed(relay: &Relay<SqliteStore>, batch: &Batch) -> Pushed {
    let device = relay.group().next_device.0.saturating_sub(1);
    Pushed {
        device: DeviceNumber(device),
        shapes: u32::MAX,
        clock_trusted: true,
        batch: batch.clone(),
    }
}

/// What SQLite itself does with rows of 200 bytes on this disk.
fn inserts_per_second(folder: &TempDir, rows_per_commit: usize) -> f64 {
    let path = folder.path().join(format!("bare-{rows_per_commit}.sqlite"));
    let mut database = Database::open(path).expect("a database");
    database
        .execute_batch("PRAGMA journal_mode = wal; PRAGMA synchronous = full; CREATE TABLE a (b)")
        .expect("a table");
    let commits = (CUSTOMERS / rows_per_commit).max(4);
    let ((), took) = timed(|| {
        for _ in 0..commits {
            let transaction = database.transaction().expect("a transaction");
            for _ in 0..rows_per_commit {
                transaction
                    .prepare_cached("INSERT INTO a VALUES (?)")
                    .and_then(|mut insert| insert.execute([[7_u8; 200].as_slice()]))
                    .expect("an insert");
            }
            transaction.commit().expect("a commit");
        }
    });
    (commits * rows_per_commit) as f64 / took.as_secs_f64()
}

fn waiting(replica: &Replica) -> usize {
    let batches = replica.outbox(usize::MAX, &[]).expect("the outbox");
    batches.iter().map(|batch| batch.changes().len()).sum()
}

fn execute(replica: &mut Replica, command: &str, input: Json) -> Json {
    match replica.execute(command, input, Clock::wall()) {
        Ok(executed) => executed.output,
        Err(error) => panic!("{command}: {error:?}"),
    }
}
