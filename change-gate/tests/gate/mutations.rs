//! Valid changes, broken at random with their checksum repaired.
//!
//! Whatever becomes of them, the gate never panics; and what it admits is a
//! document that loads again, reads, and takes the next honest edit.
//!
//! `CHANGE_GATE_MUTATIONS` sets how many are tried, `CHANGE_GATE_SEED` from which
//! seed. A failure names the seed of its case.

use std::{collections::BTreeMap, env};

use automerge::{Automerge, Change, ChangeHash, ROOT, transaction::Transactable};
use change_gate::{Admission, GatedDocument, device_of, prescan};
use proptest::{strategy::Strategy, strategy::ValueTree, test_runner::TestRunner};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    attacks::kind,
    decoded::decoded,
    encoder::{Chunk, Key, Row, columns},
    histories::{History, step},
    replica::{Lenient, actor, commit},
};

#[test]
fn no_mutation_of_a_valid_change_harms_a_document() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // Those that the gate is there to catch need not be printed.
        if !panic
            .location()
            .is_some_and(|place| place.file().contains("automerge-"))
        {
            default(panic);
        }
    }));
    let count: u64 = number("CHANGE_GATE_MUTATIONS", 20_000);
    let first: u64 = number("CHANGE_GATE_SEED", 1);
    let bases = bases();
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for seed in first..first + count {
        let outcome = std::panic::catch_unwind(|| attempt(&bases, seed))
            .unwrap_or_else(|_| panic!("CHANGE_GATE_SEED={seed} CHANGE_GATE_MUTATIONS=1"));
        *seen.entry(outcome).or_default() += 1;
    }
    println!("{seen:#?}");
    // A run that never gets past the first checks would prove nothing.
    if count >= 20_000 {
        for kind in [
            "admitted",
            "MissingDependencies",
            "OutOfSequence",
            "StartOp",
            "ForgetsItself",
            "Structure UnknownObject",
            "Structure ReplacesMap",
            "Structure Predecessors",
            "Structure ValueKind",
            "Malformed NotCanonical",
            "Malformed Unreadable",
        ] {
            assert!(seen.contains_key(kind), "no mutation met {kind}");
        }
    }
}

/// A document and an honest change that could come next.
struct Base {
    document: GatedDocument,
    next: Vec<u8>,
}

fn bases() -> Vec<Base> {
    let mut runner = TestRunner::deterministic();
    let steps = proptest::collection::vec(step(), 12..40);
    let mut bases = Vec::new();
    for _ in 0..24 {
        let steps = steps.new_tree(&mut runner).unwrap().current();
        let mut document = GatedDocument::empty();
        for next in History::of(&steps).chunks {
            let with_next = document.extend(&[&next]).unwrap();
            bases.push(Base { document, next });
            document = with_next;
        }
    }
    bases
}

/// Mutates one change, offers it, and names what became of it.
fn attempt(bases: &[Base], seed: u64) -> String {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let base = &bases[random.random_range(0..bases.len())];
    let original = &base.next;
    let chunk = match random.random_range(0..4) {
        0 => bytes(original, &mut random),
        1 => fields(original, &mut random),
        _ => operations(original, &mut random),
    };
    let device = prescan(&chunk).map_or(0, |header| device_of(&header.actor));
    // What others accepted comes in another way, which may fail and never panics.
    if random.random_range(0..4) == 0 {
        let _extended = base.document.extend(&[&chunk]);
    }
    match base
        .document
        .admit(device, &[&chunk], &mut Lenient::default())
    {
        Ok(admission) => {
            assert_is_sound(&admission);
            assert_converges(&admission, &chunk);
            "admitted".to_owned()
        }
        Err(refusal) => kind(&refusal),
    }
}

fn assert_is_sound(admission: &Admission) {
    let heads = admission.document.automerge().get_heads();
    let loaded = GatedDocument::load(&admission.saved).unwrap();
    assert_eq!(loaded.automerge().get_heads(), heads);
    let contents = loaded.automerge().hydrate(None);
    assert_eq!(contents, admission.document.automerge().hydrate(None));

    let mut replica: Automerge = loaded.automerge().clone();
    replica.set_actor(actor(0xffff_0000, 99).to_vec().into());
    let edit = commit(&mut replica, |t| t.put(ROOT, "later", "honest").unwrap()).unwrap();
    let later = loaded.admit(99, &[&edit], &mut Lenient::default()).unwrap();
    assert_eq!(
        later.document.automerge().hydrate(None),
        replica.hydrate(None)
    );
}

/// A replica that gets the change as early as it can has the same document in the
/// end: nothing in the change relied on more than its dependencies.
fn assert_converges(admission: &Admission, chunk: &[u8]) {
    let document = admission.document.automerge();
    let hostile = Change::try_from(chunk).unwrap();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let mut ancestors: Vec<ChangeHash> = hostile.deps().to_vec();
    for change in document.get_changes(&[]).into_iter().rev() {
        if ancestors.contains(&change.hash()) {
            ancestors.extend(change.deps());
            before.push(change);
        } else if change.hash() != hostile.hash() {
            after.push(change);
        }
    }
    before.reverse();
    after.reverse();
    let mut replica = Automerge::new();
    for changes in [before, vec![hostile], after] {
        replica.apply_changes(changes).unwrap();
    }
    assert_eq!(replica.get_heads(), document.get_heads());
    assert_eq!(replica.hydrate(None), document.hydrate(None));
}

