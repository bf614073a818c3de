//! What is without measure is refused, and stops nobody else.

use dealership::edit::Edits;
use dealership::{FactId, Kind};
use sync_protocol::{Outcome, RefusalCode};

use crate::accepting::assert_refused;
use crate::showroom::{NOON, Showroom, fields};

#[test]
fn operations_are_counted_over_all_documents_of_a_batch() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let space = showroom.space();
    let half = usize::try_from(change_gate::limits::BATCH_OPERATIONS / 2).unwrap();
    let mut big = || {
        let deal = li_na.id();
        let mut edits = Edits::default();
        edits.create(deal, Kind::Deal, space, fields(&[]));
        for number in 0..half {
            edits.set(deal, "title", if number % 2 == 0 { "a" } else { "b" });
        }
        li_na.write(deal, space, &edits)
    };
    let (one, other) = (big(), big());
    let pushed = showroom.batch(&li_na, vec![one.clone(), other]);

    assert_refused(&showroom.push(&pushed), RefusalCode::OverLimit);
    showroom.accepted(&li_na, vec![one]);
}

#[test]
fn a_document_that_outgrows_its_limit_stops_nobody_else() {
    use change_gate::limits::{BATCH_OPERATIONS, DOCUMENT_KEYS};
    let mut showroom = Showroom::open();
    let (mut li_na, mut wang_qiang) = (showroom.consultant("李娜"), showroom.consultant("王强"));
    let space = showroom.space();
    let (deal, open) = li_na.open_deal(space);
    showroom.accepted(&li_na, vec![open]);
    let at_once = usize::try_from(BATCH_OPERATIONS / 2).unwrap().min(800);
    let mut batches = 0;
    let refused = loop {
        let mut edits = Edits::default();
        for _ in 0..at_once {
            let fact = FactId::from_bytes(*li_na.id().as_bytes());
            edits.record(
                deal.into(),
                "stage",
                fact,
                fields(&[("stage", "quote".into())]),
            );
        }
        let big = li_na.write(deal.into(), space, &edits);
        let big = showroom.batch(&li_na, vec![big]);
        let (_, innocent) = wang_qiang.open_deal(space);
        let innocent = showroom.batch(&wang_qiang, vec![innocent]);

        let outcomes = showroom.relay.accept(NOON, &[big, innocent]).unwrap();

        assert!(matches!(outcomes[1], Outcome::Accepted(_)), "{outcomes:?}");
        batches += 1;
        assert!(batches * at_once < DOCUMENT_KEYS + at_once, "no limit");
        if !matches!(outcomes[0], Outcome::Accepted(_)) {
            break outcomes[0].clone();
        }
    };
    assert_refused(&refused, RefusalCode::OverLimit);
    assert!(batches * at_once > DOCUMENT_KEYS - 2 * at_once, "{batches}");
}

#[test]
fn many_concurrent_changes_keep_nobody_from_writing() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let space = showroom.space();
    let (deal, open) = li_na.open_deal(space);
    showroom.accepted(&li_na, vec![open]);
    let first = li_na.documents[&deal.into()].clone();
    for number in 0..300_u16 {
        // As many replicas that had seen nothing but the beginning, each its own copy.
        li_na.documents.insert(deal.into(), first.clone());
        li_na.actor[..2].copy_from_slice(&number.to_be_bytes());
        let change = li_na.stage(deal, space, "needs");
        showroom.accepted(&li_na, vec![change]);
    }

    let document = showroom.relay.document(deal.into()).unwrap().unwrap();
    let heads = document.automerge().get_heads().len();
    assert!(heads <= 16, "{heads} heads");
    li_na.actor[..2].copy_from_slice(&[9, 9]);
    li_na
        .documents
        .insert(deal.into(), document.into_automerge().0);
    let honest = li_na.rename(deal, space, "保险");
    showroom.accepted(&li_na, vec![honest]);
    let document = showroom.relay.document(deal.into()).unwrap().unwrap();
    assert_eq!(document.text("title"), Some("保险"));
}

#[test]
fn a_field_that_many_write_at_once_can_still_be_written() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let space = showroom.space();
    let (deal, open) = li_na.open_deal(space);
    showroom.accepted(&li_na, vec![open]);
    let first = li_na.documents[&deal.into()].clone();
    let mut refused = 0;
    for number in 0..100_u16 {
        li_na.documents.insert(deal.into(), first.clone());
        li_na.actor[..2].copy_from_slice(&number.to_be_bytes());
        let change = li_na.rename(deal, space, &number.to_string());
        let pushed = showroom.batch(&li_na, vec![change]);
        match showroom.push(&pushed) {
            Outcome::Accepted(_) => assert_eq!(refused, 0),
            outcome => {
                assert_refused(&outcome, RefusalCode::OverLimit);
                refused += 1;
            }
        }
    }
    assert!((30..40).contains(&refused), "{refused}");

    let document = showroom.relay.document(deal.into()).unwrap().unwrap();
    li_na.actor[..2].copy_from_slice(&[9, 9]);
    li_na
        .documents
        .insert(deal.into(), document.into_automerge().0);
    let honest = li_na.rename(deal, space, "保险");
    showroom.accepted(&li_na, vec![honest]);
}
