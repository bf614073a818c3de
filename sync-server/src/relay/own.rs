//! What the relay itself writes: facts that nobody else may.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use automerge::ReadDoc;
use automerge::transaction::CommitOptions;
use change_gate::{GatedDocument, Refusal, prescan};
use dealership::edit::{self, Edit, EditError, Edits};
use dealership::{
    Author, Authorship, CustomerId, DeviceNumber, Document, DocumentId, Kind, Space, StaffId,
    Timestamp, duty,
};

use super::directory::Directory;
use super::documents::{Found, Loaded};
use super::draft::{Draft, Origin, phones_of};
use super::judge::{Objection, RightsJudge};
use super::{Relay, RelayError};
use crate::store::{LogHead, Store, StoreError};

/// The most heads that a document keeps.
const HEADS: usize = 16;

/// With how many cards that bear one of its phones a changed card is compared.
const CARDS: usize = 32;

/// What the change that joins heads bears as its command.
const JOIN: &str = "join";

/// How far the relay goes from a changed card to others that may be the same person's: to the
/// other store's, from there to those that share its phones, and to whom these are merged into.
const ROUNDS: usize = 4;

/// Why a fact of the relay's own could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OwnFactError {
    /// It is for a document that is not there.
    #[error("there is no document {0}")]
    NoDocument(DocumentId),
    /// It does not fit the document.
    #[error("document {document}: {source}")]
    Edit {
        /// Which.
        document: DocumentId,
        /// Why not.
        #[source]
        source: Box<EditError>,
    },
    /// The gate, which the relay's own changes pass like everyone's, refuses it.
    #[error("document {document}: {reason}")]
    Refused {
        /// Which.
        document: DocumentId,
        /// What the gate says.
        reason: String,
    },
}

impl<S: Store> Relay<S> {
    /// Writes edits as the relay itself, in a transaction of their own.
    ///
    /// # Errors
    ///
    /// [`RelayError`], and then nothing is written.
    pub fn establish(
        &mut self,
        now: Timestamp,
        command: &str,
        edits: &Edits,
    ) -> Result<(), RelayError> {
        self.in_transaction(|relay| {
            let mut draft = Draft::new(relay.head, now);
            relay.draft_own(&mut draft, now, command, edits)?;
            relay.keep(now, draft)
        })
    }

    /// Notes on a device's document that it came with nothing unsent, if anybody may want to know.
    ///
    /// # Errors
    ///
    /// [`RelayError`], and then nothing is written.
    pub fn note_synced(&mut self, now: Timestamp, device: DeviceNumber) -> Result<(), RelayError> {
        let Some(row) = self.store.device(device)? else {
            return Ok(());
        };
        let Some(document) = self.document(row.document)? else {
            return Ok(());
        };
        let directory = Arc::clone(&self.directory);
        let shows = directory.shows_awaiting(row.staff, now);
        let edits = duty::after_syncing(&document, shows, now);
        if edits.is_empty() {
            return Ok(());
        }
        self.establish(now, duty::NOTE_SYNCED, &edits)
    }

    /// Adds the facts that follow from a draft, and writes it all.
    pub(super) fn keep(&mut self, now: Timestamp, mut draft: Draft) -> Result<(), RelayError> {
        let vehicles = read_kind(&draft, Kind::Vehicle)?;
        let facts = duty::after_batch(&vehicles, now);
        self.draft_own(&mut draft, now, duty::CONFIRM, &facts)?;
        let customers = read_kind(&draft, Kind::Customer)?;
        for customer in &customers {
            self.index_phones(customer)?;
        }
        for customer in &customers {
            let cards = self.cards_of_one_person(&draft, customer)?;
            let facts = duty::duplicates_across_stores(customer.id().into(), &cards, now);
            self.draft_own(&mut draft, now, duty::RAISE, &facts)?;
            let purged = self.purged_among(duty::duplicates_named(customer))?;
            let facts = duty::duplicates_purged(customer, &purged, now);
            self.draft_own(&mut draft, now, duty::RAISE, &facts)?;
        }
        self.join_heads(&mut draft, now)?;
        self.relocate(&mut draft, &customers)?;
        let head = draft.head();
        let mut directory_changed = false;
        for loaded in draft.write(&mut self.store)? {
            directory_changed |= Directory::is_read_from(loaded.kind);
            self.documents.keep(loaded);
        }
        self.head = head;
        if directory_changed {
            let directory = Directory::read(&self.store, &mut self.documents)?;
            self.directory = Arc::new(directory);
        }
        Ok(())
    }

