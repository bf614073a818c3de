//! What a relay's host tells its session.

use super::LogAnswer;
use crate::clock::Timestamp;
use crate::cursor::{Cursor, Epoch, Seq};
use crate::id::{BatchId, Nonce};
use crate::message::{Bye, Outcome, Upgrade, Versions};
use crate::segment::SegmentInfo;
use crate::text::SpaceName;

/// What a relay brings to a connection.
#[derive(Clone, Debug)]
pub struct RelayConfig {
    /// What it speaks: [`Versions::SPOKEN`].
    pub versions: Versions,
    /// Fresh randomness, never used twice.
    pub nonce: Nonce,
    /// The name that clients dial; cut at [`crate::limits::SERVER_NAME`] bytes.
    pub server_name: String,
    /// How many bytes of pushes may be on their way to it: [`crate::limits::DEFAULT_WINDOW`].
    pub window: u32,
}

/// What happened, told to a [`super::RelaySession`].
#[derive(Debug)]
pub enum RelayInput {
    /// The transport is open.
    Opened,
    /// A binary message arrived.
    Received(Vec<u8>),
    /// The transport showed a sign of life: a ping or a pong.
    Touched,
    /// Answers [`super::RelayEffect::Identify`]: the device's Ed25519 public key.
    Identified {
        /// The key it was enrolled with.
        public_key: [u8; 32],
    },
    /// Answers [`super::RelayEffect::Identify`]: no such device was enrolled.
    UnknownDevice,
    /// Answers [`super::RelayEffect::Admit`].
    Admitted(Admission),
    /// Answers [`super::RelayEffect::Read`].
    Log(LogAnswer),
    /// Answers [`super::RelayEffect::Offer`]; `None` where the spaces must be read from the log.
    Offered(Option<Offer>),
    /// The verdict on a batch from [`super::RelayEffect::Accept`].
    Verdict {
        /// The batch.
        batch: BatchId,
        /// What became of it.
        outcome: Outcome,
    },
    /// The log has grown. May come at any time, late and more than once.
    HeadMoved {
        /// Its newest position.
        head: Seq,
    },
    /// The relay stops: verdicts under way are awaited, then the session ends.
    Drain {
        /// How long the client should stay away, in milliseconds; different for each connection.
        retry_ms: u32,
    },
    /// The session ends now: the device is not admitted, was revoked, replaced, got other spaces.
    Dismiss(Bye),
    /// Time has passed.
    Tick,
    /// The transport closed.
    Closed,
}

/// What a relay's host knows of a device that has proved itself, and of its own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The epoch of the log.
    pub epoch: Epoch,
    /// The newest position of the log, read after the greeting was received.
    pub head: Seq,
    /// Whether the tag of the greeting's cursor is one that this relay gave for its epoch, seq
    /// and, where the log reaches that far, what the log holds up to it.
    pub cursor_tag_is_valid: bool,
    /// Whether the greeting's digest of spaces is that of the device's spaces: the cursor speaks of
    /// no others.
    pub has_same_spaces: bool,
    /// Whether the tag of the greeting's cursor is one that this relay gave for its epoch and seq,
    /// and what the log holds up to that seq is something else: the log went back and has grown
    /// again since.
    pub cursor_is_of_a_lost_history: bool,
    /// The device's spaces.
    pub spaces: Vec<SpaceName>,
    /// What the relay's wall clock shows.
    pub clock: Timestamp,
    /// Whether the device should upgrade.
    pub upgrade: Upgrade,
}

/// The segments that hold everything of some spaces up to a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Where the log goes on behind them.
    pub cursor: Cursor,
    /// What the device shows when it fetches them; at most [`crate::limits::BEARER`] bytes.
    pub bearer: String,
    /// The segments, the most useful first.
    pub segments: Vec<SegmentInfo>,
}
