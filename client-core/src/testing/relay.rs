//! A relay that is a list: it accepts every batch but those that it was told to refuse.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{ActorId, Automerge};
use change_gate::prescan;
use dealership::Authorship;
use dealership::edit::{self, Edits, Fields};
use dealership::id::StaffId;
use dealership::kind::Kind;
use dealership::space::Space;
use sync_protocol::entry::{ChangeEntry, GoneEntry, LeftEntry, SaveEntry, SavedReceipt};
use sync_protocol::message::{Accepted, Refusal};
use sync_protocol::{
    Batch, BatchId, ChangeReceipt, Cursor, CursorTag, DocumentId, Entry, Epoch, Explanation,
    HashPrefix, Outcome, RefusalCode, Resume, Seq, SpaceName, Timestamp, Upgrade, Welcomed,
};

use crate::replica::{Received, Replica, Settled};
use crate::testing::{LI_NA, Person, WANG_QIANG, minute};

pub(crate) struct Relay {
    pub(crate) log: Vec<Entry>,
    verdicts: BTreeMap<BatchId, Outcome>,
    changes: BTreeSet<(DocumentId, [u8; 32])>,
    refused: Vec<BatchId>,
}

impl Relay {
    /// A relay at which both salespeople are enrolled.
    pub(crate) fn new() -> Self {
        let mut relay = Self {
            log: Vec::new(),
            verdicts: BTreeMap::new(),
            changes: BTreeSet::new(),
            refused: Vec::new(),
        };
        for person in [LI_NA, WANG_QIANG] {
            relay.enrol(person);
        }
        relay
    }

    /// Refuses a batch when it comes.
    pub(crate) fn refuse(&mut self, batch: crate::BatchId) {
        self.refused.push(batch.into());
    }

    /// Takes one batch in, and gives the verdict.
    pub(crate) fn push(&mut self, batch: &Batch) -> Outcome {
        if let Some(verdict) = self.verdicts.get(&batch.id()) {
            return verdict.clone();
        }
        let mut in_batch = BTreeSet::new();
        let mut lacking = BTreeSet::new();
        for change in batch.changes() {
            let header = prescan(&change.raw).unwrap();
            let known = |hash: &[u8; 32]| {
                self.changes.contains(&(change.document, *hash)) || in_batch.contains(hash)
            };
            lacking.extend(header.dependencies.iter().filter(|hash| !known(hash)));
            in_batch.insert(header.hash);
        }
        if !lacking.is_empty() {
            let hashes = lacking.into_iter().map(sync_protocol::ChangeHash).collect();
            return Outcome::NeedsDependencies(sync_protocol::message::NeedsDependencies {
                hashes,
                states: None,
            });
        }
        let verdict = if self.refused.contains(&batch.id()) {
            Outcome::Refused(Refusal {
                code: RefusalCode::NotPermitted,
                change: None,
                text: Explanation::new("not yours"),
            })
        } else {
            let first_seq = self.head().0 + 1;
            for change in batch.changes() {
                self.append(change.document, change.space.clone(), change.raw.clone());
            }
            Outcome::Accepted(Accepted {
                first_seq: Seq(first_seq),
                last_seq: self.head(),
                received_at: self.clock(),
            })
        };
        self.verdicts.insert(batch.id(), verdict.clone());
        verdict
    }

    /// What a replica that was admitted is told.
    pub(crate) fn welcome(&self, person: Person) -> Welcomed {
        Welcomed {
            version: 1,
            epoch: EPOCH,
            head: self.head(),
            relay_clock: self.clock(),
            resume: Resume::Tail,
            lacking: Vec::new(),
            upgrade: Upgrade::None,
            spaces: person.spaces().into_iter().map(name).collect(),
        }
    }

    /// The entries after a position, and the cursor behind them.
    pub(crate) fn page(&self, after: u64, until: u64) -> (Vec<Entry>, Cursor) {
        let entries = self
            .log
            .iter()
            .filter(|entry| entry.seq().0 > after && entry.seq().0 <= until)
            .cloned()
            .collect();
        (entries, cursor(until.min(self.head().0)))
    }

    /// Pushes what waits, settles the verdicts, and reads the log to its end.
    pub(crate) fn sync(&mut self, person: Person, replica: &mut Replica) -> Vec<Settled> {
        replica.welcomed(&self.welcome(person), minute(0)).unwrap();
        self.read(replica);
        let mut settled = Vec::new();
        loop {
            let batches = replica.outbox(16, &[]).unwrap();
            if batches.is_empty() {
                break;
            }
            for batch in batches {
                let verdict = self.push(&batch);
                settled.push(
                    replica
                        .settle(batch.id().into(), &verdict, minute(0))
                        .unwrap(),
                );
            }
        }
        self.read(replica);
        settled
    }

    /// Reads the log to its end.
    pub(crate) fn read(&self, replica: &mut Replica) -> Received {
        let after = replica.cursor().unwrap().map_or(0, |cursor| cursor.seq.0);
        let (entries, cursor) = self.page(after, self.head().0);
        replica.receive(&entries, cursor).unwrap()
    }

