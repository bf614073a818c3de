//! What comes back from the gate, and what the judge is asked.

use automerge::{Automerge, ObjType, ROOT, ReadDoc, ScalarValue, transaction::Transactable};
use change_gate::{
    Action, ChangeHeader, GatedDocument, Judge, Refusal, Write, device_of, limits, on_big_stack,
    prescan,
};
use thiserror::Error;

use crate::replica::{Lenient, actor, commit, put, replica};

#[test]
fn the_judge_sees_every_write_with_its_path_from_the_root() {
    let mut ann = replica(actor(1, 1));
    let first = put(&mut ann, "name", "Li");
    let second = commit(&mut ann, |t| {
        t.put(ROOT, "name", ScalarValue::Null).unwrap();
        let fact = t.put_object(ROOT, "receipt/1", ObjType::Map).unwrap();
        t.put(&fact, "amount", 120_000).unwrap();
        let payer = t.put_object(&fact, "payer", ObjType::Map).unwrap();
        t.put(&payer, "known", true).unwrap();
    })
    .unwrap();
    let third = commit(&mut ann, |t| {
        let (_, fact) = t.get(ROOT, "receipt/1").unwrap().unwrap();
        t.put(&fact, "amount", 130_000).unwrap();
        t.delete(ROOT, "name").unwrap();
    })
    .unwrap();

    let mut judge = Lenient::default();
    GatedDocument::empty()
        .admit(1, &[&first, &second, &third], &mut judge)
        .unwrap();

    let put = |value: ScalarValue, replaces| Action::Put { value, replaces };
    let expected = vec![
        vec![write(&["name"], put("Li".into(), false))],
        vec![
            write(&["name"], put(ScalarValue::Null, true)),
            write(&["receipt/1"], Action::MakeMap),
            write(&["receipt/1", "amount"], put(120_000.into(), false)),
            write(&["receipt/1", "payer"], Action::MakeMap),
            write(&["receipt/1", "payer", "known"], put(true.into(), false)),
        ],
        vec![
            write(&["receipt/1", "amount"], put(130_000.into(), true)),
            write(
                &["name"],
                Action::Delete {
                    leaves_value: false,
                },
            ),
        ],
    ];
    let seen: Vec<_> = judge.asked.into_iter().map(|(_, writes)| writes).collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_value_that_was_deleted_first_counts_as_replaced_all_the_same() {
    let mut ann = replica(actor(1, 1));
    let first = put(&mut ann, "vin", "LSV1");
    let second = commit(&mut ann, |t| {
        t.delete(ROOT, "vin").unwrap();
        t.put(ROOT, "vin", "LSV2").unwrap();
    })
    .unwrap();

    let mut judge = Lenient::default();
    GatedDocument::empty()
        .admit(1, &[&first, &second], &mut judge)
        .unwrap();

    assert!(matches!(
        judge.asked[1].1[1].action,
        Action::Put { replaces: true, .. }
    ));
}

#[test]
fn a_value_written_twice_in_one_change_replaces_nothing() {
    let chunk = commit(&mut replica(actor(1, 1)), |t| {
        t.put(ROOT, "vin", "LSV1").unwrap();
        t.put(ROOT, "vin", "LSV2").unwrap();
    })
    .unwrap();

    let mut judge = Lenient::default();
    GatedDocument::empty()
        .admit(1, &[&chunk], &mut judge)
        .unwrap();

    for write in &judge.asked[0].1 {
        assert!(matches!(
            write.action,
            Action::Put {
                replaces: false,
                ..
            }
        ));
    }
}

#[test]
fn the_judge_sees_the_document_before_the_change_it_is_asked_about() {
    struct Before(Vec<Option<String>>);
    impl Judge for Before {
        type Reason = No;
        fn judge(&mut self, _: &ChangeHeader, before: &Automerge, _: &[Write]) -> Result<(), No> {
            let value = before.get(ROOT, "a").unwrap();
            self.0.push(value.map(|(value, _)| value.to_string()));
            Ok(())
        }
    }
    let mut ann = replica(actor(1, 1));
    let first = put(&mut ann, "a", "1");
    let second = put(&mut ann, "a", "2");
    let mut judge = Before(Vec::new());

    GatedDocument::empty()
        .admit(1, &[&first, &second], &mut judge)
        .unwrap();

    assert_eq!(judge.0, [None, Some("\"1\"".to_owned())]);
}

#[test]
fn a_batch_enters_as_a_whole_or_not_at_all() {
    let mut ann = replica(actor(1, 1));
    let good = put(&mut ann, "good", "1");
    let bad = put(&mut ann, "bad", "2");
    let document = GatedDocument::empty();

    let refusal = document
        .admit(1, &[&good, &bad], &mut Refuses("bad"))
        .unwrap_err();

    let hash = prescan(&bad).unwrap().hash;
    assert_eq!(refusal, Refusal::Judged { hash, reason: No });
    assert!(!document.contains(&prescan(&good).unwrap().hash));
    assert!(document.automerge().get_heads().is_empty());
}

#[test]
fn to_admit_twice_is_to_admit_once() {
    let mut ann = replica(actor(1, 1));
    let first = put(&mut ann, "a", "1");
    let second = put(&mut ann, "b", "2");
    let once = GatedDocument::empty()
        .admit(1, &[&first], &mut Lenient::default())
        .unwrap();

    let mut judge = Lenient::default();
    let twice = once
        .document
        .admit(1, &[&first, &second, &second], &mut judge)
        .unwrap();

    let hashes = [&first, &second].map(|chunk| prescan(chunk).unwrap().hash);
    assert_eq!(twice.known, hashes);
    assert_eq!(twice.admitted.len(), 1);
    assert_eq!(judge.asked.len(), 1, "what is known is not judged again");
    assert_eq!(twice.document.last_seq(&actor(1, 1)), 2);
}

#[test]
fn a_batch_of_known_changes_gives_the_same_document() {
    let chunk = put(&mut replica(actor(1, 1)), "a", "1");
    let once = GatedDocument::empty()
        .admit(1, &[&chunk], &mut Lenient::default())
        .unwrap();
    let again = once
        .document
        .admit(1, &[&chunk], &mut Lenient::default())
        .unwrap();
    assert!(again.admitted.is_empty());
    assert_eq!(again.saved, once.saved);
}

#[test]
fn an_empty_change_that_joins_heads_enters_without_writes() {
    let mut ann = replica(actor(1, 1));
    let mut bob = replica(actor(2, 2));
    let hers = put(&mut ann, "a", "1");
    let his = put(&mut bob, "b", "2");
    ann.merge(&mut bob).unwrap();
    ann.empty_commit(automerge::transaction::CommitOptions::default().with_time(0));
    let join = ann.get_last_local_change().unwrap().raw_bytes().to_vec();

    let mut judge = Lenient::default();
    let joined = GatedDocument::empty()
        .extend(&[&hers, &his])
        .unwrap()
        .admit(1, &[&join], &mut judge)
        .unwrap();

    assert_eq!(joined.document.automerge().get_heads().len(), 1);
    assert!(judge.asked[0].1.is_empty());
}

#[test]
fn the_refused_place_of_a_copied_replica_says_which_one_is_next() {
    let mut ann = replica(actor(1, 1));
    let first = put(&mut ann, "a", "1");
    let mut copy = ann.clone();
    let original = put(&mut ann, "b", "2");
    let copied = put(&mut copy, "b", "3");
    let document = GatedDocument::empty().extend(&[&first, &original]).unwrap();

    let refusal = document
        .admit(1, &[&copied], &mut Lenient::default())
        .unwrap_err();

    let header = prescan(&copied).unwrap();
    assert_eq!(
        refusal,
        Refusal::OutOfSequence {
            hash: header.hash,
            actor: header.actor,
            expected: 3,
            found: 2,
        }
    );
    assert!(refusal.is_permanent());
}

#[test]
fn an_actor_ends_with_its_devices_number() {
    assert_eq!(device_of(&actor(u64::MAX, 7)), 7);
    assert_eq!(device_of(&actor(0, u64::MAX - 1)), u64::MAX - 1);
}

#[test]
fn extending_is_refused_what_admitting_is_refused() {
    let mut ann = replica(actor(1, 1));
    let first = put(&mut ann, "a", "1");
    let second = put(&mut ann, "b", "2");
    let document = GatedDocument::empty();

    let missing = prescan(&first).unwrap().hash;
    assert_eq!(
        document.extend(&[&second]).unwrap_err(),
        Refusal::MissingDependencies(vec![missing])
    );
    let whole = document.extend(&[&first, &first, &second]).unwrap();
    assert_eq!(whole.automerge().get_heads(), ann.get_heads());
    let again = whole.clone().into_extended(&[&second]).unwrap();
    assert_eq!(again.automerge().get_heads(), ann.get_heads());
}

#[test]
fn a_change_at_the_limits_enters() {
    let mut deepest = replica(actor(1, 1));
    let chunk = commit(&mut deepest, |t| {
        let mut map = ROOT;
        for _ in 1..limits::DEPTH {
            map = t.put_object(&map, "k", ObjType::Map).unwrap();
        }
        t.put(&map, "k".repeat(limits::KEY_BYTES as usize), "x")
            .unwrap();
        t.put(ROOT, "text", "x".repeat(limits::STRING_BYTES))
            .unwrap();
        for key in 0..2_000 {
            t.put(ROOT, format!("key_{key}"), key).unwrap();
        }
    })
    .unwrap();
    let admission = on_big_stack(|| {
        GatedDocument::empty()
            .admit(1, &[&chunk], &mut Lenient::default())
            .unwrap()
    })
    .unwrap();
    assert_eq!(
        admission.document.automerge().hydrate(None),
        deepest.hydrate(None)
    );
}

/// Refuses whatever writes one key.
struct Refuses(&'static str);

#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("no")]
struct No;

impl Judge for Refuses {
    type Reason = No;

    fn judge(&mut self, _: &ChangeHeader, _: &Automerge, writes: &[Write]) -> Result<(), No> {
        match writes.iter().any(|write| write.path == [self.0]) {
            true => Err(No),
            false => Ok(()),
        }
    }
}

fn write(path: &[&str], action: Action) -> Write {
    Write {
        path: path.iter().map(|key| (*key).to_owned()).collect(),
        action,
    }
}
