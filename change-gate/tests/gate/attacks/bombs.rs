//! Small bytes that claim much.

use std::io::Write;

use change_gate::limits;
use flate2::{Compression, write::DeflateEncoder};

use super::{Attack, on_nothing, other, own, victim};
use crate::encoder::{self, Chunk, Row, signed, unsigned};

pub(super) fn attacks() -> Vec<Attack> {
    let column = |specification: u64, data: Vec<u8>| {
        let mut chunk = Chunk::first_of(own()).rows(&[Row::put("name", "Li")]);
        chunk.columns.retain(|(known, _)| *known != specification);
        chunk.columns.push((specification, data));
        chunk.columns.sort();
        chunk.write()
    };
    vec![
        on_nothing(
            "deflate-bomb",
            "SAFETY A1: a deflated chunk of 60 KB that inflates to 60 MB",
            {
                let mut chunk = Chunk::first_of(own());
                chunk.kind = 2;
                chunk.seal(&deflated_zeros(60))
            },
            "Malformed NotAnUncompressedChange",
        ),
        on_nothing(
            "too-large",
            "a change of more than 64 KiB",
            {
                let row = Row::put("name", "Li").value(6, &vec![b'x'; 64 * 1024]);
                Chunk::first_of(own()).rows(&[row]).write()
            },
            "Malformed TooLarge",
        ),
        on_nothing(
            "million-operations",
            "SAFETY A2: 1,000,000 operations in 119 bytes",
            operations(1_000_000),
            "Malformed TooManyRows",
        ),
        on_nothing(
            "hundred-million-operations",
            "SAFETY A2: 134,217,727 operations in 127 bytes, 18 s in Change::from_bytes",
            operations(134_217_727),
            "Malformed TooManyRows",
        ),
        on_nothing(
            "endless-operations",
            "i64::MAX operations",
            operations(i64::MAX),
            "Malformed TooManyRows",
        ),
        on_nothing(
            "one-operation-too-many",
            "as many operations as a change may have, and one",
            operations(limits::ROWS as i64 + 1),
            "Malformed TooManyRows",
        ),
        on_nothing(
            "null-inserts",
            "1,000,000 inserts of null into a list, 560 MB when applied",
            {
                let mut chunk = Chunk::first_of(own()).rows(&[
                    Row::act(encoder::MAKE_LIST, "list"),
                    Row {
                        insert: true,
                        key: encoder::Key::Element(0, None),
                        ..Row::act(encoder::PUT, "").within(1, 0)
                    },
                ]);
                for (specification, data) in &mut chunk.columns {
                    if *specification == 0x42 {
                        *data = encoder::run_lengths([Some(2)].into_iter(), unsigned);
                        run(data, 1_000_000, 1);
                    }
                }
                chunk.write()
            },
            "Malformed TooManyRows",
        ),
        on_nothing(
            "literal-run-without-end",
            "a literal run of i64::MIN values, whose length has no positive",
            column(0x42, {
                let mut data = Vec::new();
                signed(&mut data, i64::MIN);
                data.push(1);
                data
            }),
            "Malformed TooManyRows",
        ),
        on_nothing(
            "null-run",
            "u64::MAX nulls in a column that is not the actions",
            column(0x01, {
                let mut data = vec![0];
                unsigned(&mut data, u64::MAX);
                data
            }),
            "Malformed TooManyRows",
        ),
        on_nothing(
            "boolean-run",
            "u64::MAX booleans",
            column(0x34, {
                let mut data = Vec::new();
                unsigned(&mut data, u64::MAX);
                data
            }),
            "Malformed TooManyRows",
        ),
        on_nothing(
            "predecessor-group",
            "one operation that claims u64::MAX predecessors",
            column(0x70, {
                let mut data = vec![0x7f];
                unsigned(&mut data, u64::MAX);
                data
            }),
            "Malformed TooManyRows",
        ),
        on_nothing(
            "predecessor-groups",
            "runs of groups whose product wraps around",
            column(0x70, {
                let mut data = Vec::new();
                signed(&mut data, 1 << 12);
                unsigned(&mut data, 1 << 52);
                data
            }),
            "Malformed TooManyRows",
        ),
        on_nothing(
            "long-key-many-times",
            "a key of 60 KB in a run of 4,000: 240 MB when it is copied",
            {
                let mut chunk = Chunk::first_of(own()).rows(&[Row::put("name", "Li")]);
                for (specification, data) in &mut chunk.columns {
                    match specification {
                        0x15 => {
                            data.clear();
                            signed(data, limits::ROWS as i64);
                            encoder::prefixed(data, &vec![b'k'; 60_000]);
                        }
                        0x42 => {
                            data.clear();
                            run(data, limits::ROWS as i64, 1);
                        }
                        _ => {}
                    }
                }
                chunk.write()
            },
            "Malformed KeyTooLong",
        ),
        on_nothing(
            "many-columns",
            "a table of u32::MAX columns",
            {
                let chunk = Chunk::first_of(own());
                let bytes = chunk.write();
                // The last byte of a change without columns is their number.
                let mut body = bytes[10..bytes.len() - 1].to_vec();
                unsigned(&mut body, u64::from(u32::MAX));
                chunk.seal(&body)
            },
            "Malformed TooManyColumns",
        ),
        on_nothing(
            "many-dependencies",
            "2^59 dependencies, whose bytes' number wraps around",
            {
                let mut chunk = Chunk::first_of(own());
                chunk.dependency_count = Some(1 << 59);
                chunk.write()
            },
            "Malformed TooManyDependencies",
        ),
        on_nothing(
            "many-actors",
            "more other actors than one change may refer to",
            {
                let mut chunk = Chunk::first_of(own());
                chunk.other_actor_count = Some(257);
                chunk.write()
            },
            "Malformed TooManyActors",
        ),
        Attack {
            name: "deep-maps",
            about: "SAFETY A3: 1,200 maps in one another overflow the stack of a reader",
            known: Vec::new(),
            hostile: vec![nested(1_200)],
            expects: "Structure TooDeep",
        },
        Attack {
            name: "one-map-too-deep",
            about: "eight maps in one another and a value in the last",
            known: Vec::new(),
            hostile: vec![nested(9)],
            expects: "Structure TooDeep",
        },
        Attack {
            name: "many-operations-in-a-batch",
            about: "two changes, each of as many puts to one key as there may be, in a few kilobytes",
            known: Vec::new(),
            hostile: repeated_puts(2),
            expects: "TooManyOperations",
        },
        Attack {
            name: "many-predecessors",
            about: "one put that claims as many predecessors as there may be rows",
            known: victim(),
            hostile: vec![{
                let mut chunk = super::after_victim();
                chunk.other_actors = vec![other().to_vec()];
                let predecessors: Vec<_> = (1..=limits::ROWS as i64)
                    .map(|counter| (counter, 1))
                    .collect();
                chunk
                    .rows(&[Row::put("name", "Wu").after(&predecessors)])
                    .write()
            }],
            expects: "Structure Predecessors",
        },
    ]
}

