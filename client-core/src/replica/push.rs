//! What waits for the relay, as it is pushed; computed from the outbox each time.

use sync_protocol::message::OutboxSummary;
use sync_protocol::{Batch, Cursor, PushedChange, SpaceName};

use crate::entropy::draw;
use crate::error::{ReplicaError, StoreError, damaged};
use crate::outbox::BatchId;
use crate::replica::Replica;
use crate::store::{self, position};
use crate::wire::{to_wire_document, to_wire_seq, to_wire_time};

impl Replica {
    /// At most `room` batches to push, the oldest first, without those excepted.
    ///
    /// A batch that refers to something made in a batch that no relay has acknowledged waits
    /// behind it; others never wait.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`].
    pub fn outbox(
        &self,
        room: usize,
        except: &[sync_protocol::BatchId],
    ) -> Result<Vec<Batch>, ReplicaError> {
        // What the relay has lost goes first: what waits may build on it.
        let mut batches = self.lost_batches(room, except)?;
        let room = room.saturating_sub(batches.len());
        let ready = store::outbox::ready(&self.connection, room.saturating_add(except.len()))?;
        let ready = ready
            .into_iter()
            .filter(|batch| !except.contains(&(*batch).into()));
        for batch in ready.take(room) {
            batches.push(self.batch(batch)?);
        }
        Ok(batches)
    }

    /// How many batches wait, and since when.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`].
    pub fn outbox_summary(&self) -> Result<OutboxSummary, ReplicaError> {
        let (batches, oldest) = store::outbox::summary(&self.connection)?;
        Ok(OutboxSummary {
            batches: u32::try_from(batches).unwrap_or(u32::MAX),
            oldest: oldest.map(to_wire_time),
        })
    }

    /// How far the log was read; `None` before the first entry.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`].
    pub fn cursor(&self) -> Result<Option<Cursor>, ReplicaError> {
        Ok(position::read(&self.connection)?)
    }

    /// The names of the spaces that the relay says this device holds, ascending.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`].
    pub fn spaces(&self) -> Result<Vec<String>, ReplicaError> {
        Ok(position::spaces(&self.connection)?)
    }

    /// Draws randomness for a driver, from the source that was handed in.
    pub fn draw<const N: usize>(&mut self) -> [u8; N] {
        draw(self.entropy.as_mut())
    }

    fn batch(&self, id: BatchId) -> Result<Batch, ReplicaError> {
        let row = store::outbox::read(&self.connection, id)?
            .ok_or_else(|| damaged("batch", "a batch that vanished while it was read"))?;
        let changes = store::outbox::changes(&self.connection, id)?
            .into_iter()
            .map(|change| {
                Ok(PushedChange {
                    document: to_wire_document(change.document),
                    space: SpaceName::new(change.space)
                        .map_err(|error| damaged("change", error.to_string()))?,
                    raw: change.raw,
                })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        Batch::new(id.into(), to_wire_seq(row.base_seq), changes)
            .map_err(|error| damaged("change", error.to_string()).into())
    }
}
