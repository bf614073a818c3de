//! Segments: documents of one space, packed once by the relay and fetched by whoever lacks the space.
//!
//! ```text
//! segment = CBOR [method, bytes]: a packed body, as a frame of entries has one
//! body    = a sequence of saves, [2, [seq, through, space, document, saved, receipts]]
//! name    = SHA-256 over the segment
//! ```
//!
//! A segment travels over HTTP, so its bytes may be damaged on the way; its name tells. What it
//! holds is a relay's word, and is held against what the manifest said of it.

use std::collections::BTreeSet;
use std::fmt;

use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use crate::close::Violation;
use crate::entry::{Entry, EntryOrPart, SaveEntry, decode_entries};
use crate::error::DecodeError;
use crate::id::opaque_bytes;
use crate::packed::Packed;
use crate::page::{Fit, saturating_u32};
use crate::tagged_state::StatesTag;
use crate::text::SpaceName;
use crate::{kinded, limits};

const PART: &str = "a segment";

opaque_bytes!(
    /// Names a segment: the SHA-256 hash of its bytes.
    SegmentHash,
    32
);

impl SegmentHash {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// What a manifest says of a segment. CBOR: `[hash, space, bytes, documents, states?]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SegmentInfo {
    /// Its name.
    #[n(0)]
    pub hash: SegmentHash,
    /// The space that its documents are in.
    #[n(1)]
    pub space: SpaceName,
    /// How many bytes it has, at most [`limits::SEGMENT`].
    #[n(2)]
    pub bytes: u32,
    /// How many documents it holds, at most [`limits::SEGMENT_DOCUMENTS`].
    #[n(3)]
    pub documents: u32,
    /// The relay's tag for the states that its saves end with; absent where there are none.
    #[n(4)]
    pub states: Option<StatesTag>,
}

/// A segment that a relay is filling.
#[derive(Clone, Debug, Default)]
pub struct SegmentDraft {
    body: Vec<u8>,
    documents: usize,
}

/// A segment, packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its name.
    pub hash: SegmentHash,
    /// How many documents it holds.
    pub documents: u32,
    /// What is fetched.
    pub bytes: Vec<u8>,
}

/// Why fetched bytes are not the segment that they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// They were damaged on their way, or are those of another: to be fetched again.
    #[error("the bytes are not those of segment {0}")]
    Damaged(SegmentHash),
    /// The relay packed something that is no segment.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The relay packed something else than its manifest says.
    #[error(transparent)]
    Violation(#[from] Violation),
}

impl SegmentDraft {
    /// Puts a document into the segment, if there is room for it; an empty one has room for every
    /// save within [`limits::SAVE`].
    pub fn push(&mut self, save: &SaveEntry) -> Fit {
        let encoded = kinded::encode(&(Entry::SAVE_KIND, save));
        let total = self.body.len().saturating_add(encoded.len());
        let is_full = total > limits::SEGMENT_FROM || self.documents >= limits::SEGMENT_DOCUMENTS;
        if encoded.len() > limits::SAVE || (is_full && self.documents > 0) {
            return Fit::Full;
        }
        self.body.extend_from_slice(&encoded);
        self.documents = self.documents.saturating_add(1);
        Fit::Taken
    }

    /// How many documents are in it.
    pub const fn documents(&self) -> usize {
        self.documents
    }

    /// Packs it.
    pub fn finish(self) -> Segment {
        let bytes = kinded::encode(&Packed::pack(self.body));
        Segment {
            hash: SegmentHash::of(&bytes),
            documents: saturating_u32(self.documents),
            bytes,
        }
    }
}

impl SegmentInfo {
    /// The saves in fetched bytes, if these are the segment.
    ///
    /// # Errors
    ///
    /// [`SegmentError`].
    pub fn open(&self, bytes: &[u8]) -> Result<Vec<SaveEntry>, SegmentError> {
        if usize::try_from(self.bytes) != Ok(bytes.len()) || SegmentHash::of(bytes) != self.hash {
            return Err(SegmentError::Damaged(self.hash));
        }
        let packed: Packed = kinded::decode_struct(PART, bytes)?;
        let body = packed.unpack(PART, limits::SEGMENT_BODY)?;
        let belied = Violation::SegmentBelied { hash: self.hash };
        let mut saves = Vec::new();
        let mut seen = BTreeSet::new();
        for item in decode_entries(&body)? {
            let EntryOrPart::Entry(Entry::Save(save)) = item else {
                return Err(belied.into());
            };
            if save.space != self.space || !seen.insert(save.document) {
                return Err(belied.into());
            }
            saves.push(save);
        }
        if usize::try_from(self.documents) != Ok(saves.len()) {
            return Err(belied.into());
        }
        Ok(saves)
    }

