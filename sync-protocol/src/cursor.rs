//! Positions in a relay's log.

use std::fmt;

use minicbor::{Decode, Encode};

use crate::id::opaque_bytes;

opaque_bytes!(
    /// Names one life of a relay's log: drawn at random when the log is created, and again when
    /// it is restored from a backup.
    Epoch,
    16
);

opaque_bytes!(
    /// The relay's proof, to itself, that it gave out a cursor. Opaque to everyone else.
    ///
    /// A relay can check the tag of a cursor that lies ahead of its log only if the tag carries
    /// what it was computed over: half of it is a prefix of the running hash, half a prefix of
    /// the HMAC over epoch, seq and that prefix.
    CursorTag,
    32
);

/// A position in a relay's log; 0 is before the first entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Seq(#[n(0)] pub u64);

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far a replica has read the log: everything of its spaces at or before `seq` is there.
///
/// CBOR: `[epoch, seq, tag]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Cursor {
    /// The life of the log that `seq` counts in.
    #[n(0)]
    pub epoch: Epoch,
    /// The position.
    #[n(1)]
    pub seq: Seq,
    /// What the relay said with it.
    #[n(2)]
    pub tag: CursorTag,
}
