//! What makes a restored log known as one.

use dealership::DeviceNumber;
use sync_protocol::Epoch;

use super::RelayError;
use crate::store::Store;

/// How many numbers are left out after a restore, for devices that the backup does not know.
const LOST_DEVICES: u64 = 1_000;

/// Begins a new life of a restored log: cursors of the old one count no more, devices may have
/// seen more than there is, and numbers given since the backup are not given again.
///
/// # Errors
///
/// [`RelayError`] when there is no group or the store fails; then nothing is changed.
pub fn renew_epoch(store: &mut impl Store, epoch: Epoch) -> Result<(), RelayError> {
    let mut group = store.group()?.ok_or(RelayError::NoGroup)?;
    group.epoch = epoch;
    group.is_restored = true;
    group.next_device = DeviceNumber(group.next_device.0.saturating_add(LOST_DEVICES));
    store.begin()?;
    if let Err(error) = store.put_group(&group) {
        store.roll_back()?;
        return Err(error.into());
    }
    store.commit()?;
    Ok(store.tidy_up(true)?)
}
