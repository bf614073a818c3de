//! The few documents that were used last, and the spaces, as they stand committed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use change_gate::GatedDocument;
use dealership::id::DocumentId;
use dealership::receipt::Receipts;
use dealership::space::Space;

/// How many documents are kept: at 17–20 KB each some 2.5 MB.
const CAPACITY: usize = 128;

/// A document in memory.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The row id.
    pub(crate) number: i64,
    /// The name of its space.
    pub(crate) space: String,
    /// The document.
    pub(crate) gated: GatedDocument,
    /// The receipts of its changes.
    pub(crate) receipts: Receipts,
}

/// The documents that were used last.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    documents: BTreeMap<DocumentId, (u64, Arc<Loaded>)>,
    used: u64,
    /// The spaces that this device holds, once they were read.
    spaces: Option<BTreeSet<Space>>,
}

impl Cache {
    /// A document, if it is kept.
    pub(crate) fn get(&mut self, id: DocumentId) -> Option<Arc<Loaded>> {
        self.used = self.used.saturating_add(1);
        let (used, loaded) = self.documents.get_mut(&id)?;
        *used = self.used;
        Some(Arc::clone(loaded))
    }

    /// Keeps a document as it stands committed; the one unused for longest makes room.
    pub(crate) fn put(&mut self, id: DocumentId, loaded: Arc<Loaded>) {
        self.used = self.used.saturating_add(1);
        self.documents.insert(id, (self.used, loaded));
        if self.documents.len() > CAPACITY {
            let oldest = self
                .documents
                .iter()
                .min_by_key(|(_, (used, _))| *used)
                .map(|(id, _)| *id);
            if let Some(oldest) = oldest {
                self.documents.remove(&oldest);
            }
        }
    }

    /// Forgets a document.
    pub(crate) fn remove(&mut self, id: DocumentId) {
        self.documents.remove(&id);
    }

    /// Forgets every document.
    pub(crate) fn clear(&mut self) {
        self.documents.clear();
    }

    /// The spaces that this device holds, if they were read.
    pub(crate) const fn spaces(&self) -> Option<&BTreeSet<Space>> {
        self.spaces.as_ref()
    }

    /// Keeps the spaces, or forgets them where they changed.
    pub(crate) fn set_spaces(&mut self, spaces: Option<BTreeSet<Space>>) {
        self.spaces = spaces;
    }
}
