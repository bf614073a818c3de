//! Bytes that are not one change as Automerge writes it.

use super::{Attack, after_victim, on_nothing, other, own, past, victim};
use crate::encoder::{self, Chunk, Row};

pub(super) fn attacks() -> Vec<Attack> {
    let honest = || Chunk::first_of(own()).rows(&[Row::put("name", "Li")]);
    let with = |change: &dyn Fn(&mut Chunk)| {
        let mut chunk = honest();
        change(&mut chunk);
        chunk.write()
    };
    let column = |specification: u64, data: &[u8]| {
        with(&|chunk| {
            chunk.columns.retain(|(known, _)| *known != specification);
            chunk.columns.push((specification, data.to_vec()));
            chunk.columns.sort();
        })
    };
    let nothing = |name, about, hostile, expects| on_nothing(name, about, hostile, expects);
    vec![
        nothing(
            "junk",
            "no chunk at all",
            b"let me in".to_vec(),
            "Malformed NotAChunk",
        ),
        nothing(
            "nothing",
            "no bytes at all",
            Vec::new(),
            "Malformed NotAChunk",
        ),
        nothing(
            "bad-checksum",
            "Change::from_bytes does not check it",
            with(&|chunk| chunk.checksum = Some([0; 4])),
            "Malformed Checksum",
        ),
        nothing(
            "junk-tail",
            "load_incremental takes it with Ok",
            [honest().write(), b"tail".to_vec()].concat(),
            "Malformed Length",
        ),
        nothing(
            "two-changes",
            "a second change in the same chunk's bytes",
            past().concat(),
            "Malformed Length",
        ),
        nothing(
            "cut-short",
            "the length claims more than there is",
            with(&|chunk| chunk.length = Some(1 << 40)),
            "Malformed Length",
        ),
        nothing(
            "document",
            "a whole document instead of a change",
            with(&|chunk| chunk.kind = 0),
            "Malformed NotAnUncompressedChange",
        ),
        nothing(
            "bundle",
            "a bundle instead of a change",
            with(&|chunk| chunk.kind = 3),
            "Malformed NotAnUncompressedChange",
        ),
        nothing(
            "author-footer",
            "Automerge's author is not used; on a later change it panics",
            with(&|chunk| chunk.extra = vec![1, 3, b'e', b'v', b'e']),
            "Malformed ExtraBytes",
        ),
        nothing(
            "long-length",
            "the length not in its shortest form gives the change two names",
            {
                let chunk = honest();
                let bytes = chunk.write();
                // Kind and a one-byte length precede the body.
                let body = &bytes[10..];
                let mut hashed = vec![1, 0x80 | body.len() as u8, 0];
                hashed.extend(body);
                seal(&hashed)
            },
            "Malformed Number",
        ),
        nothing(
            "endless-number",
            "a number that never ends",
            {
                let chunk = honest();
                chunk.seal(&[0xff; 40])
            },
            "Malformed Number",
        ),
        nothing(
            "time-at-its-end",
            "SAFETY A6: the claimed time i64::MAX",
            with(&|chunk| chunk.time = i64::MAX),
            "Malformed Time",
        ),
        nothing(
            "time-at-its-beginning",
            "the claimed time i64::MIN",
            with(&|chunk| chunk.time = i64::MIN),
            "Malformed Time",
        ),
        nothing(
            "message-too-long",
            "a message that is a document",
            with(&|chunk| chunk.message = vec![b'x'; 97]),
            "Malformed MessageTooLong",
        ),
        nothing(
            "message-not-text",
            "a message that is not UTF-8",
            with(&|chunk| chunk.message = vec![0xff, 0xfe]),
            "Malformed MessageNotText",
        ),
        nothing(
            "no-actor",
            "an actor without an id",
            with(&|chunk| chunk.actor = Vec::new()),
            "Malformed ActorLength",
        ),
        nothing(
            "long-actor",
            "an actor with an id of 10 KB",
            with(&|chunk| chunk.actor = vec![7; 10_000]),
            "Malformed ActorLength",
        ),
        nothing(
            "actors-out-of-order",
            "the author among the others",
            with(&|chunk| chunk.other_actors = vec![own().to_vec()]),
            "Malformed ActorsOutOfOrder",
        ),
        nothing(
            "actor-twice",
            "one actor under two indexes",
            with(&|chunk| chunk.other_actors = vec![other().to_vec(), other().to_vec()]),
            "Malformed ActorsOutOfOrder",
        ),
        Attack {
            name: "unused-actor",
            about: "an actor that no operation refers to",
            known: victim(),
            hostile: vec![{
                let mut chunk = after_victim();
                chunk.other_actors = vec![other().to_vec()];
                chunk.rows(&[Row::put("phone", "138")]).write()
            }],
            expects: "Malformed NotCanonical",
        },
        nothing(
            "unknown-column",
            "a column that changes do not have",
            column(0x62, &[0x7f, 1]),
            "Malformed UnknownColumn",
        ),
        nothing(
            "columns-out-of-order",
            "the same column twice",
            with(&|chunk| {
                let first = chunk.columns[0].clone();
                chunk.columns.insert(0, first);
            }),
            "Malformed ColumnsOutOfOrder",
        ),
        nothing(
            "compressed-column",
            "a column with the deflate bit",
            column(0x42 | 8, &[0x7f, 1]),
            "Malformed CompressedColumn",
        ),
        nothing(
            "run-of-one",
            "a literal written as a run of one",
            column(0x42, &[1, 1]),
            "Malformed NotCanonical",
        ),
        nothing(
            "empty-runs",
            "runs of nothing before the first value",
            column(0x42, &[0, 0, 0, 0, 0x7f, 1]),
            "Malformed NotCanonical",
        ),
        nothing(
            "column-too-long",
            "more predecessor counts than operations",
            column(0x70, &[2, 0]),
            "Malformed NotCanonical",
        ),
        nothing(
            "column-too-short",
            "two operations and one key",
            column(0x42, &[2, 1]),
            "Malformed Unreadable",
        ),
        nothing(
            "unknown-action",
            "an action that Automerge does not know",
            column(0x42, &[0x7f, 9]),
            "Malformed Unreadable",
        ),
        nothing(
            "value-beyond-its-bytes",
            "a value longer than the column of values",
            column(0x56, &[0x7f, 0xf6, 0xff, 0xff, 0x7f]),
            "Malformed Unreadable",
        ),
        nothing(
            "value-that-is-not-text",
            "a text value that is not UTF-8",
            column(0x57, &[0xff, 0xfe]),
            "Malformed Unreadable",
        ),
        nothing(
            "key-that-is-not-text",
            "a key that is not UTF-8",
            column(0x15, &[0x7f, 2, 0xff, 0xfe]),
            "Malformed Unreadable",
        ),
        nothing(
            "map-with-a-value",
            "a made map that carries a value, which decoding drops",
            {
                let row = Row::act(encoder::MAKE_MAP, "fact").value(6, b"hidden");
                Chunk::first_of(own()).rows(&[row]).write()
            },
            "Malformed NotCanonical",
        ),
        nothing(
            "actor-index",
            "an operation of an actor that the change does not name",
            {
                let row = Row::put("name", "Li").within(1, 5);
                Chunk::first_of(own()).rows(&[row]).write()
            },
            "Malformed UnknownActor",
        ),
        nothing(
            "counter-beyond-32-bits",
            "an object whose counter Automerge cannot hold",
            {
                let row = Row::put("name", "Li").within(1 << 40, 0);
                Chunk::first_of(own()).rows(&[row]).write()
            },
            "Malformed Counter",
        ),
        nothing(
            "counter-below-zero",
            "a predecessor with a negative counter",
            {
                let row = Row::put("name", "Li").after(&[(-4, 0)]);
                Chunk::first_of(own()).rows(&[row]).write()
            },
            "Malformed Counter",
        ),
    ]
}

/// Puts magic and checksum before kind, length and body.
fn seal(hashed: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(hashed);
    [&[0x85, 0x6f, 0x4a, 0x83], &digest[..4], hashed].concat()
}
