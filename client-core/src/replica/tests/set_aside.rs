//! Documents over which the program ended, or that it cannot take: set aside, and tried again.

use std::path::Path;

use dealership::{DocumentId, Timestamp};
use serde_json::json;

use super::catch_up::{dealership, entry};
use crate::store::suspect;
use crate::testing::relay::{Relay, cursor};
use crate::testing::{LI_NA, WANG_QIANG, minute, reopen, reopen_at, run};
use crate::{Link, Moment, Replica};

/// A replica that has read the log, and has set one document of it aside for two flat batteries,
/// the second of them at minute 10.
fn after_two_flat_batteries(folder: &Path, relay: &Relay, document: DocumentId) -> Replica {
    let mut replica = WANG_QIANG.replica_at(folder);
    replica
        .welcomed(&relay.welcome(WANG_QIANG), minute(5))
        .unwrap();
    relay.read(&mut replica);
    for minutes in [9, 10] {
        replica = dies_again(folder, replica, document, minute(minutes));
    }
    assert!(replica.history(document).is_err());
    replica
}

/// What a process leaves behind that dies while it takes in a document, opened again.
fn dies_again(folder: &Path, replica: Replica, document: DocumentId, now: Timestamp) -> Replica {
    suspect::mark(&replica.connection, [document]).unwrap();
    drop(replica);
    reopen_at(folder, 3, now)
}

/// When the only document that is set aside is tried again.
fn tried_again_at(replica: &Replica) -> Option<Timestamp> {
    let status = replica.show("sync_status", json!({}), minute(0)).unwrap();
    let unreadable = status["unreadable"].as_array().unwrap();
    assert_eq!(unreadable.len(), 1);
    serde_json::from_value(unreadable[0]["tried_again_at"].clone()).unwrap()
}

#[test]
fn a_document_that_the_process_died_with_twice_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, _, [one, two]) = dealership();
    let mut replica = WANG_QIANG.replica_at(folder.path());
    replica
        .welcomed(&relay.welcome(WANG_QIANG), minute(5))
        .unwrap();
    relay.read(&mut replica);

    let replica = dies_again(folder.path(), replica, one, minute(9));
    assert!(replica.history(one).is_ok(), "once may have been a kill");
    assert!(!replica.cautious);
    let replica = dies_again(folder.path(), replica, one, minute(9));

    assert!(replica.history(one).is_err());
    assert!(replica.history(two).is_ok());
}

#[test]
fn a_document_that_was_taken_in_after_all_is_acquitted() {
    let folder = tempfile::tempdir().unwrap();
    let (mut relay, _, [one, _]) = dealership();
    let mut replica = WANG_QIANG.replica_at(folder.path());
    relay.sync(WANG_QIANG, &mut replica);

    let mut replica = dies_again(folder.path(), replica, one, minute(9));
    replica
        .receive(&relay.saves(), cursor(relay.head().0))
        .unwrap();
    assert_eq!(replica.count("SELECT count(*) FROM suspect"), 0);
    let replica = dies_again(folder.path(), replica, one, minute(9));

    assert!(replica.history(one).is_ok());
}

#[test]
fn of_several_documents_in_hand_each_is_taken_in_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, author, [one, two]) = dealership();
    let mut replica = WANG_QIANG.replica_at(folder.path());
    replica
        .welcomed(&relay.welcome(WANG_QIANG), minute(5))
        .unwrap();
    suspect::mark(&replica.connection, [one, two]).unwrap();
    drop(replica);

    let mut replica = reopen(folder.path(), 3);
    assert!(replica.cautious);
    relay.read(&mut replica);

    for customer in [one, two] {
        assert_eq!(
            replica.history(customer).unwrap(),
            author.history(customer).unwrap()
        );
    }
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

#[test]
fn another_build_takes_what_was_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, author, [one, _]) = dealership();
    let mut replica = WANG_QIANG.replica_at(folder.path());
    replica
        .welcomed(&relay.welcome(WANG_QIANG), minute(5))
        .unwrap();
    // Another build could not take the document.
    suspect::set_aside(&replica.connection, one, "a shape of the future").unwrap();
    relay.read(&mut replica);
    assert!(replica.shelf().document(one).unwrap_or_default().is_none());
    replica.sql("UPDATE unreadable SET build = 'another'");
    drop(replica);

    let mut replica = reopen(folder.path(), 3);

    assert_eq!(replica.history(one).unwrap(), author.history(one).unwrap());
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

#[test]
fn two_flat_batteries_take_a_document_away_for_a_minute() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, author, [one, two]) = dealership();
    let mut replica = after_two_flat_batteries(folder.path(), &relay, one);
    assert_eq!(tried_again_at(&replica), Some(minute(11)));
    // What comes meanwhile is kept for it, and says nothing in its favour.
    let saves = relay.saves();
    replica.receive(&saves, cursor(relay.head().0)).unwrap();
    assert_eq!(tried_again_at(&replica), Some(minute(11)));
    let early = minute(11).plus_millis(-1);
    assert_eq!(replica.retry_set_aside(early).unwrap(), []);

    let back = replica.retry_set_aside(minute(11)).unwrap();

    assert_eq!(back, [one]);
    for customer in [one, two] {
        let history = replica.history(customer).unwrap();
        assert_eq!(history, author.history(customer).unwrap());
    }
    for table in ["suspect", "unreadable", "held"] {
        assert_eq!(replica.count(&format!("SELECT count(*) FROM {table}")), 0);
    }
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

