//! No two devices can make the same container, so no merge hides anything.

use std::collections::BTreeSet;

use automerge::{ActorId, Automerge, ROOT, ReadDoc};
use dealership::edit::{self, Edits, Fields};
use dealership::id::FreshIds;
use dealership::schema::{self, Class, Leaf, Scalar};
use dealership::{
    Authorship, Document, DocumentId, Kind, Receipts, Seq, Space, StaffId, StoreId, Timestamp,
    Value,
};
use proptest::prelude::*;

const NOON: Timestamp = Timestamp::from_seconds(1_777_777_200);

/// What a device does to a document: to which of its kind's fields, to which of a few members.
#[derive(Clone, Debug)]
struct Step {
    field: usize,
    member: u8,
    value: i64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (any::<usize>(), 0..3_u8, any::<i64>());
    let step = step.prop_map(|(field, member, value)| Step {
        field,
        member,
        value,
    });
    proptest::collection::vec(step, 0..25)
}

fn automerge_of(device: u64) -> Automerge {
    let mut actor = [device as u8; 16];
    actor[8..].copy_from_slice(&device.to_be_bytes());
    Automerge::new().with_actor(ActorId::from(&actor[..]))
}

fn value(scalar: Scalar, step: &Step) -> Value {
    match scalar {
        Scalar::Text(_) => format!("{:.10}", step.value.unsigned_abs()).into(),
        Scalar::Int => step.value.into(),
        Scalar::Bool => (step.value % 2 == 0).into(),
    }
}

fn leaves(leaves: &[Leaf], step: &Step) -> Fields {
    leaves
        .iter()
        .map(|leaf| {
            let key = match leaf.is_set {
                true => format!("{}/m{}", leaf.name, step.member),
                false => leaf.name.to_owned(),
            };
            (key, value(leaf.scalar, step))
        })
        .collect()
}

/// Writes the steps as one device would; gives how many facts and entries it made.
fn write(automerge: &mut Automerge, kind: Kind, device: u64, steps: &[Step]) -> usize {
    let document = DocumentId::of_content(&[b"one"]);
    let mut ids = FreshIds::new(NOON, [device as u8; 16]);
    let fields = schema::schema(kind).fields;
    let mut facts = 0;
    for step in steps {
        let field = &fields[step.field % fields.len()];
        let mut edits = Edits::default();
        match field.class {
            Class::Register(scalar) | Class::Contested(scalar) | Class::Once(scalar) => {
                edits.set(document, field.name, value(scalar, step));
            }
            Class::Member(scalar) => {
                let key = format!("{}/m{}", field.name, step.member);
                edits.set(document, key, value(scalar, step));
            }
            Class::Fact(of) | Class::Entry(of) => {
                facts += 1;
                edits.record(document, field.name, ids.fact(), leaves(of, step));
            }
        }
        let authorship = Authorship {
            staff: StaffId::from_bytes([device as u8; 16]),
            command: "step".into(),
            base_seq: Seq(0),
        };
        for (_, edits) in edits.by_document() {
            edit::write(automerge, edits, &authorship, NOON).expect("fits");
        }
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_devices_record_apart_all_stands_after_the_merge(
        common in steps(),
        ones in steps(),
        others in steps(),
    ) {
        for kind in Kind::ALL {
            let mut one = automerge_of(1);
            let mut created = Edits::default();
            created.create(
                DocumentId::of_content(&[b"one"]),
                *kind,
                Space::Store(StoreId::from_bytes([9; 16])),
                Fields::new(),
            );
            let authorship = Authorship {
                staff: StaffId::from_bytes([1; 16]),
                command: "create".into(),
                base_seq: Seq(0),
            };
            for (_, edits) in created.by_document() {
                edit::write(&mut one, edits, &authorship, NOON).expect("fits");
            }
            let mut facts = write(&mut one, *kind, 1, &common);
            let mut other = one.fork().with_actor(automerge_of(2).get_actor().clone());
            let mut first = one.fork().with_actor(automerge_of(3).get_actor().clone());
            facts += write(&mut first, *kind, 3, &ones);
            facts += write(&mut other, *kind, 2, &others);
            let mut merged = first.clone();
            merged.merge(&mut other).expect("merges");
            other.merge(&mut first).expect("merges");

            let document = |automerge: Automerge| Document::read(
                DocumentId::of_content(&[b"one"]),
                Space::Store(StoreId::from_bytes([9; 16])),
                automerge,
                Receipts::default(),
            ).expect("of ours");
            let (here, there) = (document(merged), document(other));
            let count = |document: &Document| {
                let names: BTreeSet<String> = document.fact_names().map(str::to_owned).collect();
                names.iter().map(|name| document.facts(name).count()).sum::<usize>()
            };
            prop_assert_eq!(count(&here), facts, "{} hides facts", kind);
            prop_assert_eq!(count(&there), facts);
            // No key of a map stands twice: nothing is shadowed.
            for item in here.automerge().map_range(ROOT, ..) {
                if matches!(item.value, automerge::ValueRef::Object(_)) {
                    prop_assert!(!item.conflict, "{} has {} twice", kind, item.key);
                }
            }
            let registers = |document: &Document| {
                document
                    .registers()
                    .map(|(key, register)| (key.to_owned(), register.clone()))
                    .collect::<Vec<_>>()
            };
            prop_assert_eq!(registers(&here), registers(&there));
        }
    }
}
