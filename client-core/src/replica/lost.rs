//! What the relay had accepted and has lost, on its way back.

use std::collections::BTreeSet;
use std::sync::Arc;

use automerge::{ChangeHash, ReadDoc};
use change_gate::prescan;
use dealership::id::DocumentId;
use dealership::{Authorship, Timestamp};
use rusqlite::TransactionBehavior;
use serde_json::Value as Json;
use sync_protocol::{
    Batch, Leaf, Outcome, PushedChange, Refusal, RefusalCode, Seq, SpaceName, StatesTag,
    TaggedState, limits,
};

use crate::error::{ReplicaError, StoreError, damaged};
use crate::outbox::{BatchId, Intent, WhyQuarantined};
use crate::replica::Replica;
use crate::replica::cache::Loaded;
use crate::replica::settle::refusal_code;
use crate::store;
use crate::store::lost::{self, LostBatch};
use crate::store::outbox::{BatchChange, BatchRow};
use crate::wire::{of_wire_document, to_wire_document};

impl Replica {
    /// At most `room` batches with what the relay has lost, without those excepted.
    pub(super) fn lost_batches(
        &self,
        room: usize,
        except: &[sync_protocol::BatchId],
    ) -> Result<Vec<Batch>, ReplicaError> {
        let first = lost::first(&self.connection, room.saturating_add(except.len()))?;
        let mut batches = Vec::new();
        for batch in first {
            if batches.len() < room && !except.contains(&batch.id.into()) {
                batches.extend(self.lost_batch(&batch)?);
            }
        }
        Ok(batches)
    }

