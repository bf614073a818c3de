//! Bounds a change before Automerge sees it.
//!
//! ```text
//! 85 6f 4a 83                      magic
//! checksum                  4      the first bytes of the hash
//! kind                      1      1: an uncompressed change
//! length                    uleb   of all that follows
//! dependencies              uleb n, n × 32 bytes, ascending
//! actor                     uleb 16, 16 bytes
//! sequence                  uleb   1, 2, 3 … for each actor of a document
//! first operation's counter uleb
//! time                      sleb   seconds since 1970, as claimed
//! message                   uleb n, n bytes of UTF-8
//! other actors              uleb n, n × (uleb 16, 16 bytes), ascending
//! columns                   see `columns.rs`
//! ```
//!
//! The hash, which names the change, is SHA-256 over kind, length and the rest.
//! Only headers of runs are walked, so the cost is that of the bytes, whatever
//! the runs claim to expand to.

mod columns;
mod malformed;
mod reader;
mod saved;

use sha2::{Digest, Sha256};

pub use self::malformed::Malformed;
use self::reader::Reader;
pub use self::saved::saved_heads;
use crate::{Actor, Hash, limits};

/// Reads a change's header and proves that the change is within the limits.
///
/// Costs O(bytes) and holds little more than the chunk's own size. Hash and
/// checksum are computed here: Automerge does not check them.
///
/// # Errors
///
/// Says what is wrong with the bytes.
pub fn prescan(chunk: &[u8]) -> Result<ChangeHeader, Malformed> {
    if chunk.len() > limits::CHANGE_BYTES {
        return Err(Malformed::TooLarge { bytes: chunk.len() });
    }
    let mut reader = Reader::new(chunk);
    if reader.array() != Ok(MAGIC) {
        return Err(Malformed::NotAChunk);
    }
    let checksum: [u8; 4] = reader.array()?;
    let hashed = reader.rest();
    let [kind] = reader.array()?;
    if kind != UNCOMPRESSED_CHANGE {
        return Err(Malformed::NotAnUncompressedChange { kind });
    }
    let claimed = reader.unsigned()?;
    let found = reader.rest().len();
    if claimed != found as u64 {
        return Err(Malformed::Length { claimed, found });
    }
    let hash: Hash = Sha256::digest(hashed).into();
    if !hash.starts_with(&checksum) {
        return Err(Malformed::Checksum);
    }
    body(&mut reader, hash)
}

/// What a change says of itself, proved to be within the limits and, as yet, to
/// be nothing more: its actor may be another device's, its dependencies unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeHeader {
    /// The change's name: SHA-256 over its bytes.
    pub hash: Hash,
    /// Who wrote it.
    pub actor: Actor,
    /// Its place among the actor's changes to this document, from 1.
    pub seq: u64,
    /// The counter of its first operation.
    pub start_op: u64,
    /// When it was written, as its author claims, in seconds since 1970.
    pub time: i64,
    /// Its message: UTF-8, without meaning here.
    pub message: Vec<u8>,
    /// The heads its author had seen, ascending.
    pub dependencies: Vec<Hash>,
    /// How many operations it holds.
    pub operations: u64,
}

impl ChangeHeader {
    /// Returns the counter of the last operation; without operations, that of
    /// the last one its author had seen.
    pub(crate) fn max_op(&self) -> u64 {
        self.start_op
            .saturating_add(self.operations)
            .saturating_sub(1)
    }
}

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const UNCOMPRESSED_CHANGE: u8 = 1;

fn body(reader: &mut Reader<'_>, hash: Hash) -> Result<ChangeHeader, Malformed> {
    let dependencies = dependencies(reader)?;
    let actor = actor(reader)?;
    let seq = reader.unsigned()?;
    if seq == 0 || seq > u64::from(u32::MAX) {
        return Err(Malformed::Sequence { found: seq });
    }
    let start_op = reader.unsigned()?;
    let seconds = reader.signed()?;
    if !(0..=limits::LATEST_TIME).contains(&seconds) {
        return Err(Malformed::Time { seconds });
    }
    let message = message(reader)?;
    let other_actors = other_actors(reader, &actor)?;
    let operations = columns::scan(reader, other_actors.saturating_add(1))?;
    if !reader.is_empty() {
        return Err(Malformed::ExtraBytes {
            bytes: reader.rest().len(),
        });
    }
    let header = ChangeHeader {
        hash,
        actor,
        seq,
        start_op,
        time: seconds,
        message,
        dependencies,
        operations,
    };
    if start_op == 0 || header.max_op() > limits::OPERATION_COUNTER {
        return Err(Malformed::Counter);
    }
    Ok(header)
}

fn dependencies(reader: &mut Reader<'_>) -> Result<Vec<Hash>, Malformed> {
    let found = reader.unsigned()?;
    if found > limits::DEPENDENCIES {
        return Err(Malformed::TooManyDependencies { found });
    }
    let mut dependencies: Vec<Hash> = Vec::new();
    for _ in 0..found {
        let dependency = reader.array()?;
        if dependencies.last().is_some_and(|last| *last >= dependency) {
            return Err(Malformed::DependenciesOutOfOrder);
        }
        dependencies.push(dependency);
    }
    Ok(dependencies)
}

fn actor(reader: &mut Reader<'_>) -> Result<Actor, Malformed> {
    let bytes = reader.unsigned()?;
    if bytes != size_of::<Actor>() as u64 {
        return Err(Malformed::ActorLength { bytes });
    }
    reader.array()
}

fn message(reader: &mut Reader<'_>) -> Result<Vec<u8>, Malformed> {
    let bytes = reader.unsigned()?;
    if bytes > limits::MESSAGE_BYTES {
        return Err(Malformed::MessageTooLong { bytes });
    }
    let message = reader.bytes(bytes)?;
    std::str::from_utf8(message).map_err(|_| Malformed::MessageNotText)?;
    Ok(message.to_vec())
}

/// Reads the other actors and returns how many there are.
fn other_actors(reader: &mut Reader<'_>, author: &Actor) -> Result<u64, Malformed> {
    let found = reader.unsigned()?;
    if found > limits::OTHER_ACTORS {
        return Err(Malformed::TooManyActors { found });
    }
    let mut previous = None;
    for _ in 0..found {
        let other = actor(reader)?;
        if other == *author || previous.is_some_and(|previous| previous >= other) {
            return Err(Malformed::ActorsOutOfOrder);
        }
        previous = Some(other);
    }
    Ok(found)
}
