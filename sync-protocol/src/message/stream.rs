//! The messages of an admitted connection that bring entries and pushes.

use minicbor::{Decode, Encode};

use crate::cursor::{CursorTag, Seq};
use crate::id::BatchId;
use crate::packed::Packed;
use crate::tagged_state::{StatesTag, TaggedStates};

/// Entries of the log after `after`. CBOR: `[after, head, reached?, entries]`.
///
/// Continues where the last frame ended: `after` is the `through` of the one before, or the
/// position that the welcome resumed at. A frame without entries moves the cursor only. A reader
/// has caught up when it has stored a frame whose `through` is its `head`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Entries {
    /// The position that the frame continues from.
    #[n(0)]
    pub after: Seq,
    /// The newest position of the log when it was read for this frame.
    #[n(1)]
    pub head: Seq,
    /// Where the cursor stands once the entries are stored; absent from a frame that brings a
    /// piece of an entry and not its last.
    #[n(2)]
    pub reached: Option<Reached>,
    /// A sequence of [`crate::Entry`], at most [`crate::limits::BODY`] bytes.
    #[n(3)]
    pub entries: Packed,
}

/// A position that a frame brings the reader to. CBOR: `[through, tag, states?]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reached {
    /// Everything of the reader's spaces at or before it has been sent.
    #[n(0)]
    pub through: Seq,
    /// The relay's tag for a cursor at `through`.
    #[n(1)]
    pub tag: CursorTag,
    /// The relay's tag for the states that the entries of this frame end with; absent where there
    /// are none.
    #[n(2)]
    pub states: Option<StatesTag>,
}

/// A batch, pushed. CBOR: `[batch, base_seq, changes, states?]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Push {
    /// The batch.
    #[n(0)]
    pub batch: BatchId,
    /// [`crate::Batch::base_seq`].
    #[n(1)]
    pub base_seq: Seq,
    /// A sequence of [`crate::PushedChange`], at most [`crate::limits::BODY`] bytes.
    #[n(2)]
    pub changes: Packed,
    /// What proves that the relay had accepted the changes before it lost them; absent from a batch
    /// of a person's action.
    #[n(3)]
    pub states: Option<TaggedStates>,
}

/// Says that what was purged is deleted on the device. CBOR: `[through]`.
///
/// Said after the transaction that deleted it, and as often as a purge comes; to say it twice is
/// to say it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Erased {
    /// Every purge at or before this position is carried out.
    #[n(0)]
    pub through: Seq,
}

/// Allows the peer to send more frames of entries or pushes. CBOR: `[bytes]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Credit {
    /// How many bytes more, counted over whole frames; never 0.
    #[n(0)]
    pub bytes: u32,
}
