//! What becomes of pushed batches.

use dealership::edit::Edits;
use dealership::{Kind, Seq, Space, schema};
use sync_protocol::{Batch, BatchId, Outcome, RefusalCode};
use sync_server::relay::{Pushed, RelayError};
use sync_server::store::{MemoryStore, ReadStore, SqliteStore, Store};

use crate::showroom::{NOON, Showroom, fields};

#[test]
fn an_accepted_batch_stands_in_the_log_with_its_receipt() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let before = showroom.head();
    let space = showroom.space();
    let (deal, open) = li_na.open_deal(space);
    let stage = li_na.stage(deal, space, "needs");

    let (first, last) = showroom.accepted(&li_na, vec![open, stage]);

    assert_eq!((first, last), (before + 1, before + 2));
    let row = showroom.relay.store().log_row(Seq(first)).unwrap().unwrap();
    assert_eq!((row.space, row.received_at), (space, NOON));
    let (change, receipt) = row.change().unwrap();
    assert_eq!(change.device, li_na.device);
    assert_eq!(receipt.base_received_at, NOON);
    assert!(receipt.clock_trusted);
    let document = showroom.relay.document(deal.into()).unwrap().unwrap();
    assert_eq!(document.facts("stage").count(), 1);
    assert_eq!(document.receipts().len(), 2);
    let tablet = &li_na.documents[&deal.into()];
    assert_eq!(document.automerge().get_heads(), tablet.get_heads());
}

#[test]
fn a_batch_pushed_again_gets_the_same_verdict_and_stands_once() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let (_, open) = li_na.open_deal(showroom.space());
    let pushed = showroom.batch(&li_na, vec![open]);
    let first = showroom.push(&pushed);
    let head = showroom.head();

    let again = showroom.push(&pushed);
    let mut showroom = showroom.restart();
    let after_a_restart = showroom.push(&pushed);

    assert!(matches!(first, Outcome::Accepted(_)));
    assert_eq!(first, again);
    assert_eq!(first, after_a_restart);
    assert_eq!(showroom.head(), head);
}

#[test]
fn changes_pushed_again_in_another_batch_stand_once() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let space = showroom.space();
    let (deal, open) = li_na.open_deal(space);
    let stage = li_na.stage(deal, space, "needs");
    let first = showroom.accepted(&li_na, vec![open.clone()]);
    let both = showroom.accepted(&li_na, vec![open.clone(), stage]);
    let head = showroom.head();

    assert_eq!(both, (first.0, first.0 + 1));
    assert_eq!(showroom.accepted(&li_na, vec![open]), first);
    assert_eq!(showroom.head(), head);
}

#[test]
fn another_content_under_a_used_batch_id_is_refused_and_the_first_verdict_stays() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let space = showroom.space();
    let (deal, open) = li_na.open_deal(space);
    let stage = li_na.stage(deal, space, "needs");
    let pushed = showroom.batch(&li_na, vec![open]);
    let first = showroom.push(&pushed);
    let reused = Pushed {
        batch: Batch::new(pushed.batch.id(), pushed.batch.base_seq(), vec![stage]).unwrap(),
        ..pushed.clone()
    };

    assert_refused(&showroom.push(&reused), RefusalCode::BatchReused);
    assert_eq!(showroom.push(&pushed), first);
}

#[test]
fn a_refused_batch_reaches_nobody_and_its_verdict_survives_a_restart() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let elsewhere = Space::Store(showroom.other_store);
    let (deal, open) = li_na.open_deal(elsewhere);
    let pushed = showroom.batch(&li_na, vec![open]);
    let head = showroom.head();

    let refused = showroom.push(&pushed);
    let mut showroom = showroom.restart();

    assert_refused(&refused, RefusalCode::WrongSpace);
    assert_eq!(showroom.push(&pushed), refused);
    assert_eq!(showroom.head(), head);
    assert_eq!(showroom.positions(&[elsewhere]), Vec::<u64>::new());
    assert!(showroom.relay.document(deal.into()).unwrap().is_none());
}

#[test]
fn a_change_that_comes_twice_in_a_batch_is_refused_and_nothing_is_forgotten() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let (_, open) = li_na.open_deal(showroom.space());
    let pushed = showroom.batch(&li_na, vec![open.clone(), open.clone()]);
    let head = showroom.head();

    assert_refused(&showroom.push(&pushed), RefusalCode::Malformed);
    assert_eq!(showroom.head(), head);
    showroom.accepted(&li_na, vec![open]);
}

#[test]
fn a_relay_whose_clock_is_behind_its_log_keeps_nothing() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let (_, open) = li_na.open_deal(showroom.space());
    let pushed = showroom.batch(&li_na, vec![open]);
    let head = showroom.head();

    let refused = showroom
        .relay
        .accept(NOON.plus_hours(-1), std::slice::from_ref(&pushed));

    assert!(
        matches!(refused, Err(RelayError::ClockBehind { .. })),
        "{refused:?}"
    );
    assert_eq!(showroom.head(), head);
    let nearly = NOON.plus_millis(-60_000);
    let outcomes = showroom.relay.accept(nearly, &[pushed]).unwrap();
    assert!(
        matches!(outcomes[..], [Outcome::Accepted(_)]),
        "{outcomes:?}"
    );
}

