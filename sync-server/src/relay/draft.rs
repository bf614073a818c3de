//! What a batch adds, worked out before any of it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use change_gate::{Admission, ChangeHeader};
use dealership::phone::PhoneHash;
use dealership::{ChangeReceipt, DeviceNumber, Document, DocumentId, Kind, Seq, Space, Timestamp};
use sync_protocol::BatchId;

use super::documents::Loaded;
use super::segments::forget_segments;
use super::tag::Link;
use crate::store::{
    ChangeRow, DocumentContent, DocumentRow, LogEntry, LogHead, LogRow, RunningHash, Store,
    StoreError,
};

/// Rows for the log and the documents as they are with them.
#[derive(Debug)]
pub(super) struct Draft {
    head: LogHead,
    received_at: Timestamp,
    rows: Vec<(LogRow, RunningHash)>,
    documents: BTreeMap<DocumentId, Drafted>,
}

#[derive(Debug)]
struct Drafted {
    loaded: Loaded,
    saved: Vec<u8>,
    /// Whether the log knows nothing of it yet.
    is_new: bool,
}

/// Where a change comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) batch: Option<BatchId>,
    pub(super) device: DeviceNumber,
    pub(super) clock_trusted: bool,
}

impl Draft {
    /// Nothing yet, after the end of the log. The log's time never goes back.
    pub(super) fn new(head: LogHead, now: Timestamp) -> Self {
        Self {
            head,
            received_at: now.max(head.received_at),
            rows: Vec::new(),
            documents: BTreeMap::new(),
        }
    }

    /// The end of the log with what is drafted.
    pub(super) const fn head(&self) -> LogHead {
        self.head
    }

    /// A document that is drafted, as it would be.
    pub(super) fn document(&self, id: DocumentId) -> Option<&Loaded> {
        self.documents.get(&id).map(|drafted| &drafted.loaded)
    }

    /// Every document that is drafted.
    pub(super) fn documents(&self) -> impl Iterator<Item = &Loaded> {
        self.documents.values().map(|drafted| &drafted.loaded)
    }

    /// The documents that are made with it.
    pub(super) fn new_documents(&self) -> impl Iterator<Item = &Loaded> {
        let made = self.documents.values().filter(|drafted| drafted.is_new);
        made.map(|drafted| &drafted.loaded)
    }

    /// Puts a document in as the gate left it; `before` is what it was.
    pub(super) fn put(
        &mut self,
        id: DocumentId,
        kind: Kind,
        space: Space,
        before: Option<&Loaded>,
        admission: Admission,
    ) {
        let loaded = Loaded {
            id,
            kind,
            space,
            head: before.map_or(LogHead::START.seq, |before| before.head),
            content: admission.document,
            receipts: before
                .map(|before| before.receipts.clone())
                .unwrap_or_default(),
        };
        let drafted = Drafted {
            loaded,
            saved: admission.saved,
            is_new: before.is_none() || self.documents.get(&id).is_some_and(|it| it.is_new),
        };
        self.documents.insert(id, drafted);
    }

    /// Moves a document to another space: whoever loses it is told so, whoever gains it gets it
    /// whole, with what the draft adds to it.
    pub(super) fn relocate(&mut self, document: &Loaded, to: Space) {
        let id = document.id;
        let drafted = self.documents.entry(id).or_insert_with(|| Drafted {
            loaded: document.clone(),
            saved: document.content.automerge().save_nocompress(),
            is_new: false,
        });
        let from = std::mem::replace(&mut drafted.loaded.space, to);
        self.push(id, from, LogEntry::Left);
        let head = self.push(id, to, LogEntry::Came);
        if let Some(drafted) = self.documents.get_mut(&id) {
            drafted.loaded.head = head;
        }
    }

    /// Gives a change of a document that was put in the next position.
    pub(super) fn append(
        &mut self,
        document: DocumentId,
        header: &ChangeHeader,
        raw: &[u8],
        base_received_at: Timestamp,
        origin: Origin,
    ) -> Option<Seq> {
        let space = self.documents.get(&document)?.loaded.space;
        let entry = LogEntry::Change(ChangeRow {
            hash: header.hash,
            actor: header.actor,
            actor_seq: header.seq,
            max_op: header
                .start_op
                .saturating_add(header.operations)
                .saturating_sub(1),
            batch: origin.batch,
            device: origin.device,
            base_received_at,
            clock_trusted: origin.clock_trusted,
            raw: raw.to_vec(),
        });
        let seq = self.push(document, space, entry);
        let drafted = self.documents.get_mut(&document)?;
        drafted.loaded.head = seq;
        drafted.loaded.receipts.insert(
            &automerge::ChangeHash(header.hash),
            ChangeReceipt {
                seq,
                received_at: self.received_at,
                base_received_at,
                clock_trusted: origin.clock_trusted,
            },
        );
        Some(seq)
    }

    /// Gives an entry the next position.
    fn push(&mut self, document: DocumentId, space: Space, entry: LogEntry) -> Seq {
        let (seq, received_at) = (Seq(self.head.seq.0.saturating_add(1)), self.received_at);
        let row = LogRow {
            seq,
            received_at,
            space,
            document,
            entry,
        };
        let running = Link::of(&row).after(&self.head, seq, received_at.millis());
        self.head = LogHead {
            seq,
            running,
            received_at,
        };
        self.rows.push((row, running));
        seq
    }

    /// Writes it all, and gives the documents to be kept in memory.
    pub(super) fn write(self, store: &mut impl Store) -> Result<Vec<Arc<Loaded>>, StoreError> {
        for (row, running) in &self.rows {
            store.append(row, running)?;
            if row.entry == LogEntry::Left {
                forget_segments(store, row.space)?;
            }
        }
        let mut kept = Vec::new();
        for Drafted { loaded, saved, .. } in self.documents.into_values() {
            store.put_document(&DocumentRow {
                id: loaded.id,
                kind: loaded.kind,
                space: loaded.space,
                head: loaded.head,
                content: Some(DocumentContent {
                    saved,
                    receipts: loaded.receipts.clone(),
                }),
            })?;
            kept.push(Arc::new(loaded));
        }
        Ok(kept)
    }
}

/// The phones under which a customer is found; one that was taken away is null.
pub(super) fn phones_of(document: &Document) -> BTreeSet<PhoneHash> {
    document
        .members("phone_hash")
        .filter(|(_, digits)| digits.value.as_text().is_some())
        .filter_map(|(hash, _)| hash.parse().ok())
        .collect()
}
