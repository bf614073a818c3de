//! The demo group at a twentieth of its size.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use change_gate::GatedDocument;
use chrono::NaiveDate;
use dealership::Document;
use sync_server::demo::{self, DemoError, Recipe, Report, SMALLEST_SCALE};
use sync_server::relay::{Opening, Relay, RelayKey};
use sync_server::store::{MemoryStore, ReadStore};

fn recipe(seed: u64) -> Recipe {
    Recipe {
        seed,
        anchor: NaiveDate::from_ymd_opt(2026, 6, 1).unwrap(),
        scale: SMALLEST_SCALE,
    }
}

fn new_relay(seed: u64) -> Relay<MemoryStore> {
    let opening = Opening {
        key: RelayKey::new([42; 32]),
        seed: recipe(seed).founding_seed(),
        cached_documents: 100,
    };
    Relay::found(MemoryStore::new(), "relay.example", opening).unwrap()
}

fn build(seed: u64) -> (Relay<MemoryStore>, Report) {
    let mut relay = new_relay(seed);
    let report = demo::build(&mut relay, &recipe(seed), &mut |_, _| ()).unwrap();
    (relay, report)
}

#[test]
fn the_demo_is_made_whole_and_its_checks_hold() {
    let (relay, report) = build(7);

    assert_eq!(report.failed().count(), 0);
    assert!(report.checks.len() >= 10, "{:?}", report.checks);
    assert_eq!(report.documents["customer"], 100);
    assert_eq!(report.documents["deal"], 60);
    assert_eq!(report.documents["vehicle"], 30);
    assert_eq!(report.documents["store"], 3);
    assert_eq!(report.head, relay.head().seq);
    for (name, role) in [
        ("李娜", "consultant"),
        ("赵敏", "consultant"),
        ("陈刚", "manager"),
        ("周勇", "stock_keeper"),
        ("王强", "consultant"),
        ("孙莉", "manager"),
        ("何建国", "general_manager"),
        ("马超", "administrator"),
        ("吴芳", "finance"),
        ("冯伟", "service_adviser"),
        ("郑洁", "call_centre"),
    ] {
        let found = relay.directory().find(name);
        assert_eq!(found.len(), 1, "{name}");
        let role = role.parse().unwrap();
        assert!(found[0].access.roles.contains(&role), "{name}");
    }
}

#[test]
fn the_same_seed_gives_the_same_log() {
    let (first, again, other) = (build(7).1, build(7).1, build(8).1);
    assert_eq!(first, again);
    assert_ne!(first.running, other.running);
}

#[test]
fn every_document_loads_from_its_save_and_from_its_changes() {
    let (relay, report) = build(7);
    let ids = relay.store().document_ids(None, 10_000).unwrap();
    assert_eq!(ids.len() as u64, report.documents.values().sum::<u64>());
    for id in ids {
        let row = relay.store().document(id).unwrap().unwrap();
        let content = row.content.unwrap();
        let saved = GatedDocument::load(&content.saved).unwrap();
        let rows = relay.store().changes_of(id).unwrap();
        let changes: Vec<&[u8]> = rows
            .iter()
            .map(|row| row.change().unwrap().0.raw.as_slice())
            .collect();
        let replayed = GatedDocument::empty().into_extended(&changes).unwrap();
        let read = |document: &GatedDocument| {
            let automerge = document.automerge().clone();
            Document::read(id, row.space, automerge, content.receipts.clone()).unwrap()
        };
        let (saved, replayed) = (read(&saved), read(&replayed));
        assert_eq!(saved.kind(), row.kind);
        let registers = |document: &Document| -> Vec<_> {
            let named = document.registers();
            let owned = named.map(|(key, register)| (key.to_owned(), register.value.clone()));
            owned.collect()
        };
        assert_eq!(registers(&saved), registers(&replayed));
    }
}

#[test]
fn a_group_with_staff_is_left_alone() {
    let (mut relay, report) = build(7);
    let again = demo::build(&mut relay, &recipe(7), &mut |_, _| ());
    assert!(matches!(again, Err(DemoError::NotNew)));
    assert_eq!(relay.head().seq, report.head);
}

#[test]
fn a_scale_without_room_or_beyond_all_measure_is_refused() {
    for scale in [0.0, -1.0, 0.049, f64::NAN, 101.0] {
        let recipe = Recipe { scale, ..recipe(7) };
        let built = demo::build(&mut new_relay(7), &recipe, &mut |_, _| ());
        assert!(matches!(built, Err(DemoError::Scale(_))), "{scale}");
    }
}
