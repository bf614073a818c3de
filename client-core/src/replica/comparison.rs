//! What a new life of the relay's log lacks of what is here.
//!
//! A relay that was restored from an older backup goes on in a new epoch, and its log is read
//! from the beginning. Meanwhile it is noted which newest changes it brings of each document.
//! When it has been read to its end, whatever is here and is neither among these nor below them
//! is what the relay has lost:
//!
//! ```text
//! welcomed in another epoch ─► comparing ─► entries: brought ─► caught up ─► lost batches
//! ```
//!
//! What is noted is noted in the transaction that moves the cursor, so it makes no difference how
//! often the connection breaks. Nothing here is ever removed because the relay lacks it.
//!
//! A document that was purged stays purged, also when the relay has it again: what the log brings
//! of it is passed over, and the relay is shown the purge.
//!
//! A lost change goes back under a state that the relay tagged when it delivered it: a state at or
//! above the change. Own changes without one, accepted but never delivered back, are pushed as
//! they were at first.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ChangeHash;
use change_gate::{device_of, prescan, saved_heads};
use dealership::id::{DeviceNumber, DocumentId};
use rusqlite::{Connection, TransactionBehavior};
use sync_protocol::{Entry, Epoch, Leaf, SpaceName, TaggedState};

use crate::entropy::{Entropy, draw};
use crate::error::{ReplicaError, StoreError, damaged};
use crate::outbox::BatchId;
use crate::replica::{Replica, reoffer, shelf};
use crate::store::lost::LostBatch;
use crate::store::{self, life, lost, position, purged, tagged_page};
use crate::wire::{of_wire_document, to_wire_document};

mod together;

use together::{MissingChange, in_batches};

/// How many documents are listed at a time.
const AT_ONCE: usize = 1_000;

/// The changes of one document that the relay lacks, each after what it builds on.
struct Missing {
    document: DocumentId,
    space: SpaceName,
    changes: Vec<MissingChange>,
}

/// What comes of comparing one document.
enum Compared {
    /// The relay has all of it.
    Same,
    /// The relay lacks something.
    Missing(Missing),
    /// It is set aside.
    Unread,
}

/// Notes which life of the log is read from now on; what is here is compared with a new one.
pub(super) fn welcomed(connection: &Connection, epoch: Epoch) -> Result<(), StoreError> {
    let known = life::epoch(connection)?;
    if known == Some(epoch) {
        return Ok(());
    }
    // A replica of an earlier version has not noted which life it read.
    let last = match known {
        Some(last) => Some(last),
        None => position::read(connection)?.map(|cursor| cursor.epoch),
    };
    life::begin(connection, epoch, last.is_some_and(|last| last != epoch))?;
    lost::clear(connection)
}

/// Notes what the log brings, while it is compared, and what it takes away.
pub(super) fn note(connection: &Connection, entries: &[Entry]) -> Result<(), StoreError> {
    let comparing = life::is_comparing(connection)?;
    let mut brought: BTreeMap<DocumentId, BTreeSet<ChangeHash>> = BTreeMap::new();
    for entry in entries {
        let (document, heads) = match entry {
            Entry::Gone(gone) => (of_wire_document(gone.document), None),
            Entry::Left(left) => (of_wire_document(left.document), None),
            Entry::Change(_) | Entry::Save(_) if !comparing => continue,
            Entry::Change(change) => {
                let document = of_wire_document(change.document);
                let Ok(header) = prescan(&change.raw) else {
                    continue;
                };
                let mut heads = match brought.remove(&document) {
                    Some(heads) => heads,
                    None => life::brought(connection, document)?,
                };
                for below in &header.dependencies {
                    heads.remove(&ChangeHash(*below));
                }
                heads.insert(ChangeHash(header.hash));
                (document, Some(heads))
            }
            Entry::Save(save) => {
                let heads = saved_heads(&save.saved).unwrap_or_default();
                let heads = heads.into_iter().map(ChangeHash).collect();
                (of_wire_document(save.document), Some(heads))
            }
        };
        if heads.is_none() {
            lost::delete_of(connection, document)?;
        }
        if matches!(entry, Entry::Gone(_)) {
            purged::note(connection, document)?;
        }
        brought.insert(document, heads.unwrap_or_default());
    }
    if comparing {
        for (document, heads) in &brought {
            life::set_brought(connection, *document, heads)?;
        }
    }
    Ok(())
}

