//! What every store promises: one list, run against each.

mod rows;
mod segments;

use std::collections::BTreeSet;

use dealership::{DeviceNumber, Kind, Seq, Space, Timestamp};
use sync_protocol::{BatchId, Explanation, Refusal, RefusalCode};

use self::rows::{
    batch, code, customer, device, document, group, id, phone, row, running, shop, shop_id,
};
use self::segments::{
    segments_are_kept_in_the_place_of_those_before,
    the_documents_of_a_space_are_those_that_are_in_it,
};
use crate::store::{
    BatchRow, Departure, LogEntry, LogHead, LogRow, MemoryStore, Pending, Position, SqliteStore,
    Store, StoreError, Verdict,
};

/// Runs each promise against each store, every time on a fresh one.
macro_rules! contract {
    ($($promise:ident),+ $(,)?) => {
        mod memory {
            use super::*;
            $(#[test] fn $promise() { super::$promise(MemoryStore::new()); })+
        }

        mod sqlite {
            use super::*;
            $(#[test] fn $promise() {
                let folder = tempfile::tempdir().unwrap();
                let store = SqliteStore::open(&folder.path().join("relay.sqlite")).unwrap();
                super::$promise(store);
            })+
        }
    };
}

contract!(
    an_empty_store_has_an_empty_log,
    what_was_committed_is_read_back,
    what_was_rolled_back_was_never_there,
    a_savepoint_undoes_its_own_writes_only,
    a_position_a_change_and_a_place_are_taken_once,
    two_documents_may_begin_with_the_same_change,
    nothing_is_written_outside_a_transaction,
    positions_are_those_of_the_spaces_in_the_order_of_the_log,
    pending_entries_of_a_document_are_counted_from_the_first,
    a_document_that_moved_stands_in_its_new_space_from_there_on,
    an_erased_document_leaves_the_chain_and_a_tombstone,
    the_documents_of_a_space_are_those_that_are_in_it,
    segments_are_kept_in_the_place_of_those_before,
    verdicts_are_written_once,
    phones_find_customers_of_every_store,
    devices_and_codes_are_read_back_as_they_were_last_written,
);

fn an_empty_store_has_an_empty_log(store: impl Store) {
    assert_eq!(store.head().unwrap(), LogHead::START);
    assert_eq!(store.head_at(Seq(0)).unwrap(), Some(LogHead::START));
    assert_eq!(store.head_at(Seq(1)).unwrap(), None);
    assert_eq!(store.head_at(Seq(u64::MAX)).unwrap(), None);
    assert_eq!(store.group().unwrap(), None);
    assert_eq!(store.device(DeviceNumber(u64::MAX)).unwrap(), None);
    let spaces = BTreeSet::from([Space::Group]);
    assert_eq!(store.positions(&spaces, Seq(0), Seq(9), 9).unwrap(), []);
}

fn what_was_committed_is_read_back(mut store: impl Store) {
    let group = group();
    let rows = [row(1, 1, Space::Group), row(2, 2, shop(1))];
    let document = document(1, 2);
    store.begin().unwrap();
    store.put_group(&group).unwrap();
    for row in &rows {
        store.append(row, &running(row.seq)).unwrap();
    }
    store.put_document(&document).unwrap();
    store.commit().unwrap();

    assert_eq!(store.group().unwrap(), Some(group));
    for row in &rows {
        assert_eq!(store.log_row(row.seq).unwrap().as_ref(), Some(row));
        let (change, _) = row.change().unwrap();
        assert_eq!(
            store.seq_of_change(row.document, &change.hash).unwrap(),
            Some(row.seq)
        );
        assert_eq!(store.seq_of_change(id(9), &change.hash).unwrap(), None);
        let head = LogHead {
            seq: row.seq,
            running: running(row.seq),
            received_at: row.received_at,
        };
        assert_eq!(store.head_at(row.seq).unwrap(), Some(head));
    }
    assert_eq!(store.head().unwrap().seq, Seq(2));
    assert_eq!(store.log_row(Seq(3)).unwrap(), None);
    assert_eq!(store.seq_of_change(id(1), &[99; 32]).unwrap(), None);
    assert_eq!(store.document(document.id).unwrap(), Some(document.clone()));
    assert_eq!(store.document(id(9)).unwrap(), None);
    assert_eq!(
        store.documents_of_kind(Kind::Vehicle).unwrap(),
        [document.id]
    );
    assert_eq!(store.documents_of_kind(Kind::Deal).unwrap(), []);
    assert_eq!(store.document_ids(None, 9).unwrap(), [document.id]);
    assert_eq!(store.document_ids(Some(document.id), 9).unwrap(), []);
}

