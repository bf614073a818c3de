//! Changes that lie about who wrote them, after what, and in which order.

use super::{Attack, after_victim, name_of, on_nothing, other, own, past, victim};
use crate::encoder::{Chunk, Row};

pub(super) fn attacks() -> Vec<Attack> {
    let third = || {
        let mut chunk = Chunk::first_of(own());
        chunk.seq = 3;
        chunk.start_op = 3;
        chunk.dependencies = vec![name_of(&past()[1])];
        chunk.rows(&[Row::put("c", "3")])
    };
    let after_past = |name, about, change: &dyn Fn(&mut Chunk), expects| {
        let mut chunk = third();
        change(&mut chunk);
        Attack {
            name,
            about,
            known: past(),
            hostile: vec![chunk.write()],
            expects,
        }
    };
    vec![
        on_nothing(
            "actor-squatting",
            "SAFETY A4: the first change of another device's actor",
            Chunk::first_of(other()).rows(&[Row::put("a", "1")]).write(),
            "ForeignActor",
        ),
        Attack {
            name: "forged-next-change",
            about: "the next change of another device's actor",
            known: victim(),
            hostile: vec![{
                let mut chunk = after_victim();
                chunk.actor = other().to_vec();
                chunk.seq = 2;
                chunk.rows(&[Row::put("a", "1")]).write()
            }],
            expects: "ForeignActor",
        },
        Attack {
            name: "forged-after-an-honest-one",
            about: "a good change first, another device's second: neither enters",
            known: victim(),
            hostile: vec![after_victim().rows(&[Row::put("a", "1")]).write(), {
                let mut chunk = after_victim();
                chunk.actor = other().to_vec();
                chunk.seq = 2;
                chunk.rows(&[Row::put("a", "1")]).write()
            }],
            expects: "ForeignActor",
        },
        after_past(
            "unknown-dependency",
            "SAFETY A5: taken with Ok, kept in memory and in every save",
            &|chunk| chunk.dependencies = vec![[0xee; 32]],
            "MissingDependencies",
        ),
        after_past(
            "dependencies-out-of-order",
            "dependencies descending",
            &|chunk| {
                let mut dependencies = vec![name_of(&past()[0]), name_of(&past()[1])];
                dependencies.sort();
                dependencies.reverse();
                chunk.dependencies = dependencies;
            },
            "Malformed DependenciesOutOfOrder",
        ),
        after_past(
            "dependency-twice",
            "one dependency named twice",
            &|chunk| chunk.dependencies = vec![name_of(&past()[1]); 2],
            "Malformed DependenciesOutOfOrder",
        ),
        after_past(
            "sequence-gap",
            "panics in apply_changes",
            &|chunk| chunk.seq = 4,
            "OutOfSequence",
        ),
        on_nothing(
            "sequence-gap-of-a-new-actor",
            "panics in apply_changes",
            {
                let mut chunk = Chunk::first_of(own()).rows(&[Row::put("a", "1")]);
                chunk.seq = 2;
                chunk.write()
            },
            "OutOfSequence",
        ),
        after_past(
            "sequence-twice",
            "a copied database: the same place under another hash",
            &|chunk| chunk.seq = 2,
            "OutOfSequence",
        ),
        after_past(
            "sequence-zero",
            "places count from 1",
            &|chunk| chunk.seq = 0,
            "Malformed Sequence",
        ),
        after_past(
            "sequence-beyond-32-bits",
            "Automerge keeps 32 bits",
            &|chunk| chunk.seq = 1 << 32 | 3,
            "Malformed Sequence",
        ),
        after_past(
            "forgets-itself",
            "two concurrent changes of one actor: nobody can tell what it has seen",
            &|chunk| {
                chunk.dependencies = vec![name_of(&past()[0])];
                chunk.start_op = 2;
            },
            "ForgetsItself",
        ),
        after_past(
            "forgets-everything",
            "an actor's third change without any dependency",
            &|chunk| {
                chunk.dependencies = Vec::new();
                chunk.start_op = 1;
            },
            "ForgetsItself",
        ),
        after_past(
            "counts-backwards",
            "operations counted below the document's: the save cannot be loaded",
            &|chunk| chunk.start_op = 1,
            "StartOp",
        ),
        after_past(
            "operations-reused",
            "the ids of the actor's own operations again: load panics",
            &|chunk| chunk.start_op = 2,
            "StartOp",
        ),
        after_past(
            "counts-ahead",
            "wins every conflict for a long time",
            &|chunk| chunk.start_op = 1_000_000,
            "StartOp",
        ),
        after_past(
            "counts-to-the-edge",
            "near u32::MAX three operations panic, and one makes the next honest edit panic",
            &|chunk| chunk.start_op = u64::from(u32::MAX),
            "Malformed Counter",
        ),
        after_past(
            "counts-from-zero",
            "operations count from 1",
            &|chunk| chunk.start_op = 0,
            "Malformed Counter",
        ),
        after_past(
            "counts-beyond-64-bits",
            "the last operation's counter overflows",
            &|chunk| chunk.start_op = u64::MAX,
            "Malformed Counter",
        ),
        after_past(
            "does-nothing",
            "no operations, and no heads to join",
            &|chunk| chunk.columns = Vec::new(),
            "Empty",
        ),
        on_nothing(
            "does-nothing-at-first",
            "a first change without operations",
            Chunk::first_of(own()).write(),
            "Empty",
        ),
    ]
}
