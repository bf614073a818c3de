//! Own changes that a relay had accepted and has lost since, offered again.
//!
//! A relay that was restored from an older backup lacks what came after it. Whatever is written
//! on top of that cannot enter: the relay says which changes it lacks. Those among them that this
//! device made, and all of its own that they build on, go into batches again, and what waits for
//! them waits behind these. To push a change that the relay has after all does no harm.
//!
//! What nobody writes on top of, and changes of others that are here, go back when a new life of
//! the log was compared with what is here (`comparison.rs`).

use std::collections::BTreeSet;

use automerge::{Change, ChangeHash};
use change_gate::{ChangeHeader, device_of, limits, prescan};
use dealership::id::{DeviceNumber, DocumentId};
use dealership::{Authorship, Timestamp};
use rusqlite::{Connection, TransactionBehavior};
use serde_json::Value as Json;

use crate::entropy::{Entropy, draw};
use crate::error::{ReplicaError, StoreError, damaged};
use crate::outbox::{BYTES_PER_BATCH, BatchId, CHANGES_PER_BATCH, Intent};
use crate::replica::Replica;
use crate::replica::cache::Loaded;
use crate::replica::shelf;
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
        let documents: BTreeSet<DocumentId> = store::outbox::changes(&transaction, waiting)?
            .into_iter()
            .map(|change| change.document)
            .collect();
        let mut batches = Vec::new();
        for id in documents {
            let entropy = self.entropy.as_mut();
            let lacking = Lacking::TheseAndMaybeBelow(lacking);
            let offered = offer(&transaction, entropy, id, lacking, self.identity.device)?;
            if let Some(last) = offered.last() {
                store::outbox::note_need(&transaction, waiting, *last)?;
            }
            batches.extend(offered);
        }
        transaction.commit()?;
        Ok(batches)
    }
}

/// What a relay lacks of a document.
#[derive(Clone, Copy)]
pub(super) enum Lacking<'l> {
    /// These changes and no others.
    These(&'l BTreeSet<ChangeHash>),
    /// These changes; whether it has what they build on nobody knows.
    TheseAndMaybeBelow(&'l BTreeSet<ChangeHash>),
}

/// Offers own changes of one document again that the relay lacks; gives the batches, each behind
/// the one before.
pub(super) fn offer(
    connection: &Connection,
    entropy: &mut dyn Entropy,
    id: DocumentId,
    lacking: Lacking<'_>,
    device: DeviceNumber,
) -> Result<Vec<BatchId>, ReplicaError> {
    let loaded = match shelf::load(connection, id) {
        Err(ReplicaError::Unreadable { .. }) => None,
        loaded => loaded?,
    };
    let Some(loaded) = loaded else {
        return Ok(Vec::new());
    };
    let lost = lost(connection, id, &loaded, lacking, device)?;
    let mut batches = Vec::new();
    for lost in in_batches(lost) {
        let batch = BatchId(draw(entropy));
        put(connection, batch, id, &loaded.space, &lost)?;
        // A later one builds on those before it.
        if let Some(before) = batches.last() {
            store::outbox::note_need(connection, batch, *before)?;
        }
        batches.push(batch);
    }
    Ok(batches)
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

/// Own changes among those that the relay lacks, or may lack, that wait in no batch; each after
/// what it builds on, those of the base first.
fn lost(
    connection: &Connection,
    id: DocumentId,
    loaded: &Loaded,
    lacking: Lacking<'_>,
    device: DeviceNumber,
) -> Result<Vec<Lost>, ReplicaError> {
    let (Lacking::These(named) | Lacking::TheseAndMaybeBelow(named)) = lacking;
    let mut wanted = named.clone();
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
            if let Lacking::TheseAndMaybeBelow(_) = lacking {
                wanted.extend(change.deps());
            }
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
