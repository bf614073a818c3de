//! What goes back to a relay that begins a new life of its log.

use sync_protocol::entry::GoneEntry;
use sync_protocol::{
    Batch, Cursor, DocumentId, Entry, Epoch, Leaf, Outcome, Refusal, RefusalCode, Resume, Seq,
    StatesRoot, StatesTag,
};

use serde_json::json;

use crate::Replica;
use crate::replica::Page;
use crate::replica::tests::catch_up::dealership;
use crate::testing::relay::{Relay, cursor};
use crate::testing::{LI_NA, WANG_QIANG, minute, reopen, run};
use crate::wire::leaves;

const RENEWED: Epoch = Epoch([6; 16]);

/// Takes everything in, one page for each entry.
fn read_tagged(replica: &mut Replica, entries: &[Entry], cursor: Cursor) {
    let pages: Vec<Page> = (0..entries.len())
        .map(|index| Page {
            entries: index..index + 1,
            states: StatesTag([u8::try_from(index % 200).unwrap(); 16]),
        })
        .collect();
    replica.receive_pages(entries, &pages, cursor).unwrap();
}

/// Welcomes a replica in a new life of the log.
fn renew(relay: &Relay, replica: &mut Replica) {
    let mut welcomed = relay.welcome(WANG_QIANG);
    welcomed.epoch = RENEWED;
    welcomed.resume = Resume::Restart;
    replica.welcomed(&welcomed, minute(5)).unwrap();
}

fn renewed(seq: u64) -> Cursor {
    Cursor {
        epoch: RENEWED,
        ..cursor(seq)
    }
}

/// A replica that has read the log, and the relay as it was before the last two changes.
fn after_a_loss() -> (Relay, Replica, dealership::DocumentId, Vec<Entry>) {
    let (mut relay, _, [customer, _]) = dealership();
    let mut replica = WANG_QIANG.replica();
    replica
        .welcomed(&relay.welcome(WANG_QIANG), minute(5))
        .unwrap();
    let (entries, cursor) = relay.page(0, relay.head().0);
    read_tagged(&mut replica, &entries, cursor);
    assert!(!replica.caught_up(minute(5)).unwrap(), "nothing to compare");
    let lost = entries[entries.len() - 2..].to_vec();
    relay.lose_after(Seq(relay.head().0 - 2));
    (relay, replica, customer, lost)
}

fn only(batches: Vec<Batch>) -> Batch {
    let [batch] = <[Batch; 1]>::try_from(batches).unwrap();
    batch
}

