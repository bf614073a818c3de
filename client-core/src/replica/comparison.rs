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
use change_gate::{device_of, limits, prescan, saved_heads};
use dealership::id::{DeviceNumber, DocumentId};
use rusqlite::{Connection, TransactionBehavior};
use sync_protocol::{Entry, Epoch, Leaf, SpaceName, TaggedState};

use crate::entropy::{Entropy, draw};
use crate::error::{ReplicaError, StoreError, damaged};
use crate::outbox::{BYTES_PER_BATCH, BatchId, CHANGES_PER_BATCH};
use crate::replica::{Replica, reoffer, shelf};
use crate::store::lost::LostBatch;
use crate::store::{self, life, lost, position, purged, tagged_page};
use crate::wire::{of_wire_document, to_wire_document};

/// How many documents are listed at a time.
const AT_ONCE: usize = 1_000;

/// The changes of one document that the relay lacks, each after what it builds on.
struct Missing {
    document: DocumentId,
    space: SpaceName,
    changes: Vec<MissingChange>,
}

struct MissingChange {
    hash: ChangeHash,
    below: Vec<ChangeHash>,
    bytes: usize,
    operations: u64,
    is_own: bool,
    /// The state that ends with this change, if the relay tagged it.
    state: Option<TaggedState>,
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
        let mut missing = missing(&transaction, self.identity.device)?;
        find_states(&transaction, &mut missing)?;
        let mut goes_back = false;
        for missing in &missing {
            let (batches, rest) = in_batches(&missing.changes);
            for one in batches {
                let batch = LostBatch {
                    id: BatchId(draw(self.entropy.as_mut())),
                    document: missing.document,
                    changes: one.changes.iter().map(|change| change.hash).collect(),
                };
                lost::append(&transaction, &batch, &one.states, one.is_proven)?;
                goes_back = true;
            }
            let (own, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|one| one.is_own);
            if !others.is_empty() {
                let (document, changes) = (missing.document, others.len());
                tracing::warn!(%document, changes, "the relay lacks changes without a tag of its own");
            }
            if !own.is_empty() {
                let lacking = own.iter().map(|change| change.hash).collect();
                let offered = reoffer::offer(
                    &transaction,
                    self.entropy.as_mut(),
                    missing.document,
                    reoffer::Lacking::These(&lacking),
                    self.identity.device,
                )?;
                goes_back |= !offered.is_empty();
            }
        }
        life::end_comparing(&transaction)?;
        transaction.commit()?;
        if !missing.is_empty() {
            let documents = missing.len();
            tracing::warn!(
                documents,
                "the relay lacks what it had accepted; it is brought back"
            );
        }
        Ok(goes_back)
    }
}

/// Everything that is here and that this life of the log did not bring, but for what waits in the
/// outbox. One document is loaded at a time.
fn missing(connection: &Connection, own: DeviceNumber) -> Result<Vec<Missing>, ReplicaError> {
    let mut missing = Vec::new();
    let mut last = 0;
    loop {
        let documents = store::document::after(connection, last, AT_ONCE)?;
        let Some((number, _)) = documents.last() else {
            return Ok(missing);
        };
        last = *number;
        for (_, id) in documents {
            missing.extend(missing_of(connection, id, own)?);
        }
    }
}

fn missing_of(
    connection: &Connection,
    id: DocumentId,
    own: DeviceNumber,
) -> Result<Option<Missing>, ReplicaError> {
    let brought = life::brought(connection, id)?;
    let base = store::document::base_alone(connection, id)?;
    let heads = base.as_deref().and_then(saved_heads);
    if heads
        .is_some_and(|heads| heads.into_iter().map(ChangeHash).collect::<BTreeSet<_>>() == brought)
    {
        return Ok(None);
    }
    let loaded = match shelf::load(connection, id) {
        Err(ReplicaError::Unreadable { .. }) => {
            tracing::warn!(document = %id, "a document that is set aside is not compared");
            None
        }
        loaded => loaded?,
    };
    let Some(loaded) = loaded else {
        return Ok(None);
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
        return Ok(None);
    }
    Ok(Some(Missing {
        document: id,
        space: SpaceName::new(loaded.space)
            .map_err(|error| damaged("document", error.to_string()))?,
        changes,
    }))
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

/// Changes that go back together, with states of theirs.
struct Together<'m> {
    changes: Vec<&'m MissingChange>,
    states: Vec<&'m TaggedState>,
    /// Whether all of them are at or below one of the states. Else they wait until the relay vouches
    /// for what the batches behind them build on.
    is_proven: bool,
}

/// As few batches as the limits allow, each proven by states of its own where that can be, the last
/// one always; and what no state proves.
fn in_batches(changes: &[MissingChange]) -> (Vec<Together<'_>>, Vec<&MissingChange>) {
    let mut provable = BTreeSet::new();
    for change in changes.iter().rev() {
        if change.state.is_some() || provable.contains(&change.hash) {
            provable.insert(change.hash);
            provable.extend(&change.below);
        }
    }
    let is_provable = |change: &&MissingChange| provable.contains(&change.hash);
    let (mut open, rest): (Vec<_>, Vec<_>) = changes.iter().partition(is_provable);
    let mut batches = Vec::new();
    while !open.is_empty() {
        let most = fitting(&open);
        let beginning = |length: usize| open.get(..length).unwrap_or_default();
        let proven = |length: &usize| proof(beginning(*length)).1;
        // Else the next state under a tag is further away than a batch is long.
        let longest = (1..=most).rev().find(proven);
        let length = longest.unwrap_or(most);
        let (states, is_proven) = proof(beginning(length));
        let after = open.split_off(length);
        batches.push(Together {
            changes: std::mem::replace(&mut open, after),
            states,
            is_proven,
        });
    }
    (batches, rest)
}

/// How many of the first changes one batch has room for.
fn fitting(changes: &[&MissingChange]) -> usize {
    let (mut bytes, mut operations) = (0_usize, 0_u64);
    let fits = |change: &&&MissingChange| {
        bytes = bytes.saturating_add(change.bytes);
        operations = operations.saturating_add(change.operations);
        bytes <= BYTES_PER_BATCH && operations <= limits::BATCH_OPERATIONS
    };
    let first = changes.iter().take(CHANGES_PER_BATCH);
    first.take_while(fits).count().max(1)
}

/// The fewest states that as many as can be of these changes are at or below, and whether these are
/// all of them.
fn proof<'m>(changes: &[&'m MissingChange]) -> (Vec<&'m TaggedState>, bool) {
    let mut covered: BTreeSet<ChangeHash> = BTreeSet::new();
    let (mut states, mut is_whole) = (Vec::new(), true);
    for change in changes.iter().rev() {
        if !covered.contains(&change.hash) {
            match &change.state {
                Some(state) => states.push(state),
                None => {
                    is_whole = false;
                    continue;
                }
            }
        }
        covered.extend(&change.below);
    }
    let fits = states.len() <= sync_protocol::limits::STATES_PER_BATCH;
    (states, is_whole && fits)
}
