//! Writes of what is derived from the log: indexes, and caches that are deleted at any time.

use std::collections::BTreeSet;

use dealership::phone::PhoneHash;
use dealership::{CustomerId, DocumentId, Seq, Space, StoreId};

use super::MemoryStore;
use super::state::{restore, stretch};
use crate::store::{SegmentSet, StoreError};

impl MemoryStore {
    /// Takes what stands of a document out of the positions of its space.
    pub(super) fn pass(&mut self, document: DocumentId) -> Result<(), StoreError> {
        let standing: Vec<_> = stretch(&self.state.standing, document, Seq(0), Seq(u64::MAX))
            .filter_map(|(_, seq)| Some((self.state.row(*seq)?.1.as_ref()?.space, *seq)))
            .collect();
        for (space, seq) in standing {
            let state = self.write(move |state| {
                state.by_space.insert((space, seq));
                state.standing.insert((document, seq));
            })?;
            state.by_space.remove(&(space, seq));
            state.standing.remove(&(document, seq));
        }
        Ok(())
    }

    pub(super) fn put_segments_of(
        &mut self,
        space: Space,
        segments: Option<(SegmentSet, Vec<Vec<u8>>)>,
    ) -> Result<(), StoreError> {
        let before = self.state.segments.get(&space).cloned();
        let state = self.write(move |state| restore(&mut state.segments, space, before))?;
        restore(&mut state.segments, space, segments);
        Ok(())
    }

    pub(super) fn put_phones_of(
        &mut self,
        customer: CustomerId,
        phones: Option<(StoreId, BTreeSet<PhoneHash>)>,
    ) -> Result<(), StoreError> {
        let before = self.state.phones.get(&customer).cloned();
        let state = self.write(move |state| restore(&mut state.phones, customer, before))?;
        restore(&mut state.phones, customer, phones);
        Ok(())
    }
}
