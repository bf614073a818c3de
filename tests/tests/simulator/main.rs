//! A few seeds of the simulator; `cargo xtask sim` runs as many as one likes.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a harness of tests fails by panicking"
)]

use stories::planted::Bug;
use stories::sim::{Plan, RARE, SIGHTS, Seen, broken_by, run};

/// The seeds that every run of the tests plays.
const SEEDS: std::ops::Range<u64> = 0..14;

/// How many seeds the long form plays; it asks for what is rare too.
const LONG: u64 = 300;

/// Runs a seed whose plan must hold, and gives what it saw.
fn hold(seed: u64) -> Seen {
    let outcome = run(&Plan::of_seed(seed));
    assert_eq!(
        outcome.violations,
        [""; 0],
        "seed {seed}; see more with `cargo xtask sim --from {seed} --seeds 1`\n{}",
        outcome.told.join("\n")
    );
    outcome.seen
}

/// Runs seeds, and gives what none of them came to.
fn never_seen(seeds: impl Iterator<Item = u64>) -> Vec<&'static str> {
    let mut seen = Seen::default();
    for seed in seeds {
        seen.add(&hold(seed));
    }
    let never = |sight: &&str| seen.times(sight) == 0;
    SIGHTS.into_iter().filter(never).collect()
}

#[test]
fn everything_holds_whatever_a_seed_brings_and_everything_is_seen() {
    let is_long = std::env::var_os("FORECOURT_LONG").is_some();
    let mut never = never_seen(SEEDS.start..if is_long { LONG } else { SEEDS.end });
    never.retain(|sight| is_long || !RARE.contains(sight));
    assert!(never.is_empty(), "no seed comes to {never:?}");
}

#[test]
fn a_seed_gives_the_same_trace_twice() {
    for seed in SEEDS.start..SEEDS.start + 3 {
        let plan = Plan::of_seed(seed);
        assert_eq!(run(&plan).trace, run(&plan).trace, "seed {seed}");
    }
}

#[test]
fn a_plan_that_was_saved_is_the_same_plan() {
    for seed in SEEDS {
        let plan = Plan::of_seed(seed);
        let saved = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&saved).unwrap(), plan);
    }
}

/// Planted bugs that a few seeds find; `cargo xtask sim --teeth` looks for all of them.
const FOUND_SOON: [Bug; 3] = [
    Bug::BatchNotKnownAgain,
    Bug::OutboxForgetsWhenSent,
    Bug::RelaySyncsLate,
];

/// How many seeds are run for one of them before it counts as not found.
const MOST_SEEDS: u64 = 40;

#[test]
fn a_planted_bug_is_found_within_a_few_seeds() {
    for bug in FOUND_SOON {
        let found = (0..MOST_SEEDS).find_map(|seed| broken_by(bug, seed));
        assert!(found.is_some(), "{} is not found", bug.name());
    }
}
