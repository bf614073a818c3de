//! The host of the relay's sessions: a log in memory, and a judge with simple rules.

use std::collections::BTreeMap;

use sync_protocol::entry::{ChangeEntry, GoneEntry, LeftEntry, SaveEntry, SavedReceipt};
use sync_protocol::message::{Accepted, Later, NeedsDependencies};
use sync_protocol::{
    Admission, Batch, BatchId, ChangeHash, ChangeReceipt, Cursor, CursorTag, DocumentId, Entry,
    Epoch, Explanation, Fit, Greeting, LogAnswer, LogPage, Outcome, PushedChange, Refusal,
    RefusalCode, Seq, SpaceName, Timestamp, Upgrade, Walk,
};

pub fn space(name: &str) -> SpaceName {
    SpaceName::new(name).unwrap()
}

pub fn document(number: u64) -> DocumentId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    DocumentId(bytes)
}

pub fn batch_id(number: u64) -> BatchId {
    BatchId(document(number).0)
}

/// What the judge does with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Accept,
    Refuse,
    /// Put off for as many milliseconds, the first time.
    PutOff(u32),
}

/// A change that says itself who it is, what it depends on and how it will be judged.
///
/// Layout: id (8), dependency or 0 (8), fate (1), pause (4), padding.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    pub id: u64,
    pub depends_on: u64,
    pub fate: Fate,
    pub padding: usize,
}

impl Change {
    pub fn new(id: u64) -> Self {
        Self {
            id,
            depends_on: 0,
            fate: Fate::Accept,
            padding: 100,
        }
    }

    pub fn bytes(self) -> Vec<u8> {
        let (fate, pause) = match self.fate {
            Fate::Accept => (0, 0),
            Fate::Refuse => (1, 0),
            Fate::PutOff(pause) => (2, pause),
        };
        let mut bytes = Vec::new();
        bytes.extend(self.id.to_be_bytes());
        bytes.extend(self.depends_on.to_be_bytes());
        bytes.push(fate);
        bytes.extend(pause.to_be_bytes());
        // Padding that does not deflate to nothing.
        let mut state = self.id | 1;
        bytes.extend((0..self.padding).map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state.to_be_bytes()[0]
        }));
        bytes
    }

    pub fn parse(bytes: &[u8]) -> Self {
        let number = |at: usize| u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap());
        let fate = match bytes[16] {
            0 => Fate::Accept,
            1 => Fate::Refuse,
            _ => Fate::PutOff(u32::from_be_bytes(bytes[17..21].try_into().unwrap())),
        };
        Self {
            id: number(0),
            depends_on: number(8),
            fate,
            padding: bytes.len() - 21,
        }
    }

    pub fn hash(id: u64) -> ChangeHash {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&id.to_be_bytes());
        ChangeHash(bytes)
    }
}

#[derive(Clone, Debug)]
pub struct Row {
    pub seq: Seq,
    pub space: SpaceName,
    pub document: DocumentId,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    Change {
        raw: Vec<u8>,
        receipt: ChangeReceipt,
    },
    Gone,
    Left,
}

pub struct Hub {
    pub epoch: Epoch,
    pub rows: Vec<Row>,
    pub verdicts: BTreeMap<BatchId, Outcome>,
    pub put_off: BTreeMap<BatchId, u32>,
    pub devices: BTreeMap<u64, Device>,
    /// A document with as many pending changes is sent as a save.
    pub save_from: usize,
    /// Breaks the rule: sends a document's pending changes at the position of the last of them.
    pub orders_by_last_change: bool,
    /// How many rows one read looks at.
    pub rows_per_read: usize,
    /// How often a batch was judged, repeated pushes included.
    pub judged: usize,
    pub reads: usize,
    pub greetings: Vec<Greeting>,
    pub rollbacks: Vec<Cursor>,
}

#[derive(Clone)]
pub struct Device {
    pub public_key: [u8; 32],
    pub spaces: Vec<SpaceName>,
}

