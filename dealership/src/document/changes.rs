//! Every change of one document, walked once: who made it, when, and what its author had seen.

use std::collections::BTreeMap;

use automerge::{Automerge, ChangeHash, ChangeMetadata};

use crate::authorship::Authorship;
use crate::document::Provenance;
use crate::id::DeviceNumber;
use crate::receipt::Receipts;
use crate::time::Timestamp;

/// The changes of one document, each after those that it builds on.
#[derive(Debug)]
pub(super) struct Changes {
    walked: Vec<Change>,
    places: BTreeMap<ChangeHash, usize>,
}

/// One change.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) hash: ChangeHash,
    /// Who wrote it, counted in the order of the actors' first changes.
    pub(super) actor: usize,
    pub(super) seq: u64,
    /// What it builds on: empty for the change that made the document.
    pub(super) dependencies: Vec<ChangeHash>,
    /// When the device says it was made, to the second.
    pub(super) claimed_at: Timestamp,
    /// `None` for a change whose message is not ours: the gate lets none in.
    pub(super) provenance: Option<Provenance>,
}

impl Changes {
    /// Walks the history.
    pub(super) fn of(automerge: &Automerge, receipts: &Receipts) -> Self {
        let metas = automerge.get_changes_meta(&[]);
        let mut walked = Vec::with_capacity(metas.len());
        let mut places = BTreeMap::new();
        let mut actors = BTreeMap::new();
        for meta in metas {
            let next = actors.len();
            let actor = *actors.entry(meta.actor.clone()).or_insert(next);
            places.insert(meta.hash, walked.len());
            walked.push(Change {
                hash: meta.hash,
                actor,
                seq: meta.seq,
                claimed_at: Timestamp::from_seconds(meta.timestamp),
                provenance: provenance(&meta, receipts),
                dependencies: meta.deps,
            });
        }
        Self { walked, places }
    }

    /// Looks a change up.
    pub(super) fn get(&self, hash: &ChangeHash) -> Option<&Change> {
        self.walked.get(*self.places.get(hash)?)
    }

    /// Every change, each after those that it builds on.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Change> {
        self.walked.iter()
    }
}

fn provenance(meta: &ChangeMetadata<'_>, receipts: &Receipts) -> Option<Provenance> {
    let authorship: Authorship = meta.message.as_deref()?.parse().ok()?;
    let device = meta.actor.to_bytes().last_chunk::<8>()?;
    Some(Provenance {
        change: meta.hash,
        device: DeviceNumber(u64::from_be_bytes(*device)),
        staff: authorship.staff,
        command: authorship.command,
        base_seq: authorship.base_seq,
        claimed_at: Timestamp::from_seconds(meta.timestamp),
        receipt: receipts.get(&meta.hash).copied(),
    })
}
