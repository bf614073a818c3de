//! Every attack on Automerge that we know of, as a value.
//!
//! Each is a document that is honest so far, a batch that is not, and the refusal
//! it must meet. `corpus.rs` keeps them as files and replays them; the memory test
//! runs them under a counting allocator.

mod bombs;
mod bytes;
mod history;
mod operations;

pub(crate) use bombs::repeated_puts;
use std::convert::Infallible;

use automerge::Change;
use change_gate::{Actor, GatedDocument, Refusal};

use crate::{
    encoder::{Chunk, Row},
    replica::{Lenient, actor, put, replica},
};

/// The device under whose number every attack comes in.
pub(crate) const DEVICE: u64 = 7;

/// A batch that must not enter.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// What it is and where it is known from.
    pub(crate) about: &'static str,
    /// The honest changes before it.
    pub(crate) known: Vec<Vec<u8>>,
    pub(crate) hostile: Vec<Vec<u8>>,
    /// The [`kind`] of refusal it meets.
    pub(crate) expects: &'static str,
}

impl Attack {
    /// Returns the refusal that the attack meets; `None` if it enters.
    pub(crate) fn meets(&self) -> Option<Refusal<Infallible>> {
        let known: Vec<&[u8]> = self.known.iter().map(Vec::as_slice).collect();
        let hostile: Vec<&[u8]> = self.hostile.iter().map(Vec::as_slice).collect();
        let document = GatedDocument::empty().extend(&known).unwrap();
        document
            .admit(DEVICE, &hostile, &mut Lenient::default())
            .err()
    }
}

/// Returns all attacks.
pub(crate) fn all() -> Vec<Attack> {
    [
        bytes::attacks(),
        bombs::attacks(),
        history::attacks(),
        operations::attacks(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Names a refusal by its variants alone.
pub(crate) fn kind(refusal: &Refusal<Infallible>) -> String {
    fn variant(value: &impl std::fmt::Debug) -> String {
        format!("{value:?}")
            .chars()
            .take_while(|letter| letter.is_alphanumeric())
            .collect()
    }
    match refusal {
        Refusal::Malformed(malformed) => format!("Malformed {}", variant(malformed)),
        Refusal::Structure { fault, .. } => format!("Structure {}", variant(fault)),
        Refusal::Poison(poison) => format!("Poison {}", variant(poison)),
        other => variant(other),
    }
}

/// The attacker's own actor.
fn own() -> Actor {
    actor(0xa77a, DEVICE)
}

/// Somebody else's actor, before the attacker's in order.
fn other() -> Actor {
    actor(0x0b0b, 3)
}

/// An attack on an empty document.
fn on_nothing(
    name: &'static str,
    about: &'static str,
    hostile: Vec<u8>,
    expects: &'static str,
) -> Attack {
    Attack {
        name,
        about,
        known: Vec::new(),
        hostile: vec![hostile],
        expects,
    }
}

/// A document by somebody else, for the attacker to go on from:
///
/// | operation | does |
/// |---|---|
/// | 1 | puts `name` |
/// | 2 | makes the map `fact` |
/// | 3 | puts `fact`/`amount` |
fn victim() -> Vec<Vec<u8>> {
    let rows = [
        Row::put("name", "Li"),
        Row::act(crate::encoder::MAKE_MAP, "fact"),
        Row::put("amount", "1").within(2, 0),
    ];
    vec![Chunk::first_of(other()).rows(&rows).write()]
}

/// The attacker's first change after [`victim`]; the victim is actor 1 in it.
fn after_victim() -> Chunk {
    let mut chunk = Chunk::first_of(own());
    chunk.dependencies = vec![name_of(&victim()[0])];
    chunk.start_op = 4;
    chunk
}

/// An attack on [`victim`] by rows that refer to the victim.
fn on_victim(
    name: &'static str,
    about: &'static str,
    rows: &[Row],
    expects: &'static str,
) -> Attack {
    let refers = |row: &Row| {
        let object = row.object.map(|(_, actor)| actor);
        row.predecessors
            .iter()
            .map(|(_, actor)| *actor)
            .chain(object)
            .any(|actor| actor == 1)
    };
    let mut chunk = after_victim();
    if rows.iter().any(refers) {
        chunk.other_actors = vec![other().to_vec()];
    }
    Attack {
        name,
        about,
        known: victim(),
        hostile: vec![chunk.rows(rows).write()],
        expects,
    }
}

/// Two honest changes of the attacker's own.
fn past() -> Vec<Vec<u8>> {
    let mut document = replica(own());
    vec![put(&mut document, "a", "1"), put(&mut document, "b", "2")]
}

fn name_of(chunk: &[u8]) -> [u8; 32] {
    Change::try_from(chunk).unwrap().hash().0
}
