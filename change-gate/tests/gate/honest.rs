//! Everything that honest replicas can produce passes.

use automerge::{
    Automerge, Change, ChangeHash, ExpandedChange, ObjId, ObjType, ROOT, ReadDoc, ScalarValue,
    Value, legacy, transaction::CommitOptions, transaction::Transactable,
};
use change_gate::{Action, GatedDocument, Refusal, device_of, prescan};
use proptest::prelude::*;

use crate::{
    encoder::{self, Chunk, Key, Row},
    replica::{Lenient, actor, commit, replica},
};

const REPLICAS: usize = 4;

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

/// Automerge checks itself at every step in builds for tests, so a case takes tens
/// of milliseconds. `PROPTEST_CASES` asks for more.
fn cases() -> ProptestConfig {
    let mut configuration = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        configuration.cases = 48;
    }
    configuration
}

/// One thing that somebody does.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Put(usize, u8, i64),
    Clear(usize, u8),
    Delete(usize, u8),
    /// A fact with this many leaves, some of them in a map of their own.
    Fact(usize, u8),
    /// A later entry in a fact, by its place among those the replica sees.
    Amend(usize, usize, String),
    /// Several of the above in one change.
    Several(usize, Vec<(u8, i64)>),
    Merge(usize, usize),
    /// Puts the winner of the first conflict again.
    Settle(usize),
    /// An empty change, if there is more than one head.
    Join(usize),
    /// The replica is opened again and draws a new actor.
    Reopen(usize),
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let who = 0..REPLICAS;
    let key = 0..6_u8;
    prop_oneof![
        6 => (who.clone(), key.clone(), -3..300_i64).prop_map(|(r, k, v)| Step::Put(r, k, v)),
        1 => (who.clone(), key.clone()).prop_map(|(r, k)| Step::Clear(r, k)),
        1 => (who.clone(), key.clone()).prop_map(|(r, k)| Step::Delete(r, k)),
        4 => (who.clone(), 1..6_u8).prop_map(|(r, leaves)| Step::Fact(r, leaves)),
        2 => (who.clone(), 0..8_usize, "[a-z车]{0,12}").prop_map(|(r, n, t)| Step::Amend(r, n, t)),
        2 => (who.clone(), proptest::collection::vec((key, -3..9_i64), 1..7))
            .prop_map(|(r, puts)| Step::Several(r, puts)),
        6 => (who.clone(), who.clone()).prop_map(|(a, b)| Step::Merge(a, b)),
        2 => who.clone().prop_map(Step::Settle),
        1 => who.clone().prop_map(Step::Join),
        1 => who.prop_map(Step::Reopen),
    ]
}

/// What several replicas wrote.
pub(crate) struct History {
    replicas: Vec<Automerge>,
    /// All changes, each after its dependencies.
    pub(crate) chunks: Vec<Vec<u8>>,
    /// The same steps by one replica that never merges.
    alone: Vec<Vec<u8>>,
}

impl History {
    pub(crate) fn of(steps: &[Step]) -> Self {
        let mut history = Self::run(steps, REPLICAS);
        history.alone = Self::run(steps, 1).chunks;
        history
    }

    fn run(steps: &[Step], count: usize) -> Self {
        let mut replicas: Vec<_> = (0..count as u64).map(|n| replica(actor(n, n))).collect();
        let mut chunks = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            let number = number as u64;
            chunks.extend(match step {
                Step::Put(who, key, value) => commit(&mut replicas[who % count], |t| {
                    put(t, *key, *value);
                }),
                Step::Clear(who, key) => commit(&mut replicas[who % count], |t| {
                    t.put(ROOT, name(*key), ScalarValue::Null).unwrap();
                }),
                Step::Delete(who, key) => commit(&mut replicas[who % count], |t| {
                    t.delete(ROOT, name(*key)).unwrap();
                }),
                Step::Several(who, puts) => commit(&mut replicas[who % count], |t| {
                    for (key, value) in puts {
                        put(t, *key, *value);
                    }
                }),
                Step::Fact(who, leaves) => commit(&mut replicas[who % count], |t| {
                    fact(t, number, *leaves);
                }),
                Step::Amend(who, place, text) => amend(&mut replicas[who % count], *place, text),
                Step::Settle(who) => settle(&mut replicas[who % count]),
                Step::Join(who) => join(&mut replicas[who % count]),
                Step::Merge(into, from) => {
                    let mut from = replicas[from % count].clone();
                    replicas[into % count].merge(&mut from).unwrap();
                    None
                }
                Step::Reopen(who) => {
                    let who = who % count;
                    replicas[who].set_actor(actor(1000 + number, who as u64).to_vec().into());
                    None
                }
            });
        }
        Self {
            replicas,
            chunks,
            alone: Vec::new(),
        }
    }

    fn merged(&self) -> Automerge {
        let mut merged = Automerge::new();
        for replica in &self.replicas {
            merged.merge(&mut replica.clone()).unwrap();
        }
        merged
    }
}

