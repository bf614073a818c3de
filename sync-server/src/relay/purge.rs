//! Deletes a document with its history, here and on every device.

use std::collections::BTreeSet;

use dealership::{DocumentId, Kind, Seq, Space, Timestamp, duty};

use super::documents::{Found, Loaded};
use super::draft::Draft;
use super::segments::forget_segments;
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
        let beside = match kind {
            Kind::Customer => self.cards_beside(&loaded)?,
            _ => BTreeSet::new(),
        };
        let departures = self.store.departures(document);
        // Who has not heard yet that it left a space of theirs still has it, and maybe refused
        // changes of it; who has is told twice, which is harmless.
        let mut spaces: BTreeSet<Space> = departures
            .map_err(RelayError::from)?
            .into_iter()
            .map(|departure| departure.space)
            .collect();
        spaces.remove(&loaded.space);
        let first = Seq(self.head.seq.0.saturating_add(1));
        let erased = self.store.erase_document(document, first);
        erased.map_err(RelayError::from)?;
        let forgotten = forget_segments(&mut self.store, loaded.space);
        forgotten.map_err(RelayError::from)?;
        self.documents.forget(document);
        for space in std::iter::once(loaded.space).chain(spaces) {
            self.append_gone(now, document, space)?;
        }
        for card in beside {
            self.end_cases_with_purged(now, card)?;
        }
        Ok(first)
    }

    fn append_gone(
        &mut self,
        now: Timestamp,
        document: DocumentId,
        space: Space,
    ) -> Result<(), RelayError> {
        let seq = Seq(self.head.seq.0.saturating_add(1));
        let received_at = now.max(self.head.received_at);
        let row = LogRow {
            seq,
            received_at,
            space,
            document,
            entry: LogEntry::Gone,
        };
        let running = Link::of(&row).after(&self.head, seq, received_at.millis());
        self.store.append(&row, &running)?;
        self.head = LogHead {
            seq,
            running,
            received_at,
        };
        Ok(())
    }

    /// The cards that may name this one as the same person's.
    fn cards_beside(&self, card: &Loaded) -> Result<BTreeSet<DocumentId>, RelayError> {
        let mut beside = self.beside(&card.read()?)?;
        beside.remove(&card.id);
        Ok(beside)
    }

    /// Takes back that a card is the same person's as one that was purged.
    fn end_cases_with_purged(
        &mut self,
        now: Timestamp,
        card: DocumentId,
    ) -> Result<(), RelayError> {
        let Some(document) = self.document(card)? else {
            return Ok(());
        };
        let purged = self.purged_among(duty::duplicates_named(&document))?;
        let facts = duty::duplicates_purged(&document, &purged, now);
        let mut draft = Draft::new(self.head, now);
        self.draft_own(&mut draft, now, duty::RAISE, &facts)?;
        self.keep(now, draft)
    }
}

/// What is about a person may be purged. A vehicle, whose id is its VIN's, never is: a mistyped
/// VIN is voided by a fact.
const fn may_be_purged(kind: Kind) -> bool {
    matches!(kind, Kind::Customer | Kind::CustomerContact | Kind::Deal)
}
