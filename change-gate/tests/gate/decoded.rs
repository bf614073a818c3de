//! Takes honest changes apart, so that the tests' own encoder can write them.

use automerge::{ExpandedChange, ScalarValue, legacy};

use crate::encoder::{self, Chunk, Key, Row};

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