impl Hub {
    pub fn new() -> Self {
        Self {
            epoch: Epoch([1; 16]),
            rows: Vec::new(),
            verdicts: BTreeMap::new(),
            put_off: BTreeMap::new(),
            devices: BTreeMap::new(),
            save_from: usize::MAX,
            orders_by_last_change: false,
            rows_per_read: usize::MAX,
            judged: 0,
            reads: 0,
            greetings: Vec::new(),
            rollbacks: Vec::new(),
        }
    }

    pub fn head(&self) -> Seq {
        self.rows.last().map_or(Seq(0), |row| row.seq)
    }

    /// Writes a change as if a device had pushed it.
    pub fn write(&mut self, space_name: &str, document_number: u64, change: Change) -> Seq {
        self.append(space(space_name), document(document_number), change.bytes())
    }

    pub fn append(&mut self, space: SpaceName, document: DocumentId, raw: Vec<u8>) -> Seq {
        let seq = Seq(self.head().0 + 1);
        let receipt = ChangeReceipt {
            seq,
            received_at: Timestamp(1_700_000_000_000 + seq.0 as i64),
            base_received_at: Timestamp(0),
            clock_trusted: true,
        };
        self.rows.push(Row {
            seq,
            space,
            document,
            what: What::Change { raw, receipt },
        });
        seq
    }

    pub fn purge(&mut self, space_name: &str, document_number: u64) {
        let document = document(document_number);
        self.rows.retain(|row| row.document != document);
        let seq = Seq(self.head().0 + 1);
        self.rows.push(Row {
            seq,
            space: space(space_name),
            document,
            what: What::Gone,
        });
    }

    pub fn move_away(&mut self, from: &str, document_number: u64) {
        let seq = Seq(self.head().0 + 1);
        let document = document(document_number);
        self.rows.push(Row {
            seq,
            space: space(from),
            document,
            what: What::Left,
        });
    }

    pub fn tag(&self, epoch: Epoch, seq: Seq) -> CursorTag {
        let mut tag = [0x5a; 32];
        tag[..16].copy_from_slice(&epoch.0);
        tag[16..24].copy_from_slice(&seq.0.to_be_bytes());
        CursorTag(tag)
    }

    pub fn admit(&mut self, greeting: Greeting) -> Admission {
        let valid = greeting
            .cursor
            .is_some_and(|cursor| cursor.tag == self.tag(cursor.epoch, cursor.seq));
        let spaces = self.devices[&greeting.device.0].spaces.clone();
        self.greetings.push(greeting);
        Admission {
            epoch: self.epoch,
            head: self.head(),
            cursor_tag_is_valid: valid,
            cursor_is_of_a_lost_history: false,
            has_same_spaces: true,
            spaces,
            clock: Timestamp(1_700_000_000_000),
            upgrade: Upgrade::None,
        }
    }

    /// The log has lost entries: what follows is another log.
    pub fn heal(&mut self, proof: Cursor) {
        self.rollbacks.push(proof);
        self.epoch = Epoch([self.epoch.0[0] + 1; 16]);
    }

    /// Reads the log for a device that holds these spaces.
    pub fn read(&mut self, spaces: &[SpaceName], after: Seq, walk: Walk) -> LogAnswer {
        self.reads += 1;
        let head = self.head();
        let mut page = LogPage::new(after);
        let mut through = head;
        let mine = self
            .rows
            .iter()
            .filter(|row| spaces.contains(&row.space) && row.seq > after);
        for (looked_at, row) in mine.enumerate() {
            if looked_at == self.rows_per_read {
                through = Seq(row.seq.0 - 1);
                break;
            }
            let Some(entry) = self.entry(row, walk) else {
                continue;
            };
            if page.push(&entry).unwrap() == Fit::Full {
                through = Seq(row.seq.0 - 1);
                break;
            }
        }
        LogAnswer {
            page,
            through,
            head,
            tag: self.tag(self.epoch, through),
            states: None,
        }
    }

