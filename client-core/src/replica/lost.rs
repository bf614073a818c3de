//! What the relay had accepted and has lost, on its way back.

use automerge::{ChangeHash, ReadDoc};
use sync_protocol::{Batch, Outcome, PushedChange, Seq, SpaceName};

use crate::error::{ReplicaError, damaged};
use crate::outbox::BatchId;
use crate::replica::Replica;
use crate::store::lost::{self, LostBatch};
use crate::wire::to_wire_document;

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
    pub(super) fn settle_lost(
        &mut self,
        batch: BatchId,
        outcome: &Outcome,
    ) -> Result<(), ReplicaError> {
        match outcome {
            Outcome::Accepted(_) => lost::delete(&self.connection, batch)?,
            Outcome::Refused(refusal) => {
                // The changes stay here as they are; the next life of the log is compared anew.
                let (code, text) = (refusal.code.number(), refusal.text.as_str());
                tracing::error!(%batch, code, text, "the relay does not take back what it lost");
                lost::delete(&self.connection, batch)?;
            }
            Outcome::Later(_) | Outcome::NeedsDependencies(_) => {}
        }
        Ok(())
    }

    /// The batch as it is pushed; `None` if its document is not here any more, or is set aside.
    fn lost_batch(&self, batch: &LostBatch) -> Result<Option<Batch>, ReplicaError> {
        if batch.changes.is_empty() {
            return self.to_push(batch, Vec::new()).map(Some);
        }
        let loaded = match self.shelf().loaded(batch.document) {
            Err(ReplicaError::Unreadable { .. }) => None,
            loaded => loaded?,
        };
        let Some(loaded) = loaded else {
            return Ok(None);
        };
        let space = SpaceName::new(loaded.space.as_str())
            .map_err(|error| damaged("document", error.to_string()))?;
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
