//! Reads the log to a device, one page at a time.
//!
//! A cursor at `s` means: every entry of my spaces at or before `s` is here. So the log is walked
//! in its order, and a page ends before the first entry that is not on it.
//!
//! A document with many changes on the way is sent once, as a save, at the position of the first
//! of them, and its others are skipped. Nobody remembers that it was sent. A walk goes from a
//! start to an end that stay the same for all its reads, and what is sent as a save is decided
//! from what the log holds between the two:
//!
//! ```text
//!  start                                   end
//!    ┊   a₁   b₁   a₂   a₃   b₂   a₄   a₅   ┊  a₆
//!        ▼              skipped
//!        save of a, which covers a₁ … a₆; b₁ and b₂ travel as changes
//! ```
//!
//! If the stream breaks after a₂, the device's cursor stands there, and a₃ … a₅ come again in the
//! next walk, which is harmless: a change that is there already changes nothing. Sending documents
//! in the order of their *last* change instead would move the cursor past changes that never
//! arrived.
//!
//! A document that moves to another space leaves one position behind in the space that it left, and
//! stands, with all of its history, at one position of the space that it came to: there it is sent
//! whole. What stood before the move is sent to nobody.
//!
//! No later read of the walk may skip what an earlier one did not send as a save. The counts
//! between two positions never grow, and whatever else is asked only ever turns a save into
//! changes, never back.

use std::collections::{BTreeMap, BTreeSet};

use dealership::{DocumentId, Seq, Space};
use sync_protocol::entry::{ChangeEntry, GoneEntry, LeftEntry, SaveEntry};
use sync_protocol::{Entry, Fit, LogAnswer, LogPage, PageError, StatesRoot, Walk, limits};

use super::RelayKey;
use crate::store::{
    DocumentContent, DocumentRow, GroupRow, LogEntry, LogHead, LogRow, Position, ReadStore,
    StoreError,
};
use crate::wire;

/// How many positions are looked at in one go.
const POSITIONS: usize = 512;

/// How many positions one read looks at before it says how far it came: most are skipped where
/// documents have long histories.
const POSITIONS_PER_READ: usize = 16 * POSITIONS;

/// From so many changes on the way a document may be sent as a save.
const SAVE_FROM: u64 = 4;

/// The bytes of a receipt in a save, at most, and of what else stands beside the saved document.
const RECEIPT_BYTES: usize = 64;
const SAVE_HEAD_BYTES: usize = 512;

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An entry does not fit the wire.
    #[error(transparent)]
    Page(#[from] PageError),
}

/// Reads a page of these spaces after a position.
pub(super) fn read_log(
    store: &impl ReadStore,
    key: &RelayKey,
    group: &GroupRow,
    spaces: &BTreeSet<Space>,
    after: Seq,
    walk: Walk,
) -> Result<LogAnswer, ReadError> {
    let head = store.head()?;
    let mut page = LogPage::new(wire::seq(after));
    let mut reading = Reading {
        store,
        walk,
        ways: BTreeMap::new(),
    };
    let mut leaves = Vec::new();
    let through = reading.fill(spaces, after, |entry| {
        let fit = page.push(entry)?;
        if fit == Fit::Taken {
            leaves.extend(wire::leaves(entry));
        }
        Ok(fit)
    })?;
    let reached = store.head_at(through)?.unwrap_or(LogHead::START);
    Ok(LogAnswer {
        page,
        through: wire::seq(through),
        head: wire::seq(head.seq),
        tag: key.tag(group.epoch, &reached),
        states: StatesRoot::of(&leaves).map(|root| key.tag_states(group.group, root)),
    })
}

struct Reading<'s, S> {
    store: &'s S,
    walk: Walk,
    ways: BTreeMap<DocumentId, Way>,
}

/// How a document travels in a walk.
#[derive(Clone, Copy)]
enum Way {
    /// One change after the other.
    Changes,
    /// As a save, at the position of its first entry.
    Save { first: Seq },
}

