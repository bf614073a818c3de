//! The host of a device's sessions: tables in memory, written in transactions.

use std::collections::BTreeSet;

use ed25519_dalek::SigningKey;
use sync_protocol::message::OutboxSummary;
use sync_protocol::{
    Batch, BatchId, ClientConfig, Cursor, DeviceNumber, Entry, Outcome, PushedChange, Resume, Seq,
    SpaceName, Welcomed, limits,
};

use crate::hub::{Change, Hub, What, batch_id, document, space};

pub struct Replica {
    pub device: u64,
    pub key: SigningKey,
    pub window: u32,
    pub cursor: Option<Cursor>,
    /// Whether every store is checked to be complete.
    pub is_checked: bool,
    /// The position that the next entries follow: the cursor's, or 0 after a restart.
    pub position: Seq,
    pub spaces: Vec<SpaceName>,
    /// Every entry, in the order in which it was stored.
    pub entries: Vec<Entry>,
    /// The changes it holds, from entries and saves.
    pub known: BTreeSet<u64>,
    pub outbox: Vec<Batch>,
    pub quarantine: Vec<BatchId>,
    pub settled: Vec<(BatchId, Outcome)>,
    pub welcomes: Vec<Welcomed>,
    pub caught_up: Vec<Seq>,
    /// How many batches it was asked for, and which not to offer.
    pub asked: Vec<(usize, Vec<BatchId>)>,
}

impl Replica {
    pub fn new(device: u64) -> Self {
        Self {
            device,
            key: SigningKey::from_bytes(&[device as u8; 32]),
            window: limits::DEFAULT_WINDOW,
            cursor: None,
            is_checked: true,
            position: Seq(0),
            spaces: Vec::new(),
            entries: Vec::new(),
            known: BTreeSet::new(),
            outbox: Vec::new(),
            quarantine: Vec::new(),
            settled: Vec::new(),
            welcomes: Vec::new(),
            caught_up: Vec::new(),
            asked: Vec::new(),
        }
    }

    pub fn config(&self) -> ClientConfig {
        ClientConfig {
            versions: sync_protocol::Versions::only(1),
            segments: std::collections::BTreeSet::new(),
            takes_segments: false,
            device: DeviceNumber(self.device),
            signing_key: self.key.clone(),
            server_name: Some("relay.example".to_owned()),
            build: "forecourt-test 0.1".to_owned(),
            shapes: 3,
            cursor: self.cursor,
            spaces: self.spaces.clone(),
            outbox: OutboxSummary {
                batches: self.outbox.len() as u32,
                oldest: None,
            },
            window: self.window,
        }
    }

    /// Puts a batch of one change into the outbox.
    pub fn edit(&mut self, number: u64, space_name: &str, change: Change) {
        let change = PushedChange {
            document: document(number),
            space: space(space_name),
            raw: change.bytes(),
        };
        let base_seq = self.cursor.map_or(Seq(0), |cursor| cursor.seq);
        self.outbox
            .push(Batch::new(batch_id(number), base_seq, vec![change]).unwrap());
    }

    pub fn welcome(&mut self, welcomed: Welcomed) {
        self.position = match (welcomed.resume, self.cursor) {
            (Resume::Tail, Some(cursor)) => cursor.seq,
            (Resume::Tail, None) | (Resume::Restart, _) => Seq(0),
            (Resume::Fetch, _) => panic!("version 1 has no segments"),
        };
        self.spaces.clone_from(&welcomed.spaces);
        self.welcomes.push(welcomed);
    }

    /// One transaction: the entries and the cursor.
    ///
    /// Checks what must hold of every store: order, once only, and no cursor ahead of data.
    pub fn store(&mut self, entries: Vec<Entry>, cursor: Cursor, hub: &Hub) {
        let mut last = self.position;
        assert!(cursor.seq > last, "the cursor moves forward");
        for entry in &entries {
            assert!(entry.seq() > last, "{entry:?} comes after {last}");
            assert!(entry.seq() <= cursor.seq, "{entry:?} is within the cursor");
            last = entry.seq();
            match entry {
                Entry::Change(change) => {
                    self.known.insert(Change::parse(&change.raw).id);
                }
                Entry::Save(save) => self.known.extend(
                    save.receipts
                        .iter()
                        .map(|saved| u64::from_be_bytes(saved.change.0)),
                ),
                Entry::Gone(_) | Entry::Left(_) => {}
            }
        }
        self.entries.extend(entries);
        self.cursor = Some(cursor);
        self.position = cursor.seq;
        if self.is_checked && cursor.epoch == hub.epoch {
            self.assert_complete(hub, cursor.seq);
        }
    }

    /// Everything of the replica's spaces at or before `seq` is here.
    pub fn assert_complete(&self, hub: &Hub, seq: Seq) {
        for row in &hub.rows {
            if row.seq <= seq
                && self.spaces.contains(&row.space)
                && let What::Change { raw, .. } = &row.what
            {
                let id = Change::parse(raw).id;
                assert!(
                    self.known.contains(&id),
                    "change {id} at {} is missing",
                    row.seq
                );
            }
        }
    }

    /// The offers that answer a question for batches: computed from the table, remembered
    /// nowhere.
    pub fn offers(&mut self, room: usize, except: Vec<BatchId>) -> Vec<Batch> {
        let offers = self
            .outbox
            .iter()
            .filter(|batch| !except.contains(&batch.id()))
            .take(room)
            .cloned()
            .collect();
        self.asked.push((room, except));
        offers
    }

    pub fn settle(&mut self, batch: BatchId, outcome: Outcome) {
        match outcome {
            Outcome::Accepted(_) => self.outbox.retain(|other| other.id() != batch),
            Outcome::Refused(_) => {
                self.outbox.retain(|other| other.id() != batch);
                self.quarantine.push(batch);
            }
            Outcome::Later(_) | Outcome::NeedsDependencies(_) => {}
        }
        self.settled.push((batch, outcome));
    }
}