fn what_was_rolled_back_was_never_there(mut store: impl Store) {
    committed(&mut store, &[row(1, 1, Space::Group)]);
    store.begin().unwrap();
    store.put_group(&group()).unwrap();
    store.append(&row(2, 1, shop(5)), &running(Seq(2))).unwrap();
    store.put_document(&document(1, 2)).unwrap();
    store
        .put_batch(&batch(
            1,
            Verdict::Durable {
                first: Seq(2),
                last: Seq(2),
            },
        ))
        .unwrap();
    store.put_device(&device(1)).unwrap();
    store.put_enrolment_code(&code("BCD")).unwrap();
    store
        .put_phones(customer(1), shop_id(1), &BTreeSet::from([phone("1")]))
        .unwrap();
    store.roll_back().unwrap();

    assert_eq!(store.head().unwrap().seq, Seq(1));
    assert_eq!(store.group().unwrap(), None);
    assert_eq!(store.document(id(1)).unwrap(), None);
    assert_eq!(store.batch(BatchId([1; 16])).unwrap(), None);
    assert_eq!(store.device(DeviceNumber(1)).unwrap(), None);
    assert_eq!(store.enrolment_code("BCD").unwrap(), None);
    assert_eq!(store.customers_with_phone(&phone("1")).unwrap(), []);
    let spaces = BTreeSet::from([shop(5)]);
    assert_eq!(store.positions(&spaces, Seq(0), Seq(9), 9).unwrap(), []);
    // The same position, change, space and batch are free again.
    committed(&mut store, &[row(2, 1, shop(5))]);
    assert_eq!(
        store.positions(&spaces, Seq(0), Seq(9), 9).unwrap().len(),
        1
    );
}

fn a_savepoint_undoes_its_own_writes_only(mut store: impl Store) {
    store.begin().unwrap();
    store
        .append(&row(1, 1, Space::Group), &running(Seq(1)))
        .unwrap();
    store.set_savepoint().unwrap();
    store.append(&row(2, 1, shop(7)), &running(Seq(2))).unwrap();
    store.put_document(&document(1, 2)).unwrap();
    store.roll_back_to_savepoint().unwrap();
    store.set_savepoint().unwrap();
    store.append(&row(2, 2, shop(8)), &running(Seq(2))).unwrap();
    store.release_savepoint().unwrap();
    store.commit().unwrap();

    assert_eq!(store.head().unwrap().seq, Seq(2));
    assert_eq!(store.log_row(Seq(2)).unwrap(), Some(row(2, 2, shop(8))));
    assert_eq!(store.document(id(1)).unwrap(), None);
}

fn a_position_a_change_and_a_place_are_taken_once(mut store: impl Store) {
    committed(&mut store, &[row(1, 1, Space::Group)]);
    let at_the_same_position = row(1, 2, Space::Group);
    let same_change = LogRow {
        seq: Seq(2),
        ..row(1, 1, Space::Group)
    };
    let mut same_place = row(2, 1, Space::Group);
    if let LogEntry::Change(change) = &mut same_place.entry {
        change.actor_seq = 1;
    }
    for taken in [at_the_same_position, same_change, same_place] {
        store.begin().unwrap();
        store.set_savepoint().unwrap();
        let refused = store.append(&taken, &running(taken.seq)).unwrap_err();
        assert!(matches!(refused, StoreError::Taken { .. }), "{refused}");
        store.roll_back_to_savepoint().unwrap();
        store.commit().unwrap();
    }
    assert_eq!(store.head().unwrap().seq, Seq(1));
}

