//! Writes changes with any contents whatever, so that tests can attack with them.
//!
//! [`Chunk`] has every field of a change free, its checksum and length repaired
//! unless told otherwise. [`columns`] writes rows as Automerge does.

use sha2::{Digest, Sha256};

/// A change chunk in the making.
#[derive(Clone)]
pub(crate) struct Chunk {
    pub(crate) magic: [u8; 4],
    /// Instead of the right one.
    pub(crate) checksum: Option<[u8; 4]>,
    pub(crate) kind: u8,
    /// Instead of the right one.
    pub(crate) length: Option<u64>,
    /// Instead of the number of dependencies there are.
    pub(crate) dependency_count: Option<u64>,
    pub(crate) dependencies: Vec<[u8; 32]>,
    pub(crate) actor: Vec<u8>,
    pub(crate) seq: u64,
    pub(crate) start_op: u64,
    pub(crate) time: i64,
    pub(crate) message: Vec<u8>,
    /// Instead of the number of other actors there are.
    pub(crate) other_actor_count: Option<u64>,
    pub(crate) other_actors: Vec<Vec<u8>>,
    pub(crate) columns: Vec<(u64, Vec<u8>)>,
    pub(crate) extra: Vec<u8>,
}

impl Chunk {
    /// A change without operations, the first of `actor` in an empty document.
    pub(crate) fn first_of(actor: [u8; 16]) -> Self {
        Self {
            magic: [0x85, 0x6f, 0x4a, 0x83],
            checksum: None,
            kind: 1,
            length: None,
            dependency_count: None,
            dependencies: Vec::new(),
            actor: actor.to_vec(),
            seq: 1,
            start_op: 1,
            time: 1_760_000_000,
            message: Vec::new(),
            other_actor_count: None,
            other_actors: Vec::new(),
            columns: Vec::new(),
            extra: Vec::new(),
        }
    }

    pub(crate) fn rows(mut self, rows: &[Row]) -> Self {
        self.columns = columns(rows);
        self
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut body = Vec::new();
        let dependencies = self.dependencies.len() as u64;
        unsigned(&mut body, self.dependency_count.unwrap_or(dependencies));
        for dependency in &self.dependencies {
            body.extend(dependency);
        }
        prefixed(&mut body, &self.actor);
        unsigned(&mut body, self.seq);
        unsigned(&mut body, self.start_op);
        signed(&mut body, self.time);
        prefixed(&mut body, &self.message);
        let others = self.other_actors.len() as u64;
        unsigned(&mut body, self.other_actor_count.unwrap_or(others));
        for actor in &self.other_actors {
            prefixed(&mut body, actor);
        }
        unsigned(&mut body, self.columns.len() as u64);
        for (specification, data) in &self.columns {
            unsigned(&mut body, *specification);
            unsigned(&mut body, data.len() as u64);
        }
        for (_, data) in &self.columns {
            body.extend(data);
        }
        body.extend(&self.extra);
        self.seal(&body)
    }

    /// Returns what follows the length.
    pub(crate) fn body_of(chunk: &[u8]) -> &[u8] {
        let length = chunk[9..]
            .iter()
            .take_while(|byte| **byte & 0x80 != 0)
            .count()
            + 1;
        &chunk[9 + length..]
    }

    /// Puts magic, checksum, kind and length before a body.
    pub(crate) fn seal(&self, body: &[u8]) -> Vec<u8> {
        let mut hashed = vec![self.kind];
        unsigned(&mut hashed, self.length.unwrap_or(body.len() as u64));
        hashed.extend(body);
        let digest: [u8; 32] = Sha256::digest(&hashed).into();
        let checksum = self
            .checksum
            .unwrap_or([digest[0], digest[1], digest[2], digest[3]]);
        [&self.magic[..], &checksum, &hashed].concat()
    }
}

/// An operation in the making.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// Counter and actor index of the operation that made the object.
    pub(crate) object: Option<(u64, u64)>,
    pub(crate) key: Key,
    pub(crate) insert: bool,
    pub(crate) action: u64,
    /// Kind and bytes of the value.
    pub(crate) value: (u64, Vec<u8>),
    /// Counter and actor index.
    pub(crate) predecessors: Vec<(i64, u64)>,
}

/// What an operation writes to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Key {
    Text(String),
    /// Counter and actor index of a list's element; no actor for the head.
    Element(i64, Option<u64>),
}

pub(crate) const MAKE_MAP: u64 = 0;
pub(crate) const PUT: u64 = 1;
pub(crate) const MAKE_LIST: u64 = 2;
pub(crate) const DELETE: u64 = 3;
pub(crate) const MAKE_TEXT: u64 = 4;
pub(crate) const INCREMENT: u64 = 5;
pub(crate) const MAKE_TABLE: u64 = 6;
pub(crate) const MARK: u64 = 7;

impl Row {
    /// Puts a text under a key of the root that has no value.
    pub(crate) fn put(key: &str, text: &str) -> Self {
        Self {
            object: None,
            key: Key::Text(key.to_owned()),
            insert: false,
            action: PUT,
            value: (6, text.as_bytes().to_vec()),
            predecessors: Vec::new(),
        }
    }

    /// Does something else under a key of the root: no value.
    pub(crate) fn act(action: u64, key: &str) -> Self {
        Self {
            action,
            value: (0, Vec::new()),
            ..Self::put(key, "")
        }
    }

