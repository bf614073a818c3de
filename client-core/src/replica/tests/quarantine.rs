//! Refusals: kept with the reason, and what does not need them made anew.

use std::collections::BTreeSet;

use change_gate::prescan;
use serde_json::json;

use crate::store::suspect;
use crate::testing::relay::Relay;
use crate::testing::{LI_NA, made, minute, run};
use crate::{Replica, ReplicaError};

fn synced() -> (Relay, Replica) {
    let mut relay = Relay::new();
    let mut replica = LI_NA.replica();
    relay.sync(LI_NA, &mut replica);
    (relay, replica)
}

fn stages(replica: &Replica, deal: dealership::DocumentId) -> Vec<String> {
    let document = replica.shelf().document(deal).unwrap().unwrap();
    document
        .facts("stage")
        .map(|stage| stage.text("stage").unwrap().to_owned())
        .collect()
}

fn actors(replica: &Replica) -> BTreeSet<[u8; 16]> {
    replica
        .outbox(99, &[])
        .unwrap()
        .iter()
        .flat_map(|batch| batch.changes())
        .map(|change| prescan(&change.raw).unwrap().actor)
        .collect()
}

#[test]
fn a_refused_batch_goes_to_quarantine_and_what_came_after_it_is_made_anew() {
    let (mut relay, mut replica) = synced();
    let customer = made(&run(&mut replica, "card", json!({"name": "张伟"}), 1));
    let deal = made(&run(
        &mut replica,
        "open_deal",
        json!({"customer": customer}),
        2,
    ));
    relay.sync(LI_NA, &mut replica);
    let first = run(
        &mut replica,
        "advance",
        json!({"deal": deal, "stage": "needs"}),
        3,
    );
    run(
        &mut replica,
        "advance",
        json!({"deal": deal, "stage": "quote"}),
        4,
    );
    run(
        &mut replica,
        "rename",
        json!({"customer": customer, "name": "张大伟"}),
        5,
    );
    let before = actors(&replica);
    let facts: Vec<_> = {
        let document = replica.shelf().document(deal).unwrap().unwrap();
        document.facts("stage").map(|fact| fact.id).collect()
    };

    relay.refuse(first.batch.unwrap());
    let settled = relay.sync(LI_NA, &mut replica);

    // The refused fact is gone from the deal; the later one has the id that it had.
    assert_eq!(stages(&replica, deal), ["quote"]);
    let document = replica.shelf().document(deal).unwrap().unwrap();
    assert!(document.fact("stage", facts[1]).is_some());
    // Under a new actor, and accepted.
    assert_eq!(
        settled
            .iter()
            .map(|settled| settled.replayed.len())
            .sum::<usize>(),
        1
    );
    let history = replica.history(deal).unwrap();
    assert_eq!(history.len(), 2);
    assert!(history.iter().all(|entry| entry.seq.is_some()));
    assert!(before.len() == 1);
    // The refused one is kept with the reason, and with its bytes.
    let quarantine = replica.quarantine().unwrap();
    assert_eq!(quarantine.len(), 1);
    assert_eq!(quarantine[0].batch, first.batch.unwrap());
    assert_eq!(quarantine[0].why.code, "not_permitted");
    assert_eq!(quarantine[0].why.reason, "not yours");
    assert_eq!(quarantine[0].input["stage"], "needs");
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

#[test]
fn what_was_made_anew_is_written_under_another_actor() {
    let (mut relay, mut replica) = synced();
    let customer = made(&run(&mut replica, "card", json!({"name": "张伟"}), 1));
    relay.sync(LI_NA, &mut replica);
    let first = run(
        &mut replica,
        "rename",
        json!({"customer": customer, "name": "一"}),
        2,
    );
    run(
        &mut replica,
        "rename",
        json!({"customer": customer, "name": "二"}),
        3,
    );
    let before = actors(&replica);
    relay.refuse(first.batch.unwrap());
    let batch = replica.outbox(1, &[]).unwrap().remove(0);
    let verdict = relay.push(&batch);
    replica
        .settle(batch.id().into(), &verdict, minute(4))
        .unwrap();
    let after = actors(&replica);
    assert!(!after.is_empty() && before.is_disjoint(&after));
}

#[test]
fn what_refers_to_something_refused_goes_to_quarantine_with_it() {
    let (mut relay, mut replica) = synced();
    let card = run(&mut replica, "card", json!({"name": "张伟"}), 1);
    let customer = made(&card);
    let deal = made(&run(
        &mut replica,
        "open_deal",
        json!({"customer": customer}),
        2,
    ));
    run(
        &mut replica,
        "advance",
        json!({"deal": deal, "stage": "needs"}),
        3,
    );
    let other = made(&run(&mut replica, "card", json!({"name": "刘洋"}), 4));

    relay.refuse(card.batch.unwrap());
    relay.sync(LI_NA, &mut replica);

    let quarantine = replica.quarantine().unwrap();
    let codes: Vec<_> = quarantine
        .iter()
        .map(|batch| batch.why.code.as_str())
        .collect();
    assert_eq!(codes, ["not_permitted", "not_here", "not_here"]);
    assert!(
        quarantine[1..]
            .iter()
            .all(|batch| batch.why.because_of == card.batch)
    );
    let shelf = replica.shelf();
    assert!(shelf.document(customer).unwrap().is_none());
    assert!(shelf.document(deal).unwrap().is_none());
    assert!(shelf.document(other).unwrap().is_some());
    assert_eq!(replica.outbox(9, &[]).unwrap(), []);
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

#[test]
fn a_replay_that_gives_other_facts_goes_to_quarantine_whole() {
    let (mut relay, mut replica) = synced();
    let customer = made(&run(&mut replica, "card", json!({"name": "张伟"}), 1));
    let deal = made(&run(
        &mut replica,
        "open_deal",
        json!({"customer": customer}),
        2,
    ));
    relay.sync(LI_NA, &mut replica);
    let first = run(
        &mut replica,
        "advance",
        json!({"deal": deal, "stage": "needs"}),
        3,
    );
    run(&mut replica, "recount", json!({"deal": deal}), 4);
    run(
        &mut replica,
        "advance",
        json!({"deal": deal, "stage": "quote"}),
        5,
    );

    relay.refuse(first.batch.unwrap());
    relay.sync(LI_NA, &mut replica);

    // The count said 1 and would say 0 now.
    let quarantine = replica.quarantine().unwrap();
    let codes: Vec<_> = quarantine
        .iter()
        .map(|batch| batch.why.code.as_str())
        .collect();
    assert_eq!(codes, ["not_permitted", "replay"]);
    assert_eq!(stages(&replica, deal), ["quote"]);
}

#[test]
fn what_was_refused_can_be_done_again_on_todays_state_or_discarded() {
    let (mut relay, mut replica) = synced();
    let card = run(&mut replica, "card", json!({"name": "张伟"}), 1);
    let other = run(&mut replica, "card", json!({"name": "刘洋"}), 2);
    relay.refuse(card.batch.unwrap());
    relay.refuse(other.batch.unwrap());
    relay.sync(LI_NA, &mut replica);
    assert_eq!(replica.quarantine().unwrap().len(), 2);

    let again = replica.redo(card.batch.unwrap(), minute(9)).unwrap();
    replica.discard(other.batch.unwrap()).unwrap();

    assert_ne!(made(&again), made(&card));
    assert_eq!(replica.quarantine().unwrap(), []);
    relay.sync(LI_NA, &mut replica);
    assert_eq!(replica.outbox(9, &[]).unwrap(), []);
    assert!(matches!(
        replica.discard(other.batch.unwrap()),
        Err(ReplicaError::NotInQuarantine)
    ));
}

#[test]
fn unrelated_batches_never_wait_and_related_ones_do() {
    let (_, mut replica) = synced();
    let card = run(&mut replica, "card", json!({"name": "张伟"}), 1);
    let deal = run(
        &mut replica,
        "open_deal",
        json!({"customer": made(&card)}),
        2,
    );
    let other = run(&mut replica, "card", json!({"name": "刘洋"}), 3);
    let ready = |replica: &Replica, except: &[sync_protocol::BatchId]| -> Vec<crate::BatchId> {
        let batches = replica.outbox(9, except).unwrap();
        batches.iter().map(|batch| batch.id().into()).collect()
    };
    let (card, deal, other) = (
        card.batch.unwrap(),
        deal.batch.unwrap(),
        other.batch.unwrap(),
    );
    assert_eq!(ready(&replica, &[]), [card, other]);
    assert_eq!(ready(&replica, &[card.into()]), [other]);
    let mut relay = Relay::new();
    let batch = replica.outbox(1, &[]).unwrap().remove(0);
    let verdict = relay.push(&batch);
    replica.settle(card, &verdict, minute(4)).unwrap();
    assert_eq!(ready(&replica, &[]), [deal, other]);
}

#[test]
fn a_refusal_is_settled_also_where_the_document_was_set_aside_meanwhile() {
    let (mut relay, mut replica) = synced();
    let customer = made(&run(&mut replica, "card", json!({"name": "张伟"}), 1));
    relay.sync(LI_NA, &mut replica);
    let rename = json!({"customer": customer, "name": "一"});
    let first = run(&mut replica, "rename", rename, 2).batch.unwrap();
    let rename = json!({"customer": customer, "name": "二"});
    let second = run(&mut replica, "rename", rename, 3).batch.unwrap();
    suspect::set_aside(&replica.connection, customer, "a test").unwrap();
    replica.shelf().forget(customer);
    relay.refuse(first);

    relay.sync(LI_NA, &mut replica);

    let quarantine = replica.quarantine().unwrap();
    let batches: Vec<_> = quarantine.iter().map(|batch| batch.batch).collect();
    assert_eq!(batches, [first, second]);
    assert_eq!(quarantine[1].why.code, "unreadable");
    assert_eq!(replica.outbox(9, &[]).unwrap(), []);
}

#[test]
fn two_documents_that_begin_alike_are_pushed_and_refused_apart() {
    let (mut relay, mut replica) = synced();
    let one = run(&mut replica, "card", json!({"name": "张伟"}), 1);
    let other = run(&mut replica, "card", json!({"name": "张伟"}), 1);
    let first = |executed| replica.history(made(executed)).unwrap().remove(0).change;
    assert_eq!(first(&one), first(&other), "equal to the byte");
    relay.refuse(one.batch.unwrap());
    relay.refuse(other.batch.unwrap());

    relay.sync(LI_NA, &mut replica);

    assert_eq!(replica.quarantine().unwrap().len(), 2);
    let changes = replica.count("SELECT count(*) FROM quarantined_change");
    assert_eq!(changes, 2);
}
