//! A device and its relay, a process of its own, over a socket: the first sync, commands, a sync
//! with nothing to do, and catching up with two hundred changes.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark stops at the first surprise"
)]

use std::io::Write as _;
use std::path::Path;

use client_core::Replica;
use client_core::native::{Clock, Report};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use rusqlite::Connection;
use serde_json::{Value as Json, json};
use stories::bench::figures::{memory_of, say_peer, timed};
use stories::bench::group_of_size::{GENERAL_MANAGER, WorkingCopy};
use stories::bench::{GroupOfSize, Serving, Spread, say, say_bound, sizes};

/// How many commands are run.
const COMMANDS: usize = 600;

/// How often nothing has changed.
const QUIET: usize = 50;

/// How often two hundred documents have changed.
const ROUNDS: usize = 10;

/// How many documents change in a round.
const CHANGED: usize = 200;

/// What a new device's time went into, in a profile of it at 20,000 documents.
const BOOTSTRAPPING: &str = "of the device's samples SQLite two fifths, Automerge, allocating and \
                             the rules a sixth each; a third of a millisecond a document";

/// What commands' time went into, in a profile at 20,000 documents.
const COMMANDING: &str = "of the samples SQLite a third, allocating and Automerge a fifth each";

/// What a catch-up's time went into, in a profile at 2,000 documents.
const CATCHING_UP: &str = "of the device's samples Automerge three tenths, allocating and SQLite a \
                           quarter each: a document is loaded, changed and read for each change";

/// What of a catch-up's bytes is not the changes.
const BESIDE_CHANGES: &str = "the document, the seq and the receipt beside each change of one leaf";

fn main() {
    let sizes = sizes();
    for documents in &sizes {
        let group = GroupOfSize::of(*documents);
        let copy = group.copy();
        let serving = Serving::start(&copy.relay());
        bootstrap(&group, &copy, &serving, *documents);

        let mut reader = copy.replica(Some(&serving.address));
        group.sync(&mut reader);
        let (mut writer, _) = group.enrol(
            &copy.relay(),
            &serving,
            GENERAL_MANAGER,
            &copy.path("writer"),
        );
        group.sync(&mut writer);
        // The writer's enrolment is news to the reader.
        group.sync(&mut reader);
        unchanged(&group, &mut reader, *documents);
        changed(&group, &mut reader, &mut writer, *documents);
        let p99 = commands(&mut writer, &copy, *documents);
        if Some(documents) == sizes.last() {
            say_bound("command/p99", p99, "ms", COMMANDING);
        }
        let (now, most) = memory_of(serving.process());
        say(&format!("memory/relay/{documents}"), now, "MiB");
        say(&format!("memory/relay/{documents}/most"), most, "MiB");
    }
}

/// A new device reads everything.
fn bootstrap(group: &GroupOfSize, copy: &WorkingCopy, serving: &Serving, documents: usize) {
    let (before, _) = memory_of(std::process::id());
    let (mut replica, folder) =
        group.enrol(&copy.relay(), serving, GENERAL_MANAGER, &copy.path("new"));
    let (report, took) = timed(|| group.sync(&mut replica));
    let (after, _) = memory_of(std::process::id());
    let name = format!("bootstrap/{documents}");
    say_bound(&name, took.as_secs_f64(), "s", BOOTSTRAPPING);
    bytes_and_messages(&name, &report);
    say(
        &format!("memory/replica/{documents}"),
        after - before,
        "MiB",
    );
    drop(replica);
    let size = std::fs::metadata(folder.join("replica.sqlite"))
        .expect("a database")
        .len();
    say(
        &format!("size/replica/{documents}"),
        size as f64 / 1_048_576.0,
        "MiB",
    );
    let size = std::fs::metadata(copy.relay().join("relay.sqlite"))
        .expect("a database")
        .len();
    say(
        &format!("size/relay/{documents}"),
        size as f64 / 1_048_576.0,
        "MiB",
    );
}

/// A device that has everything asks again.
fn unchanged(group: &GroupOfSize, reader: &mut Replica, documents: usize) {
    let name = format!("reconnect/unchanged/{documents}");
    let mut report = group.sync(reader);
    let spread = Spread::of(QUIET, |_| report = group.sync(reader));
    say(&name, spread.percentile(50), "ms");
    say(&format!("{name}/p99"), spread.percentile(99), "ms");
    bytes_and_messages(&name, &report);
}

