//! Bytes that were never a change.

use change_gate::{GatedDocument, Malformed, Unreadable, prescan};
use proptest::prelude::*;

use crate::{
    encoder::Chunk,
    replica::{Lenient, actor, put, replica},
};

proptest! {
    #[test]
    fn random_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(prescan(&bytes).is_err());
        if !bytes.is_empty() {
            prop_assert!(GatedDocument::load(&bytes).is_err());
        }
        let refusal = GatedDocument::empty().admit(1, &[&bytes], &mut Lenient::default());
        prop_assert!(refusal.is_err());
    }

    #[test]
    fn random_bytes_in_a_well_formed_envelope_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        kind in 0..5_u8,
    ) {
        let mut chunk = Chunk::first_of(actor(1, 1));
        chunk.kind = kind;
        let _refused_or_not = prescan(&chunk.seal(&bytes));
    }

    #[test]
    fn random_columns_never_panic(
        columns in proptest::collection::vec(
            (
                proptest::sample::select(SPECIFICATIONS),
                proptest::collection::vec(any::<u8>(), 0..24),
            ),
            0..8,
        ),
    ) {
        let mut chunk = Chunk::first_of(actor(1, 1));
        chunk.columns = columns;
        chunk.columns.sort();
        chunk.columns.dedup_by_key(|(specification, _)| *specification);
        let bytes = chunk.write();
        if GatedDocument::empty().extend(&[&bytes]).is_ok() {
            prop_assert!(GatedDocument::empty().admit(1, &[&bytes], &mut Lenient::default()).is_ok());
        }
    }
}

const SPECIFICATIONS: &[u64] = &[
    0x01, 0x02, 0x11, 0x13, 0x15, 0x34, 0x42, 0x56, 0x57, 0x70, 0x71, 0x73, 0x94, 0xa5,
];

#[test]
fn a_change_cut_anywhere_is_refused() {
    let chunk = put(&mut replica(actor(1, 1)), "name", "Li");
    for length in 0..chunk.len() {
        assert!(prescan(&chunk[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_change_with_any_bit_flipped_is_refused() {
    let chunk = put(&mut replica(actor(1, 1)), "name", "Li");
    for bit in 0..chunk.len() * 8 {
        let mut flipped = chunk.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(prescan(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn a_document_cut_anywhere_or_with_any_bit_flipped_does_not_load() {
    let mut replica = replica(actor(1, 1));
    put(&mut replica, "name", "Li");
    put(&mut replica, "phone", "138");
    let saved = replica.save_nocompress();
    for length in 1..saved.len() {
        assert!(
            GatedDocument::load(&saved[..length]).is_err(),
            "{length} bytes"
        );
    }
    for bit in 0..saved.len() * 8 {
        let mut flipped = saved.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(GatedDocument::load(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn no_bytes_are_an_empty_document_and_no_change() {
    let document = GatedDocument::load(&[]).unwrap();
    assert!(document.automerge().get_heads().is_empty());
    assert_eq!(prescan(&[]), Err(Malformed::NotAChunk));
}

#[test]
fn a_document_that_lacks_dependencies_does_not_load() {
    let mut replica = replica(actor(1, 1));
    let first = put(&mut replica, "a", "1");
    let second = put(&mut replica, "b", "2");
    let third = put(&mut replica, "c", "3");
    let saved = GatedDocument::empty()
        .admit(1, &[&first], &mut Lenient::default())
        .unwrap()
        .saved;

    let with_a_gap = [saved.clone(), third.clone()].concat();
    let missing = prescan(&second).unwrap().hash;
    assert_eq!(
        GatedDocument::load(&with_a_gap).unwrap_err(),
        Unreadable::MissingDependencies(vec![missing])
    );

    let whole = [saved, second, third].concat();
    let document = GatedDocument::load(&whole).unwrap();
    assert_eq!(document.last_seq(&actor(1, 1)), 3);
}

#[test]
fn a_document_by_an_actor_that_is_not_ours_does_not_load() {
    let mut document = automerge::Automerge::new().with_actor(vec![1, 2, 3].into());
    put(&mut document, "a", "1");
    assert_eq!(
        GatedDocument::load(&document.save()).unwrap_err(),
        Unreadable::ActorLength(3)
    );
}
