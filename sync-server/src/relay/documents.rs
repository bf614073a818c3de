//! Documents in memory: a bounded cache of what the store keeps.

use std::collections::BTreeMap;
use std::sync::Arc;

use change_gate::{GatedDocument, Unreadable};
use dealership::document::UnreadableDocument;
use dealership::{Document, DocumentId, Kind, Receipts, Seq, Space};

use crate::store::{DocumentRow, ReadStore, StoreError};

/// A document, loaded.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    /// Which.
    pub(super) id: DocumentId,
    /// Of what kind.
    pub(super) kind: Kind,
    /// Where it is.
    pub(super) space: Space,
    /// The position of its last change.
    pub(super) head: Seq,
    /// What it holds.
    pub(super) content: GatedDocument,
    /// The receipts of its changes.
    pub(super) receipts: Receipts,
}

/// What stands under an id.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// Nothing, ever.
    Nothing,
    /// A document.
    Document(Arc<Loaded>),
    /// What is left of a purged document.
    Tombstone,
}

/// Why a document could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Neither its save nor its changes make a document.
    #[error("document {document} cannot be loaded, neither from its save nor from its changes")]
    Unreadable {
        /// Which.
        document: DocumentId,
        /// What is wrong with its save.
        #[source]
        source: Unreadable,
    },
}

impl Loaded {
    /// The document as rules read it.
    ///
    /// # Errors
    ///
    /// [`UnreadableDocument`] when it is none of ours.
    pub(super) fn read(&self) -> Result<Document, UnreadableDocument> {
        let automerge = self.content.shared();
        Document::read(self.id, self.space, automerge, self.receipts.clone())
    }

    fn from_row(row: DocumentRow, store: &impl ReadStore) -> Result<Option<Self>, LoadError> {
        let Some(content) = row.content else {
            return Ok(None);
        };
        let document = GatedDocument::load(&content.saved).or_else(|source| {
            // A save is a cache; the changes are the truth.
            tracing::error!(document = %row.id, error = %source, "a save does not load");
            from_changes(store, row.id, source)
        })?;
        Ok(Some(Self {
            id: row.id,
            kind: row.kind,
            space: row.space,
            head: row.head,
            content: document,
            receipts: content.receipts,
        }))
    }
}

fn from_changes(
    store: &impl ReadStore,
    document: DocumentId,
    source: Unreadable,
) -> Result<GatedDocument, LoadError> {
    let rows = store.changes_of(document)?;
    let chunks: Vec<&[u8]> = rows
        .iter()
        .filter_map(|row| row.change())
        .map(|(change, _)| change.raw.as_slice())
        .collect();
    GatedDocument::empty()
        .into_extended(&chunks)
        .map_err(|_| LoadError::Unreadable { document, source })
}

/// The documents that were used last, at most so many.
#[derive(Debug)]
pub(super) struct Documents {
    capacity: usize,
    clock: u64,
    loaded: BTreeMap<DocumentId, (u64, Arc<Loaded>)>,
    by_use: BTreeMap<u64, DocumentId>,
}

impl Documents {
    /// A cache for so many documents, of about 20 KB each.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            clock: 0,
            loaded: BTreeMap::new(),
            by_use: BTreeMap::new(),
        }
    }

    /// A document, from the cache or from the store.
    ///
    /// # Errors
    ///
    /// [`LoadError`].
    pub(super) fn find(
        &mut self,
        store: &impl ReadStore,
        id: DocumentId,
    ) -> Result<Found, LoadError> {
        if let Some((_, document)) = self.loaded.get(&id) {
            let document = Arc::clone(document);
            self.keep(Arc::clone(&document));
            return Ok(Found::Document(document));
        }
        let Some(row) = store.document(id)? else {
            return Ok(Found::Nothing);
        };
        let Some(document) = Loaded::from_row(row, store)? else {
            return Ok(Found::Tombstone);
        };
        let document = Arc::new(document);
        self.keep(Arc::clone(&document));
        Ok(Found::Document(document))
    }

    /// Keeps a document, as the one used last.
    pub(super) fn keep(&mut self, document: Arc<Loaded>) {
        self.clock = self.clock.saturating_add(1);
        let id = document.id;
        if let Some((used, _)) = self.loaded.insert(id, (self.clock, document)) {
            self.by_use.remove(&used);
        }
        self.by_use.insert(self.clock, id);
        while self.loaded.len() > self.capacity {
            let Some((_, oldest)) = self.by_use.pop_first() else {
                return;
            };
            self.loaded.remove(&oldest);
        }
    }

    /// Forgets a document.
    pub(super) fn forget(&mut self, id: DocumentId) {
        if let Some((used, _)) = self.loaded.remove(&id) {
            self.by_use.remove(&used);
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.loaded.clear();
        self.by_use.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    fn loaded(number: u8) -> Arc<Loaded> {
        Arc::new(Loaded {
            id: DocumentId::from_bytes([number; 16]),
            kind: Kind::Trim,
            space: Space::Group,
            head: Seq(1),
            content: GatedDocument::empty(),
            receipts: Receipts::default(),
        })
    }

    #[test]
    fn the_document_used_longest_ago_makes_room() {
        let mut documents = Documents::with_capacity(2);
        let store = MemoryStore::new();
        let is_there = |documents: &mut Documents, number| {
            let found = documents.find(&store, DocumentId::from_bytes([number; 16]));
            matches!(found.unwrap(), Found::Document(_))
        };
        documents.keep(loaded(1));
        documents.keep(loaded(2));
        assert!(is_there(&mut documents, 1));
        documents.keep(loaded(3));
        assert!(!is_there(&mut documents, 2));
        assert!(is_there(&mut documents, 1));
        assert!(is_there(&mut documents, 3));
        documents.forget(loaded(1).id);
        assert!(!is_there(&mut documents, 1));
        assert_eq!(documents.by_use.len(), 1);
    }
}
