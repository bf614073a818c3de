//! What makes a log that has gone back known as one.

use dealership::DeviceNumber;
use sync_protocol::{Cursor, Epoch};

use super::{Relay, RelayError};
use crate::store::{GroupRow, Store};
use crate::wire;

/// How many numbers are left out, for devices that the log no longer knows.
const LOST_DEVICES: u64 = 1_000;

/// Begins a new life of a restored log: cursors of the old one count no more, devices may have
/// seen more than there is, and numbers given since the backup are not given again.
///
/// # Errors
///
/// [`RelayError`] when there is no group or the store fails; then nothing is changed.
pub fn renew_epoch(store: &mut impl Store, epoch: Epoch) -> Result<(), RelayError> {
    let mut group = store.group()?.ok_or(RelayError::NoGroup)?;
    renew(&mut group, epoch);
    store.begin()?;
    if let Err(error) = store.put_group(&group) {
        store.roll_back()?;
        return Err(error.into());
    }
    store.commit()?;
    Ok(store.tidy_up(true)?)
}

impl<S: Store> Relay<S> {
    /// Begins a new life of the log if a cursor proves that it has gone back and nobody said so:
    /// the relay gave the cursor out, in this epoch, for a history that the log does not hold.
    /// Says whether it did.
    ///
    /// # Errors
    ///
    /// [`RelayError`] when the store fails; then nothing is changed.
    pub fn heal(&mut self, cursor: &Cursor) -> Result<bool, RelayError> {
        let here = self.store.head_at(wire::domain_seq(cursor.seq))?;
        if !self
            .key
            .proves_loss(cursor, self.group.epoch, here.as_ref())
        {
            return Ok(false);
        }
        let epoch = Epoch(self.randomness.bytes());
        self.in_transaction(|relay| {
            renew(&mut relay.group, epoch);
            relay.store.put_group(&relay.group)?;
            Ok::<_, RelayError>(())
        })?;
        tracing::error!(
            end = self.head.seq.0,
            cursor = cursor.seq.0,
            "a device holds a cursor that this relay gave for a history that its log does not hold: \
             entries that were acknowledged are lost; the log goes on in a new epoch"
        );
        Ok(true)
    }
}

fn renew(group: &mut GroupRow, epoch: Epoch) {
    group.epoch = epoch;
    group.is_restored = true;
    group.next_device = DeviceNumber(group.next_device.0.saturating_add(LOST_DEVICES));
}