/// A change of `count` puts of null to one key, as Automerge would write it.
fn operations(count: i64) -> Vec<u8> {
    let mut chunk = Chunk::first_of(own());
    let mut key = Vec::new();
    signed(&mut key, count);
    encoder::prefixed(&mut key, b"k");
    let mut insert = Vec::new();
    unsigned(&mut insert, count.unsigned_abs());
    let repeated = |value| {
        let mut data = Vec::new();
        run(&mut data, count, value);
        data
    };
    chunk.columns = vec![
        (0x15, key),
        (0x34, insert),
        (0x42, repeated(1)),
        (0x56, repeated(0)),
        (0x70, repeated(0)),
    ];
    chunk.write()
}

fn run(data: &mut Vec<u8>, count: i64, value: u64) {
    signed(data, count);
    unsigned(data, value);
}

/// A change that makes maps in one another, the first in the root.
fn nested(levels: u64) -> Vec<u8> {
    let rows: Vec<_> = (0..levels)
        .map(|level| {
            let row = Row::act(encoder::MAKE_MAP, "k");
            if level == 0 {
                row
            } else {
                row.within(level, 0)
            }
        })
        .collect();
    Chunk::first_of(own()).rows(&rows).write()
}

/// Changes that put one key as often as each may, every put after the one before.
pub(crate) fn repeated_puts(changes: u64) -> Vec<Vec<u8>> {
    let mut written: Vec<Vec<u8>> = Vec::new();
    for number in 0..changes {
        let rows = limits::ROWS as i64;
        let start = number as i64 * rows + 1;
        let rows: Vec<_> = (start..start + rows)
            .map(|counter| match counter {
                1 => Row::act(encoder::PUT, "k"),
                _ => Row::act(encoder::PUT, "k").after(&[(counter - 1, 0)]),
            })
            .collect();
        let mut chunk = Chunk::first_of(own()).rows(&rows);
        chunk.seq = number + 1;
        chunk.start_op = start as u64;
        chunk.dependencies = written
            .last()
            .map(|last| super::name_of(last))
            .into_iter()
            .collect();
        written.push(chunk.write());
    }
    written
}

fn deflated_zeros(megabytes: usize) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1024 * 1024];
    for _ in 0..megabytes {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap()
}