fn name(key: u8) -> String {
    format!("field_{key}")
}

fn put(transaction: &mut impl Transactable, key: u8, value: i64) {
    let name = name(key);
    match value % 3 {
        0 => transaction.put(ROOT, name, value),
        1 => transaction.put(ROOT, name, value % 2 == 0),
        _ => transaction.put(ROOT, name, format!("value {value} 车")),
    }
    .unwrap();
}

fn fact(transaction: &mut impl Transactable, number: u64, leaves: u8) {
    let fact = transaction
        .put_object(ROOT, format!("fact/{number}"), ObjType::Map)
        .unwrap();
    for leaf in 0..leaves {
        transaction
            .put(&fact, format!("leaf_{leaf}"), i64::from(leaf))
            .unwrap();
    }
    if leaves % 2 == 0 {
        let inner = transaction.put_object(&fact, "more", ObjType::Map).unwrap();
        transaction.put(&inner, "note", "inside").unwrap();
    }
}

fn amend(document: &mut Automerge, place: usize, text: &str) -> Option<Vec<u8>> {
    let facts: Vec<ObjId> = document
        .map_range(ROOT, ..)
        .filter(|item| matches!(item.value, automerge::ValueRef::Object(_)))
        .map(|item| item.id())
        .collect();
    let fact = facts.get(place % facts.len().max(1))?;
    commit(document, |t| t.put(fact, "amended", text).unwrap())
}

fn settle(document: &mut Automerge) -> Option<Vec<u8>> {
    let item = document.map_range(ROOT, ..).find(|item| item.conflict)?;
    let key = item.key.to_string();
    let (winner, _) = document.get(ROOT, key.as_str()).unwrap()?;
    let Value::Scalar(winner) = winner else {
        return None;
    };
    let winner = winner.into_owned();
    commit(document, |t| t.put(ROOT, key, winner).unwrap())
}

fn join(document: &mut Automerge) -> Option<Vec<u8>> {
    if document.get_heads().len() < 2 {
        return None;
    }
    document.empty_commit(CommitOptions::default().with_time(0));
    Some(document.get_last_local_change()?.raw_bytes().to_vec())
}

/// Takes a decoded change apart, so that the tests' own encoder can write it.
pub(crate) fn decoded(change: &ExpandedChange) -> (Chunk, Vec<Row>) {
    let author = change.actor_id.to_bytes().to_vec();
    let mut others: Vec<Vec<u8>> = change
        .operations
        .iter()
        .flat_map(|operation| {
            let object = match &operation.obj {
                legacy::ObjectId::Id(id) => Some(id.actor()),
                legacy::ObjectId::Root => None,
            };
            operation.pred.iter().map(legacy::OpId::actor).chain(object)
        })
        .map(|actor| actor.to_bytes().to_vec())
        .filter(|actor| *actor != author)
        .collect();
    others.sort();
    others.dedup();
    let index = |id: &legacy::OpId| {
        let bytes = id.actor().to_bytes();
        others
            .iter()
            .position(|other| other == bytes)
            .map_or(0, |place| place as u64 + 1)
    };
    let rows: Vec<Row> = change
        .operations
        .iter()
        .map(|operation| {
            let legacy::Key::Map(key) = &operation.key else {
                panic!("honest changes write maps");
            };
            let (action, value) = match &operation.action {
                legacy::OpType::Make(_) => (encoder::MAKE_MAP, (0, Vec::new())),
                legacy::OpType::Delete => (encoder::DELETE, (0, Vec::new())),
                legacy::OpType::Put(value) => (encoder::PUT, scalar(value)),
                other => panic!("honest changes do not {other:?}"),
            };
            Row {
                object: match &operation.obj {
                    legacy::ObjectId::Id(id) => Some((id.counter(), index(id))),
                    legacy::ObjectId::Root => None,
                },
                key: Key::Text(key.to_string()),
                insert: operation.insert,
                action,
                value,
                predecessors: operation
                    .pred
                    .iter()
                    .map(|id| (id.counter() as i64, index(id)))
                    .collect(),
            }
        })
        .collect();
    let chunk = Chunk {
        dependencies: change.deps.iter().map(|hash| hash.0).collect(),
        actor: author,
        seq: change.seq,
        start_op: change.start_op.get(),
        time: change.time,
        message: change.message.clone().unwrap_or_default().into_bytes(),
        other_actors: others,
        ..Chunk::first_of([0; 16])
    };
    (chunk, rows)
}

fn scalar(value: &ScalarValue) -> (u64, Vec<u8>) {
    match value {
        ScalarValue::Null => (0, Vec::new()),
        ScalarValue::Boolean(false) => (1, Vec::new()),
        ScalarValue::Boolean(true) => (2, Vec::new()),
        ScalarValue::Int(number) => (4, encoder::integer(*number)),
        ScalarValue::Str(text) => (6, text.as_bytes().to_vec()),
        other => panic!("honest changes do not hold {other:?}"),
    }
}

/// Refusals never depend on the judge here.
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
