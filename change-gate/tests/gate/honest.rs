//! Everything that honest replicas can produce passes.

use automerge::{
    Change, ChangeHash, ObjType, ROOT, ReadDoc, ScalarValue, transaction::Transactable,
};
use change_gate::{Action, GatedDocument, Refusal, device_of, prescan};
use proptest::prelude::*;

use crate::{
    decoded::decoded,
    histories::{History, step},
    replica::{Lenient, actor, commit, replica},
};

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn every_change_of_honest_replicas_enters_in_whatever_order_they_merged(
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let history = History::of(&steps);
        let mut relay = GatedDocument::empty();
        for chunk in &history.chunks {
            let mut judge = Lenient::default();
            let device = device_of(&prescan(chunk).unwrap().actor);
            let admission = relay.admit(device, &[chunk], &mut judge).unwrap();
            prop_assert_eq!(admission.admitted.len(), 1);
            prop_assert_eq!(judge.asked.len(), 1);
            let reloaded = GatedDocument::load(&admission.saved).unwrap();
            prop_assert_eq!(reloaded.automerge().get_heads(), admission.document.automerge().get_heads());
            relay = admission.document;
        }
        prop_assert_eq!(relay.automerge().hydrate(None), history.merged().hydrate(None));
    }

    #[test]
    fn one_batch_gives_the_same_document_as_its_changes_one_by_one(
        steps in proptest::collection::vec(step(), 1..30),
    ) {
        let history = History::of(&steps);
        let own: Vec<&[u8]> = history.alone.iter().map(Vec::as_slice).collect();
        let admission = GatedDocument::empty().admit(0, &own, &mut Lenient::default()).unwrap();
        let mut single = GatedDocument::empty();
        for chunk in &own {
            single = single.admit(0, &[chunk], &mut Lenient::default()).unwrap().document;
        }
        prop_assert_eq!(admission.document.automerge().get_heads(), single.automerge().get_heads());
        prop_assert_eq!(&admission.saved, &single.automerge().save_nocompress());
        let extended = GatedDocument::empty().extend(&own).unwrap();
        prop_assert_eq!(extended.automerge().get_heads(), single.automerge().get_heads());
        prop_assert_eq!(extended.automerge().hydrate(None), single.automerge().hydrate(None));
    }

    #[test]
    fn the_prescan_reads_what_automerge_reads(
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        for chunk in &History::of(&steps).chunks {
            let change = Change::try_from(chunk.as_slice()).unwrap();
            let header = prescan(chunk).unwrap();
            prop_assert_eq!(header.operations, change.len() as u64);
            prop_assert_eq!(header.hash, change.hash().0);
            prop_assert_eq!(&header.actor[..], change.actor_id().to_bytes());
            prop_assert_eq!(header.seq, change.seq());
            prop_assert_eq!(header.start_op, change.start_op().get());
            prop_assert_eq!(header.time, change.timestamp());
            prop_assert_eq!(&header.message, change.message().unwrap_or_default().as_bytes());
            let dependencies: Vec<_> = header.dependencies.iter().copied().map(ChangeHash).collect();
            prop_assert_eq!(&dependencies[..], change.deps());
        }
    }

    /// The builder of attacks would be worth little if it could not write an
    /// honest change.
    #[test]
    fn the_tests_own_encoder_writes_honest_changes_byte_for_byte(
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        for chunk in &History::of(&steps).chunks {
            let change = Change::try_from(chunk.as_slice()).unwrap();
            let (rewritten, rows) = decoded(&change.decode());
            prop_assert_eq!(&rewritten.rows(&rows).write(), chunk);
        }
    }

    /// The pre-scan alone knows lists, texts, marks and counters; what they mean
    /// is refused later.
    #[test]
    fn the_prescan_counts_rows_of_every_kind_of_operation(
        texts in proptest::collection::vec("[a-z展厅]{0,20}", 1..6),
        numbers in proptest::collection::vec(any::<i64>(), 1..6),
    ) {
        let mut document = replica(actor(1, 1));
        let chunk = commit(&mut document, |transaction| {
            let list = transaction.put_object(ROOT, "list", ObjType::List).unwrap();
            let text = transaction.put_object(ROOT, "text", ObjType::Text).unwrap();
            for (place, word) in texts.iter().enumerate() {
                transaction.insert(&list, place, word.as_str()).unwrap();
                transaction.splice_text(&text, 0, 0, word).unwrap();
            }
            transaction.put(ROOT, "count", ScalarValue::counter(1)).unwrap();
            for number in &numbers {
                transaction.increment(ROOT, "count", number / 100).unwrap();
                transaction.put(ROOT, "float", *number as f64 + 0.5).unwrap();
            }
            transaction.delete(&list, 0).unwrap();
        })
        .unwrap();
        let change = Change::try_from(chunk.as_slice()).unwrap();
        prop_assert_eq!(prescan(&chunk).unwrap().operations, change.len() as u64);
    }
}

