//! What a store in memory holds, with its indexes.

use std::collections::{BTreeMap, BTreeSet};

use change_gate::{Actor, Hash};
use dealership::phone::PhoneHash;
use dealership::{CustomerId, DeviceNumber, DocumentId, Kind, Seq, Space, StoreId};
use sync_protocol::{BatchId, SegmentHash};

use crate::store::{
    BatchRow, DeviceRow, DocumentRow, EnrolmentCodeRow, ErasureRow, GroupRow, LogHead, LogRow,
    SegmentSet,
};

/// Everything that was written.
#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) group: Option<GroupRow>,
    /// The entry at `seq` stands at `seq - 1`; erased rows are `None`.
    pub(super) log: Vec<(LogHead, Option<LogRow>)>,
    pub(super) erased: BTreeMap<Seq, Hash>,
    pub(super) seq_of_change: BTreeMap<(DocumentId, Hash), Seq>,
    pub(super) places: BTreeSet<(DocumentId, Actor, u64)>,
    pub(super) by_space: BTreeSet<(Space, Seq)>,
    pub(super) by_document: BTreeSet<(DocumentId, Seq)>,
    /// What the readers of a document's space get of it.
    pub(super) standing: BTreeSet<(DocumentId, Seq)>,
    pub(super) documents: BTreeMap<DocumentId, DocumentRow>,
    pub(super) segments: BTreeMap<Space, (SegmentSet, Vec<Vec<u8>>)>,
    pub(super) batches: BTreeMap<BatchId, BatchRow>,
    pub(super) devices: BTreeMap<DeviceNumber, DeviceRow>,
    /// The positions of purges.
    pub(super) purges: BTreeSet<Seq>,
    pub(super) erasures: BTreeMap<(DocumentId, DeviceNumber), ErasureRow>,
    pub(super) codes: BTreeMap<String, EnrolmentCodeRow>,
    pub(super) phones: BTreeMap<CustomerId, (StoreId, BTreeSet<PhoneHash>)>,
}

impl State {
    pub(super) fn row(&self, seq: Seq) -> Option<&(LogHead, Option<LogRow>)> {
        self.log.get(index(seq)?)
    }

    /// The documents that are in a space, purged ones left out.
    pub(super) fn documents_in(&self, space: Space) -> Vec<(DocumentId, Kind)> {
        let is_in = |row: &&DocumentRow| row.space == space && row.content.is_some();
        let documents = self.documents.values().filter(is_in);
        documents.map(|row| (row.id, row.kind)).collect()
    }

    /// The bytes of a segment, and its space.
    pub(super) fn segment(&self, hash: &SegmentHash) -> Option<(Space, Vec<u8>)> {
        let mut sets = self.segments.iter();
        sets.find_map(|(space, (set, bytes))| {
            let mut segments = set.segments.iter().zip(bytes);
            let (_, bytes) = segments.find(|(segment, _)| segment.hash == *hash)?;
            Some((*space, bytes.clone()))
        })
    }

    pub(super) fn rows_of(&self, document: DocumentId) -> impl Iterator<Item = &LogRow> {
        stretch(&self.by_document, document, Seq(0), Seq(u64::MAX))
            .filter_map(|(_, seq)| self.row(*seq)?.1.as_ref())
    }
}

/// Puts a value under a key, or takes away what is there.
pub(super) fn restore<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
}

/// The keyed positions with `after < seq <= through`.
pub(super) fn stretch<K: Ord + Copy>(
    index: &BTreeSet<(K, Seq)>,
    key: K,
    after: Seq,
    through: Seq,
) -> impl Iterator<Item = &(K, Seq)> {
    let first = (key, Seq(after.0.saturating_add(1)));
    // A range that ends before it begins panics.
    let end = (key, through.max(after));
    let nothing = through <= after;
    index.range(first.min(end)..=end).filter(move |_| !nothing)
}

pub(super) fn index(seq: Seq) -> Option<usize> {
    usize::try_from(seq.0.checked_sub(1)?).ok()
}