fn two_documents_may_begin_with_the_same_change(mut store: impl Store) {
    let first = row(1, 1, Space::Group);
    let second = LogRow {
        seq: Seq(2),
        document: id(2),
        ..first.clone()
    };
    let (change, _) = first.change().unwrap();
    committed(&mut store, &[first.clone(), second]);
    assert_eq!(
        store.seq_of_change(id(1), &change.hash).unwrap(),
        Some(Seq(1))
    );
    assert_eq!(
        store.seq_of_change(id(2), &change.hash).unwrap(),
        Some(Seq(2))
    );
}

fn nothing_is_written_outside_a_transaction(mut store: impl Store) {
    assert_out_of_turn(store.put_group(&group()));
    assert_out_of_turn(store.append(&row(1, 1, Space::Group), &running(Seq(1))));
    assert_out_of_turn(store.put_device(&device(1)));
    assert_out_of_turn(store.set_savepoint());
    assert_out_of_turn(store.commit());
    store.begin().unwrap();
    assert_out_of_turn(store.begin());
    store.roll_back().unwrap();
    assert_eq!(store.head().unwrap(), LogHead::START);
}

fn positions_are_those_of_the_spaces_in_the_order_of_the_log(mut store: impl Store) {
    // Three spaces, one of them rare and one of them far behind the others.
    let rows: Vec<_> = (1..=3_000_u64)
        .map(|seq| match seq {
            seq if seq % 1_000 == 0 => row(seq, seq, shop(1)),
            seq if seq > 2_990 => row(seq, seq, shop(2)),
            seq => row(seq, seq, Space::Group),
        })
        .collect();
    committed(&mut store, &rows);
    let seqs = |spaces: &[Space], after, through, limit| {
        let spaces = spaces.iter().copied().collect();
        let positions = store
            .positions(&spaces, Seq(after), Seq(through), limit)
            .unwrap();
        positions
            .iter()
            .map(|position| {
                assert_eq!(position.document, id(position.seq.0));
                position.seq.0
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(seqs(&[shop(1)], 0, 3_000, 10), [1_000, 2_000, 3_000]);
    assert_eq!(seqs(&[shop(1)], 1_000, 2_999, 10), [2_000]);
    assert_eq!(
        seqs(&[shop(1), shop(2)], 0, 3_000, 3),
        [1_000, 2_000, 2_991]
    );
    assert_eq!(seqs(&[Space::Group], 0, 3_000, 3), [1, 2, 3]);
    assert_eq!(
        seqs(&[Space::Group, shop(1)], 998, 3_000, 4),
        [999, 1_000, 1_001, 1_002]
    );
    assert_eq!(
        seqs(&[Space::Group, shop(1), shop(2)], 0, 3_000, 9_999).len(),
        3_000
    );
    assert_eq!(seqs(&[shop(3)], 0, 3_000, 10), Vec::<u64>::new());
    assert_eq!(seqs(&[Space::Group], 3_000, 3_000, 10), Vec::<u64>::new());
    assert_eq!(seqs(&[Space::Group], 9_000, 3_000, 10), Vec::<u64>::new());
}

fn pending_entries_of_a_document_are_counted_from_the_first(mut store: impl Store) {
    let rows: Vec<_> = (1..=6).map(|seq| row(seq, seq % 2, Space::Group)).collect();
    committed(&mut store, &rows);
    let pending = |after, through| store.pending(id(1), Seq(after), Seq(through)).unwrap();
    let of = |first, entries| {
        Some(Pending {
            first: Seq(first),
            entries,
        })
    };
    assert_eq!(pending(0, 6), of(1, 3));
    assert_eq!(pending(1, 6), of(3, 2));
    assert_eq!(pending(1, 3), of(3, 1));
    assert_eq!(pending(5, 6), None);
    let seqs: Vec<_> = store
        .changes_of(id(1))
        .unwrap()
        .iter()
        .map(|row| row.seq.0)
        .collect();
    assert_eq!(seqs, [1, 3, 5]);
}

fn a_document_that_moved_stands_in_its_new_space_from_there_on(mut store: impl Store) {
    let mut rows: Vec<_> = (1..=4).map(|seq| row(seq, seq % 2, shop(1))).collect();
    let moves = [(5, shop(1), LogEntry::Left), (6, shop(2), LogEntry::Came)];
    rows.extend(moves.map(|(seq, space, entry)| LogRow {
        entry,
        ..row(seq, 1, space)
    }));
    rows.push(row(7, 1, shop(2)));
    committed(&mut store, &rows);

    let positions = |store: &dyn Fn(&BTreeSet<Space>) -> Vec<Position>, space| {
        let found = store(&BTreeSet::from([space]));
        found
            .iter()
            .map(|it| (it.seq.0, it.leaves))
            .collect::<Vec<_>>()
    };
    let read = |spaces: &BTreeSet<Space>| store.positions(spaces, Seq(0), Seq(9), 9).unwrap();
    assert_eq!(
        positions(&read, shop(1)),
        [(2, false), (4, false), (5, true)]
    );
    assert_eq!(positions(&read, shop(2)), [(6, false), (7, false)]);
    let pending = store.pending(id(1), Seq(0), Seq(9)).unwrap();
    let (first, entries) = (Seq(6), 2);
    assert_eq!(pending, Some(Pending { first, entries }));
    let changes = store.changes_of(id(1)).unwrap();
    let seqs: Vec<_> = changes.iter().map(|row| row.seq.0).collect();
    assert_eq!(seqs, [1, 3, 7], "its history is whole");
    let (space, seq) = (shop(1), Seq(5));
    assert_eq!(store.departures(id(1)).unwrap(), [Departure { space, seq }]);
    assert_eq!(store.departures(id(0)).unwrap(), []);
    for row in &rows {
        assert_eq!(store.log_row(row.seq).unwrap().as_ref(), Some(row));
    }

    // What is rolled back had never moved.
    store.begin().unwrap();
    let left = LogRow {
        entry: LogEntry::Left,
        ..row(8, 1, shop(2))
    };
    store.append(&left, &running(Seq(8))).unwrap();
    store.roll_back().unwrap();
    let read = |spaces: &BTreeSet<Space>| store.positions(spaces, Seq(0), Seq(9), 9).unwrap();
    assert_eq!(positions(&read, shop(2)), [(6, false), (7, false)]);
    assert_eq!(store.departures(id(1)).unwrap().len(), 1);
}

fn an_erased_document_leaves_the_chain_and_a_tombstone(mut store: impl Store) {
    let rows: Vec<_> = (1..=4).map(|seq| row(seq, seq % 2, Space::Group)).collect();
    committed(&mut store, &rows);
    let gone = LogRow {
        entry: LogEntry::Gone,
        ..row(5, 1, Space::Group)
    };
    store.begin().unwrap();
    store.put_document(&document(1, 3)).unwrap();
    store
        .put_phones(id(1).into(), shop_id(1), &BTreeSet::from([phone("1")]))
        .unwrap();
    store.erase_document(id(1), Seq(5)).unwrap();
    store.append(&gone, &running(Seq(5))).unwrap();
    store.commit().unwrap();

    let seqs = |store: &dyn Fn() -> Vec<u64>| store();
    let left = seqs(&|| {
        let spaces = BTreeSet::from([Space::Group]);
        let positions = store.positions(&spaces, Seq(0), Seq(9), 9).unwrap();
        positions.iter().map(|position| position.seq.0).collect()
    });
    assert_eq!(left, [2, 4, 5]);
    assert_eq!(store.log_row(Seq(1)).unwrap(), None);
    assert_eq!(store.log_row(Seq(5)).unwrap(), Some(gone));
    let (change, _) = rows[0].change().unwrap();
    assert_eq!(store.seq_of_change(id(1), &change.hash).unwrap(), None);
    assert_eq!(store.erased_hash(Seq(1)).unwrap(), Some(change.hash));
    assert_eq!(store.erased_hash(Seq(2)).unwrap(), None);
    assert_eq!(
        store.head_at(Seq(1)).unwrap().unwrap().running,
        running(Seq(1))
    );
    assert_eq!(store.changes_of(id(1)).unwrap(), []);
    let tombstone = store.document(id(1)).unwrap().unwrap();
    assert_eq!((tombstone.content, tombstone.head), (None, Seq(5)));
    assert_eq!(store.documents_of_kind(Kind::Vehicle).unwrap(), []);
    assert_eq!(store.customers_with_phone(&phone("1")).unwrap(), []);
    assert_eq!(
        store.pending(id(1), Seq(0), Seq(9)).unwrap(),
        Some(Pending {
            first: Seq(5),
            entries: 1
        })
    );
}

fn verdicts_are_written_once(mut store: impl Store) {
    let durable = batch(
        1,
        Verdict::Durable {
            first: Seq(3),
            last: Seq(5),
        },
    );
    let refused = batch(
        2,
        Verdict::Refused(Refusal {
            code: RefusalCode::NotPermitted,
            change: Some(1),
            text: Explanation::new("无权限"),
        }),
    );
    let mut unclear = refused.clone();
    unclear.id = BatchId([3; 16]);
    if let Verdict::Refused(refusal) = &mut unclear.verdict {
        refusal.change = None;
    }
    store.begin().unwrap();
    for batch in [&durable, &refused, &unclear] {
        store.put_batch(batch).unwrap();
        assert_eq!(store.batch(batch.id).unwrap().as_ref(), Some(batch));
    }
    let again = store.put_batch(&BatchRow {
        id: durable.id,
        ..refused.clone()
    });
    assert!(matches!(again, Err(StoreError::Taken { .. })));
    store.commit().unwrap();
    assert_eq!(store.batch(durable.id).unwrap(), Some(durable));
    assert_eq!(store.batch(BatchId([9; 16])).unwrap(), None);
}

fn phones_find_customers_of_every_store(mut store: impl Store) {
    let phones = |texts: &[&str]| texts.iter().map(|text| phone(text)).collect();
    store.begin().unwrap();
    store
        .put_phones(customer(1), shop_id(1), &phones(&["a", "b"]))
        .unwrap();
    store
        .put_phones(customer(2), shop_id(2), &phones(&["a"]))
        .unwrap();
    store
        .put_phones(customer(3), shop_id(2), &phones(&["c"]))
        .unwrap();
    store
        .put_phones(customer(3), shop_id(2), &phones(&["a"]))
        .unwrap();
    store
        .put_phones(customer(1), shop_id(1), &phones(&["b"]))
        .unwrap();
    store.commit().unwrap();
    let find = |text| store.customers_with_phone(&phone(text)).unwrap();
    assert_eq!(
        find("a"),
        [(customer(2), shop_id(2)), (customer(3), shop_id(2))]
    );
    assert_eq!(find("b"), [(customer(1), shop_id(1))]);
    assert_eq!(find("c"), []);
}

fn devices_and_codes_are_read_back_as_they_were_last_written(mut store: impl Store) {
    let mut revoked = device(1);
    revoked.revoked_at = Some(Timestamp::from_millis(7));
    let mut used = code("BCD");
    used.used_by = Some(DeviceNumber(2));
    used.tries_left = 0;
    store.begin().unwrap();
    store.put_device(&device(2)).unwrap();
    store.put_device(&device(1)).unwrap();
    store.put_device(&revoked).unwrap();
    store.put_enrolment_code(&code("BCD")).unwrap();
    store.put_enrolment_code(&used).unwrap();
    store.commit().unwrap();
    assert_eq!(store.devices().unwrap(), [revoked.clone(), device(2)]);
    assert_eq!(store.device(DeviceNumber(1)).unwrap(), Some(revoked));
    assert_eq!(store.enrolment_code("BCD").unwrap(), Some(used));
    assert_eq!(store.enrolment_code("BCF").unwrap(), None);
}

fn committed(store: &mut impl Store, rows: &[LogRow]) {
    store.begin().unwrap();
    for row in rows {
        store.append(row, &running(row.seq)).unwrap();
    }
    store.commit().unwrap();
}

fn assert_out_of_turn(result: Result<(), StoreError>) {
    assert!(matches!(result, Err(StoreError::OutOfTurn)), "{result:?}");
}
