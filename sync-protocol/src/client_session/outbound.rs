//! Batches on their way from the outbox to the relay.

use std::collections::BTreeMap;

use crate::batch::Batch;
use crate::clock::Millis;
use crate::close::{CloseReason, Violation};
use crate::frame;
use crate::id::BatchId;
use crate::limits;
use crate::message::{ClientMessage, Outcome, Verdict};
use crate::page::saturating_u32;
use crate::window::SendWindow;

/// What is in flight on this connection, and what waits for a moment that the relay named.
pub(super) struct Outbound {
    window: SendWindow,
    /// When each batch was pushed.
    in_flight: BTreeMap<BatchId, Millis>,
    /// When each batch may be offered again.
    held: BTreeMap<BatchId, Millis>,
    /// Whether the host should be asked as soon as there is room.
    asking: bool,
}

impl Outbound {
    pub(super) const fn new(window: SendWindow) -> Self {
        Self {
            window,
            in_flight: BTreeMap::new(),
            held: BTreeMap::new(),
            asking: true,
        }
    }

    /// The frame that pushes the batch, if it is to be pushed now.
    pub(super) fn offer(&mut self, now: Millis, batch: &Batch, version: u8) -> Option<Vec<u8>> {
        let is_waiting = self.in_flight.contains_key(&batch.id())
            || self.held.get(&batch.id()).is_some_and(|due| *due > now);
        if is_waiting {
            return None;
        }
        if self.room() > 0 {
            let frame = frame::encode_client(version, &ClientMessage::Push(batch.to_push()));
            if self.window.take(saturating_u32(frame.len())) {
                self.held.remove(&batch.id());
                self.in_flight.insert(batch.id(), now);
                return Some(frame);
            }
        }
        self.asking = true;
        None
    }

    /// Takes in a verdict.
    pub(super) fn settle(&mut self, now: Millis, verdict: &Verdict) -> Result<(), CloseReason> {
        let batch = verdict.batch;
        if self.in_flight.remove(&batch).is_none() {
            return Err(Violation::VerdictOnNothing(batch).into());
        }
        let pause = match &verdict.outcome {
            Outcome::Accepted(_) | Outcome::Refused(_) => None,
            Outcome::Later(later) => Some(u64::from(later.retry_ms.min(limits::LONGEST_RETRY))),
            Outcome::NeedsDependencies(_) => Some(limits::DEPENDENCIES_PAUSE),
        };
        if let Some(pause) = pause {
            self.held.insert(batch, now.plus(pause));
        }
        // Asking at every verdict would query the outbox as often as there are batches.
        if self.in_flight.len() <= limits::BATCHES_IN_FLIGHT / 2 {
            self.asking = true;
        }
        Ok(())
    }

    /// Takes in credit.
    pub(super) fn give(&mut self, bytes: u32) -> Result<(), Violation> {
        self.window.give(bytes)
    }

    /// Notes that the host has more to offer.
    pub(super) const fn outbox_changed(&mut self) {
        self.asking = true;
    }

    /// How many batches to ask the host for, and which not, if it should be asked now.
    pub(super) fn ask(&mut self, now: Millis) -> Option<(usize, Vec<BatchId>)> {
        let held = self.held.len();
        self.held.retain(|_, due| *due > now);
        self.asking |= self.held.len() < held;
        let room = self.room();
        if !self.asking || room == 0 {
            return None;
        }
        self.asking = false;
        Some((
            room,
            self.in_flight
                .keys()
                .chain(self.held.keys())
                .copied()
                .collect(),
        ))
    }

    /// When the oldest batch in flight was pushed.
    pub(super) fn oldest(&self) -> Option<Millis> {
        self.in_flight.values().min().copied()
    }

    /// When the first of the held batches may be offered again.
    pub(super) fn first_due(&self) -> Option<Millis> {
        self.held.values().min().copied()
    }

    /// How many batches may be pushed now; the credit then holds any frame, so that no batch
    /// overtakes one that is longer.
    fn room(&self) -> usize {
        if !self.window.has_room_for_a_frame() || self.held.len() >= limits::BATCHES_HELD {
            return 0;
        }
        limits::BATCHES_IN_FLIGHT.saturating_sub(self.in_flight.len())
    }
}
