//! What is left of a purged document.

use dealership::{DocumentId, Seq};
use sync_protocol::{Outcome, RefusalCode};
use sync_server::relay::PurgeError;
use sync_server::store::{LogEntry, ReadStore};

use crate::showroom::{NOON, Showroom};

#[test]
fn a_purged_document_is_gone_for_everyone_and_late_edits_are_told() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let space = showroom.space();
    let (deal, open) = li_na.open_deal(space);
    let (_, other) = li_na.open_deal(space);
    showroom.accepted(&li_na, vec![open]);
    showroom.accepted(&li_na, vec![other]);
    let kept = showroom.head();
    let late = li_na.stage(deal, space, "needs");
    let late = showroom.batch(&li_na, vec![late]);

    let purged = showroom.relay.purge(NOON, &[deal.into()]).unwrap();

    assert_eq!(purged, [Seq(kept + 1)]);
    assert_eq!(showroom.positions(&[space]), [kept, kept + 1]);
    let row = showroom
        .relay
        .store()
        .log_row(Seq(kept + 1))
        .unwrap()
        .unwrap();
    assert_eq!((row.entry, row.document), (LogEntry::Gone, deal.into()));
    assert!(showroom.relay.document(deal.into()).unwrap().is_none());
    let mut showroom = showroom.restart();
    let outcome = showroom.push(&late);
    assert!(matches!(&outcome, Outcome::Refused(refusal) if refusal.code == RefusalCode::Gone));
    assert!(showroom.relay.document(deal.into()).unwrap().is_none());
}

#[test]
fn what_names_no_person_is_never_purged() {
    let mut showroom = Showroom::open();
    let head = showroom.head();
    let store = showroom.store.into();
    let refused = showroom.relay.purge(NOON, &[store]);
    assert!(matches!(refused, Err(PurgeError::NeverPurged { .. })));
    let nothing = DocumentId::from_bytes([3; 16]);
    let refused = showroom.relay.purge(NOON, &[nothing]);
    assert!(matches!(refused, Err(PurgeError::NoDocument(id)) if id == nothing));
    assert_eq!(showroom.head(), head);
}

#[test]
fn a_purge_of_several_documents_happens_whole_or_not_at_all() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let (deal, open) = li_na.open_deal(showroom.space());
    showroom.accepted(&li_na, vec![open]);
    let head = showroom.head();
    let store = showroom.store.into();
    assert!(showroom.relay.purge(NOON, &[deal.into(), store]).is_err());
    assert_eq!(showroom.head(), head);
    assert!(showroom.relay.document(deal.into()).unwrap().is_some());
}
