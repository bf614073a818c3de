//! Many devices in front of one relay: how soon one sees what another did, and what a connection
//! costs that only waits.

use std::time::Duration;

use stories::bench::crowd::{AT_A_TIME, Crowd};
use stories::bench::figures::{memory_of, say_bound, say_peer};
use stories::bench::hearing::Hearing;
use stories::bench::many_devices::ManyDevices;
use stories::bench::say;

/// How many devices hear of an edit, the one that looks among them.
const DEVICES: u64 = 200;

/// How many edits are made while they listen.
const EDITS: usize = 300;

/// How many connections wait.
const IDLE: u64 = 10_000;

fn main() {
    let group = ManyDevices::found(DEVICES + IDLE);
    let (each, held) = idle(&group, IDLE);
    let bound = "the buffers of a WebSocket, the session and its task";
    say_bound("idle_connection/memory", each, "KiB", bound);
    let limit = "beside them the limit of open files of either process";
    say_peer("idle_connection/held", held, "connections", limit);
    fan_out(&group);
    let (each, _) = idle(&group, IDLE / 10);
    let bound = "what a WebSocket has once made room for it keeps: here a page of 300 changes";
    say_bound("idle_connection/memory/after_reading", each, "KiB", bound);
}

/// The time from an edit on one device until another one shows it, while all others of the group
/// hear of it too.
fn fan_out(group: &ManyDevices) {
    let serving = group.serve();
    let mut hearing = Hearing::of(group, &serving);
    let crowd = Crowd::gather(&serving, group.devices(DEVICES - 2));
    let spread = hearing.listen(Duration::ZERO, |edits| edits < EDITS);
    let name = format!("fan_out/{DEVICES}_devices");
    say(&format!("{name}/p50"), spread.percentile(50), "ms");
    say_bound(
        &format!("{name}/p99"),
        spread.percentile(99),
        "ms",
        "the relay reads the log once for each of the devices, on the cores that all share",
    );
    crowd.disperse();
}

/// What the relay needs for each of so many connections on which nothing happens any more, in
/// KiB, and how many it held.
fn idle(group: &ManyDevices, many: u64) -> (f64, f64) {
    let serving = group.serve();
    let devices = group.devices(many);
    // What the first connections make the relay allocate once is not a connection's.
    let (first, rest) = devices.split_at(AT_A_TIME);
    let first = Crowd::gather(&serving, first.to_vec());
    let (before, _) = memory_of(serving.process());
    let rest = Crowd::gather(&serving, rest.to_vec());
    let (after, _) = memory_of(serving.process());
    let each = (after - before) * 1_024.0 / rest.held as f64;
    let held = (first.held + rest.held) as f64;
    first.disperse();
    rest.disperse();
    (each, held)
}