#[test]
fn a_batch_stands_or_falls_whole() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let (_, good) = li_na.open_deal(showroom.space());
    let (_, bad) = li_na.open_deal(Space::Store(showroom.other_store));
    let pushed = showroom.batch(&li_na, vec![good, bad]);
    let head = showroom.head();

    assert_refused(&showroom.push(&pushed), RefusalCode::WrongSpace);
    assert_eq!(showroom.head(), head);
    assert_eq!(showroom.positions(&[showroom.space()]), Vec::<u64>::new());
}

#[test]
fn one_refused_batch_does_not_sink_its_neighbours() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let space = showroom.space();
    let (deal, open) = li_na.open_deal(space);
    let (_, bad) = li_na.open_deal(Space::Store(showroom.other_store));
    let stage = li_na.stage(deal, space, "needs");
    let pushed = [
        showroom.batch(&li_na, vec![open]),
        showroom.batch(&li_na, vec![bad]),
        showroom.batch(&li_na, vec![stage]),
    ];
    let before = showroom.head();

    let outcomes = showroom.relay.accept(NOON, &pushed).unwrap();

    assert!(matches!(outcomes[0], Outcome::Accepted(_)));
    assert_refused(&outcomes[1], RefusalCode::WrongSpace);
    assert!(matches!(outcomes[2], Outcome::Accepted(_)));
    assert_eq!(showroom.positions(&[space]), [before + 1, before + 2]);
}

#[test]
fn a_change_whose_dependencies_are_late_is_asked_for_again_and_then_stands() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let space = showroom.space();
    let (deal, open) = li_na.open_deal(space);
    let stage = li_na.stage(deal, space, "needs");
    let opening = showroom.batch(&li_na, vec![open]);
    let early = showroom.batch(&li_na, vec![stage]);
    let before = showroom.head();

    let outcome = showroom.push(&early);
    let Outcome::NeedsDependencies(needs) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(needs.hashes.len(), 1);
    assert_eq!(showroom.head(), before);
    assert!(matches!(showroom.push(&opening), Outcome::Accepted(_)));
    assert!(matches!(showroom.push(&early), Outcome::Accepted(_)));
    assert_eq!(showroom.positions(&[space]), [before + 1, before + 2]);
}

#[test]
fn concurrent_changes_of_two_devices_both_stand() {
    let mut showroom = Showroom::open();
    let (mut li_na, mut zhao_min) = (showroom.consultant("李娜"), showroom.consultant("赵敏"));
    let space = showroom.space();
    let (deal, open) = li_na.open_deal(space);
    zhao_min.receive(deal, &li_na);
    showroom.accepted(&li_na, vec![open]);
    let hers = li_na.rename(deal, space, "置换");
    let the_other = zhao_min.rename(deal, space, "增购");
    showroom.accepted(&li_na, vec![hers]);
    showroom.accepted(&zhao_min, vec![the_other]);

    let document = showroom.relay.document(deal.into()).unwrap().unwrap();
    assert_eq!(document.rivals("title").len(), 2);
    assert_eq!(document.receipts().len(), 3);
}

#[test]
fn another_devices_actor_is_refused() {
    let mut showroom = Showroom::open();
    let (mut li_na, zhao_min) = (showroom.consultant("李娜"), showroom.consultant("赵敏"));
    let (_, open) = li_na.open_deal(showroom.space());
    let forged = showroom.batch(&zhao_min, vec![open]);
    assert_refused(&showroom.push(&forged), RefusalCode::WrongActor);
}

#[test]
fn another_author_than_the_devices_owner_is_refused() {
    let mut showroom = Showroom::open();
    let (mut li_na, zhao_min) = (showroom.consultant("李娜"), showroom.consultant("赵敏"));
    let (space, deal) = (showroom.space(), li_na.id());
    let mut edits = Edits::default();
    edits.create(deal, Kind::Deal, space, fields(&[("title", "首保".into())]));
    let (_, edits) = edits.by_document().next().unwrap();
    let change = li_na.write_as(deal, space, edits, zhao_min.staff);
    let pushed = showroom.batch(&li_na, vec![change]);
    assert_refused(&showroom.push(&pushed), RefusalCode::WrongAuthorship);
}

#[test]
fn having_seen_more_than_there_is_is_refused() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    li_na.base_seq = Seq(showroom.head() + 1);
    let (_, open) = li_na.open_deal(showroom.space());
    let pushed = showroom.batch(&li_na, vec![open]);
    assert_refused(&showroom.push(&pushed), RefusalCode::WrongAuthorship);
}

#[test]
fn two_documents_may_begin_with_the_same_change() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let before = showroom.head();
    let space = showroom.space();
    let (_, one) = li_na.open_deal(space);
    let (_, other) = li_na.open_deal(space);
    // The actor's first change of its document, in the same second, with the same content.
    assert_eq!(one.raw, other.raw);
    assert_ne!(one.document, other.document);
    let both = showroom.accepted(&li_na, vec![one, other]);
    assert_eq!(both, (before + 1, before + 2));
    assert_eq!(showroom.positions(&[space]), [before + 1, before + 2]);
}