    /// The entry that stands for a row, unless a save of the same walk covers it.
    fn entry(&self, row: &Row, walk: Walk) -> Option<Entry> {
        let (seq, document) = (row.seq, row.document);
        let (raw, receipt) = match &row.what {
            What::Gone => return Some(Entry::Gone(GoneEntry { seq, document })),
            What::Left => return Some(Entry::Left(LeftEntry { seq, document })),
            What::Change { raw, receipt } => (raw, receipt),
        };
        let changes = self.rows.iter().filter(|other| {
            other.document == document && matches!(other.what, What::Change { .. })
        });
        let pending: Vec<Seq> = changes
            .clone()
            .map(|row| row.seq)
            .filter(|seq| *seq > walk.start && *seq <= walk.end)
            .collect();
        let space = row.space.clone();
        if self.orders_by_last_change {
            let is_last = pending.last() == Some(&seq);
            let rows = changes.filter(|row| pending.contains(&row.seq));
            return is_last.then(|| save(rows, seq, seq));
        }
        if pending.len() < self.save_from || !pending.contains(&seq) {
            let (receipt, raw) = (*receipt, raw.clone());
            return Some(Entry::Change(ChangeEntry {
                receipt,
                space,
                document,
                raw,
            }));
        }
        if pending[0] != seq {
            return None;
        }
        let rows = changes.filter(|row| row.seq <= walk.end);
        Some(save(rows, seq, walk.end))
    }

    pub fn has(&self, change: u64) -> bool {
        self.changes().any(|id| id == change)
    }

    pub fn changes(&self) -> impl Iterator<Item = u64> {
        self.rows.iter().filter_map(|row| match &row.what {
            What::Change { raw, .. } => Some(Change::parse(raw).id),
            What::Gone | What::Left => None,
        })
    }

    /// Judges a batch; the same batch always gets the same final verdict.
    pub fn judge(&mut self, batch: &Batch) -> Outcome {
        self.judged += 1;
        if let Some(outcome) = self.verdicts.get(&batch.id()) {
            return outcome.clone();
        }
        let outcome = self.decide(batch);
        if outcome.is_final() {
            self.verdicts.insert(batch.id(), outcome.clone());
        }
        outcome
    }

    fn decide(&mut self, batch: &Batch) -> Outcome {
        let parsed: Vec<Change> = batch
            .changes()
            .iter()
            .map(|change| Change::parse(&change.raw))
            .collect();
        for (index, change) in parsed.iter().enumerate() {
            let within = parsed[..index]
                .iter()
                .any(|other| other.id == change.depends_on);
            if change.depends_on != 0 && !within && !self.has(change.depends_on) {
                let hashes = vec![Change::hash(change.depends_on)];
                return NeedsDependencies {
                    hashes,
                    states: None,
                }
                .into();
            }
            match change.fate {
                Fate::Accept => {}
                Fate::Refuse => {
                    let text = Explanation::new("the price was approved by nobody");
                    let change = Some(index as u16);
                    return Refusal {
                        code: RefusalCode::NotPermitted,
                        change,
                        text,
                    }
                    .into();
                }
                Fate::PutOff(retry_ms) => {
                    let times = self.put_off.entry(batch.id()).or_default();
                    *times += 1;
                    if *times == 1 {
                        return Later { retry_ms }.into();
                    }
                }
            }
        }
        let mut seqs = Vec::new();
        for PushedChange {
            document,
            space,
            raw,
        } in batch.changes().iter().cloned()
        {
            seqs.push(self.append(space, document, raw));
        }
        let received_at = Timestamp(1_700_000_000_000);
        Accepted {
            first_seq: seqs[0],
            last_seq: seqs[seqs.len() - 1],
            received_at,
        }
        .into()
    }
}

/// The changes of one document in one entry.
fn save<'a>(rows: impl Iterator<Item = &'a Row>, seq: Seq, through: Seq) -> Entry {
    let mut rows = rows.peekable();
    let first = rows.peek().unwrap();
    let mut save = SaveEntry {
        seq,
        through,
        space: first.space.clone(),
        document: first.document,
        saved: Vec::new(),
        receipts: Vec::new(),
    };
    for row in rows {
        if let What::Change { raw, receipt } = &row.what {
            save.saved.extend(raw);
            let change = Change::hash(Change::parse(raw).id).prefix();
            let receipt = *receipt;
            save.receipts.push(SavedReceipt { change, receipt });
        }
    }
    Entry::Save(save)
}
