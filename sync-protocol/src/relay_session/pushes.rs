//! Batches on their way from a device to the relay's judgement.

use std::collections::BTreeMap;

use crate::batch::Batch;
use crate::close::{CloseReason, HostFault, Violation};
use crate::id::BatchId;
use crate::limits;
use crate::message::Push;
use crate::page::saturating_u32;
use crate::window::ReceiveWindow;

/// What is being judged on this connection.
pub(super) struct Pushes {
    window: ReceiveWindow,
    /// The length of each batch's frame, in bytes.
    in_flight: BTreeMap<BatchId, u32>,
}

impl Pushes {
    pub(super) const fn new(window: ReceiveWindow) -> Self {
        Self {
            window,
            in_flight: BTreeMap::new(),
        }
    }

    /// Takes in a push of `length` bytes.
    pub(super) fn receive(&mut self, length: usize, push: &Push) -> Result<Batch, CloseReason> {
        let bytes = saturating_u32(length);
        self.window.receive(bytes)?;
        if self.in_flight.len() >= limits::BATCHES_IN_FLIGHT {
            return Err(Violation::TooManyBatches.into());
        }
        let batch = Batch::from_push(push)?;
        if self.in_flight.insert(batch.id(), bytes).is_some() {
            return Err(Violation::BatchTwice(batch.id()).into());
        }
        Ok(batch)
    }

    /// Notes a verdict, and says how much credit to give.
    pub(super) fn judged(&mut self, batch: BatchId) -> Result<Option<u32>, HostFault> {
        match self.in_flight.remove(&batch) {
            Some(bytes) => Ok(self.window.release(bytes)),
            None => Err(HostFault::VerdictOnNothing(batch)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
    }
}
