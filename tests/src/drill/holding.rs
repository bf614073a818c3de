//! Very many devices hold their connections while two of them work.

use std::time::{Duration, Instant};

use super::Figure;
use crate::bench::crowd::{AT_A_TIME, Crowd};
use crate::bench::figures::memory_of;
use crate::bench::hearing::Hearing;
use crate::bench::many_devices::ManyDevices;

/// Holds so many connections for so long.
///
/// # Panics
///
/// If one of them is not taken, or ends.
pub fn run(connections: usize, time: Duration) -> Figure {
    let group = ManyDevices::found(connections as u64);
    let serving = group.serve();
    let mut hearing = Hearing::of(&group, &serving);
    let devices = group.devices(connections as u64);
    // What the first connections make the relay allocate once is not a connection's.
    let (first, rest) = devices.split_at(AT_A_TIME.min(connections / 2));
    let first = Crowd::gather(&serving, first.to_vec());
    let (before, _) = memory_of(serving.process());
    let rest = Crowd::gather(&serving, rest.to_vec());
    let (after, _) = memory_of(serving.process());
    let each = (after - before) * 1_024.0 * 1_024.0 / rest.held.max(1) as f64;
    assert_eq!(first.held + rest.held, connections, "all are taken");
    let until = Instant::now() + time;
    // Each edit goes to all of them: a few a second are a busy group.
    let spread = hearing.listen(Duration::from_millis(500), |_| Instant::now() < until);
    let (_, peak) = memory_of(serving.process());
    assert_eq!(
        first.disperse() + rest.disperse(),
        connections,
        "none ended"
    );
    Figure::new("hold", connections, "connections held")
        .with("seconds", time.as_secs())
        .with("bytes of the relay's memory for each, idle", each as u64)
        .with("MiB of the relay at the worst", peak as u64)
        .with(
            "from one device to another: p50 in µs",
            (spread.percentile(50) * 1_000.0) as u64,
        )
        .with(
            "from one device to another: p99 in µs",
            (spread.percentile(99) * 1_000.0) as u64,
        )
}