    pub(crate) fn within(self, counter: u64, actor: u64) -> Self {
        Self {
            object: Some((counter, actor)),
            ..self
        }
    }

    pub(crate) fn after(self, predecessors: &[(i64, u64)]) -> Self {
        Self {
            predecessors: predecessors.to_vec(),
            ..self
        }
    }

    pub(crate) fn value(self, kind: u64, bytes: &[u8]) -> Self {
        Self {
            value: (kind, bytes.to_vec()),
            ..self
        }
    }
}

/// Writes rows as Automerge writes them.
pub(crate) fn columns(rows: &[Row]) -> Vec<(u64, Vec<u8>)> {
    let object = |row: &Row| row.object;
    let element = |row: &Row| match row.key {
        Key::Element(counter, actor) => Some((counter, actor)),
        Key::Text(_) => None,
    };
    let text = |row: &Row| match &row.key {
        Key::Text(text) => Some(text.clone()),
        Key::Element(..) => None,
    };
    let predecessors = || rows.iter().flat_map(|row| row.predecessors.iter().copied());
    [
        (
            0x01,
            run_lengths(
                rows.iter().map(|row| object(row).map(|(_, actor)| actor)),
                unsigned,
            ),
        ),
        (
            0x02,
            run_lengths(
                rows.iter()
                    .map(|row| object(row).map(|(counter, _)| counter)),
                unsigned,
            ),
        ),
        (
            0x11,
            run_lengths(
                rows.iter()
                    .map(|row| element(row).and_then(|(_, actor)| actor)),
                unsigned,
            ),
        ),
        (
            0x13,
            deltas(
                rows.iter()
                    .map(|row| element(row).map(|(counter, _)| counter)),
            ),
        ),
        (
            0x15,
            run_lengths(rows.iter().map(text), |out, text| {
                prefixed(out, text.as_bytes())
            }),
        ),
        (0x34, booleans(rows.iter().map(|row| row.insert))),
        (
            0x42,
            run_lengths(rows.iter().map(|row| Some(row.action)), unsigned),
        ),
        (
            0x56,
            run_lengths(
                rows.iter()
                    .map(|row| Some((row.value.1.len() as u64) << 4 | row.value.0)),
                unsigned,
            ),
        ),
        (
            0x57,
            rows.iter().flat_map(|row| row.value.1.clone()).collect(),
        ),
        (
            0x70,
            run_lengths(
                rows.iter().map(|row| Some(row.predecessors.len() as u64)),
                unsigned,
            ),
        ),
        (
            0x71,
            run_lengths(predecessors().map(|(_, actor)| Some(actor)), unsigned),
        ),
        (
            0x73,
            deltas(predecessors().map(|(counter, _)| Some(counter))),
        ),
    ]
    .into_iter()
    .filter(|(_, data): &(u64, Vec<u8>)| !data.is_empty())
    .collect()
}

/// Writes a column of runs; nothing if all are null.
pub(crate) fn run_lengths<T: Clone + PartialEq>(
    values: impl Iterator<Item = Option<T>>,
    write: impl Fn(&mut Vec<u8>, T),
) -> Vec<u8> {
    let values: Vec<_> = values.collect();
    let mut out = Vec::new();
    if values.iter().all(Option::is_none) {
        return out;
    }
    let mut literals: Vec<T> = Vec::new();
    let flush = |literals: &mut Vec<T>, out: &mut Vec<u8>| {
        if !literals.is_empty() {
            signed(out, -(literals.len() as i64));
            literals.drain(..).for_each(|value| write(out, value));
        }
    };
    for run in values.chunk_by(|a, b| a == b) {
        match &run[0] {
            Some(value) if run.len() == 1 => literals.push(value.clone()),
            Some(value) => {
                flush(&mut literals, &mut out);
                signed(&mut out, run.len() as i64);
                write(&mut out, value.clone());
            }
            None => {
                flush(&mut literals, &mut out);
                signed(&mut out, 0);
                unsigned(&mut out, run.len() as u64);
            }
        }
    }
    flush(&mut literals, &mut out);
    out
}

pub(crate) fn deltas(values: impl Iterator<Item = Option<i64>>) -> Vec<u8> {
    let mut last = 0_i64;
    run_lengths(
        values.map(|value| {
            value.map(|value| {
                let difference = value.wrapping_sub(last);
                last = value;
                difference
            })
        }),
        signed,
    )
}

pub(crate) fn booleans(values: impl Iterator<Item = bool>) -> Vec<u8> {
    let values: Vec<_> = values.collect();
    let mut out = Vec::new();
    if values.first() == Some(&true) {
        unsigned(&mut out, 0);
    }
    for run in values.chunk_by(|a, b| a == b) {
        unsigned(&mut out, run.len() as u64);
    }
    out
}

pub(crate) fn prefixed(out: &mut Vec<u8>, bytes: &[u8]) {
    unsigned(out, bytes.len() as u64);
    out.extend(bytes);
}

pub(crate) fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

pub(crate) fn signed(out: &mut Vec<u8>, mut value: i64) {
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if (value == 0 && low & 0x40 == 0) || (value == -1 && low & 0x40 != 0) {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

/// Returns how an integer value is written.
pub(crate) fn integer(value: i64) -> Vec<u8> {
    let mut out = Vec::new();
    signed(&mut out, value);
    out
}