#[test]
fn what_a_new_life_did_not_bring_goes_back_under_the_last_state() {
    let (relay, mut replica, customer, lost) = after_a_loss();
    renew(&relay, &mut replica);
    let (entries, _) = relay.page(0, relay.head().0);
    let at = renewed(relay.head().0);
    read_tagged(&mut replica, &entries, at);
    assert_eq!(replica.outbox(9, &[]).unwrap(), [], "not read to its end");

    assert!(replica.caught_up(minute(6)).unwrap());

    let batch = only(replica.outbox(9, &[]).unwrap());
    let raw: Vec<_> = batch.changes().iter().map(|change| &change.raw).collect();
    let expected: Vec<_> = lost
        .iter()
        .map(|entry| match entry {
            Entry::Change(change) => &change.raw,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(raw, expected);
    let [state] = batch.states() else {
        panic!("{batch:?}");
    };
    assert_eq!(state.document.0, *customer.as_bytes());
    let space = &batch.changes()[0].space;
    let root = StatesRoot::of(&leaves(&lost[1]));
    assert_eq!(state.root(Some(space)), root);
    // It is no work of this device that waits.
    assert_eq!(replica.outbox_summary().unwrap().batches, 0);
    assert!(!replica.caught_up(minute(7)).unwrap(), "compared once");
    assert_eq!(only(replica.outbox(9, &[]).unwrap()), batch);
    assert_eq!(replica.outbox(9, &[batch.id()]).unwrap(), []);
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

#[test]
fn a_verdict_settles_what_goes_back_and_takes_nothing_away() {
    let refused = Outcome::Refused(Refusal {
        code: RefusalCode::Unproven,
        change: None,
        text: sync_protocol::Explanation::new("another key"),
    });
    let accepted = Outcome::Accepted(sync_protocol::message::Accepted {
        first_seq: Seq(1),
        last_seq: Seq(2),
        received_at: sync_protocol::Timestamp(0),
    });
    for outcome in [refused, accepted] {
        let (relay, mut replica, customer, _) = after_a_loss();
        renew(&relay, &mut replica);
        let (entries, _) = relay.page(0, relay.head().0);
        read_tagged(&mut replica, &entries, renewed(relay.head().0));
        replica.caught_up(minute(6)).unwrap();
        let batch = only(replica.outbox(9, &[]).unwrap());
        let later = Outcome::Later(sync_protocol::message::Later { retry_ms: 9 });
        replica
            .settle(batch.id().into(), &later, minute(7))
            .unwrap();
        assert_eq!(only(replica.outbox(9, &[]).unwrap()), batch);

        replica
            .settle(batch.id().into(), &outcome, minute(7))
            .unwrap();

        assert_eq!(replica.outbox(9, &[]).unwrap(), []);
        // Somebody is told of what the relay does not take back.
        let quarantined = replica.quarantine().unwrap();
        let codes: Vec<_> = quarantined
            .iter()
            .map(|one| one.why.code.as_str())
            .collect();
        match outcome {
            Outcome::Refused(_) => assert_eq!(codes, ["unproven"]),
            _ => assert_eq!(codes, [""; 0]),
        }
        assert_eq!(replica.history(customer).unwrap().len(), 3);
    }
}

#[test]
fn what_was_brought_before_the_program_ended_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let (mut relay, _, _) = dealership();
    let mut replica = WANG_QIANG.replica_at(folder.path());
    replica
        .welcomed(&relay.welcome(WANG_QIANG), minute(5))
        .unwrap();
    let (entries, at) = relay.page(0, relay.head().0);
    read_tagged(&mut replica, &entries, at);
    relay.lose_after(Seq(relay.head().0 - 1));
    renew(&relay, &mut replica);
    let (first, _) = relay.page(0, 3);
    read_tagged(&mut replica, &first, renewed(3));
    drop(replica);

    let mut replica = reopen(folder.path(), 77);
    let mut welcomed = relay.welcome(WANG_QIANG);
    welcomed.epoch = RENEWED;
    replica.welcomed(&welcomed, minute(6)).unwrap();
    let (rest, _) = relay.page(3, relay.head().0);
    read_tagged(&mut replica, &rest, renewed(relay.head().0));

    assert!(replica.caught_up(minute(7)).unwrap());
    let batch = only(replica.outbox(9, &[]).unwrap());
    assert_eq!(batch.changes().len(), 1);
}

#[test]
fn a_life_that_brings_all_of_it_as_saves_lacks_nothing() {
    let (relay, mut replica) = {
        let (relay, _, _) = dealership();
        let mut replica = WANG_QIANG.replica();
        replica
            .welcomed(&relay.welcome(WANG_QIANG), minute(5))
            .unwrap();
        let (entries, at) = relay.page(0, relay.head().0);
        read_tagged(&mut replica, &entries, at);
        (relay, replica)
    };
    renew(&relay, &mut replica);
    read_tagged(&mut replica, &relay.saves(), renewed(relay.head().0));
    assert!(!replica.caught_up(minute(6)).unwrap());
    assert_eq!(replica.outbox(9, &[]).unwrap(), []);
}

#[test]
fn own_changes_that_were_never_delivered_back_are_pushed_as_at_first() {
    let (mut relay, mut author, [customer, _]) = dealership();
    let before = relay.head();
    run(
        &mut author,
        "rename",
        json!({"customer": customer, "name": "一"}),
        6,
    );
    // The relay accepts it, and the device never hears of it but by the verdict.
    for batch in author.outbox(9, &[]).unwrap() {
        let verdict = relay.push(&batch);
        author
            .settle(batch.id().into(), &verdict, minute(6))
            .unwrap();
    }
    relay.lose_after(before);
    let mut welcomed = relay.welcome(LI_NA);
    welcomed.epoch = RENEWED;
    welcomed.resume = Resume::Restart;
    author.welcomed(&welcomed, minute(7)).unwrap();
    let (entries, _) = relay.page(0, relay.head().0);
    read_tagged(&mut author, &entries, renewed(relay.head().0));

    assert!(author.caught_up(minute(8)).unwrap());

    let batch = only(author.outbox(9, &[]).unwrap());
    assert_eq!((batch.states(), batch.changes().len()), (&[][..], 1));
    assert_eq!(author.outbox_summary().unwrap().batches, 1);
}

#[test]
fn a_document_that_was_purged_is_not_taken_in_again_and_its_purge_goes_back() {
    let (mut relay, mut replica, customer, _) = after_a_loss();
    let entries = relay.log.clone();
    let gone = Entry::Gone(GoneEntry {
        seq: Seq(relay.head().0 + 9),
        document: DocumentId(*customer.as_bytes()),
    });
    let head = gone.seq().0;
    read_tagged(&mut replica, std::slice::from_ref(&gone), cursor(head));
    relay.log.clone_from(&entries);
    renew(&relay, &mut replica);

    let pages = [];
    let received = replica
        .receive_pages(&entries, &pages, renewed(relay.head().0))
        .unwrap();

    assert!(received.goes_back);
    assert!(replica.shelf().loaded(customer).unwrap().is_none());
    let batch = only(replica.outbox(9, &[]).unwrap());
    assert_eq!(batch.changes(), []);
    let [state] = batch.states() else {
        panic!("{batch:?}");
    };
    let leaf = Leaf::of_purge(DocumentId(*customer.as_bytes()));
    assert_eq!(state.head, None);
    assert_eq!(state.root(None), StatesRoot::of(&[leaf]));
    // It comes again, and nothing is shown twice.
    replica
        .receive_pages(&entries, &pages, renewed(relay.head().0))
        .unwrap();
    assert_eq!(only(replica.outbox(9, &[]).unwrap()), batch);
    // The relay purges it again.
    read_tagged(&mut replica, &[gone], renewed(head));
    assert_eq!(replica.outbox(9, &[]).unwrap(), []);
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

#[test]
fn a_long_history_that_came_as_a_save_goes_back_piece_by_piece_from_its_end() {
    let (mut relay, mut author, [customer, _]) = dealership();
    let before = relay.head();
    for number in 0..150 {
        let input = json!({"customer": customer, "name": format!("第{number}名")});
        run(&mut author, "rename", input, 6);
    }
    relay.sync(LI_NA, &mut author);
    let mut replica = WANG_QIANG.replica();
    replica
        .welcomed(&relay.welcome(WANG_QIANG), minute(7))
        .unwrap();
    read_tagged(&mut replica, &relay.saves(), cursor(relay.head().0));
    relay.lose_after(before);
    renew(&relay, &mut replica);
    let (entries, _) = relay.page(0, relay.head().0);
    read_tagged(&mut replica, &entries, renewed(relay.head().0));
    assert!(replica.caught_up(minute(8)).unwrap());

    // Only the end bears a tag of the log's; each verdict vouches for what is below.
    let mut offered = 0;
    loop {
        let batches = replica.outbox(9, &[]).unwrap();
        let first = batches.first().unwrap();
        offered += 1;
        assert_eq!((batches.len(), first.states().len()), (offered, 1));
        let outcome = relay.push(first);
        let Outcome::NeedsDependencies(mut needs) = outcome else {
            assert!(matches!(outcome, Outcome::Accepted(_)));
            break;
        };
        let unvouched = replica
            .settle(
                first.id().into(),
                &Outcome::NeedsDependencies(needs.clone()),
                minute(9),
            )
            .unwrap();
        assert_eq!(unvouched.offered_again, []);
        needs.states = Some(StatesTag([9; 16]));
        let settled = replica
            .settle(
                first.id().into(),
                &Outcome::NeedsDependencies(needs),
                minute(9),
            )
            .unwrap();
        assert_eq!(settled.offered_again.len(), 1);
    }
    assert_eq!(offered, 3, "64, 64 and 22 changes");
    for batch in replica.outbox(9, &[]).unwrap() {
        let verdict = relay.push(&batch);
        replica
            .settle(batch.id().into(), &verdict, minute(9))
            .unwrap();
    }
    assert_eq!(replica.outbox(9, &[]).unwrap(), []);
    assert_eq!(replica.history(customer).unwrap().len(), 153);
}

#[test]
fn a_document_that_was_set_aside_while_others_were_compared_goes_back_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let (mut relay, _, [customer, _]) = dealership();
    let mut replica = WANG_QIANG.replica_at(folder.path());
    replica
        .welcomed(&relay.welcome(WANG_QIANG), minute(5))
        .unwrap();
    let (entries, at) = relay.page(0, relay.head().0);
    read_tagged(&mut replica, &entries, at);
    replica.caught_up(minute(5)).unwrap();
    relay.lose_after(Seq(relay.head().0 - 2));
    for minutes in [9, 10] {
        crate::store::suspect::mark(&replica.connection, [customer]).unwrap();
        drop(replica);
        replica = crate::testing::reopen_at(folder.path(), 3, minute(minutes));
    }
    assert!(replica.history(customer).is_err(), "it is set aside");
    renew(&relay, &mut replica);
    let (entries, _) = relay.page(0, relay.head().0);
    read_tagged(&mut replica, &entries, renewed(relay.head().0));
    assert!(
        !replica.caught_up(minute(10)).unwrap(),
        "nobody can tell yet"
    );
    assert_eq!(replica.outbox(9, &[]).unwrap(), []);

    assert_eq!(replica.retry_set_aside(minute(60)).unwrap(), [customer]);

    let batch = only(replica.outbox(9, &[]).unwrap());
    assert_eq!(batch.changes().len(), 2);
    assert_eq!(batch.states().len(), 1);
    replica.retry_set_aside(minute(600)).unwrap();
    assert_eq!(
        only(replica.outbox(9, &[]).unwrap()),
        batch,
        "compared once"
    );
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}
