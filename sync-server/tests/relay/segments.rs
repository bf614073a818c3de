//! Segments: everything of a space and nothing else, packed once, for those who may read it.

use std::collections::BTreeSet;

use dealership::edit::Edits;
use dealership::{DocumentId, Seq, Space};
use sync_protocol::entry::SaveEntry;
use sync_protocol::{Offer, SegmentInfo};
use sync_server::relay::{Built, Fetched};
use sync_server::store::{ReadStore, Store};
use sync_server::wire;

use crate::showroom::{NOON, Showroom, Tablet};

/// Packs what is to be packed, and says what a device of these spaces is offered.
fn offered(showroom: &mut Showroom<impl Store>, tablet: &Tablet, spaces: &[Space]) -> Offer {
    let spaces: BTreeSet<Space> = spaces.iter().copied().collect();
    for space in to_pack(showroom, &spaces) {
        let built = pack(showroom, space);
        showroom.relay.keep_segments(&built).unwrap();
    }
    let desk = showroom.relay.front_desk();
    let offer = desk.offer(NOON, tablet.device, &spaces).unwrap();
    offer.expect("everything is packed")
}

fn to_pack(showroom: &Showroom<impl Store>, spaces: &BTreeSet<Space>) -> Vec<Space> {
    let desk = showroom.relay.front_desk();
    desk.spaces_to_pack(spaces, Seq(0)).unwrap()
}

fn pack(showroom: &Showroom<impl Store>, space: Space) -> Built {
    let built = showroom.relay.front_desk().pack(space).unwrap();
    built.expect("short documents")
}

fn fetched(showroom: &Showroom<impl Store>, bearer: &str, info: &SegmentInfo) -> Fetched {
    let desk = showroom.relay.front_desk();
    desk.fetch(NOON, bearer, &info.hash).unwrap()
}

/// Everything that an offer holds.
fn saves(showroom: &Showroom<impl Store>, offer: &Offer) -> Vec<SaveEntry> {
    let mut saves = Vec::new();
    for info in &offer.segments {
        match fetched(showroom, &offer.bearer, info) {
            Fetched::Segment(bytes) => saves.extend(info.open(&bytes).unwrap()),
            other => panic!("{other:?}"),
        }
    }
    saves
}

fn documents(saves: &[SaveEntry]) -> BTreeSet<DocumentId> {
    let ids = saves
        .iter()
        .map(|save| wire::domain_document(save.document));
    ids.collect()
}

#[test]
fn the_segments_of_spaces_hold_all_their_documents_and_no_others() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let (here, elsewhere) = (showroom.space(), Space::Store(showroom.other_store));
    let (deal, open) = li_na.open_deal(here);
    showroom.accepted(&li_na, vec![open]);
    let stage = li_na.stage(deal, here, "needs");
    showroom.accepted(&li_na, vec![stage]);

    let offer = offered(&mut showroom, &li_na, &[Space::Group, here]);

    assert_eq!(offer.cursor.seq.0, showroom.head());
    let saves = saves(&showroom, &offer);
    let store = showroom.relay.store();
    let mut expected = BTreeSet::new();
    for space in [Space::Group, here] {
        expected.extend(
            store
                .documents_in(space)
                .unwrap()
                .into_iter()
                .map(|(id, _)| id),
        );
    }
    assert_eq!(documents(&saves), expected);
    assert!(expected.contains(&deal.into()));
    let deal = saves
        .iter()
        .find(|save| save.document.0 == *deal.as_bytes())
        .unwrap();
    assert_eq!(deal.receipts.len(), 2, "with the receipt of each change");
    // What everything else refers to comes first.
    let first = offer.segments.first().unwrap();
    assert_eq!(first.space, wire::space(Space::Group));
    assert_eq!(store.documents_in(elsewhere).unwrap(), []);
}

