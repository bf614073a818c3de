//! Segments: the documents of a space, packed once for every device that lacks the space.
//!
//! ```text
//! device wants spaces ─► which are to be packed? ─► pack (a reader) ─► keep (the writer) ─► offer
//! device fetches      ─► whose bearer is it? may they still read the space? ─► bytes
//! ```
//!
//! They are caches: deleted at any time, made again when somebody asks. A set holds everything of
//! its space at or before one position, and the log brings what is behind it, so a set may be old
//! as long as that is not much.
//!
//! **Architecture Invariant:** the segments of a space hold no document that is not in the space.
//! Whatever takes one away, a purge or a move, calls [`forget_segments`] in its transaction.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use dealership::{Author, DeviceNumber, DocumentId, Kind, Seq, Space, Timestamp};
use sync_protocol::entry::SaveEntry;
use sync_protocol::{
    Cursor, Entry, Fit, Leaf, Offer, Segment, SegmentDraft, SegmentHash, SegmentInfo, StatesRoot,
};

use super::read::save_of;
use super::{FrontDesk, Relay, RelayError};
use crate::store::{GroupRow, LogHead, ReadStore, SegmentRow, SegmentSet, Store, StoreError};
use crate::wire;

/// How many entries a new device reads from the log rather than that its spaces are packed again.
const LOG_BEHIND: usize = 512;

/// From so many documents on a segment ends where a document's id says so. A segment begins there
/// as well, whatever stands before it, so that one document more or less changes one segment.
const CUT_FROM: usize = 512;

/// One id in so many ends a segment.
const CUT_ONE_IN: u16 = 1_024;

/// How long a bearer is good for, in milliseconds.
const BEARER_LASTS: i64 = 15 * 60 * 1_000;

/// The segments of one space, just packed.
#[derive(Clone, Debug)]
pub struct Built {
    space: Space,
    set: SegmentSet,
    bytes: Vec<Vec<u8>>,
}

/// What becomes of a fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The bytes of the segment.
    Segment(Vec<u8>),
    /// There is none of that name that the device may read.
    NotFound,
    /// The bearer is not good, or not any more.
    NotLet,
}