    /// The whole log as one save for each document, at the position of its first change.
    pub(crate) fn saves(&self) -> Vec<Entry> {
        let mut documents: BTreeMap<DocumentId, (SpaceName, Vec<&ChangeEntry>)> = BTreeMap::new();
        for entry in &self.log {
            if let Entry::Change(change) = entry {
                documents
                    .entry(change.document)
                    .or_insert_with(|| (change.space.clone(), Vec::new()))
                    .1
                    .push(change);
            }
        }
        let mut saves: Vec<_> = documents
            .into_iter()
            .map(|(document, (space, changes))| {
                let chunks: Vec<&[u8]> = changes.iter().map(|change| &*change.raw).collect();
                let whole = change_gate::GatedDocument::empty().extend(&chunks).unwrap();
                let receipts = changes.iter().map(|change| SavedReceipt {
                    change: prefix(&change.raw),
                    receipt: change.receipt,
                });
                Entry::Save(SaveEntry {
                    seq: changes[0].receipt.seq,
                    through: self.head(),
                    space,
                    document,
                    saved: whole.automerge().save_nocompress(),
                    receipts: receipts.collect(),
                })
            })
            .collect();
        saves.sort_by_key(Entry::seq);
        saves
    }

    /// Goes back to an earlier end of the log, as after a backup was restored.
    pub(crate) fn lose_after(&mut self, seq: Seq) {
        self.log.retain(|entry| entry.seq() <= seq);
        let change = |entry: &Entry| match entry {
            Entry::Change(change) => {
                let hash = prescan(&change.raw).unwrap().hash;
                Some((change.document, hash))
            }
            _ => None,
        };
        self.changes = self.log.iter().filter_map(change).collect();
        self.verdicts.clear();
    }

    /// Purges a document.
    pub(crate) fn purge(&mut self, document: dealership::DocumentId) {
        let (seq, document) = (self.next(), DocumentId(*document.as_bytes()));
        self.log.push(Entry::Gone(GoneEntry { seq, document }));
    }

    /// Takes a document away from a reader.
    pub(crate) fn leave(&mut self, document: dealership::DocumentId) {
        let (seq, document) = (self.next(), DocumentId(*document.as_bytes()));
        self.log.push(Entry::Left(LeftEntry { seq, document }));
    }

    pub(crate) fn head(&self) -> Seq {
        self.log.last().map_or(Seq(0), Entry::seq)
    }

    pub(crate) fn append(&mut self, document: DocumentId, space: SpaceName, raw: Vec<u8>) {
        let hash = prescan(&raw).unwrap().hash;
        if !self.changes.insert((document, hash)) {
            return;
        }
        let seq = self.next();
        let receipt = ChangeReceipt {
            seq,
            received_at: self.clock(),
            base_received_at: Timestamp(0),
            clock_trusted: true,
        };
        self.log.push(Entry::Change(ChangeEntry {
            receipt,
            space,
            document,
            raw,
        }));
    }

    fn next(&self) -> Seq {
        Seq(self.head().0 + 1)
    }

    fn clock(&self) -> Timestamp {
        Timestamp(minute(1_000).millis() + i64::try_from(self.head().0).unwrap() * 1_000)
    }

    /// Makes a person known.
    pub(crate) fn enrol(&mut self, person: Person) {
        self.establish(person.staff().into(), Kind::Staff, person.registers());
    }

    /// Makes a document that is everyone's.
    pub(crate) fn establish(&mut self, id: dealership::DocumentId, kind: Kind, registers: Fields) {
        let mut edits = Edits::default();
        edits.create(id, kind, Space::Group, registers);
        self.write_new(Space::Group, &edits);
    }

    /// Writes edits as one change of each document, which is new.
    pub(crate) fn write_new(&mut self, space: Space, edits: &Edits) {
        let authorship = Authorship {
            staff: StaffId::RELAY,
            command: "found".into(),
            base_seq: dealership::Seq(0),
        };
        for (id, edits) in edits.by_document() {
            let mut automerge = Automerge::new();
            automerge.set_actor(ActorId::from(&[0; 16]));
            edit::write(&mut automerge, edits, &authorship, minute(0)).unwrap();
            let change = automerge.get_last_local_change().unwrap();
            let raw = change.raw_bytes().to_vec();
            self.append(DocumentId(*id.as_bytes()), name(space), raw);
        }
    }
}

const EPOCH: Epoch = Epoch([5; 16]);

pub(crate) fn cursor(seq: u64) -> Cursor {
    Cursor {
        epoch: EPOCH,
        seq: Seq(seq),
        tag: CursorTag([6; 32]),
    }
}

pub(crate) fn name(space: Space) -> SpaceName {
    SpaceName::new(space.to_string()).unwrap()
}

fn prefix(raw: &[u8]) -> HashPrefix {
    let hash = prescan(raw).unwrap().hash;
    HashPrefix(*hash.first_chunk().unwrap())
}
