//! What fuzzers begin with, and everything that they once found worth keeping.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a harness of tests fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use stories::fuzzing::{TARGETS, corpus, run};

#[test]
fn every_seed_of_every_target_holds() {
    for target in TARGETS {
        let seeds = target.seeds();
        assert!(!seeds.is_empty(), "{} has seeds", target.name);
        for seed in seeds {
            run(target.name, &seed);
            // And pieces of it.
            for end in [0, 1, seed.len() / 2] {
                run(target.name, &seed[..end.min(seed.len())]);
            }
        }
    }
}

#[test]
fn everything_that_a_fuzzer_found_worth_keeping_holds() {
    let mut known = BTreeSet::new();
    let mut replayed = 0;
    for target in TARGETS {
        known.insert(target.name.to_owned());
        for bytes in target.kept() {
            run(target.name, &bytes);
            replayed += 1;
        }
    }
    for folder in fs::read_dir(corpus()).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "{name} is no target");
    }
    println!("{replayed} replayed");
}

#[test]
fn every_target_has_a_fuzzer() {
    let fuzzers = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/targets");
    for target in TARGETS {
        let source = fs::read_to_string(fuzzers.join(format!("{}.rs", target.name))).unwrap();
        assert!(
            source.contains(&format!("\"{}\"", target.name)),
            "{}",
            target.name
        );
    }
}