impl<S: ReadStore> FrontDesk<'_, S> {
    /// The spaces of these that must be packed before they are offered to a device that has read
    /// so far.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub fn spaces_to_pack(
        &self,
        spaces: &BTreeSet<Space>,
        after: Seq,
    ) -> Result<Vec<Space>, StoreError> {
        self.store().at_one_moment(|| {
            let head = self.store().head()?.seq;
            let mut reaches = BTreeMap::new();
            for space in spaces {
                reaches.insert(*space, self.reach(*space, head)?);
            }
            let kept = reaches.values().flatten().map(|(_, reach)| *reach);
            let first = kept.min().unwrap_or(head);
            let store = self.store();
            let behind = store.positions(spaces, first, head, LOG_BEHIND.saturating_add(1))?;
            let is_far = behind.len() > LOG_BEHIND;
            let is_to_pack = |reach: &Option<(SegmentSet, Seq)>| match reach {
                None => true,
                Some((_, reach)) => *reach < after || (is_far && *reach < head),
            };
            let to_pack = reaches.iter().filter(|(_, reach)| is_to_pack(reach));
            Ok(to_pack.map(|(space, _)| *space).collect())
        })?
    }

    /// Packs the documents of a space; `None` where one of them is too long for any segment.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub fn pack(&self, space: Space) -> Result<Option<Built>, StoreError> {
        self.store().at_one_moment(|| {
            let through = self.store().head()?.seq;
            let mut documents: Vec<(u8, Reverse<DocumentId>)> = self
                .store()
                .documents_in(space)?
                .into_iter()
                .map(|(id, kind)| (usefulness(kind), Reverse(id)))
                .collect();
            documents.sort_unstable();
            let mut packing = Packing::default();
            for (usefulness, Reverse(id)) in documents {
                let Some(save) = self.store().document(id)?.and_then(save_of) else {
                    return Ok(None);
                };
                if packing.put(usefulness, id, save) == Fit::Full {
                    return Ok(None);
                }
            }
            packing.end_segment();
            let Packing {
                segments, bytes, ..
            } = packing;
            let set = SegmentSet { through, segments };
            Ok(Some(Built { space, set, bytes }))
        })?
    }

    /// What a device is offered that wants these spaces: everything of them, up to a position.
    /// `None` where something is not packed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails, or holds no group.
    pub fn offer(
        &self,
        now: Timestamp,
        device: DeviceNumber,
        spaces: &BTreeSet<Space>,
    ) -> Result<Option<Offer>, StoreError> {
        self.store().at_one_moment(|| {
            let group = self.store().group()?;
            let group = group.ok_or_else(|| StoreError::damaged("there is no group"))?;
            let Some(author) = self.author(device)? else {
                return Ok(None);
            };
            let mut through = self.store().head()?.seq;
            let mut segments = Vec::new();
            for space in spaces {
                let Some((set, reach)) = self.reach(*space, through)? else {
                    return Ok(None);
                };
                through = through.min(reach);
                let rank = rank(&author, *space);
                let ranked = set.segments.into_iter().zip(0_usize..);
                segments.extend(ranked.map(|(row, place)| {
                    let is_basic = row.usefulness == 0;
                    let order = (!is_basic, rank, row.usefulness, *space, place);
                    (order, self.info(&group, *space, &row))
                }));
            }
            segments.sort_unstable_by_key(|(order, _)| *order);
            let reached = self.store().head_at(through)?.unwrap_or(LogHead::START);
            Ok(Some(Offer {
                cursor: Cursor {
                    epoch: group.epoch,
                    seq: wire::seq(reached.seq),
                    tag: self.key().tag(group.epoch, &reached),
                },
                bearer: self
                    .key()
                    .bearer(group.group, device, now.plus_millis(BEARER_LASTS)),
                segments: segments.into_iter().map(|(_, info)| info).collect(),
            }))
        })?
    }

    /// Gives a segment to whoever shows this bearer, if they may read its space now.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails, or holds no group.
    pub fn fetch(
        &self,
        now: Timestamp,
        bearer: &str,
        hash: &SegmentHash,
    ) -> Result<Fetched, StoreError> {
        let group = self.store().group()?;
        let group = group.ok_or_else(|| StoreError::damaged("there is no group"))?;
        let Some(device) = self.key().device_of(group.group, bearer, now) else {
            return Ok(Fetched::NotLet);
        };
        let Some(author) = self.author(device)? else {
            return Ok(Fetched::NotLet);
        };
        let found = self.store().segment(hash)?;
        // Whether there is one that they may not read is nobody's business.
        let readable = found.filter(|(space, _)| author.spaces.contains(space));
        Ok(readable.map_or(Fetched::NotFound, |(_, bytes)| Fetched::Segment(bytes)))
    }

    /// The segments of a space, and up to where they hold everything of it: its next entry.
    fn reach(&self, space: Space, head: Seq) -> Result<Option<(SegmentSet, Seq)>, StoreError> {
        let Some(set) = self.store().segments_of(space)? else {
            return Ok(None);
        };
        let spaces = BTreeSet::from([space]);
        let next = self.store().positions(&spaces, set.through, head, 1)?;
        let next = next.first().map(|next| Seq(next.seq.0.saturating_sub(1)));
        // One that was packed since the head was read reaches further.
        let reach = next.unwrap_or_else(|| head.max(set.through));
        Ok(Some((set, reach)))
    }

    fn info(&self, group: &GroupRow, space: Space, row: &SegmentRow) -> SegmentInfo {
        let tag = |root| self.key().tag_states(group.group, root);
        SegmentInfo {
            hash: row.hash,
            space: wire::space(space),
            bytes: row.bytes,
            documents: row.documents,
            states: row.root.map(tag),
        }
    }
}

impl<S: Store> Relay<S> {
    /// Keeps what a reader packed; not where a document was taken out of the space since.
    ///
    /// # Errors
    ///
    /// [`RelayError::Store`] when the store fails; then what was kept before is.
    pub fn keep_segments(&mut self, built: &Built) -> Result<(), RelayError> {
        let Built { space, set, bytes } = built;
        let spaces = BTreeSet::from([*space]);
        let head = self.head.seq;
        let since = self
            .store
            .positions(&spaces, set.through, head, usize::MAX)?;
        for position in since {
            let document = self.store.document(position.document)?;
            let is_there = document.is_some_and(|row| row.content.is_some() && row.space == *space);
            if !is_there {
                return Ok(());
            }
        }
        self.in_transaction(|relay| Ok(relay.store.put_segments(*space, set, bytes)?))
    }
}

/// Deletes the segments of a space out of which a document is taken, in the transaction that takes
/// it.
pub(super) fn forget_segments(store: &mut impl Store, space: Space) -> Result<(), StoreError> {
    store.delete_segments(space)
}