/// Changes some bytes after the header.
fn bytes(original: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut body = Chunk::body_of(original).to_vec();
    for _ in 0..random.random_range(1..4) {
        if body.is_empty() {
            break;
        }
        let place = random.random_range(0..body.len());
        match random.random_range(0..6) {
            0 => body[place] ^= 1 << random.random_range(0..8),
            1 => body[place] = random.random(),
            2 => body.insert(place, random.random()),
            3 => drop(body.remove(place)),
            4 => body.truncate(place),
            _ => {
                let end = random.random_range(place..body.len().min(place + 20));
                let copy = body[place..end].to_vec();
                let at = random.random_range(0..body.len());
                body.splice(at..at, copy);
            }
        }
    }
    Chunk::first_of([0; 16]).seal(&body)
}

/// Changes a field of the header.
fn fields(original: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let (mut chunk, rows) = decoded(&Change::try_from(original).unwrap().decode());
    chunk = chunk.rows(&rows);
    let near = |value: u64, random: &mut ChaCha8Rng| match random.random_range(0..5) {
        0 => value.wrapping_sub(1),
        1 => value + 1,
        2 => 1,
        3 => random.random_range(0..50),
        _ => u64::from(u32::MAX) - random.random_range(0..3),
    };
    match random.random_range(0..8) {
        0 => chunk.seq = near(chunk.seq, random),
        1 => chunk.start_op = near(chunk.start_op, random),
        2 => chunk.time = random.random(),
        3 => drop(chunk.dependencies.pop()),
        4 => chunk.actor = actor(random.random_range(0..5), random.random_range(0..5)).to_vec(),
        5 => {
            chunk.message = (0..random.random_range(0..100))
                .map(|_| random.random())
                .collect()
        }
        6 => {
            let other = actor(random.random_range(0..5), random.random_range(0..5));
            chunk.other_actors.push(other.to_vec());
            chunk.other_actors.sort();
        }
        _ => {
            let place = random.random_range(0..chunk.columns.len().max(1));
            if let Some((_, data)) = chunk.columns.get_mut(place) {
                data.push(random.random_range(0..4));
            }
        }
    }
    chunk.write()
}

/// Changes what the operations say, and writes them as Automerge would.
fn operations(original: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let (mut chunk, mut rows) = decoded(&Change::try_from(original).unwrap().decode());
    let actors = chunk.other_actors.len() as u64 + 1;
    let highest = chunk.start_op + rows.len() as u64;
    for _ in 0..random.random_range(1..4) {
        if rows.is_empty() {
            rows.push(Row::put("field_0", "x"));
        }
        let place = random.random_range(0..rows.len());
        let id = (
            random.random_range(1..highest + 2),
            random.random_range(0..actors),
        );
        match random.random_range(0..12) {
            0 => rows[place].object = Some(id),
            1 => rows[place].object = None,
            2 => rows[place].predecessors = vec![(id.0 as i64, id.1)],
            3 => rows[place].predecessors.push((id.0 as i64, id.1)),
            4 => rows[place].predecessors.clear(),
            5 => rows[place].action = random.random_range(0..9),
            6 => {
                let key = format!("field_{}", random.random_range(0..7));
                rows[place].key = Key::Text(key);
            }
            7 => {
                rows[place].value = (
                    random.random_range(0..12),
                    (0..random.random_range(0..9))
                        .map(|_| random.random())
                        .collect(),
                );
            }
            8 => {
                let row = rows[place].clone();
                rows.push(row);
            }
            9 => drop(rows.remove(place)),
            10 => {
                let other = random.random_range(0..rows.len());
                rows.swap(place, other);
            }
            _ => rows[place].insert ^= true,
        }
    }
    // Half of the time only the actors that are still used are named.
    if random.random() {
        keep_used_actors(&mut chunk, &mut rows);
    }
    chunk.columns = columns(&rows);
    chunk.write()
}

fn keep_used_actors(chunk: &mut Chunk, rows: &mut [Row]) {
    let mut used: Vec<u64> = rows
        .iter()
        .flat_map(|row| {
            let object = row.object.map(|(_, actor)| actor);
            row.predecessors
                .iter()
                .map(|(_, actor)| *actor)
                .chain(object)
        })
        .filter(|actor| *actor > 0)
        .collect();
    used.sort();
    used.dedup();
    let index = |actor: u64| {
        let place = used.iter().position(|used| *used == actor);
        place.map_or(0, |place| place as u64 + 1)
    };
    for row in rows {
        row.object = row.object.map(|(counter, actor)| (counter, index(actor)));
        for (_, actor) in &mut row.predecessors {
            *actor = index(*actor);
        }
        row.predecessors.sort();
        row.predecessors.dedup();
    }
    chunk.other_actors = used
        .iter()
        .filter_map(|actor| chunk.other_actors.get(*actor as usize - 1).cloned())
        .collect();
}

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}