    /// Drafts edits as changes of the relay's own actor.
    pub(super) fn draft_own(
        &mut self,
        draft: &mut Draft,
        now: Timestamp,
        command: &str,
        edits: &Edits,
    ) -> Result<(), RelayError> {
        let authorship = Authorship {
            staff: StaffId::RELAY,
            command: command.to_owned(),
            base_seq: draft.head().seq,
        };
        for (document, edits) in edits.by_document() {
            let before = self.current(draft, document)?;
            let (kind, space) = match (&before, created(edits)) {
                (Some(before), _) => (before.kind, before.space),
                (None, Some(place)) => place,
                (None, None) => return Err(OwnFactError::NoDocument(document).into()),
            };
            let content = before
                .as_ref()
                .map_or_else(GatedDocument::empty, |before| before.content.clone());
            let Some(raw) = self.change(&content, document, edits, &authorship, now)? else {
                continue;
            };
            let place = (document, kind, space);
            self.draft_change(draft, place, before.as_ref(), &raw)?;
        }
        Ok(())
    }

    /// Joins the heads of documents that have many with an empty change of the relay's own: a
    /// change names all heads that its author had seen, and may not name more than
    /// [`change_gate::limits::DEPENDENCIES`].
    fn join_heads(&mut self, draft: &mut Draft, now: Timestamp) -> Result<(), RelayError> {
        let many: Vec<Loaded> = draft
            .documents()
            .filter(|loaded| loaded.content.automerge().get_heads().len() > HEADS)
            .cloned()
            .collect();
        for before in many {
            let authorship = Authorship {
                staff: StaffId::RELAY,
                command: JOIN.to_owned(),
                base_seq: draft.head().seq,
            };
            let options = CommitOptions::default()
                .with_message(authorship.to_string())
                .with_time(now.seconds());
            let mut scratch = before.content.automerge().clone();
            scratch.set_actor(self.actor.into());
            let hash = scratch.empty_commit(options);
            if let Some(change) = scratch.get_change_by_hash(&hash) {
                let place = (before.id, before.kind, before.space);
                self.draft_change(draft, place, Some(&before), change.raw_bytes())?;
            }
        }
        Ok(())
    }

    /// Lets a change of the relay's own through the gate, which it passes like everyone's.
    fn draft_change(
        &self,
        draft: &mut Draft,
        (document, kind, space): (DocumentId, Kind, Space),
        before: Option<&Loaded>,
        raw: &[u8],
    ) -> Result<(), RelayError> {
        let refused = |reason: String| OwnFactError::Refused { document, reason };
        let LogHead {
            seq, received_at, ..
        } = draft.head();
        let empty = GatedDocument::empty();
        let content = before.map_or(&empty, |before| &before.content);
        let header = prescan(raw).map_err(|malformed| refused(malformed.to_string()))?;
        let mut judge = RightsJudge {
            author: &Author::relay(),
            group: self.group.group,
            document,
            space,
            departures: &[],
            kind: Some(kind),
            head: Some(seq),
            shapes: 0,
        };
        let admission = content
            .admit(DeviceNumber::RELAY.0, &[raw], &mut judge)
            .map_err(|refusal: Refusal<Objection>| refused(refusal.to_string()))?;
        draft.put(document, kind, space, before, admission);
        let origin = Origin {
            batch: None,
            device: DeviceNumber::RELAY,
            clock_trusted: true,
        };
        draft.append(document, &header, raw, received_at, origin);
        Ok(())
    }

    /// A document as it will be with the draft.
    fn current(&mut self, draft: &Draft, id: DocumentId) -> Result<Option<Loaded>, RelayError> {
        if let Some(drafted) = draft.document(id) {
            return Ok(Some(drafted.clone()));
        }
        match self.documents.find(&self.store, id)? {
            Found::Document(loaded) => Ok(Some(Loaded::clone(&loaded))),
            Found::Nothing => Ok(None),
            Found::Tombstone => Err(OwnFactError::NoDocument(id).into()),
        }
    }

