//! How many connections there may be, in all and from one address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::settings::Settings;

/// Counts connections.
pub(super) struct Connections {
    most: usize,
    per_address: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

/// One connection; gives its place back when it is dropped.
pub(super) struct Permit {
    connections: Arc<Connections>,
    address: IpAddr,
}

impl Connections {
    /// None yet.
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            most: settings.max_connections,
            per_address: settings.connections_per_address,
            open: Mutex::default(),
        }
    }

    /// Counts a connection, if there is room for it.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Arc<Permit>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let here = open.by_address.get(&address).copied().unwrap_or(0);
        if open.all >= self.most || here >= self.per_address {
            return None;
        }
        open.all = open.all.saturating_add(1);
        open.by_address.insert(address, here.saturating_add(1));
        gauge(open.all);
        Some(Arc::new(Permit {
            connections: Arc::clone(self),
            address,
        }))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let open = self.connections.open.lock();
        let mut open = open.unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        gauge(open.all);
        let here = open.by_address.get(&self.address).copied().unwrap_or(0);
        if here > 1 {
            open.by_address.insert(self.address, here.saturating_sub(1));
        } else {
            open.by_address.remove(&self.address);
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a gauge of some thousands")]
fn gauge(open: usize) {
    metrics::gauge!("forecourt_connections").set(open as f64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Flags;

    #[test]
    fn places_are_bounded_in_all_and_for_each_address_and_given_back() {
        let settings = Settings::resolve(Flags {
            max_connections: Some(3),
            connections_per_address: Some(2),
            ..Flags::default()
        })
        .unwrap();
        let connections = Arc::new(Connections::new(&settings));
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let one = connections.admit(here);
        let two = connections.admit(here);
        assert!(one.is_some() && two.is_some());
        assert!(connections.admit(here).is_none());
        let three = connections.admit(there);
        assert!(three.is_some());
        assert!(connections.admit(there).is_none());
        drop(one);
        assert!(connections.admit(there).is_some());
        drop((two, three));
        let open = connections.open.lock().unwrap();
        assert_eq!((open.all, open.by_address.len()), (0, 0));
    }
}
