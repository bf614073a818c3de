//! What every store promises of the documents of a space and of its segments.

use dealership::{Kind, Seq, Space};
use sync_protocol::{SegmentHash, StatesRoot};

use super::rows::{document, id, shop};
use crate::store::{DocumentRow, SegmentRow, SegmentSet, Store};

pub(super) fn the_documents_of_a_space_are_those_that_are_in_it(mut store: impl Store) {
    let elsewhere = DocumentRow {
        space: shop(1),
        ..document(2, 2)
    };
    store.begin().unwrap();
    for row in [document(3, 3), elsewhere, document(1, 1), document(4, 4)] {
        store.put_document(&row).unwrap();
    }
    store.erase_document(id(4), Seq(5)).unwrap();
    store.commit().unwrap();

    let found = store.documents_in(Space::Group).unwrap();
    assert_eq!(found, [(id(1), Kind::Vehicle), (id(3), Kind::Vehicle)]);
    assert_eq!(store.documents_in(shop(1)).unwrap().len(), 1);
    assert_eq!(store.documents_in(shop(9)).unwrap(), []);
}

pub(super) fn segments_are_kept_in_the_place_of_those_before(mut store: impl Store) {
    let segment = |number: u8| SegmentRow {
        hash: SegmentHash([number; 32]),
        usefulness: number % 3,
        bytes: 4,
        documents: u32::from(number),
        root: (number > 1).then_some(StatesRoot([number; 32])),
    };
    let set = |through, numbers: &[u8]| SegmentSet {
        through: Seq(through),
        segments: numbers.iter().map(|number| segment(*number)).collect(),
    };
    let bytes = |numbers: &[u8]| -> Vec<_> { numbers.iter().map(|n| vec![*n; 4]).collect() };
    let mut put = |space, through, numbers: &[u8]| {
        store.begin().unwrap();
        let (set, bytes) = (set(through, numbers), bytes(numbers));
        store.put_segments(space, &set, &bytes).unwrap();
        store.commit().unwrap();
    };
    put(Space::Group, 4, &[1, 2, 3]);
    put(shop(1), 5, &[4]);
    put(shop(2), 5, &[]);
    put(Space::Group, 9, &[5, 3, 1]);

    let found = store.segments_of(Space::Group).unwrap();
    assert_eq!(found, Some(set(9, &[5, 3, 1])));
    assert_eq!(store.segments_of(shop(2)).unwrap(), Some(set(5, &[])));
    assert_eq!(store.segments_of(shop(3)).unwrap(), None);
    for (number, expected) in [(2, None), (3, Some(Space::Group)), (4, Some(shop(1)))] {
        let found = store.segment(&SegmentHash([number; 32])).unwrap();
        assert_eq!(found, expected.map(|space| (space, vec![number; 4])));
    }

    store.begin().unwrap();
    store.delete_segments(Space::Group).unwrap();
    store.delete_segments(shop(9)).unwrap();
    store.commit().unwrap();
    assert_eq!(store.segments_of(Space::Group).unwrap(), None);
    assert_eq!(store.segment(&SegmentHash([3; 32])).unwrap(), None);
    assert!(store.segments_of(shop(1)).unwrap().is_some());
}