    /// A document as it will be with the draft; `None` also for one that was purged.
    pub(super) fn current_if_here(
        &mut self,
        draft: &Draft,
        id: DocumentId,
    ) -> Result<Option<Loaded>, RelayError> {
        match self.current(draft, id) {
            Err(RelayError::OwnFact(OwnFactError::NoDocument(_))) => Ok(None),
            current => current,
        }
    }

    /// Writes edits as one change, and gives its bytes.
    fn change(
        &self,
        content: &GatedDocument,
        document: DocumentId,
        edits: &[Edit],
        authorship: &Authorship,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, OwnFactError> {
        let mut scratch = content.automerge().clone();
        scratch.set_actor(self.actor.into());
        let hash = edit::write(&mut scratch, edits, authorship, now)
            .map_err(Box::new)
            .map_err(|source| OwnFactError::Edit { document, source })?;
        let change = hash.and_then(|hash| scratch.get_change_by_hash(&hash));
        Ok(change.map(|change| change.raw_bytes().to_vec()))
    }

    /// A changed card with all that may be the same person's: those that bear one of its phones,
    /// that it is merged into or that the relay named in it, and in turn theirs; none where there
    /// is no other.
    fn cards_of_one_person(
        &mut self,
        draft: &Draft,
        customer: &Document,
    ) -> Result<Vec<Document>, RelayError> {
        let mut ids = self.beside(customer)?;
        ids.insert(customer.id());
        if ids.len() < 2 {
            return Ok(Vec::new());
        }
        // The changed card is among them, however many bear its number.
        let mut cards = BTreeMap::new();
        if let Some(changed) = self.current_if_here(draft, customer.id())? {
            cards.insert(customer.id(), changed.read()?);
        }
        for _ in 0..ROUNDS {
            for id in std::mem::take(&mut ids) {
                // A number that so many cards bear is a switchboard's, and every pair is a fact
                // in both.
                if cards.contains_key(&id) || cards.len() > CARDS {
                    continue;
                }
                // One that was purged is nobody's any more.
                let Some(loaded) = self.current_if_here(draft, id)? else {
                    continue;
                };
                let card = loaded.read()?;
                ids.extend(self.beside(&card)?);
                cards.insert(id, card);
            }
        }
        Ok(cards.into_values().collect())
    }

    /// Those of some cards that were purged.
    pub(super) fn purged_among(
        &mut self,
        cards: BTreeSet<CustomerId>,
    ) -> Result<BTreeSet<CustomerId>, RelayError> {
        let mut purged = BTreeSet::new();
        for card in cards {
            let found = self.documents.find(&self.store, card.into())?;
            if matches!(found, Found::Tombstone) {
                purged.insert(card);
            }
        }
        Ok(purged)
    }

    /// The cards that share a phone with one, or that it names.
    pub(super) fn beside(&self, card: &Document) -> Result<BTreeSet<DocumentId>, StoreError> {
        let mut ids = BTreeSet::new();
        for phone in phones_of(card) {
            let found = self.store.customers_with_phone(&phone)?;
            ids.extend(found.into_iter().map(|(id, _)| DocumentId::from(id)));
        }
        let named = |name: &'static str, field: &'static str| {
            card.facts(name)
                .filter_map(move |fact| fact.parsed::<DocumentId>(field))
        };
        ids.extend(named("merge", "into"));
        ids.extend(named("case", "other"));
        Ok(ids)
    }

    /// Keeps customers to be found by their phones, in every store of the group.
    fn index_phones(&mut self, document: &Document) -> Result<(), StoreError> {
        let Space::Store(store) = document.space() else {
            return Ok(());
        };
        let customer = document.id().into();
        self.store.put_phones(customer, store, &phones_of(document))
    }
}

/// The drafted documents of a kind as rules read them.
fn read_kind(draft: &Draft, kind: Kind) -> Result<Vec<Document>, RelayError> {
    draft
        .documents()
        .filter(|loaded| loaded.kind == kind)
        .map(|loaded| Ok(loaded.read()?))
        .collect()
}

/// What a document is created as, if its edits create it.
fn created(edits: &[Edit]) -> Option<(Kind, Space)> {
    edits.iter().find_map(|edit| match edit {
        Edit::Create { kind, space, .. } => Some((*kind, *space)),
        _ => None,
    })
}
