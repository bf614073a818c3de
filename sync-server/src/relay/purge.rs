//! Deletes a document with its history, here and on every device.

use dealership::{DocumentId, Kind, Seq, Timestamp};

use super::documents::Found;
use super::tag::Link;
use super::{Relay, RelayError};
use crate::store::{LogEntry, LogHead, LogRow, Store};

/// Why a document could not be purged.
#[derive(Debug, thiserror::Error)]
pub enum PurgeError {
    /// There is none.
    #[error("there is no document {0}")]
    NoDocument(DocumentId),
    /// Documents of this kind are never purged.
    #[error("a {kind} is never purged: it holds nothing of a person")]
    NeverPurged {
        /// The kind.
        kind: Kind,
    },
    /// The relay failed.
    #[error(transparent)]
    Relay(#[from] RelayError),
}

impl<S: Store> Relay<S> {
    /// Purges documents in one transaction, and says so to everyone who holds them.
    ///
    /// # Errors
    ///
    /// [`PurgeError`], and then nothing was purged.
    pub fn purge(
        &mut self,
        now: Timestamp,
        documents: &[DocumentId],
    ) -> Result<Vec<Seq>, PurgeError> {
        self.in_transaction(|relay| {
            documents
                .iter()
                .map(|document| relay.purge_one(now, *document))
                .collect()
        })
    }

    pub(super) fn purge_one(
        &mut self,
        now: Timestamp,
        document: DocumentId,
    ) -> Result<Seq, PurgeError> {
        let found = self.documents.find(&self.store, document);
        let Found::Document(loaded) = found.map_err(RelayError::from)? else {
            return Err(PurgeError::NoDocument(document));
        };
        let kind = loaded.kind;
        if !may_be_purged(kind) {
            return Err(PurgeError::NeverPurged { kind });
        }
        let seq = Seq(self.head.seq.0.saturating_add(1));
        let received_at = now.max(self.head.received_at);
        let row = LogRow {
            seq,
            received_at,
            space: loaded.space,
            document,
            entry: LogEntry::Gone,
        };
        let running = Link::of(&row).after(&self.head, seq, received_at.millis());
        let write = |store: &mut S| {
            store.erase_document(document, seq)?;
            store.append(&row, &running)
        };
        write(&mut self.store).map_err(RelayError::from)?;
        self.documents.forget(document);
        self.head = LogHead {
            seq,
            running,
            received_at,
        };
        Ok(seq)
    }
}

/// What is about a person may be purged. A vehicle, whose id is its VIN's, never is: a mistyped
/// VIN is voided by a fact.
const fn may_be_purged(kind: Kind) -> bool {
    matches!(kind, Kind::Customer | Kind::CustomerContact | Kind::Deal)
}
