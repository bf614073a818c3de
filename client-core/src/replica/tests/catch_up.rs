//! The log, taken in: in any pages, twice, whole documents, purges, and bytes that are none.

use serde_json::json;
use sync_protocol::entry::ChangeEntry;
use sync_protocol::{Entry, Seq};

use crate::Replica;
use crate::store::suspect;
use crate::testing::relay::{Relay, cursor, name};
use crate::testing::{LI_NA, WANG_QIANG, made, minute, reopen, run, store};
use dealership::Space;

/// A relay with two customers of Li Na's, one of them renamed twice.
fn dealership() -> (Relay, Replica, [dealership::DocumentId; 2]) {
    let mut relay = Relay::new();
    let mut author = LI_NA.replica();
    relay.sync(LI_NA, &mut author);
    let one = made(&run(&mut author, "card", json!({"name": "张伟"}), 1));
    let two = made(&run(&mut author, "card", json!({"name": "刘洋"}), 2));
    for (minutes, name) in [(3, "张大伟"), (4, "张小伟")] {
        run(
            &mut author,
            "rename",
            json!({"customer": one, "name": name}),
            minutes,
        );
    }
    relay.sync(LI_NA, &mut author);
    (relay, author, [one, two])
}

fn heads(replica: &Replica, document: dealership::DocumentId) -> Vec<automerge::ChangeHash> {
    let loaded = replica.shelf().loaded(document).unwrap().unwrap();
    loaded.gated.automerge().get_heads()
}

fn reader(relay: &Relay) -> Replica {
    let mut replica = WANG_QIANG.replica();
    replica
        .welcomed(&relay.welcome(WANG_QIANG), minute(5))
        .unwrap();
    replica
}

#[test]
fn the_log_gives_the_same_documents_in_pages_of_any_size() {
    let (relay, author, customers) = dealership();
    for size in 1..=relay.head().0 {
        let mut replica = reader(&relay);
        let mut after = 0;
        while after < relay.head().0 {
            let (entries, cursor) = relay.page(after, after + size);
            replica.receive(&entries, cursor).unwrap();
            after += size;
        }
        for customer in customers {
            assert_eq!(
                heads(&replica, customer),
                heads(&author, customer),
                "pages of {size}"
            );
            assert_eq!(
                replica.history(customer).unwrap(),
                author.history(customer).unwrap()
            );
        }
        assert!(replica.verify(&mut |_| {}).unwrap().is_well());
    }
}

