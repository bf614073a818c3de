//! The messages by which a device gets the spaces that it lacks, from version 2 on.

use minicbor::{Decode, Encode};

use super::hello::{pack_spaces, unpack_spaces};
use crate::cursor::{Cursor, Seq};
use crate::error::{DecodeError, OverLimit};
use crate::limits;
use crate::packed::Packed;
use crate::segment::SegmentInfo;
use crate::text::{SpaceName, bounded_text};

/// Asks for the segments of spaces. CBOR: `[spaces]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Want {
    /// The names, as the spaces of a [`Welcome`](super::Welcome) are packed.
    #[n(0)]
    pub spaces: Packed,
}

/// Says which segments hold everything of the spaces that a device wants.
///
/// CBOR: `[cursor?, bearer, segments, is_last]`. Everything of these spaces at or before the cursor
/// is in the segments; what is behind it is in the log. A long list comes in several of them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Manifest {
    /// Where the log goes on behind the segments; absent where there are none to be had, and the
    /// log must be read from its beginning.
    #[n(0)]
    pub cursor: Option<Cursor>,
    /// What the device shows when it fetches; good for a while and for this device.
    #[cbor(n(1), decode_with = "bounded_text::<Ctx, { limits::BEARER }>")]
    pub bearer: String,
    /// The segments, the most useful first.
    #[cbor(n(2), decode_with = "bounded_segments")]
    pub segments: Vec<SegmentInfo>,
    /// Whether no more of the list follows.
    #[n(3)]
    pub is_last: bool,
}

/// Asks for the log after a position. CBOR: `[after]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Follow {
    /// The position; 0 for all of it.
    #[n(0)]
    pub after: Seq,
}

impl Want {
    pub(crate) fn of(spaces: &[SpaceName]) -> Self {
        Self {
            spaces: pack_spaces(spaces),
        }
    }

    pub(crate) fn names(&self) -> Result<Vec<SpaceName>, DecodeError> {
        unpack_spaces(&self.spaces)
    }
}

fn bounded_segments<'b, C>(
    decoder: &mut minicbor::Decoder<'b>,
    _: &mut C,
) -> Result<Vec<SegmentInfo>, minicbor::decode::Error> {
    let at = decoder.position();
    let mut segments = Vec::new();
    for segment in decoder.array_iter()? {
        let found = segments.len().saturating_add(1);
        OverLimit::check(found, limits::SEGMENTS_PER_MANIFEST, at)?;
        segments.push(segment?);
    }
    Ok(segments)
}