impl<S: ReadStore> Reading<'_, S> {
    /// Puts entries until there is no room for the next, and says how far it came.
    fn fill(
        &mut self,
        spaces: &BTreeSet<Space>,
        after: Seq,
        mut put: impl FnMut(&Entry) -> Result<Fit, PageError>,
    ) -> Result<Seq, ReadError> {
        let end = wire::domain_seq(self.walk.end);
        let mut at = after;
        for _ in 0..POSITIONS_PER_READ / POSITIONS {
            let positions = self.store.positions(spaces, at, end, POSITIONS)?;
            for position in &positions {
                let Some(entry) = self.entry(spaces, *position)? else {
                    continue;
                };
                if put(&entry)? == Fit::Full {
                    return Ok(Seq(position.seq.0.saturating_sub(1)));
                }
            }
            match positions.last() {
                Some(last) if positions.len() == POSITIONS => at = last.seq,
                _ => return Ok(end.max(after)),
            }
        }
        Ok(at)
    }

    /// What stands at a position; `None` where a save covers it, or it was erased meanwhile.
    fn entry(
        &mut self,
        spaces: &BTreeSet<Space>,
        position: Position,
    ) -> Result<Option<Entry>, StoreError> {
        if position.leaves {
            return self.left(spaces, position);
        }
        match self.way(position.document)? {
            Way::Changes => match self.store.log_row(position.seq)? {
                Some(row) if row.entry == LogEntry::Came => self.save(position),
                row => Ok(row.map(of_row)),
            },
            Way::Save { first } if first == position.seq => self.save(position),
            Way::Save { .. } => Ok(None),
        }
    }

    fn way(&mut self, document: DocumentId) -> Result<Way, StoreError> {
        if let Some(way) = self.ways.get(&document) {
            return Ok(*way);
        }
        let way = self.choose_way(document)?;
        self.ways.insert(document, way);
        Ok(way)
    }

    /// A document travels as a save where that is about as short as its changes: when at least
    /// half of its history up to the end of the walk is on the way.
    fn choose_way(&self, document: DocumentId) -> Result<Way, StoreError> {
        let start = wire::domain_seq(self.walk.start);
        let end = wire::domain_seq(self.walk.end);
        if end.0.saturating_sub(start.0) < SAVE_FROM {
            return Ok(Way::Changes);
        }
        let Some(pending) = self.store.pending(document, start, end)? else {
            return Ok(Way::Changes);
        };
        if pending.entries < SAVE_FROM {
            return Ok(Way::Changes);
        }
        let whole = self.store.pending(document, Seq(0), end)?;
        let whole = whole.map_or(0, |whole| whole.entries);
        if pending.entries.saturating_mul(2) < whole {
            return Ok(Way::Changes);
        }
        let row = self.store.document(document)?;
        let fits = row.and_then(|row| row.content).is_some_and(|it| fits(&it));
        Ok(if fits {
            let first = pending.first;
            Way::Save { first }
        } else {
            Way::Changes
        })
    }

    /// That a document left a space; nothing for those who hold the space that it is in now, for
    /// they get it whole further on.
    fn left(
        &self,
        spaces: &BTreeSet<Space>,
        position: Position,
    ) -> Result<Option<Entry>, StoreError> {
        let row = self.store.document(position.document)?;
        let stays = row.is_some_and(|row| row.content.is_some() && spaces.contains(&row.space));
        Ok((!stays).then(|| {
            Entry::Left(LeftEntry {
                seq: wire::seq(position.seq),
                document: wire::document(position.document),
            })
        }))
    }

    fn save(&self, position: Position) -> Result<Option<Entry>, StoreError> {
        let Some(row) = self.store.document(position.document)? else {
            return Ok(None);
        };
        // If it was purged since the positions were read, what says so stands further on.
        Ok(save_at(wire::seq(position.seq), row).map(Entry::Save))
    }
}

/// A document whole, for a segment; `None` if it was purged, or is longer than any save may be.
pub(super) fn save_of(row: DocumentRow) -> Option<SaveEntry> {
    let is_short = row.content.as_ref().is_some_and(fits);
    let first = row.content.as_ref()?.receipts.iter();
    let first = first.map(|(_, receipt)| receipt.seq).min();
    let first = wire::seq(first.unwrap_or(row.head));
    is_short.then(|| save_at(first, row)).flatten()
}

