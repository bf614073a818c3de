//! Changes that this relay had accepted and has lost, and that devices bring back.
//!
//! Whoever brings them need not have written them, and their author may be gone: what is judged
//! is whether the relay itself delivered them. Rights are not judged again, for they were when the
//! change was accepted; everything that keeps a document sound is.

use std::collections::{BTreeMap, BTreeSet};

use automerge::Automerge;
use change_gate::{ChangeHeader, Judge, Write};
use dealership::{Kind, Seq, Timestamp};
use sync_protocol::message::NeedsDependencies;
use sync_protocol::{
    Batch, ChangeHash, Leaf, PushedChange, RefusalCode, StatesRoot, TaggedState, limits,
};

use super::accept::Stop;
use super::judge::{Objection, authorship, kind_of};
use super::purge::PurgeError;
use super::verdict::refused;
use super::{Relay, RelayError};
use crate::store::{Store, StoreError};
use crate::wire;

impl<S: Store> Relay<S> {
    /// Makes sure that every change of a batch is one that this relay delivered: it is at or below
    /// the head of a state that bears the relay's tag, by the dependencies that the changes name
    /// themselves, or it is in the log.
    ///
    /// A change is named by the hash over its bytes and its dependencies are among these, so the
    /// tag of a head vouches for all that is below it.
    pub(super) fn check_proofs(&self, batch: &Batch, headers: &[ChangeHeader]) -> Result<(), Stop> {
        let changes = batch.changes();
        let mut proven = BTreeSet::new();
        let mut spaces = BTreeMap::new();
        for state in batch.states() {
            let hash = state.head.map(|head| head.0);
            let is_head = |(change, header): &(&PushedChange, &ChangeHeader)| {
                change.document == state.document && Some(header.hash) == hash
            };
            let head = changes.iter().zip(headers).find(is_head);
            let (head, _) = head.ok_or_else(|| unproven(None))?;
            // Where a document is decides who reads it, so the tag vouches for that too.
            let space = *spaces.entry(state.document).or_insert(&head.space);
            if !self.key.delivered(self.group.group, state, Some(space)) {
                return Err(unproven(None));
            }
            proven.extend(hash.map(|hash| (state.document, hash)));
        }
        // Each after what it builds on, or the gate refuses them.
        for (index, (change, header)) in changes.iter().zip(headers).enumerate().rev() {
            let document = wire::domain_document(change.document);
            let is_proven = proven.contains(&(change.document, header.hash))
                && spaces.get(&change.document) == Some(&&change.space);
            if is_proven {
                let below = header.dependencies.iter();
                proven.extend(below.map(|hash| (change.document, *hash)));
            } else if self
                .store
                .seq_of_change(document, &header.hash)
                .map_err(RelayError::from)?
                .is_none()
            {
                return Err(unproven(Some(index)));
            }
        }
        Ok(())
    }
}

impl<S: Store> Relay<S> {
    /// Names all that a proven batch lacks, and tags the states that end with these changes: the
    /// batch's own name them by hash, so they were accepted too. A tag says of one document only.
    pub(super) fn vouch_below(&self, batch: &Batch, headers: &[ChangeHeader]) -> Stop {
        match self.lacking(batch, headers) {
            Ok(hashes) => {
                let changes = batch.changes();
                let first = changes.first().filter(|first| {
                    let is_same = |change: &PushedChange| change.document == first.document;
                    changes.iter().all(is_same)
                });
                let states = first.and_then(|first| {
                    let leaf =
                        |hash: &ChangeHash| Leaf::of_state(first.document, *hash, &first.space);
                    let leaves: Vec<Leaf> = hashes.iter().map(leaf).collect();
                    let root = StatesRoot::of(&leaves)?;
                    Some(self.key.tag_states(self.group.group, root))
                });
                Stop::Outcome(NeedsDependencies { hashes, states }.into())
            }
            Err(error) => Stop::Failed(error.into()),
        }
    }

    /// What a batch builds on that is neither in it nor in the log.
    fn lacking(
        &self,
        batch: &Batch,
        headers: &[ChangeHeader],
    ) -> Result<Vec<ChangeHash>, StoreError> {
        let changes = batch.changes().iter().zip(headers);
        let here: BTreeSet<_> = changes
            .clone()
            .map(|(change, header)| (change.document, header.hash))
            .collect();
        let mut lacking = BTreeSet::new();
        for (change, header) in changes {
            let document = wire::domain_document(change.document);
            for hash in &header.dependencies {
                let is_new = !here.contains(&(change.document, *hash));
                if is_new && self.store.seq_of_change(document, hash)?.is_none() {
                    lacking.insert(ChangeHash(*hash));
                }
            }
        }
        Ok(lacking.into_iter().take(limits::DEPENDENCIES).collect())
    }

    /// Purges documents again whose purge this relay has lost; gives the first and last position.
    /// Where there is no such document, there is nothing to purge, and the end of the log is given.
    pub(super) fn purge_again(
        &mut self,
        now: Timestamp,
        states: &[TaggedState],
    ) -> Result<(Seq, Seq), Stop> {
        let is_purge = |state: &TaggedState| {
            state.head.is_none() && self.key.delivered(self.group.group, state, None)
        };
        if !states.iter().all(is_purge) {
            return Err(unproven(None));
        }
        let mut ends = None;
        for state in states {
            match self.purge_one(now, wire::domain_document(state.document)) {
                Ok(seq) => {
                    let (first, _) = ends.unwrap_or((seq, seq));
                    ends = Some((first, seq));
                }
                Err(PurgeError::NoDocument(_)) => {}
                Err(PurgeError::NeverPurged { .. }) => return Err(unproven(None)),
                Err(PurgeError::Relay(error)) => return Err(Stop::Failed(error)),
            }
        }
        Ok(ends.unwrap_or((self.head.seq, self.head.seq)))
    }
}

/// Finds out of what kind a document is, and asks nothing else.
pub(super) struct KindJudge {
    /// Its kind; of a new one, known once its first change is judged.
    pub(super) kind: Option<Kind>,
}

impl Judge for KindJudge {
    type Reason = Objection;

    fn judge(
        &mut self,
        header: &ChangeHeader,
        _: &Automerge,
        writes: &[Write],
    ) -> Result<(), Objection> {
        authorship(header)?;
        if self.kind.is_none() {
            // A relay of a newer version had accepted what this one does not know.
            let kind = kind_of(writes)?.parse();
            self.kind = Some(kind.map_err(|_| Objection::NewerShape)?);
        }
        Ok(())
    }
}

fn unproven(index: Option<usize>) -> Stop {
    let text = "this relay never delivered the change, as far as its tag says";
    Stop::Outcome(refused(RefusalCode::Unproven, index, text))
}