/// Puts the purges of documents that the relay has again into batches; whether there are any.
pub(super) fn show_purges(
    connection: &Connection,
    entropy: &mut dyn Entropy,
    documents: &BTreeSet<DocumentId>,
) -> Result<bool, StoreError> {
    let mut wanted = BTreeMap::new();
    for document in documents {
        if !lost::shows_purge(connection, *document)? {
            wanted.insert(Leaf::of_purge(to_wire_document(*document)), *document);
        }
    }
    if wanted.is_empty() {
        return Ok(false);
    }
    let mut found = Vec::new();
    tagged_page::newest_first(connection, |page| {
        for (index, leaf) in page.leaves.iter().enumerate() {
            if let Some(document) = wanted.remove(leaf) {
                let id = to_wire_document(document);
                let state = TaggedState::on_page(id, None, &page.leaves, index, page.tag);
                found.extend(state.map(|state| (document, state)));
            }
        }
        !wanted.is_empty()
    })?;
    for (document, state) in &found {
        let batch = LostBatch {
            id: BatchId(draw(entropy)),
            document: *document,
            changes: Vec::new(),
        };
        lost::append(connection, &batch, &[state], true)?;
    }
    Ok(!found.is_empty())
}

impl Replica {
    /// Works out what a new life of the log lacks, once it has been read to its end, and puts it
    /// into batches; whether there are any.
    pub(super) fn compare(&mut self) -> Result<bool, ReplicaError> {
        if !life::is_comparing(&self.connection)? {
            return Ok(false);
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let own = self.identity.device;
        let (missing, unread) = missing(&transaction, own)?;
        let goes_back = bring_back(&transaction, self.entropy.as_mut(), missing, own)?;
        life::end_comparing(&transaction, &unread)?;
        transaction.commit()?;
        Ok(goes_back)
    }

    /// Works out what a new life of the log lacks of a document that could not be read when the
    /// others were compared, and is back.
    pub(super) fn compare_late(&mut self, id: DocumentId) -> Result<(), ReplicaError> {
        if !life::is_uncompared(&self.connection, id)? {
            return Ok(());
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let own = self.identity.device;
        let missing = match missing_of(&transaction, id, own)? {
            Compared::Unread => return Ok(()),
            Compared::Same => Vec::new(),
            Compared::Missing(missing) => vec![missing],
        };
        bring_back(&transaction, self.entropy.as_mut(), missing, own)?;
        life::compared(&transaction, id)?;
        Ok(transaction.commit()?)
    }
}

/// Puts what the relay lacks into batches; whether there are any.
fn bring_back(
    connection: &Connection,
    entropy: &mut dyn Entropy,
    mut missing: Vec<Missing>,
    device: DeviceNumber,
) -> Result<bool, ReplicaError> {
    find_states(connection, &mut missing)?;
    let mut goes_back = false;
    for missing in &missing {
        let (batches, rest) = in_batches(&missing.changes);
        for one in batches {
            let batch = LostBatch {
                id: BatchId(draw(entropy)),
                document: missing.document,
                changes: one.changes.iter().map(|change| change.hash).collect(),
            };
            lost::append(connection, &batch, &one.states, one.is_proven)?;
            goes_back = true;
        }
        let (own, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|one| one.is_own);
        if !others.is_empty() {
            let (document, changes) = (missing.document, others.len());
            tracing::warn!(%document, changes, "the relay lacks changes without a tag of its own");
        }
        if !own.is_empty() {
            let lacking = own.iter().map(|change| change.hash).collect();
            let lacking = reoffer::Lacking::These(&lacking);
            let offered = reoffer::offer(connection, entropy, missing.document, lacking, device)?;
            goes_back |= !offered.is_empty();
        }
    }
    if !missing.is_empty() {
        let documents = missing.len();
        tracing::warn!(
            documents,
            "the relay lacks what it had accepted; it is brought back"
        );
    }
    Ok(goes_back)
}

/// Everything that is here and that this life of the log did not bring, but for what waits in the
/// outbox; and the documents of which nobody can tell now. One document is loaded at a time.
fn missing(
    connection: &Connection,
    own: DeviceNumber,
) -> Result<(Vec<Missing>, Vec<DocumentId>), ReplicaError> {
    let (mut missing, mut unread) = (Vec::new(), Vec::new());
    let mut last = 0;
    loop {
        let documents = store::document::after(connection, last, AT_ONCE)?;
        let Some((number, _)) = documents.last() else {
            return Ok((missing, unread));
        };
        last = *number;
        for (_, id) in documents {
            match missing_of(connection, id, own)? {
                Compared::Same => {}
                Compared::Missing(of_one) => missing.push(of_one),
                Compared::Unread => unread.push(id),
            }
        }
    }
}

fn missing_of(
    connection: &Connection,
    id: DocumentId,
    own: DeviceNumber,
) -> Result<Compared, ReplicaError> {
    let brought = life::brought(connection, id)?;
    if accepted_heads(connection, id)?.is_some_and(|heads| heads == brought) {
        return Ok(Compared::Same);
    }
    let loaded = match shelf::load(connection, id) {
        Err(ReplicaError::Unreadable { .. }) => {
            tracing::warn!(document = %id, "a document is compared when it is no longer set aside");
            return Ok(Compared::Unread);
        }
        loaded => loaded?,
    };
    let Some(loaded) = loaded else {
        return Ok(Compared::Same);
    };
    let brought: Vec<ChangeHash> = brought
        .into_iter()
        .filter(|hash| loaded.gated.contains(&hash.0))
        .collect();
    let mut changes = Vec::new();
    for change in loaded.gated.automerge().get_changes(&brought) {
        let hash = change.hash();
        if store::change::waits(connection, id, &hash)? == Some(true) {
            continue;
        }
        let header =
            prescan(change.raw_bytes()).map_err(|error| damaged("change", error.to_string()))?;
        changes.push(MissingChange {
            hash,
            below: change.deps().to_vec(),
            bytes: change.raw_bytes().len(),
            operations: header.operations,
            is_own: device_of(&header.actor) == own.0,
            state: None,
        });
    }
    if changes.is_empty() {
        return Ok(Compared::Same);
    }
    Ok(Compared::Missing(Missing {
        document: id,
        space: SpaceName::new(loaded.space)
            .map_err(|error| damaged("document", error.to_string()))?,
        changes,
    }))
}

/// The newest changes of a document that a relay had accepted, told without loading it; `None`
/// where only loading tells.
fn accepted_heads(
    connection: &Connection,
    id: DocumentId,
) -> Result<Option<BTreeSet<ChangeHash>>, StoreError> {
    let base = store::document::base(connection, id)?;
    let heads = match base.as_deref().map(saved_heads) {
        None => Vec::new(),
        Some(Some(heads)) => heads,
        Some(None) => return Ok(None),
    };
    let mut heads: BTreeSet<ChangeHash> = heads.into_iter().map(ChangeHash).collect();
    // What waits builds on what was accepted, never the other way round.
    for row in store::change::of_document(connection, id)? {
        if row.waits {
            continue;
        }
        let Ok(header) = prescan(&row.raw) else {
            return Ok(None);
        };
        for below in header.dependencies {
            heads.remove(&ChangeHash(below));
        }
        heads.insert(row.hash);
    }
    Ok(Some(heads))
}

/// Looks among the pages that the log brought for the states that end with missing changes.
fn find_states(connection: &Connection, missing: &mut [Missing]) -> Result<(), StoreError> {
    let mut wanted = BTreeMap::new();
    for (document, one) in missing.iter().enumerate() {
        for (change, missing) in one.changes.iter().enumerate() {
            let head = sync_protocol::ChangeHash(missing.hash.0);
            let leaf = Leaf::of_state(to_wire_document(one.document), head, &one.space);
            wanted.insert(leaf, (document, change));
        }
    }
    tagged_page::newest_first(connection, |page| {
        for (index, leaf) in page.leaves.iter().enumerate() {
            let Some((document, change)) = wanted.remove(leaf) else {
                continue;
            };
            let Some(one) = missing.get_mut(document) else {
                continue;
            };
            let id = to_wire_document(one.document);
            if let Some(change) = one.changes.get_mut(change) {
                let head = sync_protocol::ChangeHash(change.hash.0);
                change.state = TaggedState::on_page(id, Some(head), &page.leaves, index, page.tag);
            }
        }
        !wanted.is_empty()
    })
}
