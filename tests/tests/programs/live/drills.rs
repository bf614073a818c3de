//! Drills, as briefly as they still show something; the program `drill` plays them as long as one
//! likes.

use std::time::Duration;

use stories::drill::{killing, restoring, siege, storm};

/// The longer of two numbers in a long run.
fn times(times: [usize; 2]) -> usize {
    times[usize::from(std::env::var_os("FORECOURT_LONG").is_some())]
}

#[test]
fn nothing_that_was_saved_or_acknowledged_is_lost_or_doubled_when_processes_are_killed() {
    println!("{:?}", killing::run(7, times([100, 2_000])));
}

#[test]
fn nothing_that_was_saved_is_lost_or_doubled_on_a_network_that_misbehaves() {
    let figure = storm::run(storm::Run {
        seed: 1,
        rounds: times([10, 300]),
        is_sealed: false,
        patience: Duration::from_millis(700),
    });
    println!("{figure:?}");
    for what in [
        "syncs that broke",
        "syncs that went through",
        "replayed",
        "sliced",
    ] {
        assert!(figure.count(what) > 0, "{what}: {figure:?}");
    }
}

#[test]
fn nothing_that_was_saved_is_lost_or_doubled_where_bytes_change_under_tls() {
    let figure = storm::run(storm::Run {
        seed: 2,
        rounds: times([10, 300]),
        is_sealed: true,
        patience: Duration::from_millis(700),
    });
    println!("{figure:?}");
    for what in ["syncs that broke", "syncs that went through", "corrupted"] {
        assert!(figure.count(what) > 0, "{what}: {figure:?}");
    }
}

#[test]
fn what_live_devices_hold_and_a_restored_relay_lacks_comes_back() {
    let mut came_back = 0;
    for seed in 0..times([2, 50]) {
        came_back += restoring::run(seed as u64).value;
    }
    assert!(
        came_back > 0,
        "a drill in which nothing was lost shows nothing"
    );
}

#[test]
fn devices_are_served_while_attackers_waste_connections_and_memory_stays_bounded() {
    let figure = siege::run(siege::Plan {
        each: Duration::from_millis(times([300, 20_000]) as u64),
        connections: times([12, 200]),
        edits: times([4, 100]),
    });
    println!("{figure:?}");
    for attack in siege::Attack::ALL {
        let connections = figure.count(&format!("{}: connections", attack.name()));
        assert!(connections > 0, "{attack:?} was tried: {figure:?}");
    }
}