/// Somebody else changes two hundred documents, each in one leaf.
fn changed(group: &GroupOfSize, reader: &mut Replica, writer: &mut Replica, documents: usize) {
    let name = format!("reconnect/changed_200/{documents}");
    let customers = customers(writer, CHANGED);
    let mut took = Vec::new();
    let mut ratio = 0.0;
    let mut last = None;
    for round in 0..ROUNDS {
        for customer in &customers {
            let note = json!({"customer": customer, "text": format!("第{round}次：周末来看车")});
            run(writer, "add_note", note);
        }
        let compressed = compressed_outbox(writer);
        group.sync(writer);
        let (report, duration) = timed(|| group.sync(reader));
        assert_eq!(
            report.statistics.received as usize, CHANGED,
            "every change, once"
        );
        took.push(duration);
        ratio = report.statistics.bytes_received as f64 / compressed as f64;
        last = Some(report);
    }
    let spread = Spread::from(took);
    say_bound(&name, spread.percentile(50), "ms", CATCHING_UP);
    say(&format!("{name}/p99"), spread.percentile(99), "ms");
    say_bound(&format!("{name}/bytes"), ratio, "×", BESIDE_CHANGES);
    if let Some(report) = last {
        bytes_and_messages(&format!("{name}/wire"), &report);
    }
}

/// Commands of a salesperson's day, each durable when it returns, beside a bare insert.
fn commands(replica: &mut Replica, copy: &WorkingCopy, documents: usize) -> f64 {
    let customers = customers(replica, 200);
    let mut took = Vec::new();
    for number in 0..COMMANDS {
        let customer = &customers[number % customers.len()];
        let (name, input) = match number % 3 {
            0 => (
                "log_follow_up",
                json!({"customer": customer, "type": "call_out",
                "outcome": "reached", "content": "周末来看车", "next": "nothing"}),
            ),
            1 => (
                "edit_customer",
                json!({"customer": customer, "occupation": format!("业主{number}")}),
            ),
            _ => (
                "add_note",
                json!({"customer": customer, "text": format!("备注{number}")}),
            ),
        };
        took.push(timed(|| run(replica, name, input)).1);
    }
    let spread = Spread::from(took);
    let name = format!("command/{documents}");
    let bare = bare_inserts(&copy.path("bare.sqlite"));
    let (p50, p99) = (spread.percentile(50), spread.percentile(99));
    let beside = |bare: f64| format!("a bare SQLite insert, as durable, {bare:.2} ms");
    say_peer(
        &format!("{name}/p50"),
        p50,
        "ms",
        &beside(bare.percentile(50)),
    );
    say_peer(
        &format!("{name}/p99"),
        p99,
        "ms",
        &beside(bare.percentile(99)),
    );
    p99
}

/// The least that any durable write costs here: one row of 500 bytes, as replicas set SQLite.
fn bare_inserts(path: &Path) -> Spread {
    let connection = Connection::open(path).expect("a database");
    connection
        .execute_batch("PRAGMA journal_mode = wal; PRAGMA synchronous = full; CREATE TABLE a (b)")
        .expect("a table");
    Spread::of(COMMANDS, |_| {
        connection
            .execute("INSERT INTO a VALUES (?)", [[7_u8; 500].as_slice()])
            .expect("an insert");
    })
}

fn customers(replica: &Replica, number: usize) -> Vec<Json> {
    let list = replica.show("customer_list", json!({"limit": number}), Clock::wall());
    let rows = list.expect("a list")["rows"]
        .as_array()
        .expect("rows")
        .clone();
    rows.into_iter()
        .map(|row| row["customer"].clone())
        .collect()
}

fn run(replica: &mut Replica, command: &str, input: Json) {
    if let Err(error) = replica.execute(command, input, Clock::wall()) {
        panic!("{command}: {error:?}");
    }
}

/// The bytes that what waits has when it is compressed as one.
fn compressed_outbox(replica: &Replica) -> usize {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    for batch in replica.outbox(usize::MAX, &[]).expect("the outbox") {
        for change in batch.changes() {
            encoder.write_all(&change.raw).expect("memory");
        }
    }
    encoder.finish().expect("memory").len()
}

fn bytes_and_messages(name: &str, report: &Report) {
    let wire = report.statistics;
    let bytes = wire.bytes_sent + wire.bytes_received;
    say(&format!("{name}/bytes"), bytes as f64, "B");
    let messages = wire.frames_sent + wire.frames_received;
    say(&format!("{name}/messages"), messages as f64, "messages");
}
