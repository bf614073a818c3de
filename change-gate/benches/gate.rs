//! What the gate costs: each line that is printed is one measurement.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark reads the clock, prints, and stops at the first surprise"
)]

use std::{
    convert::Infallible,
    hint::black_box,
    time::{Duration, Instant},
};

use automerge::{
    ActorId, Automerge, ObjType, ROOT, transaction::CommitOptions, transaction::Transactable,
};
use change_gate::{
    Actor, ChangeHeader, GatedDocument, Judge, Write, limits, on_big_stack, prescan,
};

const DEVICE: u64 = 7;
const BATCH: usize = 8;

fn main() {
    on_big_stack(|| {
        let young = Card::after_edits(0);
        let old = Card::after_edits(50);
        let one = &young.next[0];

        per_second("gate/prescan", 1, || prescan(one));
        for (age, card) in [("young", &young), ("50_edits", &old)] {
            let single = [card.next[0].as_slice()];
            let batch: Vec<&[u8]> = card.next.iter().map(Vec::as_slice).collect();
            per_second(&format!("gate/cold_single/{age}"), 1, || {
                let document = GatedDocument::load(&card.saved).unwrap();
                document.admit(DEVICE, &single, &mut Lenient).unwrap()
            });
            per_second(&format!("gate/cached_single/{age}"), 1, || {
                card.document.admit(DEVICE, &single, &mut Lenient).unwrap()
            });
            per_second(&format!("gate/cold_batch_of_8/{age}"), BATCH, || {
                let document = GatedDocument::load(&card.saved).unwrap();
                document.admit(DEVICE, &batch, &mut Lenient).unwrap()
            });
            per_second(&format!("gate/cached_batch_of_8/{age}"), BATCH, || {
                card.document.admit(DEVICE, &batch, &mut Lenient).unwrap()
            });
            per_second(&format!("gate/extend_single/{age}"), 1, || {
                card.document.extend(&single).unwrap()
            });
        }
        let greatest = greatest_batch();
        let greatest: Vec<&[u8]> = greatest.iter().map(Vec::as_slice).collect();
        milliseconds("gate/greatest_batch", || {
            let document = GatedDocument::empty();
            document.admit(DEVICE, &greatest, &mut Lenient).unwrap()
        });
    })
    .unwrap();
}

/// A customer's card: thirty values, two facts, then single edits.
struct Card {
    document: GatedDocument,
    saved: Vec<u8>,
    /// The device's next changes, one after the other.
    next: Vec<Vec<u8>>,
}

impl Card {
    fn after_edits(edits: usize) -> Self {
        let mut replica = Automerge::new().with_actor(ActorId::from(actor()));
        let mut chunks = vec![commit(&mut replica, |transaction| {
            for field in 0..30 {
                let value = format!("value {field} 展厅");
                transaction
                    .put(ROOT, format!("field_{field}"), value)
                    .unwrap();
            }
            for number in 0..2 {
                fact(transaction, number);
            }
        })];
        for number in 0..edits {
            chunks.push(edit(&mut replica, number));
        }
        let known: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
        let admission = GatedDocument::empty()
            .admit(DEVICE, &known, &mut Lenient)
            .unwrap();
        Self {
            document: admission.document,
            saved: admission.saved,
            next: (0..BATCH)
                .map(|number| edit(&mut replica, edits + number))
                .collect(),
        }
    }
}

/// The most operations that one call may bring, in a few hundred bytes: how long
/// somebody can keep a relay's thread busy.
fn greatest_batch() -> Vec<Vec<u8>> {
    let mut replica = Automerge::new().with_actor(ActorId::from(actor()));
    (0..limits::BATCH_OPERATIONS / limits::ROWS)
        .map(|_| {
            commit(&mut replica, |transaction| {
                for number in 0..limits::ROWS {
                    transaction
                        .put(ROOT, "key", number.is_multiple_of(2))
                        .unwrap();
                }
            })
        })
        .collect()
}

/// Every third edit is a new follow-up, the others set a value.
fn edit(replica: &mut Automerge, number: usize) -> Vec<u8> {
    commit(replica, |transaction| {
        if number % 3 == 2 {
            fact(transaction, number);
        } else {
            let key = format!("field_{}", number % 30);
            transaction
                .put(ROOT, key, format!("edited {number}"))
                .unwrap();
        }
    })
}

fn fact(transaction: &mut impl Transactable, number: usize) {
    let key = format!("follow_up/0198f3a1-7c00-7000-8000-{number:012}");
    let fact = transaction.put_object(ROOT, key, ObjType::Map).unwrap();
    for (leaf, value) in [
        ("way", "phone"),
        ("staff", "0198f3a1"),
        ("note", "周末来看车"),
    ] {
        transaction.put(&fact, leaf, value).unwrap();
    }
    transaction
        .put(&fact, "at", 1_760_000_000 + number as i64)
        .unwrap();
    transaction.put(&fact, "reached", true).unwrap();
}

fn commit(
    replica: &mut Automerge,
    edit: impl FnOnce(&mut automerge::transaction::Transaction<'_>),
) -> Vec<u8> {
    let mut transaction = replica.transaction();
    edit(&mut transaction);
    transaction.commit_with(CommitOptions::default().with_time(1_760_000_000));
    replica
        .get_last_local_change()
        .unwrap()
        .raw_bytes()
        .to_vec()
}

fn actor() -> Actor {
    let mut actor = [0xab; 16];
    actor[8..].copy_from_slice(&DEVICE.to_be_bytes());
    actor
}

struct Lenient;

impl Judge for Lenient {
    type Reason = Infallible;

    fn judge(&mut self, _: &ChangeHeader, _: &Automerge, _: &[Write]) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Prints how many changes a second `work` handles, `changes` in each run.
fn per_second<T>(name: &str, changes: usize, work: impl FnMut() -> T) {
    let value = changes as f64 / median(work).as_secs_f64();
    println!(r#"{{"name": "{name}", "value": {value:.0}, "unit": "changes/s"}}"#);
}

/// Prints how long `work` takes.
fn milliseconds<T>(name: &str, work: impl FnMut() -> T) {
    let value = median(work).as_secs_f64() * 1_000.0;
    println!(r#"{{"name": "{name}", "value": {value:.1}, "unit": "ms"}}"#);
}

/// Repeats `work` for two seconds and returns how long its median run took.
fn median<T>(mut work: impl FnMut() -> T) -> Duration {
    let mut runs = Vec::new();
    let end = Instant::now() + Duration::from_secs(2);
    while Instant::now() < end {
        let start = Instant::now();
        black_box(work());
        runs.push(start.elapsed());
    }
    runs.sort();
    runs[runs.len() / 2]
}