fn save_at(seq: sync_protocol::Seq, row: DocumentRow) -> Option<SaveEntry> {
    let content = row.content?;
    Some(SaveEntry {
        seq,
        through: wire::seq(row.head),
        space: wire::space(row.space),
        document: wire::document(row.id),
        receipts: wire::saved_receipts(&content.receipts),
        saved: content.saved,
    })
}

/// Whether a save with its receipts is within the limit of the wire.
fn fits(content: &DocumentContent) -> bool {
    let receipts = content.receipts.len().saturating_mul(RECEIPT_BYTES);
    let bytes = content.saved.len().saturating_add(receipts);
    bytes.saturating_add(SAVE_HEAD_BYTES) <= limits::SAVE
}

fn of_row(row: LogRow) -> Entry {
    let receipt = row.change().map(|(_, receipt)| wire::receipt(&receipt));
    match (row.entry, receipt) {
        (LogEntry::Change(change), Some(receipt)) => Entry::Change(ChangeEntry {
            receipt,
            space: wire::space(row.space),
            document: wire::document(row.document),
            raw: change.raw,
        }),
        _ => Entry::Gone(GoneEntry {
            seq: wire::seq(row.seq),
            document: wire::document(row.document),
        }),
    }
}

#[cfg(test)]
mod moves;

#[cfg(test)]
mod tests {
    use dealership::{DeviceNumber, Kind, Receipts, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::store::{ChangeRow, MemoryStore, Store};

    /// What a device holds: positions, by document.
    type Held = BTreeSet<u64>;

    /// A log in which the entry at position `n + 1` changes the `n`th document of the list;
    /// odd documents are in a space that the device does not hold.
    fn log(documents: &[u8]) -> MemoryStore {
        let mut store = MemoryStore::new();
        store.begin().unwrap();
        for (seq, number) in (1..).zip(documents) {
            let row = row(seq, *number);
            store.append(&row, &[0; 32]).unwrap();
            let known = store.document(row.document).unwrap();
            let mut receipts = known
                .and_then(|known| known.content)
                .map_or_else(Receipts::default, |content| content.receipts);
            let (_, receipt) = row.change().unwrap();
            receipts.insert_prefix(seq.to_be_bytes(), receipt);
            store
                .put_document(&DocumentRow {
                    id: row.document,
                    kind: Kind::Trim,
                    space: row.space,
                    head: row.seq,
                    content: Some(DocumentContent {
                        saved: vec![0; 100],
                        receipts,
                    }),
                })
                .unwrap();
        }
        store.commit().unwrap();
        store
    }

    fn row(seq: u64, number: u8) -> LogRow {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&seq.to_be_bytes());
        LogRow {
            seq: Seq(seq),
            received_at: Timestamp::from_millis(0),
            space: if number.is_multiple_of(2) {
                Space::Group
            } else {
                Space::Finance
            },
            document: DocumentId::from_bytes([number; 16]),
            entry: LogEntry::Change(ChangeRow {
                hash,
                actor: [0; 16],
                actor_seq: seq,
                max_op: seq,
                batch: None,
                device: DeviceNumber(1),
                base_received_at: Timestamp::from_millis(0),
                clock_trusted: true,
                raw: vec![0; 10],
            }),
        }
    }

