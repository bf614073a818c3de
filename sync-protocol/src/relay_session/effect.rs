//! What a relay's session tells its host.

use super::Walk;
use crate::batch::Batch;
use crate::close::CloseReason;
use crate::cursor::{Cursor, Seq};
use crate::id::DeviceNumber;
use crate::message::Greeting;
use crate::text::SpaceName;

/// What should happen now, told by a [`super::RelaySession`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayEffect {
    /// Send a binary message.
    Send(Vec<u8>),
    /// Look up a device's public key, and nothing else: it has proved nothing yet.
    Identify {
        /// The number it claims.
        device: DeviceNumber,
    },
    /// The device has proved itself: look up what it may have, and answer
    /// [`super::RelayInput::Admitted`] or [`super::RelayInput::Dismiss`].
    Admit(Greeting),
    /// The device's cursor is tagged by this relay, of this epoch, and ahead of the log: the log
    /// has lost entries that were acknowledged, and nobody declared it.
    ///
    /// The session ends without a welcome: a log that has gone back is never continued under its
    /// old epoch. The host takes a new one; the device comes back and reads it from its beginning.
    RollbackProved(Cursor),
    /// Read the log, and answer [`super::RelayInput::Log`].
    Read {
        /// The position to read after.
        after: Seq,
        /// The walk that this read is part of.
        walk: Walk,
    },
    /// List the segments of spaces, and answer [`super::RelayInput::Offered`]: only of those that
    /// the device may read.
    Offer {
        /// The spaces that it lacks.
        spaces: Vec<SpaceName>,
        /// How far it has read; the segments must reach at least as far.
        after: Seq,
    },
    /// Judge a batch, in the order of these effects, and answer [`super::RelayInput::Verdict`].
    Accept(Batch),
    /// Note that the device has deleted whatever was purged at or before a position.
    Erased {
        /// The position, never beyond the log.
        through: Seq,
    },
    /// Close the transport; the session has ended.
    Close(CloseReason),
}
