//! Random histories of honest replicas that edit, merge and settle conflicts.

use automerge::{
    Automerge, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, Value, ValueRef,
    transaction::CommitOptions, transaction::Transactable,
};
use proptest::prelude::*;

use crate::replica::{actor, commit, replica};

const REPLICAS: usize = 4;

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
    pub(crate) alone: Vec<Vec<u8>>,
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

    pub(crate) fn merged(&self) -> Automerge {
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
    if leaves.is_multiple_of(2) {
        let inner = transaction.put_object(&fact, "more", ObjType::Map).unwrap();
        transaction.put(&inner, "note", "inside").unwrap();
    }
}

fn amend(document: &mut Automerge, place: usize, text: &str) -> Option<Vec<u8>> {
    let facts: Vec<ObjId> = document
        .map_range(ROOT, ..)
        .filter(|item| matches!(item.value, ValueRef::Object(_)))
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