#[test]
fn entries_that_come_twice_change_nothing() {
    let (relay, author, customers) = dealership();
    let mut replica = reader(&relay);
    let (entries, cursor) = relay.page(0, relay.head().0);
    for _ in 0..2 {
        replica.receive(&entries, cursor).unwrap();
    }
    replica.receive(&relay.saves(), cursor).unwrap();
    replica.receive(&entries, cursor).unwrap();
    for customer in customers {
        assert_eq!(
            replica.history(customer).unwrap(),
            author.history(customer).unwrap()
        );
    }
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

#[test]
fn a_save_goes_under_what_waits_in_the_outbox() {
    let (mut relay, _, [customer, _]) = dealership();
    let mut replica = reader(&relay);
    replica
        .receive(&relay.saves(), cursor(relay.head().0))
        .unwrap();
    run(
        &mut replica,
        "rename",
        json!({"customer": customer, "name": "王"}),
        6,
    );

    replica
        .receive(&relay.saves(), cursor(relay.head().0))
        .unwrap();
    assert_eq!(replica.history(customer).unwrap().len(), 4);

    relay.sync(WANG_QIANG, &mut replica);
    assert_eq!(replica.outbox(9, &[]).unwrap(), []);
    replica
        .receive(&relay.saves(), cursor(relay.head().0))
        .unwrap();
    let history = replica.history(customer).unwrap();
    assert_eq!(history.len(), 4);
    assert!(history.iter().all(|entry| entry.seq.is_some()));
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

#[test]
fn a_save_of_a_relay_that_lost_changes_takes_none_away() {
    let (mut relay, _, [customer, _]) = dealership();
    let mut replica = reader(&relay);
    replica
        .receive(&relay.saves(), cursor(relay.head().0))
        .unwrap();
    // A backup from before the last rename was restored at the relay.
    relay.log.pop();

    replica
        .receive(&relay.saves(), cursor(relay.head().0))
        .unwrap();

    assert_eq!(replica.history(customer).unwrap().len(), 3);
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

#[test]
fn a_purged_document_is_gone_and_one_that_left_too() {
    let (mut relay, _, [one, two]) = dealership();
    let mut replica = reader(&relay);
    relay.read(&mut replica);
    relay.purge(one);
    relay.leave(two);

    relay.read(&mut replica);

    assert!(replica.shelf().document(one).unwrap().is_none());
    assert!(replica.shelf().document(two).unwrap().is_none());
    for table in ["change", "document"] {
        let left: i64 = replica.count(&format!(
            "SELECT count(*) FROM {table} WHERE {} IN (x'{}', x'{}')",
            if table == "change" { "document" } else { "id" },
            hex::encode(one.as_bytes()),
            hex::encode(two.as_bytes())
        ));
        assert_eq!(left, 0, "{table}");
    }
}

#[test]
fn a_change_to_a_document_that_left_is_still_pushed() {
    let (mut relay, _, [customer, _]) = dealership();
    let mut replica = reader(&relay);
    relay.read(&mut replica);
    run(
        &mut replica,
        "rename",
        json!({"customer": customer, "name": "王"}),
        6,
    );
    relay.leave(customer);
    relay.read(&mut replica);
    assert!(replica.shelf().document(customer).unwrap().is_none());

    let batch = replica.outbox(1, &[]).unwrap().remove(0);
    let verdict = relay.push(&batch);
    replica
        .settle(batch.id().into(), &verdict, minute(7))
        .unwrap();

    assert_eq!(replica.outbox(9, &[]).unwrap(), []);
    assert_eq!(
        replica.count("SELECT count(*) FROM change WHERE batch IS NOT NULL"),
        0
    );
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

#[test]
fn spaces_that_are_held_no_longer_are_emptied() {
    let (relay, _, [customer, _]) = dealership();
    let mut replica = reader(&relay);
    relay.read(&mut replica);
    let mut welcome = relay.welcome(WANG_QIANG);
    welcome.spaces = vec![name(Space::Group)];

    let received = replica.welcomed(&welcome, minute(9)).unwrap();

    assert_eq!(received.changed.len(), 2);
    assert!(replica.shelf().document(customer).unwrap().is_none());
    assert!(
        replica
            .shelf()
            .document(WANG_QIANG.staff().into())
            .unwrap()
            .is_some()
    );
}

fn entry(seq: u64, document: dealership::DocumentId, raw: &[u8]) -> Entry {
    Entry::Change(ChangeEntry {
        receipt: sync_protocol::ChangeReceipt {
            seq: Seq(seq),
            received_at: sync_protocol::Timestamp(0),
            base_received_at: sync_protocol::Timestamp(0),
            clock_trusted: true,
        },
        space: name(Space::Store(store())),
        document: sync_protocol::DocumentId(*document.as_bytes()),
        raw: raw.to_vec(),
    })
}

#[test]
fn bytes_that_cannot_be_taken_are_kept_and_the_cursor_moves() {
    let (mut relay, _, [one, two]) = dealership();
    let mut replica = reader(&relay);
    relay.read(&mut replica);
    let head = relay.head().0;

    let received = replica
        .receive(
            &[entry(head + 1, one, b"no change at all")],
            cursor(head + 1),
        )
        .unwrap();

    assert_eq!(received.set_aside, [one]);
    assert_eq!(replica.cursor().unwrap(), Some(cursor(head + 1)));
    assert!(replica.history(one).is_err());
    assert!(replica.history(two).is_ok());
    assert_eq!(replica.count("SELECT count(*) FROM held"), 1);
    let status = replica.show("sync_status", json!({}), minute(9)).unwrap();
    assert_eq!(status["unreadable"][0]["document"], one.to_string());
    // A purge ends it.
    relay.log.push(entry(head + 1, one, b"no change at all"));
    relay.purge(one);
    relay.read(&mut replica);
    assert_eq!(replica.count("SELECT count(*) FROM held"), 0);
    assert_eq!(replica.count("SELECT count(*) FROM unreadable"), 0);
}

#[test]
fn a_document_in_hand_when_the_process_died_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, _, [one, two]) = dealership();
    let mut replica = WANG_QIANG.replica_at(folder.path());
    replica
        .welcomed(&relay.welcome(WANG_QIANG), minute(5))
        .unwrap();
    relay.read(&mut replica);
    suspect::mark(&replica.connection, [one]).unwrap();
    drop(replica);

    let replica = reopen(folder.path(), 3);

    assert!(replica.history(one).is_err());
    assert!(replica.history(two).is_ok());
    assert_eq!(replica.count("SELECT count(*) FROM suspect"), 0);
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
fn another_version_takes_what_was_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, author, [one, _]) = dealership();
    let mut replica = WANG_QIANG.replica_at(folder.path());
    replica
        .welcomed(&relay.welcome(WANG_QIANG), minute(5))
        .unwrap();
    // This version cannot take the document, another could not either and was older.
    suspect::set_aside(&replica.connection, one, "a shape of the future").unwrap();
    relay.read(&mut replica);
    assert!(replica.shelf().document(one).unwrap_or_default().is_none());
    replica.sql("UPDATE unreadable SET version = 0; UPDATE projected SET version = 0");
    drop(replica);

    let mut replica = reopen(folder.path(), 3);

    assert_eq!(replica.history(one).unwrap(), author.history(one).unwrap());
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

#[test]
fn verification_finds_a_change_that_was_tampered_with() {
    let (relay, _, [one, _]) = dealership();
    let mut replica = reader(&relay);
    relay.read(&mut replica);
    replica.sql(&format!(
        "UPDATE change SET hash = randomblob(32) WHERE number = (
             SELECT min(number) FROM change WHERE document = x'{}')",
        hex::encode(one.as_bytes())
    ));
    let verified = replica.verify(&mut |_| {}).unwrap();
    assert_eq!(verified.problems.len(), 1);
    assert_eq!(verified.problems[0].document, Some(one));
}
