//! Well-written changes whose operations may not be.

use super::{Attack, after_victim, on_nothing, on_victim, other, own, victim};
use crate::{
    encoder::{self, Chunk, DELETE, Key, MAKE_MAP, Row, integer},
    replica::actor,
};

pub(super) fn attacks() -> Vec<Attack> {
    [kinds(), places(), predecessors()]
        .into_iter()
        .flatten()
        .collect()
}

/// Operations and values that documents never hold.
fn kinds() -> Vec<Attack> {
    let first = |name, about, row: Row, expects| {
        on_nothing(
            name,
            about,
            Chunk::first_of(own()).rows(&[row]).write(),
            expects,
        )
    };
    let value = |name, kind, bytes: &[u8]| {
        first(
            name,
            "a value that is neither text, integer, boolean nor null",
            Row::put("k", "").value(kind, bytes),
            "Structure ValueKind",
        )
    };
    let element = |counter, actor| Row {
        key: Key::Element(counter, actor),
        ..Row::put("", "x")
    };
    vec![
        first(
            "list",
            "lists are not used",
            Row::act(encoder::MAKE_LIST, "k"),
            "Structure NotAMap",
        ),
        first(
            "text",
            "texts are not used",
            Row::act(encoder::MAKE_TEXT, "k"),
            "Structure NotAMap",
        ),
        first(
            "table",
            "tables are not used",
            Row::act(encoder::MAKE_TABLE, "k"),
            "Structure NotAMap",
        ),
        first(
            "insert-at-the-head",
            "an insert into the root",
            Row {
                insert: true,
                ..element(0, None)
            },
            "Structure NotAMap",
        ),
        first(
            "insert-after-an-unknown-element",
            "panics in apply_changes",
            Row {
                insert: true,
                ..element(9, Some(0))
            },
            "Structure NotAMap",
        ),
        first(
            "insert-under-a-key",
            "an insert that says it is a put",
            Row {
                insert: true,
                ..Row::put("k", "x")
            },
            "Structure NotAllowed",
        ),
        first(
            "mark",
            "marks are not used",
            Row::act(encoder::MARK, "k"),
            "Structure NotAllowed",
        ),
        first(
            "increment",
            "i64::MAX twice wraps around or panics",
            Row::act(encoder::INCREMENT, "k").value(4, &integer(i64::MAX)),
            "Structure NotAllowed",
        ),
        value("uint", 3, &[5]),
        value("float", 5, &f64::NAN.to_le_bytes()),
        value("bytes", 7, &[1, 2, 3]),
        value("counter", 8, &[5]),
        value("timestamp", 9, &[5]),
        value("unknown-kind", 12, &[1, 2, 3]),
        first(
            "text-too-long",
            "a text that belongs into a blob",
            Row::put("k", &"x".repeat(16 * 1024 + 1)),
            "Structure TextTooLong",
        ),
        first(
            "empty-key",
            "a key without a name",
            Row::put("", "x"),
            "Structure EmptyKey",
        ),
    ]
}

/// Operations on objects that are not there, or not for them.
fn places() -> Vec<Attack> {
    vec![
        on_nothing(
            "unknown-object",
            "panics in apply_changes",
            Chunk::first_of(own())
                .rows(&[Row::put("k", "x").within(40, 0)])
                .write(),
            "Structure UnknownObject",
        ),
        on_victim(
            "object-that-is-a-value",
            "a value taken for a map",
            &[Row::put("k", "x").within(1, 1)],
            "Structure UnknownObject",
        ),
        Attack {
            name: "object-of-an-unknown-actor",
            about: "panics in apply_changes",
            known: victim(),
            hostile: vec![{
                let mut chunk = after_victim();
                chunk.other_actors = vec![actor(1, 1).to_vec()];
                chunk.rows(&[Row::put("k", "x").within(2, 1)]).write()
            }],
            expects: "Structure UnknownObject",
        },
        Attack {
            name: "object-not-seen",
            about: "a map that exists and is not among the dependencies: whoever gets this \
                    change first panics",
            known: victim(),
            hostile: vec![{
                let mut chunk = Chunk::first_of(own());
                chunk.other_actors = vec![other().to_vec()];
                chunk.rows(&[Row::put("k", "x").within(2, 1)]).write()
            }],
            expects: "Structure UnknownObject",
        },
        on_victim(
            "object-of-its-own-future",
            "a map that the change makes later",
            &[Row::put("k", "x").within(5, 0), Row::act(MAKE_MAP, "new")],
            "Structure UnknownObject",
        ),
        on_victim(
            "object-is-itself",
            "a map inside itself",
            &[Row::act(MAKE_MAP, "self").within(4, 0)],
            "Structure UnknownObject",
        ),
        on_victim(
            "map-over-a-value",
            "a map in the place of a value that was seen",
            &[Row::act(MAKE_MAP, "name").after(&[(1, 1)])],
            "Structure ReplacesMap",
        ),
        on_victim(
            "map-over-a-map",
            "shadows the whole fact and what others write into it",
            &[Row::act(MAKE_MAP, "fact").after(&[(2, 1)])],
            "Structure ReplacesMap",
        ),
        on_victim(
            "map-beside-a-map",
            "the same, claiming not to have seen it",
            &[Row::act(MAKE_MAP, "fact")],
            "Structure ReplacesMap",
        ),
        on_victim(
            "map-after-a-delete",
            "the same in two steps",
            &[
                Row::act(DELETE, "name").after(&[(1, 1)]),
                Row::act(MAKE_MAP, "name"),
            ],
            "Structure ReplacesMap",
        ),
        on_victim(
            "value-over-a-map",
            "hides the whole fact",
            &[Row::put("fact", "x").after(&[(2, 1)])],
            "Structure ReplacesMap",
        ),
        on_victim(
            "deleted-map",
            "hides the whole fact",
            &[Row::act(DELETE, "fact").after(&[(2, 1)])],
            "Structure ReplacesMap",
        ),
    ]
}

