//! What somebody with a client of their own gets past the relay harms nobody's replica.

use dealership::edit::{Edits, Fields};
use dealership::id::{DealId, DocumentId, FactId};
use dealership::{Kind, Space, Value};
use serde_json::json;

use crate::Replica;
use crate::testing::relay::Relay;
use crate::testing::{LI_NA, WANG_QIANG, made, minute, run, store};

const TWICE: FactId = FactId::from_bytes([7; 16]);

fn fields<const N: usize>(pairs: [(&str, Value); N]) -> Fields {
    let owned = pairs.map(|(name, value)| (name.to_owned(), value));
    Fields::from(owned)
}

/// A relay that let the same fact id into two documents, twice.
fn relay_with_ids_used_twice() -> Relay {
    let mut relay = Relay::new();
    for number in [1, 2] {
        let mut edits = Edits::default();
        let vehicle = DocumentId::from_bytes([number; 16]);
        edits.create(vehicle, Kind::Vehicle, Space::Group, Fields::default());
        let deal = DealId::from_bytes([number; 16]).to_string();
        let claim = fields([("strength", "hard".into()), ("deal", deal.into())]);
        edits.record(vehicle, "claim", TWICE, claim);
        relay.write_new(Space::Group, &edits);

        let mut edits = Edits::default();
        let space = Space::Contact(store(), WANG_QIANG.staff());
        let contact = DocumentId::from_bytes([10 + number; 16]);
        let customer = DocumentId::from_bytes([20 + number; 16]).to_string();
        let registers = fields([("customer", customer.into())]);
        edits.create(contact, Kind::CustomerContact, space, registers);
        edits.record(contact, "task", TWICE, fields([("goal", "call".into())]));
        relay.write_new(space, &edits);
    }
    relay
}

fn rows(replica: &Replica) -> [i64; 3] {
    let count = |table| replica.count(&format!("SELECT count(*) FROM {table}"));
    [count("claim"), count("task"), count("unreadable")]
}

#[test]
fn a_fact_id_that_stands_in_two_documents_stops_nobody() {
    let mut relay = relay_with_ids_used_twice();
    let mut replica = WANG_QIANG.replica();

    relay.sync(WANG_QIANG, &mut replica);

    assert_eq!(replica.cursor().unwrap().unwrap().seq, relay.head());
    assert_eq!(rows(&replica), [2, 2, 0]);
    replica.rebuild(&mut |_| {}).unwrap();
    assert_eq!(rows(&replica), [2, 2, 0]);
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

#[test]
fn a_document_whose_rows_cannot_be_written_is_set_aside_and_the_others_are_shown() {
    let mut relay = Relay::new();
    let mut author = LI_NA.replica();
    relay.sync(LI_NA, &mut author);
    let bad = made(&run(&mut author, "card", json!({"name": "张伟"}), 1));
    let good = made(&run(&mut author, "card", json!({"name": "刘洋"}), 2));
    relay.sync(LI_NA, &mut author);
    let mut replica = WANG_QIANG.replica();
    let refuse = format!(
        "CREATE TRIGGER bad BEFORE INSERT ON customer WHEN new.document = x'{}'
         BEGIN SELECT raise(ABORT, 'no such row'); END",
        hex::encode(bad.as_bytes())
    );
    replica.sql(&refuse);
    replica
        .welcomed(&relay.welcome(WANG_QIANG), minute(3))
        .unwrap();

    let received = relay.read(&mut replica);

    assert_eq!(received.set_aside, [bad]);
    assert_eq!(replica.cursor().unwrap().unwrap().seq, relay.head());
    assert!(replica.history(bad).is_err());
    assert!(replica.history(good).is_ok());
    assert_eq!(replica.count("SELECT count(*) FROM customer"), 1);
}

#[test]
fn a_command_whose_rows_cannot_be_written_is_not_saved() {
    let mut relay = Relay::new();
    let mut replica = LI_NA.replica();
    relay.sync(LI_NA, &mut replica);
    replica.sql(
        "CREATE TRIGGER bad BEFORE INSERT ON customer
         BEGIN SELECT raise(ABORT, 'no such row'); END",
    );

    let refused = replica.execute("card", json!({"name": "张伟"}), minute(1));

    assert!(refused.is_err());
    assert_eq!(replica.outbox_summary().unwrap().batches, 0);
    assert_eq!(replica.count("SELECT count(*) FROM unreadable"), 0);
}