#[test]
fn bytes_that_are_no_change_are_refused() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let (_, open) = li_na.open_deal(showroom.space());
    for cut in [0, 1, open.raw.len() / 2, open.raw.len() - 1] {
        let mut change = open.clone();
        change.raw.truncate(cut);
        let pushed = showroom.batch(&li_na, vec![change]);
        assert_refused(&showroom.push(&pushed), RefusalCode::Malformed);
    }
}

#[test]
fn an_unknown_field_waits_for_the_relays_upgrade_if_the_device_is_newer() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let (space, deal) = (showroom.space(), li_na.id());
    let mut edits = Edits::default();
    edits.create(deal, Kind::Deal, space, fields(&[("mood", "good".into())]));
    let change = li_na.write(deal, space, &edits);
    let pushed = showroom.batch(&li_na, vec![change]);
    let newer = Pushed {
        shapes: schema::SHAPE as u32 + 1,
        ..pushed.clone()
    };

    assert!(matches!(showroom.push(&newer), Outcome::Later(_)));
    // Later is no verdict: the same batch is judged again.
    assert_refused(&showroom.push(&pushed), RefusalCode::NotPermitted);
}

#[test]
fn a_device_whose_owner_left_is_asked_to_keep_its_work() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let (_, open) = li_na.open_deal(showroom.space());
    let mut edits = Edits::default();
    edits.set(li_na.staff.into(), "status", "left");
    showroom.relay.establish(NOON, "dismiss", &edits).unwrap();
    let pushed = showroom.batch(&li_na, vec![open]);
    assert!(matches!(showroom.push(&pushed), Outcome::Later(_)));
}

#[test]
fn positions_are_dense_and_the_logs_time_never_goes_back() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let before = showroom.head();
    let space = showroom.space();
    for minutes in [5, 1, 3] {
        let (_, open) = li_na.open_deal(space);
        let pushed = showroom.batch(&li_na, vec![open]);
        let outcomes = showroom
            .relay
            .accept(NOON.plus_millis(minutes * 60_000), &[pushed]);
        assert!(matches!(outcomes.unwrap()[0], Outcome::Accepted(_)));
    }
    let rows = (before + 1..=showroom.head())
        .map(|seq| showroom.relay.store().log_row(Seq(seq)).unwrap().unwrap());
    let times: Vec<_> = rows.map(|row| row.received_at).collect();
    assert_eq!(times, [NOON.plus_millis(5 * 60_000); 3]);
}

#[test]
fn both_stores_give_the_same_log_for_the_same_pushes() {
    fn run<S: Store>(store: S) -> (Vec<sync_server::store::LogRow>, [u8; 32]) {
        let mut showroom = Showroom::over(store);
        let mut li_na = showroom.consultant("李娜");
        let space = showroom.space();
        for _ in 0..5 {
            let (deal, open) = li_na.open_deal(space);
            let stage = li_na.stage(deal, space, "needs");
            showroom.accepted(&li_na, vec![open, stage]);
        }
        let rows = (1..=showroom.head())
            .map(|seq| showroom.relay.store().log_row(Seq(seq)).unwrap().unwrap());
        (rows.collect(), showroom.relay.head().running)
    }
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(&folder.path().join("relay.sqlite")).unwrap();
    assert_eq!(run(MemoryStore::new()), run(sqlite));
}

#[test]
fn a_relay_whose_memory_is_full_judges_as_before() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let space = showroom.space();
    let deals: Vec<_> = (0..150)
        .map(|_| {
            let (deal, open) = li_na.open_deal(space);
            showroom.accepted(&li_na, vec![open]);
            deal
        })
        .collect();
    for deal in deals {
        let stage = li_na.stage(deal, space, "needs");
        showroom.accepted(&li_na, vec![stage]);
    }
    assert_eq!(showroom.positions(&[space]).len(), 300);
}

pub(crate) fn assert_refused(outcome: &Outcome, code: RefusalCode) {
    match outcome {
        Outcome::Refused(refusal) => assert_eq!(refusal.code, code, "{}", refusal.text),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_batch_id_says_nothing_about_another_devices_batch() {
    let mut showroom = Showroom::open();
    let (mut li_na, mut zhao_min) = (showroom.consultant("李娜"), showroom.consultant("赵敏"));
    let space = showroom.space();
    let (_, hers) = li_na.open_deal(space);
    let pushed = showroom.batch(&li_na, vec![hers]);
    showroom.push(&pushed);
    let (_, other) = zhao_min.open_deal(space);
    let mut same_id = showroom.batch(&zhao_min, vec![other.clone()]);
    same_id.batch = Batch::new(pushed.batch.id(), pushed.batch.base_seq(), vec![other]).unwrap();
    assert_refused(&showroom.push(&same_id), RefusalCode::BatchReused);
    assert_ne!(pushed.batch.id(), BatchId([0; 16]));
}