    /// Reads one page of so many entries into what the device holds, and gives its new cursor.
    fn read_page(
        store: &MemoryStore,
        held: &mut Held,
        after: Seq,
        walk: Walk,
        room: usize,
    ) -> (Seq, usize) {
        let mut sent = Vec::new();
        let mut reading = Reading {
            store,
            walk,
            ways: BTreeMap::new(),
        };
        let spaces = BTreeSet::from([Space::Group]);
        let through = reading
            .fill(&spaces, after, |entry| {
                if sent.len() == room {
                    return Ok(Fit::Full);
                }
                sent.push(entry.clone());
                Ok(Fit::Taken)
            })
            .unwrap();
        let mut last = after.0;
        for entry in &sent {
            assert!(entry.seq().0 > last, "positions ascend");
            last = entry.seq().0;
            match entry {
                Entry::Change(change) => held.extend([change.receipt.seq.0]),
                Entry::Save(save) => {
                    held.extend(save.receipts.iter().map(|one| one.receipt.seq.0));
                    assert!(save.through >= save.seq);
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(through.0 >= last, "the cursor passes what was sent");
        (through, sent.len())
    }

    fn due(documents: &[u8], through: Seq) -> Held {
        let due = (1..).zip(documents).filter(|(_, number)| *number % 2 == 0);
        due.map(|(seq, _)| seq)
            .filter(|seq| *seq <= through.0)
            .collect()
    }

    proptest! {
        /// A cursor at `s` means: everything of my spaces at or before `s` is here. Whatever the
        /// log, wherever pages end, wherever the stream breaks, and whatever is added meanwhile.
        #[test]
        fn a_cursor_never_passes_a_change_that_did_not_arrive(
            documents in proptest::collection::vec(0_u8..6, 1..120),
            known_at_first in 1_usize..120,
            room in 1_usize..6,
            breaks in proptest::collection::vec(any::<bool>(), 200),
        ) {
            let mut known = known_at_first.min(documents.len());
            let mut held = Held::new();
            let mut at = Seq(0);
            let mut walk = Walk { start: wire::seq(Seq(0)), end: wire::seq(Seq(0)) };
            let mut breaks = breaks.into_iter();
            loop {
                let store = log(&documents[..known]);
                let head = store.head().unwrap().seq;
                if at >= wire::domain_seq(walk.end) || breaks.next() == Some(true) {
                    walk = Walk { start: wire::seq(at), end: wire::seq(head) };
                }
                let (through, _) = read_page(&store, &mut held, at, walk, room);
                prop_assert!(through > at || at == head);
                at = through;
                let due = due(&documents, at);
                prop_assert!(due.is_subset(&held), "{due:?} are due at {at}, {held:?} are there");
                if at == head && known == documents.len() {
                    break;
                }
                known = (known + 1).min(documents.len());
            }
        }
    }

    #[test]
    fn a_document_with_a_long_history_is_sent_once_and_as_a_save() {
        // One document with many changes, and another between them.
        let documents = [2, 4, 2, 2, 4, 2, 2, 2];
        let store = log(&documents);
        let walk = Walk {
            start: wire::seq(Seq(0)),
            end: wire::seq(Seq(8)),
        };
        let mut held = Held::new();
        let (through, sent) = read_page(&store, &mut held, Seq(0), walk, 100);
        assert_eq!((through, sent), (Seq(8), 3));
        assert_eq!(held, due(&documents, Seq(8)));
    }

    #[test]
    fn a_stream_that_breaks_between_two_changes_of_a_document_goes_on_without_loss() {
        let documents = [2, 4, 2, 2, 2, 2];
        let store = log(&documents);
        let whole = Walk {
            start: wire::seq(Seq(0)),
            end: wire::seq(Seq(6)),
        };
        let mut held = Held::new();
        // The save of document 2 and one change of document 4 arrive, then the stream breaks.
        let (at, _) = read_page(&store, &mut held, Seq(0), whole, 1);
        assert_eq!(at, Seq(1));
        // Within the walk the save covers the rest. In a new walk it comes again.
        let rest = Walk {
            start: wire::seq(at),
            end: wire::seq(Seq(6)),
        };
        let mut of_the_new_walk = Held::new();
        let (at, sent) = read_page(&store, &mut of_the_new_walk, at, rest, 100);
        assert_eq!((at, sent), (Seq(6), 2));
        assert_eq!(of_the_new_walk, due(&documents, Seq(6)));
    }

    #[test]
    fn a_few_new_changes_of_a_long_history_travel_as_changes() {
        let documents = [2_u8; 20];
        let store = log(&documents);
        let walk = Walk {
            start: wire::seq(Seq(14)),
            end: wire::seq(Seq(20)),
        };
        let mut held = Held::new();
        let (_, sent) = read_page(&store, &mut held, Seq(14), walk, 100);
        assert_eq!(sent, 6);
        assert_eq!(held, (15..=20).collect());
    }
}
