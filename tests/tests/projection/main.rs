//! The projection is a pure function of documents and receipts: whatever people do, on whichever
//! device, however it reaches the others, what screens read is what a rebuild gives, table by
//! table.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a harness of tests fails by panicking"
)]

mod sequence;

use dealership::command::REGISTRY;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use sequence::{Run, Sequence};

/// Commands whose schemas do not say what cells hold: `sheets` tests them.
const OF_SPREADSHEETS: [&str; 3] = ["import_row", "import_prices", "undo_import"];

/// How many sequences are played; the long form plays more.
fn cases() -> u32 {
    if std::env::var_os("FORECOURT_LONG").is_some() {
        400
    } else {
        16
    }
}

#[test]
fn the_projection_is_what_a_rebuild_gives_whatever_happens() {
    let config = Config {
        cases: cases(),
        failure_persistence: None,
        max_shrink_iters: 2_000,
        max_shrink_time: 180_000,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);

    let outcome = runner.run(&sequence::strategy(), |sequence| {
        let mut run = Run::begin(&sequence);
        let differences = run.play(&sequence);
        if differences.is_empty() {
            Ok(())
        } else {
            let text = format!("{}\nafter\n{}", differences.join("\n"), run.told.join("\n"));
            Err(TestCaseError::fail(text))
        }
    });

    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, _)) => panic!("{why}"),
        Err(TestError::Abort(why)) => panic!("gave up: {why}"),
    }
}

#[test]
fn every_command_leaves_what_a_rebuild_gives() {
    let mut run = Run::begin(&Sequence::default());

    let differences = [run.sell(), run.run_each()].concat();

    assert_eq!(differences, [""; 0], "after\n{}", run.told.join("\n"));
    let never: Vec<_> = REGISTRY
        .iter()
        .filter(|command| !OF_SPREADSHEETS.contains(&command.name))
        .filter(|command| !run.accepted.contains(command.name))
        .map(|command| (command.name, run.refused.get(command.name)))
        .collect();
    assert!(never.is_empty(), "nobody could run {never:#?}");
}