#[test]
fn a_document_that_is_due_is_back_when_the_program_starts_without_a_network() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, author, [one, _]) = dealership();
    drop(after_two_flat_batteries(folder.path(), &relay, one));

    let replica = reopen_at(folder.path(), 4, minute(11));

    assert_eq!(replica.history(one).unwrap(), author.history(one).unwrap());
}

#[test]
fn a_connection_brings_a_document_back_while_it_stays_open() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, _, [one, _]) = dealership();
    let mut replica = after_two_flat_batteries(folder.path(), &relay, one);
    let mut link = Link::new(&replica, "test").unwrap();
    let mut flush = |replica: &mut Replica, minutes| {
        let wall = minute(minutes);
        let at = Moment { monotonic: 0, wall };
        link.flush(replica, at).unwrap()
    };

    assert_eq!(flush(&mut replica, 10), []);
    let effects = flush(&mut replica, 12);

    assert_eq!(effects, [crate::LinkEffect::Changed(vec![one])]);
    assert!(replica.history(one).is_ok());
}

#[test]
fn a_document_that_does_end_the_program_does_so_less_and_less_often() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, _, [one, two]) = dealership();
    let mut replica = after_two_flat_batteries(folder.path(), &relay, one);
    let mut now = minute(10);
    let mut waits = Vec::new();
    for _ in 0..6 {
        let next = tried_again_at(&replica).unwrap();
        waits.push(next.millis_since(now) / 60_000);
        now = next;
        // It is tried, and the program ends; what starts then does not try it at once.
        replica = dies_again(folder.path(), replica, one, now);
        assert!(replica.history(one).is_err());
        assert!(replica.history(two).is_ok());
    }
    assert_eq!(waits, [1, 8, 64, 512, 4_096, 32_768]);
}

#[test]
fn the_clock_of_a_device_that_was_set_back_keeps_no_document_away() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, _, [one, _]) = dealership();
    let mut replica = after_two_flat_batteries(folder.path(), &relay, one);

    assert_eq!(replica.retry_set_aside(minute(-100_000)).unwrap(), [one]);

    assert!(replica.history(one).is_ok());
}

#[test]
fn a_document_whose_bytes_cannot_be_taken_waits_for_another_build() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, _, [one, _]) = dealership();
    let mut replica = after_two_flat_batteries(folder.path(), &relay, one);
    let head = relay.head().0;
    let bad = entry(head + 1, one, b"no change at all");
    replica.receive(&[bad], cursor(head + 1)).unwrap();

    assert_eq!(replica.retry_set_aside(minute(11)).unwrap(), [one]);

    assert_eq!(tried_again_at(&replica), None);
    let a_month_later = minute(11 + 30 * 24 * 60);
    assert_eq!(replica.retry_set_aside(a_month_later).unwrap(), []);
    assert!(replica.history(one).is_err());
}

#[test]
fn a_failure_of_the_database_is_no_strike_and_takes_one_wait() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, _, [one, _]) = dealership();
    let mut replica = after_two_flat_batteries(folder.path(), &relay, one);
    replica.sql(
        "CREATE TEMP TRIGGER full BEFORE DELETE ON unreadable
         BEGIN SELECT raise(ABORT, 'full'); END",
    );

    assert!(replica.retry_set_aside(minute(11)).is_err());

    assert_eq!(tried_again_at(&replica), Some(minute(12)));
    assert_eq!(replica.retry_set_aside(minute(11)).unwrap(), []);
    replica.sql("DROP TRIGGER full");
    assert_eq!(replica.retry_set_aside(minute(12)).unwrap(), [one]);
    assert!(replica.history(one).is_ok());
}

#[test]
fn a_purge_ends_the_waiting_too() {
    let folder = tempfile::tempdir().unwrap();
    let (mut relay, _, [one, _]) = dealership();
    let mut replica = after_two_flat_batteries(folder.path(), &relay, one);
    relay.purge(one);

    relay.read(&mut replica);

    for table in ["suspect", "unreadable", "held"] {
        assert_eq!(replica.count(&format!("SELECT count(*) FROM {table}")), 0);
    }
    assert_eq!(replica.retry_set_aside(minute(11)).unwrap(), []);
}

#[test]
fn a_command_on_a_document_that_is_set_aside_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, _, [one, _]) = dealership();
    let mut replica = after_two_flat_batteries(folder.path(), &relay, one);

    let rename = json!({"customer": one, "name": "王"});
    let refused = replica.execute("rename", rename, minute(10)).unwrap_err();

    assert_eq!(refused.code(), "unreadable");
    assert_eq!(replica.outbox_summary().unwrap().batches, 0);
}

#[test]
fn what_came_twice_while_a_document_was_set_aside_is_taken_in_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut relay, mut author, [one, _]) = dealership();
    let mut replica = after_two_flat_batteries(folder.path(), &relay, one);
    let rename = json!({"customer": one, "name": "王"});
    run(&mut author, "rename", rename, 10);
    relay.sync(LI_NA, &mut author);
    let (entries, cursor) = relay.page(0, relay.head().0);
    for _ in 0..2 {
        replica.receive(&entries, cursor).unwrap();
    }

    assert_eq!(replica.retry_set_aside(minute(11)).unwrap(), [one]);

    assert_eq!(replica.history(one).unwrap(), author.history(one).unwrap());
}