    /// Whether it is within the limits.
    pub(crate) fn is_within_limits(&self) -> bool {
        let within = |value: u32, limit| usize::try_from(value).is_ok_and(|value| value <= limit);
        within(self.bytes, limits::SEGMENT) && within(self.documents, limits::SEGMENT_DOCUMENTS)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cursor::Seq;
    use crate::entry::GoneEntry;
    use crate::id::DocumentId;

    fn save(number: u8, space: &str, bytes: usize) -> SaveEntry {
        SaveEntry {
            seq: Seq(1),
            through: Seq(9),
            space: SpaceName::new(space).unwrap(),
            document: DocumentId([number; 16]),
            saved: vec![number; bytes],
            receipts: Vec::new(),
        }
    }

    fn info(segment: &Segment, space: &str) -> SegmentInfo {
        SegmentInfo {
            hash: segment.hash,
            space: SpaceName::new(space).unwrap(),
            bytes: u32::try_from(segment.bytes.len()).unwrap(),
            documents: segment.documents,
            states: None,
        }
    }

    fn packed(saves: &[SaveEntry]) -> Segment {
        let mut draft = SegmentDraft::default();
        for save in saves {
            assert_eq!(draft.push(save), Fit::Taken);
        }
        draft.finish()
    }

    #[test]
    fn what_was_packed_is_read_again() {
        let saves = [save(1, "store/1", 700), save(2, "store/1", 3)];
        let segment = packed(&saves);
        assert_eq!(
            info(&segment, "store/1").open(&segment.bytes).unwrap(),
            saves
        );
    }

    #[test]
    fn what_the_manifest_does_not_say_is_refused() {
        let segment = packed(&[save(1, "store/1", 700), save(2, "store/1", 3)]);
        let good = info(&segment, "store/1");
        let belied = SegmentError::from(Violation::SegmentBelied { hash: good.hash });
        for wrong in [
            info(&segment, "store/2"),
            SegmentInfo {
                documents: 1,
                ..good.clone()
            },
            SegmentInfo {
                documents: 3,
                ..good
            },
        ] {
            assert_eq!(wrong.open(&segment.bytes), Err(belied.clone()));
        }
        let twice = packed(&[save(1, "store/1", 1), save(1, "store/1", 2)]);
        let found = info(&twice, "store/1").open(&twice.bytes);
        assert!(matches!(found, Err(SegmentError::Violation(_))));
    }

    #[test]
    fn what_is_no_save_is_refused() {
        let gone = Entry::Gone(GoneEntry {
            seq: Seq(1),
            document: DocumentId([1; 16]),
        });
        let bytes = kinded::encode(&Packed::pack(kinded::encode(&gone)));
        let segment = Segment {
            hash: SegmentHash::of(&bytes),
            documents: 1,
            bytes,
        };
        let found = info(&segment, "store/1").open(&segment.bytes);
        assert!(matches!(found, Err(SegmentError::Violation(_))));
    }

    #[test]
    fn a_segment_that_would_inflate_without_bound_is_refused() {
        let bytes = kinded::encode(&Packed::pack(vec![0; limits::SEGMENT_BODY + 1]));
        let segment = Segment {
            hash: SegmentHash::of(&bytes),
            documents: 1,
            bytes,
        };
        let found = info(&segment, "store/1").open(&segment.bytes);
        assert!(matches!(found, Err(SegmentError::Decode(error)) if error.is_over_limit()));
    }

    #[test]
    fn a_long_document_stands_alone() {
        let mut draft = SegmentDraft::default();
        assert_eq!(
            draft.push(&save(1, "group", limits::SEGMENT_FROM + 1)),
            Fit::Taken
        );
        assert_eq!(draft.push(&save(2, "group", 1)), Fit::Full);
        assert_eq!(
            SegmentDraft::default().push(&save(1, "group", limits::SAVE)),
            Fit::Full
        );
    }

    proptest! {
        #[test]
        fn any_change_of_its_bytes_is_noticed(
            at: prop::sample::Index, byte in 1_u8.., cut: prop::sample::Index,
        ) {
            let segment = packed(&[save(1, "store/1", 700), save(2, "store/1", 3)]);
            let info = info(&segment, "store/1");
            let damaged = Err(SegmentError::Damaged(info.hash));
            let mut bytes = segment.bytes.clone();
            bytes[at.index(segment.bytes.len())] ^= byte;
            prop_assert_eq!(info.open(&bytes), damaged.clone());
            prop_assert_eq!(info.open(&segment.bytes[..cut.index(segment.bytes.len())]), damaged);
        }

        #[test]
        fn any_other_bytes_are_refused_within_the_limits(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let segment = Segment { hash: SegmentHash::of(&bytes), documents: 1, bytes };
            prop_assert!(info(&segment, "store/1").open(&segment.bytes).is_err());
        }
    }
}
