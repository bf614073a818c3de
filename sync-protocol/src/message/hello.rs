//! The messages that begin a connection.

use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use crate::clock::Timestamp;
use crate::cursor::{Cursor, Epoch, Seq};
use crate::error::{DecodeError, OverLimit};
use crate::id::{DeviceNumber, Nonce, SignatureBytes, SpacesDigest};
use crate::packed::Packed;
use crate::text::{SpaceName, bounded_bytes, bounded_text};
use crate::{OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION, kinded, limits};

const SPACES_PART: &str = "a list of spaces";

/// The first message of a connection. CBOR: `[versions, nonce, server_name]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Challenge {
    /// What the relay speaks.
    #[n(0)]
    pub versions: Versions,
    /// Drawn for this connection.
    #[n(1)]
    pub nonce: Nonce,
    /// The name that the relay answers to; the client compares it with the one it dialled.
    #[cbor(n(2), decode_with = "bounded_text::<Ctx, { limits::SERVER_NAME }>")]
    pub server_name: String,
}

/// A span of protocol versions. CBOR: `[oldest, newest]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Versions {
    /// The oldest.
    #[n(0)]
    pub oldest: u8,
    /// The newest.
    #[n(1)]
    pub newest: u8,
}

impl Versions {
    /// What this crate speaks.
    pub const SPOKEN: Self = Self {
        oldest: OLDEST_PROTOCOL_VERSION,
        newest: PROTOCOL_VERSION,
    };

    /// One version and no other.
    pub const fn only(version: u8) -> Self {
        Self {
            oldest: version,
            newest: version,
        }
    }

    /// Whether a version is in the span.
    pub const fn contains(self, version: u8) -> bool {
        self.oldest <= version && version <= self.newest
    }

    /// The newest version in both spans.
    pub fn common(self, other: Self) -> Option<u8> {
        let newest = self.newest.min(other.newest);
        (newest >= self.oldest && newest >= other.oldest).then_some(newest)
    }
}

/// The device's answer to the challenge. CBOR: `[greeting, signature]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Hello {
    /// The encoding of a [`Greeting`]; signed as these bytes, so that a relay can check what a
    /// later version added.
    #[cbor(n(0), encode_with = "minicbor::bytes::encode")]
    #[cbor(decode_with = "bounded_bytes::<Ctx, { limits::GREETING }>")]
    pub greeting: Vec<u8>,
    /// By the device's key over [`crate::proof::signed_bytes`].
    #[n(1)]
    pub signature: SignatureBytes,
}

/// What a device says of itself.
///
/// CBOR: `[versions, device, build, shapes, clock, window, outbox, cursor?, spaces?]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Greeting {
    /// What the device speaks.
    #[n(0)]
    pub versions: Versions,
    /// Who it is.
    #[n(1)]
    pub device: DeviceNumber,
    /// The name of its build, for operators.
    #[cbor(n(2), decode_with = "bounded_text::<Ctx, { limits::BUILD }>")]
    pub build: String,
    /// The newest shape of documents that it writes.
    #[n(3)]
    pub shapes: u32,
    /// What its wall clock shows; recorded, never believed.
    #[n(4)]
    pub clock: Timestamp,
    /// How many bytes of entries it takes before it gives credit back.
    #[n(5)]
    pub window: u32,
    /// What it has not pushed yet.
    #[n(6)]
    pub outbox: OutboxSummary,
    /// How far it has read; absent if it has read nothing.
    #[n(7)]
    pub cursor: Option<Cursor>,
    /// The digest of the list of spaces that it last received; absent if it has none.
    #[n(8)]
    pub spaces: Option<SpacesDigest>,
}

/// What a device has not pushed yet, for operators. CBOR: `[batches, oldest?]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct OutboxSummary {
    /// How many batches.
    #[n(0)]
    pub batches: u32,
    /// When the oldest of them was made, by the device's clock.
    #[n(1)]
    pub oldest: Option<Timestamp>,
}

/// The relay's answer to a proved hello.
///
/// CBOR: `[version, epoch, head, clock, resume, window, upgrade, spaces?]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Welcome {
    /// The version of every frame after this one.
    #[n(0)]
    pub version: u8,
    /// The epoch of the relay's log.
    #[n(1)]
    pub epoch: Epoch,
    /// The newest position of its log.
    #[n(2)]
    pub head: Seq,
    /// What the relay's wall clock shows.
    #[n(3)]
    pub clock: Timestamp,
    /// Where the entries begin.
    #[n(4)]
    pub resume: Resume,
    /// How many bytes of pushes the relay takes before it gives credit back.
    #[n(5)]
    pub window: u32,
    /// Whether the relay wants the device to upgrade.
    #[n(6)]
    pub upgrade: Upgrade,
    /// The names of the device's spaces, in ascending order, at most [`limits::SPACES_BODY`]
    /// bytes; absent if they are those of the digest in the greeting.
    #[n(7)]
    pub spaces: Option<Packed>,
}

