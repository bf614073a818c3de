//! Which devices have carried out a purge, and which have not yet.
//!
//! A device says so after the transaction that deleted what was purged. Its cursor says the same:
//! it moves in the transaction that stores what it covers, purges too.

use std::collections::BTreeSet;

use dealership::{DeviceNumber, DocumentId, Kind, Seq, StaffId, Timestamp};

use super::{Relay, RelayError};
use crate::store::{DeviceRow, ErasureRow, PurgeRow, ReadStore, Store, StoreError};

/// How far a purge has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurgeProgress {
    /// What was purged.
    pub document: DocumentId,
    /// Of what kind it was.
    pub kind: Option<Kind>,
    /// When.
    pub purged_at: Timestamp,
    /// The devices that have deleted it, and when they said so.
    pub erased: Vec<(DeviceNumber, Timestamp)>,
    /// The devices that have not said so yet.
    pub outstanding: Vec<Owing>,
    /// Those that were shut out before they said so, and never will.
    pub shut_out: Vec<Owing>,
}

/// A device that has not said that it deleted what was purged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owing {
    /// The device.
    pub device: DeviceNumber,
    /// Whose it is.
    pub staff: StaffId,
    /// Since when it is asked to, or cannot be asked any more.
    pub since: Timestamp,
}

/// How far every purge has come, in the order in which they were made.
///
/// A device that was enrolled after a purge never held what was purged.
///
/// # Errors
///
/// [`StoreError`] when the store fails.
pub fn purge_progress(store: &impl ReadStore) -> Result<Vec<PurgeProgress>, StoreError> {
    let devices = store.devices()?;
    let mut purges = store.purges()?;
    purges.sort_by_key(|purge| purge.seq);
    purges
        .into_iter()
        .map(|purge| progress(store, &purge, &devices))
        .collect()
}

/// Whether a device owes word of a purge that it has carried out by this position.
pub(super) fn owes(
    store: &impl ReadStore,
    device: &DeviceRow,
    through: Seq,
) -> Result<bool, StoreError> {
    Ok(!owed(store, device, through)?.is_empty())
}

impl<S: Store> Relay<S> {
    /// Notes that a device has deleted whatever was purged at or before a position.
    ///
    /// # Errors
    ///
    /// [`RelayError`], and then nothing is noted.
    pub fn note_erased(
        &mut self,
        now: Timestamp,
        device: DeviceNumber,
        through: Seq,
    ) -> Result<(), RelayError> {
        let Some(row) = self.store.device(device)? else {
            return Ok(());
        };
        let owed = owed(&self.store, &row, through.min(self.head.seq))?;
        if owed.is_empty() {
            return Ok(());
        }
        self.in_transaction(|relay| {
            for purge in owed {
                relay.store.put_erasure(&ErasureRow {
                    document: purge.document,
                    device,
                    at: now,
                })?;
            }
            Ok(())
        })
    }
}

fn owed(
    store: &impl ReadStore,
    device: &DeviceRow,
    through: Seq,
) -> Result<Vec<PurgeRow>, StoreError> {
    let mut owed = store.purges_unheard_of(device.number, through)?;
    owed.retain(|purge| concerns(purge, device));
    Ok(owed)
}

fn concerns(purge: &PurgeRow, device: &DeviceRow) -> bool {
    device.enrolled_at <= purge.at
}

fn progress(
    store: &impl ReadStore,
    purge: &PurgeRow,
    devices: &[DeviceRow],
) -> Result<PurgeProgress, StoreError> {
    let erased = store.erasures(purge.document)?;
    let said: BTreeSet<DeviceNumber> = erased.iter().map(|row| row.device).collect();
    let mut progress = PurgeProgress {
        document: purge.document,
        kind: store.document(purge.document)?.map(|row| row.kind),
        purged_at: purge.at,
        erased: erased.iter().map(|row| (row.device, row.at)).collect(),
        outstanding: Vec::new(),
        shut_out: Vec::new(),
    };
    for device in devices {
        if said.contains(&device.number) || !concerns(purge, device) {
            continue;
        }
        let (list, since) = match device.revoked_at {
            Some(at) => (&mut progress.shut_out, at),
            None => (&mut progress.outstanding, purge.at),
        };
        list.push(Owing {
            device: device.number,
            staff: device.staff,
            since,
        });
    }
    Ok(progress)
}
