//! What a device's host tells its session.

use std::collections::BTreeSet;

use ed25519_dalek::SigningKey;

use crate::batch::Batch;
use crate::clock::Timestamp;
use crate::cursor::{Cursor, Seq};
use crate::id::DeviceNumber;
use crate::message::{OutboxSummary, Versions};
use crate::segment::SegmentHash;
use crate::text::SpaceName;

/// What a device brings to a connection.
pub struct ClientConfig {
    /// What it speaks: [`Versions::SPOKEN`].
    pub versions: Versions,
    /// Who it is.
    pub device: DeviceNumber,
    /// The key it was enrolled with; dropped as soon as the hello is signed.
    pub signing_key: SigningKey,
    /// The name of the relay it means to reach; `None` accepts any.
    pub server_name: Option<String>,
    /// The name of its build, for operators; cut at [`crate::limits::BUILD`] bytes.
    pub build: String,
    /// The newest shape of documents that it writes.
    pub shapes: u32,
    /// How far it has read; `None` if it has read nothing.
    pub cursor: Option<Cursor>,
    /// The spaces of the last welcome that are whole: what the cursor speaks of.
    pub spaces: Vec<SpaceName>,
    /// The segments that it holds of the spaces that are not.
    pub segments: BTreeSet<SegmentHash>,
    /// Whether it may take segments if it has no cursor. One that holds documents all the same may
    /// not: only the log says what was purged since they came.
    pub takes_segments: bool,
    /// What it has not pushed yet.
    pub outbox: OutboxSummary,
    /// How many bytes of entries may be on their way to it: [`crate::limits::DEFAULT_WINDOW`].
    pub window: u32,
}

/// What happened, told to a [`super::ClientSession`].
#[derive(Debug)]
pub enum ClientInput {
    /// The transport is open.
    Opened {
        /// What the device's wall clock shows.
        clock: Timestamp,
    },
    /// A binary message arrived.
    Received(Vec<u8>),
    /// The transport showed a sign of life: a ping or a pong.
    Touched,
    /// The oldest batch of the outbox that [`super::ClientEffect::WantBatches`] did not except.
    ///
    /// An offer binds nobody: one that finds no room is dropped, and asked for again.
    Offer(Batch),
    /// The outbox has a new batch; the session asks for it if it has room.
    OutboxChanged,
    /// The host has committed entries together with their cursor.
    Stored {
        /// The position of the cursor that was committed.
        through: Seq,
    },
    /// What a fetch brought that [`super::ClientEffect::Fetch`] asked for.
    Fetched {
        /// The segment.
        hash: SegmentHash,
        /// Its bytes, unchecked.
        fetched: Result<Vec<u8>, FetchProblem>,
    },
    /// The host has committed a segment.
    SegmentStored {
        /// Which.
        hash: SegmentHash,
    },
    /// Time has passed.
    Tick,
    /// The host wants to end the connection.
    Leave,
    /// The transport closed.
    Closed,
}

/// Why a segment was not fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchProblem {
    /// The relay has no such segment any more, or the bearer is no longer good: there is a new list.
    #[error("the relay no longer gives it")]
    Gone,
    /// It did not come whole; it may come another time.
    #[error("it did not come whole")]
    Failed,
}