/// Where the entries of a connection begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Resume {
    /// After the device's cursor, or at the beginning of the log if it has none.
    #[n(0)]
    Tail,
    /// At the beginning of the log: the device's cursor is not one of this log. Nothing that the
    /// device holds is wiped.
    #[n(1)]
    Restart,
    /// Where the device says, from version 2 on: it lacks spaces, and wants segments of them first.
    #[n(2)]
    Fetch,
}

/// Whether a relay wants a device to upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Upgrade {
    /// No.
    #[n(0)]
    None,
    /// At the person's convenience.
    #[n(1)]
    Soft,
    /// Before new work is begun. What is already made still syncs, both ways.
    #[n(2)]
    Hard,
}

/// The SHA-256 digest over the CBOR array of the names in ascending order.
pub fn spaces_digest(spaces: &[SpaceName]) -> SpacesDigest {
    SpacesDigest(Sha256::digest(kinded::encode(&sorted(spaces))).into())
}

/// Packs the names in ascending order.
pub(crate) fn pack_spaces(spaces: &[SpaceName]) -> Packed {
    Packed::pack(kinded::encode(&sorted(spaces)))
}

pub(crate) fn unpack_spaces(packed: &Packed) -> Result<Vec<SpaceName>, DecodeError> {
    let body = packed.unpack(SPACES_PART, limits::SPACES_BODY)?;
    kinded::decode_struct::<BoundedSpaces>(SPACES_PART, &body).map(|spaces| spaces.0)
}

fn sorted(spaces: &[SpaceName]) -> Vec<&SpaceName> {
    let mut spaces: Vec<&SpaceName> = spaces.iter().collect();
    spaces.sort_unstable();
    spaces.dedup();
    spaces
}

struct BoundedSpaces(Vec<SpaceName>);

impl<'b, C> Decode<'b, C> for BoundedSpaces {
    fn decode(
        decoder: &mut minicbor::Decoder<'b>,
        _: &mut C,
    ) -> Result<Self, minicbor::decode::Error> {
        let at = decoder.position();
        let mut spaces = Vec::new();
        for space in decoder.array_iter()? {
            OverLimit::check(spaces.len().saturating_add(1), limits::SPACES, at)?;
            spaces.push(space?);
        }
        Ok(Self(spaces))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spaces(names: &[&str]) -> Vec<SpaceName> {
        names
            .iter()
            .map(|name| SpaceName::new(*name).unwrap())
            .collect()
    }

    #[test]
    fn the_newest_common_version_is_chosen() {
        let span = |oldest, newest| Versions { oldest, newest };
        assert_eq!(span(1, 3).common(span(2, 5)), Some(3));
        assert_eq!(span(2, 5).common(span(1, 3)), Some(3));
        assert_eq!(span(1, 1).common(span(1, 1)), Some(1));
        assert_eq!(span(1, 2).common(span(3, 4)), None);
        assert_eq!(span(3, 4).common(span(1, 2)), None);
        assert_eq!(span(1, 0).common(span(1, 1)), None);
    }

    #[test]
    fn the_digest_of_spaces_does_not_depend_on_their_order() {
        let one = spaces_digest(&spaces(&["group", "store/1"]));
        assert_eq!(one, spaces_digest(&spaces(&["store/1", "group"])));
        assert_ne!(one, spaces_digest(&spaces(&["group"])));
    }

    #[test]
    fn the_spaces_of_a_large_group_fit_a_frame() {
        let names: Vec<SpaceName> = (0_u64..6_000)
            .map(|number| {
                let store = (number / 20).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let staff = number.wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let (store, staff) = (uuid(store), uuid(staff));
                SpaceName::new(format!("store/{store}/contact/{staff}")).unwrap()
            })
            .collect();
        let packed = pack_spaces(&names);
        assert!(kinded::encode(&packed).len() < limits::FRAME - 1024);
        assert_eq!(unpack_spaces(&packed).unwrap().len(), 6_000);
    }

    fn uuid(seed: u64) -> String {
        format!("{seed:016x}-{:015x}", seed.rotate_left(29) >> 4)
    }

    #[test]
    fn more_spaces_than_the_limit_are_refused() {
        let names: Vec<SpaceName> = (0..=limits::SPACES)
            .map(|number| SpaceName::new(format!("store/{number}")).unwrap())
            .collect();
        let error = unpack_spaces(&pack_spaces(&names)).unwrap_err();
        assert!(error.is_over_limit(), "{error}");
    }
}
