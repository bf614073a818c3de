//! The log on its way to a device.

use std::collections::VecDeque;

use super::RelayEffect;
use crate::clock::Millis;
use crate::close::{HostFault, Violation};
use crate::cursor::{CursorTag, Seq};
use crate::frame;
use crate::limits;
use crate::message::{Entries, Reached, RelayMessage};
use crate::packed::Packed;
use crate::page::{LogPage, saturating_u32};
use crate::tagged_state::StatesTag;
use crate::window::SendWindow;

/// One pass over the log, from where the device stood to where the log ended when it began.
///
/// It lets the host send a document once, as a save, without remembering that it did: a document
/// with many changes in `(start, end]` is sent as a save, covering through `end` at least, at the
/// position of its first change after `start`, and its other changes up to `end` are skipped.
/// Every read of the walk decides this alike, from these two positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// The position after which the walk began.
    pub start: Seq,
    /// The position at which it ends.
    pub end: Seq,
}

/// What a relay's host read from the log.
#[derive(Clone, Debug)]
pub struct LogAnswer {
    /// The entries of the device's spaces after the position that was asked for.
    pub page: LogPage,
    /// How far the read came: everything of the device's spaces at or before it is on the page
    /// or was skipped because a save covers it. Never before the page's last entry, and before
    /// the next entry that did not fit.
    pub through: Seq,
    /// The newest position of the log, read before its entries were.
    pub head: Seq,
    /// The tag of a cursor at `through`.
    pub tag: CursorTag,
    /// The tag of the states that the page ends with; `None` where there are none.
    pub states: Option<StatesTag>,
}

/// Where the device is, and what is on its way to it.
pub(super) struct LogStream {
    window: SendWindow,
    /// Where the next frame continues from.
    sent: Seq,
    /// How far the log has been read; ahead of `sent` while nothing of the device's was in it.
    read: Seq,
    walk: Walk,
    is_reading: bool,
    /// Whether the device has yet to say where it follows from.
    is_awaited: bool,
    /// Frames that wait for credit: the pieces of one save.
    waiting: VecDeque<Vec<u8>>,
    /// Whether the device has been told that it has caught up with what it was sent.
    told: bool,
    quiet: Option<QuietMove>,
}

/// A move of the cursor without entries, kept back so that the writes of other spaces do not
/// cost every device a frame each.
struct QuietMove {
    reached: Reached,
    due: Millis,
}

impl LogStream {
    /// A log that is read from a position on, or from where the device will say.
    pub(super) fn new(window: SendWindow, position: Option<Seq>) -> Self {
        let is_awaited = position.is_none();
        let position = position.unwrap_or_default();
        Self {
            window,
            is_awaited,
            sent: position,
            read: position,
            walk: Walk {
                start: position,
                end: position,
            },
            is_reading: false,
            waiting: VecDeque::new(),
            told: false,
            quiet: None,
        }
    }

    /// Whether the device has yet to say where it follows from.
    pub(super) const fn is_awaited(&self) -> bool {
        self.is_awaited
    }

    /// Begins after the position that the device says.
    pub(super) fn begin(&mut self, position: Seq) {
        *self = Self::new(self.window, Some(position));
    }

    /// Takes in credit.
    pub(super) fn give(&mut self, bytes: u32) -> Result<(), Violation> {
        self.window.give(bytes)
    }

    /// When a quiet move should be told; without credit it waits for that, not for a moment.
    pub(super) fn quiet_due(&self) -> Option<Millis> {
        let quiet = self
            .quiet
            .as_ref()
            .filter(|_| self.window.has_room_for_a_frame());
        quiet.map(|quiet| quiet.due)
    }

    /// Takes in the answer to a read.
    pub(super) fn answered(
        &mut self,
        now: Millis,
        head: Seq,
        answer: LogAnswer,
        version: u8,
    ) -> Result<(), HostFault> {
        let LogAnswer {
            page,
            through,
            tag,
            states,
            ..
        } = answer;
        if !std::mem::take(&mut self.is_reading) {
            return Err(HostFault::Unasked {
                answer: "a page of the log",
            });
        }
        let (after, last) = (self.read, page.last());
        if through < after || through < last || through > head || last < after {
            return Err(HostFault::PageOutOfRange {
                last,
                through,
                head,
            });
        }
        // A walk that was at its end when it began says that the device has caught up; what was
        // written since is the next walk's.
        if through == after && self.walk.end > after {
            return Err(HostFault::NoProgress { after });
        }
        self.read = through;
        let reached = Reached {
            through,
            tag,
            states,
        };
        if !page.is_empty() {
            self.send_page(page, head, reached, version);
        } else if through == head && !self.told {
            self.send_move(head, reached, version);
        } else if through > self.sent {
            let earlier = self.quiet.take().map(|quiet| quiet.due);
            let due = earlier.unwrap_or_else(|| now.plus(limits::QUIET_MOVE));
            self.quiet = Some(QuietMove { reached, due });
        }
        Ok(())
    }

    /// Sends what there is credit for, then reads on if that makes sense.
    pub(super) fn go_on(
        &mut self,
        now: Millis,
        head: Seq,
        version: u8,
        effects: &mut VecDeque<RelayEffect>,
    ) {
        if self.window.has_room_for_a_frame()
            && let Some(quiet) = self.quiet.take_if(|quiet| quiet.due <= now)
        {
            self.send_move(head, quiet.reached, version);
        }
        while let Some(frame) = self
            .waiting
            .pop_front_if(|frame| self.window.take(saturating_u32(frame.len())))
        {
            effects.push_back(RelayEffect::Send(frame));
        }
        let is_free = !self.is_reading
            && !self.is_awaited
            && self.waiting.is_empty()
            && self.window.has_room_for_a_frame();
        if is_free && (self.read < head || !self.told) {
            if self.read >= self.walk.end {
                self.walk = Walk {
                    start: self.read,
                    end: head,
                };
            }
            self.is_reading = true;
            effects.push_back(RelayEffect::Read {
                after: self.read,
                walk: self.walk,
            });
        }
    }

    fn send_page(&mut self, page: LogPage, head: Seq, reached: Reached, version: u8) {
        let bodies = page.into_bodies();
        let last = bodies.len().saturating_sub(1);
        for (index, body) in bodies.into_iter().enumerate() {
            let reached = (index == last).then_some(reached);
            self.send(body, head, reached, version);
        }
        self.reached(head, reached);
    }

    fn send_move(&mut self, head: Seq, reached: Reached, version: u8) {
        self.send(Vec::new(), head, Some(reached), version);
        self.reached(head, reached);
    }

    fn reached(&mut self, head: Seq, reached: Reached) {
        self.sent = reached.through;
        self.told = reached.through == head;
        self.quiet = None;
    }

    fn send(&mut self, body: Vec<u8>, head: Seq, reached: Option<Reached>, version: u8) {
        let entries = Packed::pack(body);
        let message = RelayMessage::Entries(Entries {
            after: self.sent,
            head,
            reached,
            entries,
        });
        self.waiting
            .push_back(frame::encode_relay(version, &message));
    }
}
