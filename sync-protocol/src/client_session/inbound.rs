//! Entries on their way from the relay into the replica.

use std::collections::VecDeque;

use crate::close::{CloseReason, HostFault, Violation};
use crate::cursor::{Cursor, Epoch, Seq};
use crate::entry::{Entry, EntryOrPart, Part, decode_entries};
use crate::error::DecodeError;
use crate::kinded::{self, Kinded};
use crate::limits;
use crate::message::{Entries, Reached};
use crate::page::saturating_u32;
use crate::tagged_state::StatesTag;
use crate::window::ReceiveWindow;

/// Where the reader is, and what it has handed out and not seen stored.
pub(super) struct Inbound {
    epoch: Epoch,
    /// Where the next frame begins.
    position: Seq,
    window: ReceiveWindow,
    pieces: Option<Pieces>,
    unstored: VecDeque<Unstored>,
    /// The newest head that is reached once everything handed out is stored.
    caught_up: Option<Seq>,
}

/// What a frame, or a commit of the host, gives rise to.
#[derive(Default)]
pub(super) struct Received {
    pub(super) store: Option<(Vec<Entry>, Cursor, Option<StatesTag>)>,
    pub(super) credit: Option<u32>,
    pub(super) caught_up: Option<Seq>,
    /// The host has deleted what was purged at or before here, and something was.
    pub(super) erased: Option<Seq>,
}

/// The pieces of one entry that have come so far.
struct Pieces {
    seq: Seq,
    total: usize,
    bytes: Vec<u8>,
}

/// A frame whose entries are with the host.
struct Unstored {
    through: Seq,
    bytes: u32,
    /// Whether it brings purges.
    purges: bool,
}

impl Inbound {
    pub(super) const fn new(epoch: Epoch, position: Seq, window: ReceiveWindow) -> Self {
        Self {
            epoch,
            position,
            window,
            pieces: None,
            unstored: VecDeque::new(),
            caught_up: None,
        }
    }

    /// Takes in a frame of entries of `length` bytes.
    pub(super) fn receive(
        &mut self,
        length: usize,
        frame: &Entries,
    ) -> Result<Received, CloseReason> {
        let bytes = saturating_u32(length);
        self.window.receive(bytes)?;
        if frame.after != self.position {
            let expected = self.position;
            return Err(Violation::NotContinued {
                expected,
                found: frame.after,
            }
            .into());
        }
        let body = frame.entries.unpack(Entry::PART, limits::BODY)?;
        let items = decode_entries(&body)?;
        match frame.reached {
            Some(reached) => self.reach(bytes, frame.head, reached, items),
            None => {
                self.take_lone_piece(items)?;
                // The pieces are bounded by the limit on a save, not by the window.
                Ok(Received {
                    credit: self.window.release(bytes),
                    ..Received::default()
                })
            }
        }
    }

    /// Notes that the host has committed everything at or before `through`.
    pub(super) fn stored(&mut self, through: Seq) -> Result<Received, HostFault> {
        let mut released = None;
        let mut erased = None;
        while let Some(stored) = self.unstored.pop_front_if(|frame| frame.through <= through) {
            if stored.purges {
                erased = Some(stored.through);
            }
            released = Some(stored.bytes.saturating_add(released.unwrap_or_default()));
        }
        let bytes = released.ok_or(HostFault::StoredNothing { through })?;
        let credit = self.window.release(bytes);
        let caught_up = self.caught_up.take_if(|head| *head <= through);
        Ok(Received {
            credit,
            caught_up,
            erased,
            ..Received::default()
        })
    }

