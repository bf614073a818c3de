//! How many connections there may be, in all and from one address, and how fast they come.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::limits;
use super::network::Network;
use crate::settings::Settings;

/// How many networks are remembered before those are forgotten that came slowly.
const REMEMBERED: usize = 4_096;

/// Counts connections.
pub(super) struct Connections {
    most: usize,
    per_address: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_network: BTreeMap<Network, usize>,
    /// When each network would have come if it had kept to its rate: further ahead, the faster it
    /// came (the generic cell rate algorithm, ITU-T I.371).
    expected: BTreeMap<Network, Instant>,
}

/// One connection; gives its place back when it is dropped.
pub(super) struct Permit {
    connections: Arc<Connections>,
    network: Network,
    is_proved: AtomicBool,
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

    /// Counts a connection, if there is room for it and its network does not come too fast.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr, now: Instant) -> Option<Arc<Permit>> {
        let network = Network::of(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let here = open.by_network.get(&network).copied().unwrap_or(0);
        let comes_too_fast = !open.comes(network, self.per_address, now);
        if open.all >= self.most || here >= self.per_address || comes_too_fast {
            return None;
        }
        open.all = open.all.saturating_add(1);
        open.by_network.insert(network, here.saturating_add(1));
        gauge(open.all);
        Some(Arc::new(Permit {
            connections: Arc::clone(self),
            network,
            is_proved: AtomicBool::new(false),
        }))
    }
}

impl Open {
    /// Counts an arrival; whether the network keeps to its rate. As many as it may hold may come
    /// at once: a showroom's devices all come back when its line does.
    fn comes(&mut self, network: Network, at_once: usize, now: Instant) -> bool {
        let interval = Duration::from_secs(1) / limits::CONNECTIONS_OF_ONE_PER_SECOND.get();
        let ahead = interval.saturating_mul(u32::try_from(at_once).unwrap_or(u32::MAX));
        if self.expected.len() >= REMEMBERED {
            self.expected.retain(|_, expected| *expected > now);
        }
        let expected = self.expected.get(&network).copied().unwrap_or(now).max(now);
        if expected.saturating_duration_since(now) >= ahead {
            return false;
        }
        self.expected.insert(network, expected + interval);
        true
    }
}

impl Permit {
    /// Notes that the peer has proved who it is: it may say as much as it likes.
    pub(super) fn prove(&self) {
        self.is_proved.store(true, Ordering::Relaxed);
    }

    /// Whether it has.
    pub(super) fn is_proved(&self) -> bool {
        self.is_proved.load(Ordering::Relaxed)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let open = self.connections.open.lock();
        let mut open = open.unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        gauge(open.all);
        let here = open.by_network.get(&self.network).copied().unwrap_or(0);
        if here > 1 {
            open.by_network.insert(self.network, here.saturating_sub(1));
        } else {
            open.by_network.remove(&self.network);
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

    fn connections(most: usize, per_address: usize) -> Arc<Connections> {
        let settings = Settings::resolve(Flags {
            max_connections: Some(most),
            connections_per_address: Some(per_address),
            ..Flags::default()
        });
        Arc::new(Connections::new(&settings.unwrap()))
    }

    #[test]
    fn places_are_bounded_in_all_and_for_each_address_and_given_back() {
        let connections = connections(3, 2);
        let now = Instant::now();
        let later = now + Duration::from_secs(60);
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let one = connections.admit(here, now);
        let two = connections.admit(here, now);
        assert!(one.is_some() && two.is_some());
        assert!(connections.admit(here, later).is_none());
        let three = connections.admit(there, now);
        assert!(three.is_some());
        assert!(connections.admit(there, later).is_none());
        drop(one);
        assert!(connections.admit(there, later).is_some());
        drop((two, three));
        let open = connections.open.lock().unwrap();
        assert_eq!((open.all, open.by_network.len()), (0, 0));
    }

    #[test]
    fn one_who_comes_and_goes_without_end_is_turned_away_and_others_are_not() {
        let connections = connections(100, 10);
        let now = Instant::now();
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let came = (0..1_000).filter(|_| connections.admit(here, now).is_some());
        assert_eq!(came.count(), 10, "as many as it may hold, at once");
        assert!(connections.admit(there, now).is_some());
        let second = now + Duration::from_secs(1);
        let came = (0..1_000).filter(|_| connections.admit(here, second).is_some());
        let rate = limits::CONNECTIONS_OF_ONE_PER_SECOND.get() as usize;
        assert_eq!(came.count(), rate.min(10));
    }

    #[test]
    fn all_addresses_of_one_ipv6_network_count_as_one() {
        let connections = connections(100, 5);
        let address = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 7, 0, 0, 0, last]);
        let permits = (0..50).filter_map(|last| connections.admit(address(last), Instant::now()));
        assert_eq!(permits.collect::<Vec<_>>().len(), 5);
    }

    #[test]
    fn networks_that_came_slowly_are_forgotten() {
        let connections = connections(1 << 20, 5);
        let start = Instant::now();
        for number in 0..3 * REMEMBERED as u32 {
            let now = start + Duration::from_secs(number.into());
            drop(connections.admit(IpAddr::from(number.to_be_bytes()), now));
        }
        assert!(connections.open.lock().unwrap().expected.len() <= REMEMBERED);
    }
}