#[test]
fn a_conflict_settled_for_its_winner_is_a_delete_that_leaves_a_value() {
    let mut ann = replica(actor(1, 1));
    let mut bob = replica(actor(2, 2));
    let first = commit(&mut ann, |t| t.put(ROOT, "grade", "A").unwrap()).unwrap();
    let second = commit(&mut bob, |t| t.put(ROOT, "grade", "B").unwrap()).unwrap();
    ann.merge(&mut bob).unwrap();
    let settled = commit(&mut ann, |t| t.put(ROOT, "grade", "B").unwrap()).unwrap();

    let mut judge = Lenient::default();
    let document = GatedDocument::empty()
        .extend(&[&first, &second])
        .unwrap()
        .admit(1, &[&settled], &mut judge)
        .unwrap()
        .document;

    assert_eq!(
        judge.asked[0].1[0].action,
        Action::Delete { leaves_value: true }
    );
    assert_eq!(
        document.automerge().get_all(ROOT, "grade").unwrap().len(),
        1
    );
}

#[test]
fn a_change_written_without_knowing_others_is_judged_by_what_its_author_had_seen() {
    let mut ann = replica(actor(1, 1));
    let genesis = commit(&mut ann, |t| t.put(ROOT, "name", "Li").unwrap()).unwrap();
    let mut bob = ann.clone().with_actor(actor(2, 2).to_vec().into());
    let hers = commit(&mut ann, |t| t.put(ROOT, "phone", "138").unwrap()).unwrap();
    let his = commit(&mut bob, |t| t.put(ROOT, "phone", "139").unwrap()).unwrap();

    let mut judge = Lenient::default();
    GatedDocument::empty()
        .extend(&[&genesis, &hers])
        .unwrap()
        .admit(2, &[&his], &mut judge)
        .unwrap();

    let Action::Put { replaces, .. } = judge.asked[0].1[0].action else {
        panic!("a put is a put");
    };
    assert!(!replaces, "he saw no phone");
}

#[test]
fn a_gap_is_missed_and_not_refused_for_ever() {
    let mut ann = replica(actor(1, 1));
    let first = commit(&mut ann, |t| t.put(ROOT, "a", 1).unwrap()).unwrap();
    let second = commit(&mut ann, |t| t.put(ROOT, "b", 2).unwrap()).unwrap();

    let refusal = GatedDocument::empty()
        .admit(1, &[&second], &mut Lenient::default())
        .unwrap_err();

    let missing = prescan(&first).unwrap().hash;
    assert_eq!(refusal, Refusal::MissingDependencies(vec![missing]));
    assert!(!refusal.is_permanent());
}

/// Automerge checks itself at every step in builds for tests, so a case takes tens
/// of milliseconds. `PROPTEST_CASES` asks for more.
fn cases() -> ProptestConfig {
    let mut configuration = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        configuration.cases = 48;
    }
    configuration
}