    /// Takes in a frame that brings the reader to a new position.
    fn reach(
        &mut self,
        bytes: u32,
        head: Seq,
        reached: Reached,
        items: Vec<EntryOrPart>,
    ) -> Result<Received, CloseReason> {
        let through = reached.through;
        let mut last = self.position;
        if through < last || head < through {
            return Err(Violation::OutOfOrder {
                after: last,
                found: through,
                through: head,
            }
            .into());
        }
        let mut entries = Vec::with_capacity(items.len());
        for item in items {
            let entry = match item {
                EntryOrPart::Entry(entry) if self.pieces.is_none() => Some(entry),
                EntryOrPart::Entry(entry) => {
                    return Err(Violation::PieceOutOfOrder { seq: entry.seq() }.into());
                }
                EntryOrPart::Part(part) => self.take_last_piece(part)?,
            };
            let Some(entry) = entry else { continue };
            let found = entry.seq();
            if found <= last || found > through {
                return Err(Violation::OutOfOrder {
                    after: last,
                    found,
                    through,
                }
                .into());
            }
            last = found;
            entries.push(entry);
        }
        if let Some(pieces) = &self.pieces {
            return Err(Violation::PieceOutOfOrder { seq: pieces.seq }.into());
        }
        let moved = through > self.position;
        self.position = through;
        let mut received = Received::default();
        if moved {
            let cursor = Cursor {
                epoch: self.epoch,
                seq: through,
                tag: reached.tag,
            };
            let purges = entries.iter().any(|entry| matches!(entry, Entry::Gone(_)));
            self.unstored.push_back(Unstored {
                through,
                bytes,
                purges,
            });
            received.store = Some((entries, cursor, reached.states));
        } else {
            received.credit = self.window.release(bytes);
        }
        if through == head {
            self.caught_up = Some(head);
            if self.unstored.is_empty() {
                received.caught_up = self.caught_up.take();
            }
        }
        Ok(received)
    }

    /// Keeps a piece that is not the last; it is alone in its frame.
    fn take_lone_piece(&mut self, items: Vec<EntryOrPart>) -> Result<(), CloseReason> {
        let mut items = items.into_iter();
        match (items.next(), items.next()) {
            (Some(EntryOrPart::Part(part)), None) => {
                let seq = part.seq;
                match self.take_piece(part)? {
                    None => Ok(()),
                    Some(_) => Err(Violation::PieceOutOfOrder { seq }.into()),
                }
            }
            _ => Err(Violation::PieceOutOfOrder { seq: self.position }.into()),
        }
    }

    /// Completes an entry; `None` if it is of a later kind that may be skipped.
    fn take_last_piece(&mut self, part: Part) -> Result<Option<Entry>, CloseReason> {
        let seq = part.seq;
        let whole = self
            .take_piece(part)?
            .ok_or(Violation::PieceOutOfOrder { seq })?;
        match kinded::decode::<Entry>(&whole)? {
            Some(entry) if entry.seq() != seq => Err(Violation::PieceOutOfOrder { seq }.into()),
            entry => Ok(entry),
        }
    }

    /// Keeps a piece; the whole encoding if it was the last.
    fn take_piece(&mut self, part: Part) -> Result<Option<Vec<u8>>, CloseReason> {
        let Part {
            seq,
            offset,
            total,
            bytes,
        } = part;
        let total = usize::try_from(total).unwrap_or(usize::MAX);
        if total > limits::SAVE {
            let (found, limit) = (total, limits::SAVE);
            return Err(DecodeError::OverLimit {
                part: Entry::PART,
                at: None,
                found,
                limit,
            }
            .into());
        }
        let mut pieces = self.pieces.take().unwrap_or(Pieces {
            seq,
            total,
            bytes: Vec::new(),
        });
        let continues = pieces.seq == seq
            && pieces.total == total
            && usize::try_from(offset).ok() == Some(pieces.bytes.len())
            && !bytes.is_empty();
        pieces.bytes.extend_from_slice(&bytes);
        if !continues || pieces.bytes.len() > total {
            return Err(Violation::PieceOutOfOrder { seq }.into());
        }
        if pieces.bytes.len() == total {
            return Ok(Some(pieces.bytes));
        }
        self.pieces = Some(pieces);
        Ok(None)
    }
}