/// Operations that do not name what their author had seen.
fn predecessors() -> Vec<Attack> {
    let mut attacks = vec![
        on_victim(
            "unknown-predecessor",
            "applies, and the save cannot be loaded",
            &[Row::put("phone", "138").after(&[(99, 0)])],
            "Structure Predecessors",
        ),
        on_victim(
            "another-keys-predecessor",
            "applies, and load panics",
            &[Row::put("phone", "138").after(&[(1, 1)])],
            "Structure Predecessors",
        ),
        on_victim(
            "another-maps-predecessor",
            "the same key of another map",
            &[Row::put("amount", "9").after(&[(3, 1)])],
            "Structure Predecessors",
        ),
        on_victim(
            "own-future-predecessor",
            "an operation that comes later",
            &[
                Row::put("phone", "138").after(&[(5, 0)]),
                Row::put("phone", "139"),
            ],
            "Structure Predecessors",
        ),
        on_victim(
            "no-predecessor",
            "an edit passed for a concurrent write: no longer one of a value it replaced",
            &[Row::put("name", "Wu")],
            "Structure Predecessors",
        ),
        on_victim(
            "no-predecessor-of-its-own",
            "two values of one change under one key",
            &[Row::put("phone", "138"), Row::put("phone", "139")],
            "Structure Predecessors",
        ),
        on_victim(
            "predecessor-that-is-gone",
            "a value that the change itself replaced before",
            &[
                Row::put("name", "Wu").after(&[(1, 1)]),
                Row::put("name", "Xu").after(&[(1, 1)]),
            ],
            "Structure Predecessors",
        ),
        on_victim(
            "delete-without-predecessor",
            "applies, and the save cannot be loaded",
            &[Row::act(DELETE, "name")],
            "Structure Predecessors",
        ),
        on_victim(
            "delete-of-nothing",
            "a delete where nothing is",
            &[Row::act(DELETE, "phone").after(&[(1, 1)])],
            "Structure Predecessors",
        ),
        on_victim(
            "map-after-something",
            "a new map that names a predecessor",
            &[Row::act(MAKE_MAP, "new").after(&[(1, 1)])],
            "Structure Predecessors",
        ),
    ];
    attacks.push(deleted_winner());
    attacks.push(predecessor_not_seen());
    attacks
}

/// Of two concurrent values the one that readers see is deleted, so that the
/// other shows: an overwriting that names no value.
fn deleted_winner() -> Attack {
    let rival = Chunk::first_of(actor(2, 2))
        .rows(&[Row::put("name", "Wu")])
        .write();
    let mut chunk = Chunk::first_of(own());
    chunk.dependencies = vec![super::name_of(&victim()[0]), super::name_of(&rival)];
    chunk.dependencies.sort();
    chunk.start_op = 4;
    // `victim` writes as a greater actor than the rival, and so wins.
    chunk.other_actors = vec![other().to_vec()];
    Attack {
        name: "deleted-winner",
        about: "the value that readers see is deleted so that the loser shows",
        known: vec![victim().remove(0), rival],
        hostile: vec![
            chunk
                .rows(&[Row::act(DELETE, "name").after(&[(1, 1)])])
                .write(),
        ],
        expects: "Structure Predecessors",
    }
}

/// A value that exists and that the author cannot have seen.
fn predecessor_not_seen() -> Attack {
    let mut chunk = Chunk::first_of(own());
    chunk.other_actors = vec![other().to_vec()];
    Attack {
        name: "predecessor-not-seen",
        about: "deletes a value without having it among its dependencies",
        known: victim(),
        hostile: vec![
            chunk
                .rows(&[Row::put("name", "Wu").after(&[(1, 1)])])
                .write(),
        ],
        expects: "Structure Predecessors",
    }
}
