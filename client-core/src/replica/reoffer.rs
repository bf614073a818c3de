//! Own changes that a relay had accepted and has lost since, offered again.
//!
//! A relay that was restored from an older backup lacks what came after it. Whatever is written
//! on top of that cannot enter: the relay says which changes it lacks. Those among them that this
//! device made, and all of its own that they build on, go into batches again, and what waits for
//! them waits behind these. To push a change that the relay has after all does no harm.
//!
//! This is a first step. What nobody writes on top of is not offered again, and neither are
//! changes of others that are here: only their authors may push them.

use std::collections::BTreeSet;

use automerge::{Change, ChangeHash};
use change_gate::{ChangeHeader, device_of, limits, prescan};
use dealership::id::{DeviceNumber, DocumentId};
use dealership::{Authorship, Timestamp};
use rusqlite::{Connection, TransactionBehavior};
use serde_json::Value as Json;

use crate::entropy::draw;
use crate::error::{ReplicaError, StoreError, damaged};
use crate::outbox::{BYTES_PER_BATCH, BatchId, CHANGES_PER_BATCH, Intent};
use crate::replica::Replica;
use crate::replica::cache::Loaded;
use crate::replica::shelf::Shelf;
use crate::store;
use crate::store::change::Origin;

impl Replica {
    /// Offers again what a waiting batch builds on and the relay lacks; gives the batches.
    pub(super) fn offer_again(
        &mut self,
        waiting: BatchId,
        lacking: &BTreeSet<ChangeHash>,
    ) -> Result<Vec<BatchId>, ReplicaError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let shelf = Shelf::new(&transaction, &self.cache);
        let documents: BTreeSet<DocumentId> = store::outbox::changes(&transaction, waiting)?
            .into_iter()
            .map(|change| change.document)
            .collect();
        let mut batches = Vec::new();
        for id in documents {
            let loaded = match shelf.loaded(id) {
                Err(ReplicaError::Unreadable { .. }) => None,
                loaded => loaded?,
            };
            let Some(loaded) = loaded else { continue };
            let lost = lost(&transaction, id, &loaded, lacking, self.identity.device)?;
            // Behind each other: a later one builds on those before it.
            let mut before = None;
            for lost in in_batches(lost) {
                let batch = BatchId(draw(self.entropy.as_mut()));
                put(&transaction, batch, id, &loaded.space, &lost)?;
                if let Some(before) = before.replace(batch) {
                    store::outbox::note_need(&transaction, batch, before)?;
                }
                batches.push(batch);
            }
            if let Some(last) = before {
                store::outbox::note_need(&transaction, waiting, last)?;
            }
        }
        transaction.commit()?;
        Ok(batches)
    }
}

/// A change that is offered again.
struct Lost {
    header: ChangeHeader,
    raw: Vec<u8>,
    authorship: Authorship,
    claimed_at: Timestamp,
    /// Whether there is a row for it; else it is in the base.
    has_row: bool,
}

/// Own changes among those that the relay lacks, and below them, that wait in no batch; each
/// after what it builds on, those of the base first.
fn lost(
    connection: &Connection,
    id: DocumentId,
    loaded: &Loaded,
    lacking: &BTreeSet<ChangeHash>,
    device: DeviceNumber,
) -> Result<Vec<Lost>, ReplicaError> {
    let mut wanted = lacking.clone();
    let mut lost = Vec::new();
    for change in loaded.gated.automerge().get_changes(&[]).iter().rev() {
        let hash = change.hash();
        if !wanted.contains(&hash) {
            continue;
        }
        let waits = store::change::waits(connection, id, &hash)?;
        if waits == Some(true) {
            continue;
        }
        let found = read(change, waits.is_some())?;
        if device_of(&found.header.actor) == device.0 {
            wanted.extend(change.deps());
            lost.push(found);
        }
    }
    lost.reverse();
    lost.sort_by_key(|lost| lost.has_row);
    Ok(lost)
}

fn read(change: &Change, has_row: bool) -> Result<Lost, StoreError> {
    let raw = change.raw_bytes().to_vec();
    let header = prescan(&raw).map_err(|error| damaged("change", error.to_string()))?;
    let authorship = change
        .message()
        .and_then(|message| message.parse().ok())
        .ok_or_else(|| damaged("change", "an own change without an authorship"))?;
    Ok(Lost {
        header,
        raw,
        authorship,
        claimed_at: Timestamp::from_seconds(change.timestamp()),
        has_row,
    })
}

/// As few batches as the limits allow; a batch holds rows or changes of the base.
fn in_batches(lost: Vec<Lost>) -> Vec<Vec<Lost>> {
    let mut batches: Vec<Vec<Lost>> = Vec::new();
    for next in lost {
        let fits = batches.last().is_some_and(|batch| {
            let bytes: usize = batch.iter().map(|lost| lost.raw.len()).sum();
            let operations: u64 = batch.iter().map(|lost| lost.header.operations).sum();
            batch.len() < CHANGES_PER_BATCH
                && bytes.saturating_add(next.raw.len()) <= BYTES_PER_BATCH
                && operations.saturating_add(next.header.operations) <= limits::BATCH_OPERATIONS
                && batch.iter().all(|lost| lost.has_row == next.has_row)
        });
        match batches.last_mut() {
            Some(batch) if fits => batch.push(next),
            _ => batches.push(vec![next]),
        }
    }
    batches
}

/// Extends the outbox. The input of the command was forgotten when the relay accepted it.
fn put(
    connection: &Connection,
    batch: BatchId,
    id: DocumentId,
    space: &str,
    lost: &[Lost],
) -> Result<(), ReplicaError> {
    let Some(first) = lost.first() else {
        return Ok(());
    };
    let intent = Intent {
        command: first.authorship.command.clone(),
        input: Json::Null,
        made_at: first.claimed_at,
        id_seed: [0; 16],
        staff: first.authorship.staff,
    };
    let base_seq = Replica::base_seq(connection)?;
    store::outbox::append(connection, None, batch, base_seq, &intent, &[0; 32])?;
    for lost in lost {
        if lost.has_row {
            let hash = ChangeHash(lost.header.hash);
            store::change::put_back(connection, id, &hash, batch, space)?;
        } else {
            let origin = Origin::Own { batch, space };
            store::change::append(connection, id, &lost.header, &lost.raw, origin)?;
        }
    }
    Ok(())
}
