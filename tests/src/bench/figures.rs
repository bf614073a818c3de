//! Measuring, and printing what was measured as `cargo xtask bench` reads it.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock and prints"
)]

use std::time::{Duration, Instant};

use serde_json::json;

/// How long something took, many times.
#[derive(Clone, Debug)]
pub struct Spread {
    sorted: Vec<Duration>,
}

impl Spread {
    /// Does something so many times; each is told which time it is.
    pub fn of(times: usize, mut work: impl FnMut(usize)) -> Self {
        Self::from(
            (0..times)
                .map(|time| timed(|| work(time)).1)
                .collect::<Vec<_>>(),
        )
    }

    /// In milliseconds, what this many of a hundred did not exceed.
    pub fn percentile(&self, percent: usize) -> f64 {
        let last = self.sorted.len().saturating_sub(1);
        let at = (last * percent).div_ceil(100);
        milliseconds(self.sorted[at])
    }

    /// Prints half and ninety-nine of a hundred; gives the latter in milliseconds.
    pub fn say(&self, name: &str) -> f64 {
        let p99 = self.percentile(99);
        say(&format!("{name}/p50"), self.percentile(50), "ms");
        say(&format!("{name}/p99"), p99, "ms");
        p99
    }
}

impl From<Vec<Duration>> for Spread {
    fn from(mut sorted: Vec<Duration>) -> Self {
        sorted.sort_unstable();
        Self { sorted }
    }
}

/// Does something, and how long it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

/// A duration in milliseconds.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// Prints a measurement.
pub fn say(name: &str, value: f64, unit: &str) {
    println!("{}", json!({"name": name, "value": value, "unit": unit}));
}

/// Prints a measurement with what the time goes into, or with what was measured beside it.
pub fn say_bound(name: &str, value: f64, unit: &str, bound: &str) {
    println!(
        "{}",
        json!({"name": name, "value": value, "unit": unit, "bound": bound})
    );
}

/// Prints a measurement with what stands beside it as a yardstick.
pub fn say_peer(name: &str, value: f64, unit: &str, peer: &str) {
    println!(
        "{}",
        json!({"name": name, "value": value, "unit": unit, "peer": peer})
    );
}

/// What a process holds in memory, in MiB: now, and at most.
pub fn memory_of(process: u32) -> (f64, f64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kibibytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        kibibytes.unwrap_or(f64::NAN) / 1_024.0
    };
    (field("VmRSS:"), field("VmHWM:"))
}
