//! What is left of a purged document.

use dealership::{DocumentId, Seq};
use sync_protocol::{Outcome, RefusalCode};
use sync_server::relay::{Owing, PurgeError, purge_progress};
use sync_server::store::{DeviceRow, LogEntry, ReadStore, SqliteStore, Store};

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

#[test]
fn a_purge_is_known_to_be_carried_out_by_those_who_say_so_and_by_no_others() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let zhao_min = showroom.consultant("赵敏");
    let former = showroom.consultant("王强");
    let (deal, open) = li_na.open_deal(showroom.space());
    showroom.accepted(&li_na, vec![open]);
    let purged_at = NOON.plus_hours(1);
    let [seq] = showroom.relay.purge(purged_at, &[deal.into()]).unwrap()[..] else {
        panic!("one purge");
    };
    // Enrolled since: it never held what was purged.
    let later = showroom.hire("陈刚", "manager");
    let enrolled_at = purged_at.plus_hours(1);
    let mut store = showroom.relay.into_store();
    let device = |number: u64, of: &DeviceRow| DeviceRow {
        number: dealership::DeviceNumber(number),
        ..of.clone()
    };
    let known = store.device(former.device).unwrap().unwrap();
    store.begin().unwrap();
    let new = device(99, &known);
    store
        .put_device(&DeviceRow {
            staff: later,
            enrolled_at,
            ..new
        })
        .unwrap();
    let revoked_at = Some(enrolled_at);
    store
        .put_device(&DeviceRow {
            revoked_at,
            ..known
        })
        .unwrap();
    store.commit().unwrap();
    let mut relay = sync_server::relay::Relay::open(store, crate::showroom::opening(7)).unwrap();

    let said_at = purged_at.plus_hours(2);
    relay
        .note_erased(said_at, li_na.device, Seq(seq.0 - 1))
        .unwrap();
    let [before] = &purge_progress(relay.store()).unwrap()[..] else {
        panic!("one purge");
    };
    assert_eq!(before.erased, [], "she has not come that far");
    relay.note_erased(said_at, li_na.device, seq).unwrap();
    // Said again, and by somebody who is nobody.
    relay
        .note_erased(said_at.plus_hours(1), li_na.device, seq)
        .unwrap();
    relay
        .note_erased(said_at, dealership::DeviceNumber(1_234), seq)
        .unwrap();

    let [after] = &purge_progress(relay.store()).unwrap()[..] else {
        panic!("one purge");
    };
    assert_eq!((after.document, after.purged_at), (deal.into(), purged_at));
    assert_eq!(after.erased, [(li_na.device, said_at)]);
    let owing = |of: &crate::showroom::Tablet, since| Owing {
        device: of.device,
        staff: of.staff,
        since,
    };
    assert_eq!(after.outstanding, [owing(&zhao_min, purged_at)]);
    assert_eq!(after.shut_out, [owing(&former, enrolled_at)]);
}

#[test]
fn what_was_purged_is_in_no_byte_of_the_relays_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("relay.sqlite")).unwrap();
    let mut showroom = Showroom::over(store);
    let mut li_na = showroom.consultant("李娜");
    let space = showroom.space();
    let deals: Vec<_> = (0..40)
        .map(|number| {
            let (deal, open) = li_na.open_deal(space);
            showroom.accepted(&li_na, vec![open]);
            let title = format!("秘密的名字{number:02}-13812345678");
            let rename = li_na.rename(deal, space, &title);
            showroom.accepted(&li_na, vec![rename]);
            showroom.relay.tidy_up(number % 7 == 0).unwrap();
            deal
        })
        .collect();
    let holds = |text: &str| {
        std::fs::read_dir(folder.path()).unwrap().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
    };
    assert!(holds("秘密的名字20"), "else nothing is proved");

    for deal in &deals {
        showroom.relay.purge(NOON, &[(*deal).into()]).unwrap();
    }
    showroom.relay.tidy_up(true).unwrap();

    assert!(!holds("秘密的名字"));
    assert!(!holds("13812345678"));
}
