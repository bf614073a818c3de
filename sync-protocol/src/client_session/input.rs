//! What a device's host tells its session.

use ed25519_dalek::SigningKey;

use crate::batch::Batch;
use crate::clock::Timestamp;
use crate::cursor::{Cursor, Seq};
use crate::id::DeviceNumber;
use crate::message::OutboxSummary;
use crate::text::SpaceName;

/// What a device brings to a connection.
pub struct ClientConfig {
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
    /// The spaces of the last welcome; empty if there was none.
    pub spaces: Vec<SpaceName>,
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
    /// Time has passed.
    Tick,
    /// The host wants to end the connection.
    Leave,
    /// The transport closed.
    Closed,
}