#[test]
fn spaces_are_packed_once_for_many_devices_and_again_when_much_has_happened() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let here = showroom.space();
    let (deal, open) = li_na.open_deal(here);
    showroom.accepted(&li_na, vec![open]);
    let first = offered(&mut showroom, &li_na, &[here]);
    let spaces = BTreeSet::from([here]);
    assert_eq!(to_pack(&showroom, &spaces), []);

    // A little more is in the log behind the segments.
    let (_, other) = li_na.open_deal(here);
    showroom.accepted(&li_na, vec![other]);
    let second = offered(&mut showroom, &li_na, &[here]);
    assert_eq!(second.segments, first.segments);
    assert_eq!(second.cursor.seq, first.cursor.seq);
    // Entries of other spaces do not hold a set back.
    let hired = showroom.hire("王强", "consultant");
    showroom.tablet_of(hired);
    assert_eq!(
        offered(&mut showroom, &li_na, &[here]).cursor.seq,
        first.cursor.seq
    );

    // Whoever has read further is not sent back.
    let head = Seq(showroom.head());
    let desk = showroom.relay.front_desk();
    assert_eq!(desk.spaces_to_pack(&spaces, head).unwrap(), [here]);

    for number in 0..520 {
        let renamed = li_na.rename(deal, here, &format!("第{number}次"));
        showroom.accepted(&li_na, vec![renamed]);
    }
    let third = offered(&mut showroom, &li_na, &[here]);
    assert_eq!(third.cursor.seq.0, showroom.head());
    assert_ne!(third.segments, first.segments);
}

#[test]
fn a_purged_document_is_in_no_segment_from_that_moment_on() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let here = showroom.space();
    let (deal, open) = li_na.open_deal(here);
    let (kept, other) = li_na.open_deal(here);
    showroom.accepted(&li_na, vec![open]);
    showroom.accepted(&li_na, vec![other]);
    let before = offered(&mut showroom, &li_na, &[here]);
    let late = pack(&showroom, here);

    showroom.relay.purge(NOON, &[deal.into()]).unwrap();

    for info in &before.segments {
        let found = fetched(&showroom, &before.bearer, info);
        assert_eq!(found, Fetched::NotFound);
    }
    // What a reader packed before and brings only now is not kept.
    showroom.relay.keep_segments(&late).unwrap();
    assert_eq!(showroom.relay.store().segments_of(here).unwrap(), None);
    let after = offered(&mut showroom, &li_na, &[here]);
    assert_eq!(
        documents(&saves(&showroom, &after)),
        BTreeSet::from([kept.into()])
    );
}

#[test]
fn a_device_fetches_what_its_owner_may_read_now_and_nothing_else() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let elsewhere = Space::Store(showroom.other_store);
    let stranger = showroom.hire_at("王强", "consultant", showroom.other_store);
    let stranger = showroom.tablet_of(stranger);
    let here = showroom.space();
    let (_, open) = li_na.open_deal(here);
    showroom.accepted(&li_na, vec![open]);
    let hers = offered(&mut showroom, &li_na, &[here]);
    let theirs = offered(&mut showroom, &stranger, &[Space::Group, elsewhere]);

    let info = &hers.segments[0];
    assert!(matches!(
        fetched(&showroom, &hers.bearer, info),
        Fetched::Segment(_)
    ));
    assert_eq!(fetched(&showroom, &theirs.bearer, info), Fetched::NotFound);
    assert_eq!(fetched(&showroom, "00", info), Fetched::NotLet);
    let later = NOON.plus_hours(1);
    let desk = showroom.relay.front_desk();
    let found = desk.fetch(later, &hers.bearer, &info.hash).unwrap();
    assert_eq!(found, Fetched::NotLet);

    // She leaves: the bearer that she was given is worth nothing any more.
    let mut edits = Edits::default();
    edits.set(li_na.staff.into(), "status", "left");
    showroom.relay.establish(NOON, "leave", &edits).unwrap();
    assert_eq!(fetched(&showroom, &hers.bearer, info), Fetched::NotLet);
}

#[test]
fn segments_are_caches_that_a_relay_does_without() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let here = showroom.space();
    let (_, open) = li_na.open_deal(here);
    showroom.accepted(&li_na, vec![open]);
    let before = offered(&mut showroom, &li_na, &[Space::Group, here]);
    let mut store = showroom.relay.into_store();
    store.begin().unwrap();
    store.delete_segments(here).unwrap();
    store.delete_segments(Space::Group).unwrap();
    store.commit().unwrap();
    let opening = crate::showroom::opening(9);
    showroom.relay = sync_server::relay::Relay::open(store, opening).unwrap();
    // Made again they are the same, so that a device in the midst of them goes on.
    let after = offered(&mut showroom, &li_na, &[Space::Group, here]);
    assert_eq!(after.segments, before.segments);
    assert_eq!(after.cursor, before.cursor);
}
