//! What a relay decides about a batch.

use minicbor::{Decode, Encode};

use super::open_code;
use crate::clock::Timestamp;
use crate::cursor::Seq;
use crate::error::OverLimit;
use crate::id::{BatchId, ChangeHash};
use crate::kinded::{self, kinded_enum};
use crate::limits;
use crate::tagged_state::StatesTag;
use crate::text::Explanation;

/// The verdict on one batch. CBOR: `[batch, outcome]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Verdict {
    /// The batch.
    #[n(0)]
    pub batch: BatchId,
    /// What became of it.
    #[n(1)]
    pub outcome: Outcome,
}

kinded_enum! {
    /// What became of a batch. `Accepted` and `Refused` are final and repeated word for word
    /// when the batch is pushed again; the other two are not.
    pub enum Outcome, "an outcome" {
        /// All of its changes are in the log, durably.
        1 => Accepted(Accepted),
        /// None of its changes are, and they never will be under this batch's id.
        2 => Refused(Refusal),
        /// The relay cannot decide yet.
        3 => Later(Later),
        /// The relay lacks changes that these depend on.
        4 => NeedsDependencies(NeedsDependencies),
    }
}

impl<'b, C> Decode<'b, C> for Outcome {
    fn decode(
        decoder: &mut minicbor::Decoder<'b>,
        _: &mut C,
    ) -> Result<Self, minicbor::decode::Error> {
        kinded::decode_inside(decoder)
    }
}

impl Outcome {
    /// Whether the same batch gets the same outcome for ever.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Accepted(_) | Self::Refused(_))
    }
}

/// Where an accepted batch stands. CBOR: `[first_seq, last_seq, received_at]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Accepted {
    /// The position of its first change.
    #[n(0)]
    pub first_seq: Seq,
    /// The position of its last change.
    #[n(1)]
    pub last_seq: Seq,
    /// When the relay received it.
    #[n(2)]
    pub received_at: Timestamp,
}

/// Why a batch is refused. CBOR: `[code, change?, text]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Refusal {
    /// Why, for the program.
    #[n(0)]
    pub code: RefusalCode,
    /// The change that it is about, counted from 0; absent if it is about the whole batch.
    #[n(1)]
    pub change: Option<u16>,
    /// Why, for a person.
    #[n(2)]
    pub text: Explanation,
}

/// When to push the batch again. CBOR: `[retry_ms]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Later {
    /// Not before this many milliseconds have passed.
    #[n(0)]
    pub retry_ms: u32,
}

/// What the relay lacks. CBOR: `[[hash, …], states?]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NeedsDependencies {
    /// The missing changes, at most [`limits::DEPENDENCIES`] of them.
    #[cbor(n(0), decode_with = "bounded_hashes")]
    pub hashes: Vec<ChangeHash>,
    /// The tag of the states that end with these, in this order, if the batch brings back what the
    /// relay has lost of one document: then they are below what it knows again.
    #[n(1)]
    pub states: Option<StatesTag>,
}

open_code! {
    /// Why a batch is refused: structure and rights only, never what honest people can do at
    /// the same time.
    pub enum RefusalCode {
        /// The bytes are not one well-formed, uncompressed change.
        1 => Malformed,
        /// The change is over a limit on bytes, rows, dependencies, actors or depth.
        2 => OverLimit,
        /// The change's actor is not of the device that pushed it.
        3 => WrongActor,
        /// The change does not continue its actor's changes of that document.
        4 => OutOfSequence,
        /// The author, command or time in the change's message are not what the session says.
        5 => WrongAuthorship,
        /// The author has no right to write this.
        6 => NotPermitted,
        /// The document was purged.
        7 => Gone,
        /// The document is not where the batch says, or the device does not hold that space.
        8 => WrongSpace,
        /// The document would not survive being saved and loaded.
        9 => Unsound,
        /// The id was used before, for other changes.
        10 => BatchReused,
        /// A change comes under a tagged state that is not this relay's, or not the change's.
        11 => Unproven,
    }
}

fn bounded_hashes<C>(
    decoder: &mut minicbor::Decoder<'_>,
    _: &mut C,
) -> Result<Vec<ChangeHash>, minicbor::decode::Error> {
    let at = decoder.position();
    let mut hashes = Vec::new();
    for hash in decoder.array_iter()? {
        OverLimit::check(hashes.len().saturating_add(1), limits::DEPENDENCIES, at)?;
        hashes.push(hash?);
    }
    Ok(hashes)
}
