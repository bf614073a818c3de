//! Golden files: what each version left on disks and said over the wire, kept for ever.
//!
//! `tests/golden/VERSION` holds a relay's database, the database of one of its devices, what the
//! two then said to each other, and what both must show before and after. [`make`] makes one of
//! this version; none is ever changed. [`read`] lets this version open, show and answer it.
//!
//! Databases are kept compressed (raw deflate), for most of their pages are empty.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::connection::Direction;

mod cast;
mod make;
mod packing;
mod read;
mod views;

pub use make::make;
pub use packing::{pack, unpack};
pub use read::read;
pub use views::lacking;

/// The relay's secret in every golden database.
const KEY: [u8; 32] = [42; 32];

/// The relay's name in every golden database.
const SERVER_NAME: &str = "relay.golden";

/// The files of a version.
const RELAY: &str = "relay.sqlite.deflate";
const REPLICA: &str = "replica.sqlite.deflate";
const TRANSCRIPT: &str = "transcript.json";
const EXPECTED: &str = "expected.json";

/// One message of the recorded connection, in its order.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Said {
    /// Who said it: `device` or `relay`.
    from: Speaker,
    /// The frame, in hexadecimal.
    frame: String,
}

/// An end of the recorded connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Speaker {
    Device,
    Relay,
}

/// The recorded connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Transcript {
    /// What the relay drew for it, in hexadecimal.
    nonce: String,
    said: Vec<Said>,
}

/// What must be seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Expected {
    /// What every clock showed, in milliseconds.
    now: i64,
    /// The heads of each of the relay's documents before the connection, in hexadecimal.
    documents: BTreeMap<String, Vec<String>>,
    /// What the device showed before the connection, and after it.
    before: Json,
    after: Json,
    /// What a device of the general manager that is new at the relay shows after it.
    manager: Json,
    /// What became of each batch of the device, by its id.
    outcomes: BTreeMap<String, String>,
}

impl From<Direction> for Speaker {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Up => Self::Device,
            Direction::Down => Self::Relay,
        }
    }
}

/// Where golden files are.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// Every version of which there are some, in the order of their names.
pub fn versions() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("golden files");
    let mut versions: Vec<_> = entries
        .map(|entry| entry.expect("a folder").path())
        .collect();
    versions.retain(|path| path.is_dir());
    versions.sort();
    versions
}

/// The name of this version's: the release, and the newest version of the protocol that it speaks.
pub fn this_version() -> String {
    let release = env!("CARGO_PKG_VERSION");
    format!("{release}-protocol-{}", sync_protocol::PROTOCOL_VERSION)
}

fn text(folder: &Path, file: &str) -> String {
    let path = folder.join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