/// Segments on their way from documents, the most useful first.
#[derive(Default)]
struct Packing {
    draft: SegmentDraft,
    leaves: Vec<Leaf>,
    usefulness: u8,
    segments: Vec<SegmentRow>,
    bytes: Vec<Vec<u8>>,
}

impl Packing {
    /// Puts a document into the segment that is being filled, or into the next.
    fn put(&mut self, usefulness: u8, id: DocumentId, save: SaveEntry) -> Fit {
        if usefulness != self.usefulness {
            self.end_segment();
            self.usefulness = usefulness;
        }
        if self.draft.push(&save) == Fit::Full {
            self.end_segment();
            if self.draft.push(&save) == Fit::Full {
                return Fit::Full;
            }
        }
        self.leaves.extend(wire::leaves(&Entry::Save(save)));
        if self.draft.documents() >= CUT_FROM && is_cut(id) {
            self.end_segment();
        }
        Fit::Taken
    }

    fn end_segment(&mut self) {
        let draft = std::mem::take(&mut self.draft);
        let leaves = std::mem::take(&mut self.leaves);
        if draft.documents() == 0 {
            return;
        }
        let Segment {
            hash,
            documents,
            bytes,
        } = draft.finish();
        self.segments.push(SegmentRow {
            hash,
            usefulness: self.usefulness,
            bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            documents,
            root: StatesRoot::of(&leaves),
        });
        self.bytes.push(bytes);
    }
}

/// Whether a segment ends behind a document: its id's last bytes are drawn at random, or are those
/// of a hash.
fn is_cut(id: DocumentId) -> bool {
    let [.., high, low] = *id.as_bytes();
    u16::from_be_bytes([high, low]).is_multiple_of(CUT_ONE_IN)
}

/// How soon documents of a kind are needed: first what everything else refers to, then stock, deals
/// and people.
const fn usefulness(kind: Kind) -> u8 {
    match kind {
        Kind::Store | Kind::Staff | Kind::Device | Kind::Trim | Kind::PriceList | Kind::Show => 0,
        Kind::Vehicle => 1,
        Kind::Deal => 2,
        Kind::Customer => 3,
        Kind::CustomerContact => 4,
    }
}

/// Where a space stands among those of a person: the group's and their own before others.
fn rank(author: &Author, space: Space) -> u8 {
    let is_own = match space {
        Space::Group | Space::Finance => true,
        Space::Store(store) => author.access.stores.contains(&store),
        Space::Contact(_, staff) | Space::Money(_, staff) => staff == author.staff(),
    };
    u8::from(!is_own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save(number: u64) -> (DocumentId, SaveEntry) {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        let id = DocumentId::from_bytes(bytes);
        let save = SaveEntry {
            seq: wire::seq(Seq(1)),
            through: wire::seq(Seq(1)),
            space: wire::space(Space::Group),
            document: wire::document(id),
            saved: number.to_be_bytes().repeat(8),
            receipts: Vec::new(),
        };
        (id, save)
    }

    fn packed(numbers: impl Iterator<Item = u64>) -> Vec<SegmentRow> {
        let mut packing = Packing::default();
        for (id, save) in numbers.map(save) {
            assert_eq!(packing.put(1, id, save), Fit::Taken);
        }
        packing.end_segment();
        packing.segments
    }

    #[test]
    fn every_document_is_in_one_segment_of_a_bounded_size() {
        let segments = packed(0..10_000);
        let documents: u32 = segments.iter().map(|segment| segment.documents).sum();
        assert_eq!(documents, 10_000);
        assert!(segments.len() > 5 && segments.len() < 20);
        let most = sync_protocol::limits::SEGMENT_DOCUMENTS;
        assert!(segments.iter().all(|one| one.documents as usize <= most));
    }

    #[test]
    fn one_document_more_or_less_changes_few_segments() {
        let all: BTreeSet<_> = packed(0..10_000).iter().map(|one| one.hash).collect();
        for missing in [0, 3_000, 9_999] {
            let fewer = packed((0..10_000).filter(|number| *number != missing));
            let new = fewer.iter().filter(|one| !all.contains(&one.hash));
            assert!(new.count() <= 3, "without {missing}");
        }
    }

    #[test]
    fn documents_of_another_usefulness_stand_apart() {
        let mut packing = Packing::default();
        for usefulness in 0..3 {
            let (id, save) = save(usefulness.into());
            assert_eq!(packing.put(usefulness, id, save), Fit::Taken);
        }
        packing.end_segment();
        let found: Vec<_> = packing.segments.iter().map(|one| one.usefulness).collect();
        assert_eq!(found, [0, 1, 2]);
    }
}
