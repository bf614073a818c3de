//! Which devices are connected: the newest connection of a device replaces the one before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use dealership::DeviceNumber;
use tokio_util::sync::CancellationToken;

/// The connected devices.
#[derive(Clone, Default)]
pub(super) struct Devices(Arc<Mutex<BTreeMap<DeviceNumber, (u64, CancellationToken)>>>);

/// A connected device; forgotten when it is dropped.
pub(super) struct Connected {
    devices: Devices,
    device: DeviceNumber,
    number: u64,
    replaced: CancellationToken,
}

impl Devices {
    /// Notes a connection, and tells the one before it to end.
    ///
    /// A device whose network changed comes back before its old connection is known to be dead.
    pub(super) fn connect(&self, device: DeviceNumber) -> Connected {
        let mut connected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = CancellationToken::new();
        let number = connected
            .get(&device)
            .map_or(0, |(number, _)| number.saturating_add(1));
        if let Some((_, before)) = connected.insert(device, (number, replaced.clone())) {
            before.cancel();
        }
        Connected {
            devices: self.clone(),
            device,
            number,
            replaced,
        }
    }
}

impl Connected {
    /// Ends when a newer connection of the device has come.
    pub(super) async fn replaced(&self) {
        self.replaced.cancelled().await;
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        let connected = self.devices.0.lock();
        let mut connected = connected.unwrap_or_else(PoisonError::into_inner);
        let newest = connected.get(&self.device).map(|(number, _)| *number);
        if newest == Some(self.number) {
            connected.remove(&self.device);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_connection_replaces_the_one_before_and_outlives_its_end() {
        let devices = Devices::default();
        let first = devices.connect(DeviceNumber(1));
        let other = devices.connect(DeviceNumber(2));
        let second = devices.connect(DeviceNumber(1));
        assert!(first.replaced.is_cancelled());
        assert!(!other.replaced.is_cancelled());
        drop(first);
        let third = devices.connect(DeviceNumber(1));
        assert!(second.replaced.is_cancelled());
        drop((second, third, other));
        assert!(devices.0.lock().unwrap().is_empty());
    }
}