    /// Notes the relay's verdict on one of these batches.
    ///
    /// Gives the batches that can go back now because the relay vouches for them.
    pub(super) fn settle_lost(
        &mut self,
        batch: BatchId,
        document: DocumentId,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<Vec<BatchId>, ReplicaError> {
        match outcome {
            Outcome::Accepted(_) => lost::delete(&self.connection, batch)?,
            Outcome::Refused(refusal) => self.refuse_lost(batch, refusal, now)?,
            Outcome::NeedsDependencies(needs) => {
                if let Some(tag) = needs.states {
                    return self.take_proofs(document, &needs.hashes, tag);
                }
            }
            Outcome::Later(_) => {}
        }
        Ok(Vec::new())
    }

    /// Puts a batch that the relay does not take back into quarantine, so that a person knows of
    /// it. Its changes stay here as they are; the next life of the log is compared anew.
    fn refuse_lost(
        &mut self,
        batch: BatchId,
        refusal: &Refusal,
        now: Timestamp,
    ) -> Result<(), ReplicaError> {
        let (code, text) = (refusal.code.number(), refusal.text.as_str());
        tracing::error!(%batch, code, text, "the relay does not take back what it lost");
        let read = lost::read(&self.connection, batch)?;
        let pushed = match &read {
            // Of what was purged nothing is kept.
            Some(read) if refusal.code != RefusalCode::Gone => self.lost_batch(read)?,
            _ => None,
        };
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let changes = pushed.as_ref().map_or_else(Vec::new, changes_of);
        if let Some(first) = changes.first() {
            let row = BatchRow {
                ordinal: store::outbox::next_ordinal(&transaction)?,
                id: batch,
                base_seq: dealership::Seq(0),
                intent: intent_of(first)?,
                facts: [0; 32],
            };
            let why = WhyQuarantined {
                code: refusal_code(refusal.code),
                reason: text.to_owned(),
                because_of: None,
            };
            store::quarantine::append(&transaction, &row, &changes, &why, now)?;
        }
        lost::delete(&transaction, batch)?;
        Ok(transaction.commit()?)
    }

    /// Takes the states that end with these changes as proofs of the batches that hold them.
    fn take_proofs(
        &mut self,
        document: DocumentId,
        heads: &[sync_protocol::ChangeHash],
        tag: StatesTag,
    ) -> Result<Vec<BatchId>, ReplicaError> {
        let Some(loaded) = self.loaded_if_readable(document)? else {
            return Ok(Vec::new());
        };
        let (space, id) = (space_of(&loaded)?, to_wire_document(document));
        let leaf = |head: &sync_protocol::ChangeHash| Leaf::of_state(id, *head, &space);
        let leaves: Vec<Leaf> = heads.iter().map(leaf).collect();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut proven = Vec::new();
        for batch in lost::unproven(&transaction, document)? {
            for (index, head) in heads.iter().enumerate() {
                if batch.changes.contains(&ChangeHash(head.0)) {
                    let state = TaggedState::on_page(id, Some(*head), &leaves, index, tag);
                    if let Some(state) = &state {
                        lost::add_state(&transaction, batch.id, state)?;
                    }
                }
            }
            let states = lost::states(&transaction, &batch)?;
            if is_proven(&loaded, &batch, &states) {
                lost::set_proven(&transaction, batch.id)?;
                proven.push(batch.id);
            }
        }
        transaction.commit()?;
        Ok(proven)
    }

    /// The batch as it is pushed; `None` if its document is not here any more, or is set aside.
    fn lost_batch(&self, batch: &LostBatch) -> Result<Option<Batch>, ReplicaError> {
        if batch.changes.is_empty() {
            return self.to_push(batch, Vec::new()).map(Some);
        }
        let Some(loaded) = self.loaded_if_readable(batch.document)? else {
            return Ok(None);
        };
        let space = space_of(&loaded)?;
        let pushed = |hash: &ChangeHash| {
            let change = loaded.gated.automerge().get_change_by_hash(hash)?;
            Some(PushedChange {
                document: to_wire_document(batch.document),
                space: space.clone(),
                raw: change.raw_bytes().to_vec(),
            })
        };
        let Some(changes) = batch.changes.iter().map(pushed).collect() else {
            return Ok(None);
        };
        self.to_push(batch, changes).map(Some)
    }

    fn loaded_if_readable(
        &self,
        document: DocumentId,
    ) -> Result<Option<Arc<Loaded>>, ReplicaError> {
        match self.shelf().loaded(document) {
            Err(ReplicaError::Unreadable { .. }) => Ok(None),
            loaded => loaded,
        }
    }

    fn to_push(
        &self,
        batch: &LostBatch,
        changes: Vec<PushedChange>,
    ) -> Result<Batch, ReplicaError> {
        let states = lost::states(&self.connection, batch)?;
        Batch::of_lost(batch.id.into(), Seq(0), changes, states)
            .map_err(|error| damaged("lost_batch", error.to_string()).into())
    }
}

/// The changes of a batch that a person can look at.
fn changes_of(batch: &Batch) -> Vec<BatchChange> {
    let kept = batch.changes().iter().filter_map(|change| {
        let header = prescan(&change.raw).ok()?;
        Some(BatchChange {
            hash: header.hash,
            document: of_wire_document(change.document),
            space: change.space.as_str().to_owned(),
            raw: change.raw.clone(),
        })
    });
    kept.collect()
}

/// Who wrote a change, by which command; its input was forgotten when the relay accepted it.
fn intent_of(change: &BatchChange) -> Result<Intent, StoreError> {
    let header = prescan(&change.raw).map_err(|error| damaged("change", error.to_string()))?;
    let message = str::from_utf8(&header.message).ok();
    let authorship: Authorship = message
        .and_then(|message| message.parse().ok())
        .ok_or_else(|| damaged("change", "a change without an authorship"))?;
    Ok(Intent {
        command: authorship.command,
        input: Json::Null,
        made_at: Timestamp::from_seconds(header.time),
        id_seed: [0; 16],
        staff: authorship.staff,
    })
}

fn space_of(loaded: &Loaded) -> Result<SpaceName, ReplicaError> {
    SpaceName::new(loaded.space.as_str())
        .map_err(|error| damaged("document", error.to_string()).into())
}

/// Whether every change of a batch is at or below one of these states.
fn is_proven(loaded: &Loaded, batch: &LostBatch, states: &[TaggedState]) -> bool {
    let heads = states.iter().filter_map(|state| state.head);
    let mut covered: BTreeSet<ChangeHash> = heads.map(|head| ChangeHash(head.0)).collect();
    for hash in batch.changes.iter().rev() {
        let Some(change) = loaded.gated.automerge().get_change_by_hash(hash) else {
            return false;
        };
        if !covered.contains(hash) {
            return false;
        }
        covered.extend(change.deps());
    }
    states.len() <= limits::STATES_PER_BATCH
}
