//! The log, taken in: in any pages, twice, whole documents, purges, and bytes that are none.

use serde_json::json;
use sync_protocol::entry::ChangeEntry;
use sync_protocol::{Entry, Resume, Seq};

use crate::Replica;
use crate::testing::relay::{Relay, cursor, name};
use crate::testing::{LI_NA, WANG_QIANG, made, minute, run, store};
use dealership::Space;

/// A relay with two customers of Li Na's, one of them renamed twice.
pub(super) fn dealership() -> (Relay, Replica, [dealership::DocumentId; 2]) {
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

pub(super) fn heads(
    replica: &Replica,
    document: dealership::DocumentId,
) -> Vec<automerge::ChangeHash> {
    let loaded = replica.shelf().loaded(document).unwrap().unwrap();
    loaded.gated.automerge().get_heads()
}

pub(super) fn reader(relay: &Relay) -> Replica {
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
fn a_change_to_a_document_that_left_is_shown_again_when_the_document_comes_back() {
    let (mut relay, _, [customer, _]) = dealership();
    let mut replica = reader(&relay);
    relay.read(&mut replica);
    let rename = json!({"customer": customer, "name": "王"});
    run(&mut replica, "rename", rename, 6);
    let head = relay.head().0;
    replica
        .receive(
            &[Entry::Left(sync_protocol::entry::LeftEntry {
                seq: Seq(head + 1),
                document: sync_protocol::DocumentId(*customer.as_bytes()),
            })],
            cursor(head + 1),
        )
        .unwrap();
    assert!(replica.shelf().document(customer).unwrap().is_none());

    // It comes back change by change.
    for position in 1..=head {
        let (entries, cursor) = relay.page(position - 1, position);
        replica.receive(&entries, cursor).unwrap();
        replica.rebuild(&mut |_| {}).unwrap();
    }

    let document = replica.shelf().document(customer).unwrap().unwrap();
    assert_eq!(document.text("name"), Some("王"));
    assert_eq!(replica.history(customer).unwrap().len(), 4);
    assert_eq!(replica.count("SELECT count(*) FROM unreadable"), 0);
    relay.sync(WANG_QIANG, &mut replica);
    assert_eq!(replica.outbox(9, &[]).unwrap(), []);
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

#[test]
fn a_log_that_begins_again_does_so_until_it_was_read() {
    let (relay, _, _) = dealership();
    let mut replica = reader(&relay);
    relay.read(&mut replica);
    let mut welcome = relay.welcome(WANG_QIANG);
    welcome.spaces.push(name(Space::Finance));
    welcome.spaces.sort();
    welcome.resume = Resume::Restart;

    // The connection drops behind the welcome.
    replica.welcomed(&welcome, minute(9)).unwrap();

    // The next hello names the new spaces, and must not name a cursor with them.
    assert_eq!(replica.spaces().unwrap().len(), welcome.spaces.len());
    assert_eq!(replica.cursor().unwrap(), None);
}

#[test]
fn documents_that_begin_with_the_same_bytes_are_two_documents() {
    let (mut relay, author, [one, _]) = dealership();
    let first = author.history(one).unwrap().remove(0);
    let twin = dealership::DocumentId::from_bytes([9; 16]);
    let raw = relay.log.iter().find_map(|entry| match entry {
        Entry::Change(change) if change.document.0 == *one.as_bytes() => Some(change.raw.clone()),
        _ => None,
    });
    let wire = sync_protocol::DocumentId(*twin.as_bytes());
    relay.append(wire, name(Space::Store(store())), raw.unwrap());
    let mut replica = reader(&relay);

    relay.read(&mut replica);

    assert_eq!(replica.history(twin).unwrap()[0].change, first.change);
    assert_eq!(replica.history(one).unwrap(), author.history(one).unwrap());
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

pub(super) fn entry(seq: u64, document: dealership::DocumentId, raw: &[u8]) -> Entry {
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
fn a_failure_of_the_replica_itself_leaves_no_mark() {
    let (relay, _, _) = dealership();
    let mut replica = reader(&relay);
    replica
        .sql("CREATE TRIGGER full BEFORE INSERT ON cursor BEGIN SELECT raise(ABORT, 'full'); END");
    let (entries, cursor) = relay.page(0, relay.head().0);

    assert!(replica.receive(&entries, cursor).is_err());

    assert_eq!(replica.count("SELECT count(*) FROM suspect"), 0);
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
