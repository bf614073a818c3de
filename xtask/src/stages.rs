//! `cargo xtask test`: every check of the project, one stage after the other.
//! The first stage that fails ends the run and says how to repeat it alone.

mod doc_tests;
mod wasm;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::{
    cargo_plugin::{DENY, NEXTEST},
    process, tidy,
};

/// Which checks to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Adds the long runs: more cycles, more seeds, more cases of each property
    #[arg(long)]
    all: bool,
    /// Runs only these stages
    #[arg(long, value_enum, num_args = 1.., value_name = "STAGE")]
    only: Vec<Stage>,
}

/// One kind of check, in the order in which they run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stage {
    /// The text is as rustfmt lays it out
    Format,
    /// Clippy and the compiler have nothing to say
    Lints,
    /// The rules of the house hold
    Tidy,
    /// Licences, bans and sources of every dependency are allowed
    Deny,
    /// Unit tests, property tests, stories, live processes
    Test,
    /// The examples in the documentation compile and run
    DocTests,
    /// The documentation builds without a warning
    Docs,
    /// The client builds for the browser
    Wasm,
}

/// The variable that the tests read to know whether to take their long form.
const LONG: &str = "FORECOURT_LONG";

/// What the property tests of the short run draw their cases from: the same commit always gives the
/// same answer. The long run draws new ones each time, and more.
const SEED: &str = "20261123";

/// Runs the stages and prints the minutes that each took.
///
/// # Errors
/// When a stage fails; the error names it and the command that repeats it.
pub(crate) fn run(options: &Options) -> Result<()> {
    let stages = Stage::value_variants()
        .iter()
        .filter(|stage| options.only.is_empty() || options.only.contains(stage));
    let mut times = Vec::new();
    let mut outcome = Ok(());
    for stage in stages {
        println!("\n== {} ==", stage.name());
        let start = Instant::now();
        outcome = stage.run(options.all).with_context(|| {
            let all = if options.all { " --all" } else { "" };
            let name = stage.name();
            format!("stage {name} failed; repeat it with `cargo xtask test{all} --only {name}`")
        });
        times.push((*stage, start.elapsed()));
        if outcome.is_err() {
            break;
        }
    }
    print_times(&times);
    outcome
}

impl Stage {
    fn run(self, all: bool) -> Result<()> {
        match self {
            Self::Format => process::run(&mut process::cargo("fmt --all --check")),
            Self::Lints => process::run(&mut process::cargo(
                "clippy --workspace --all-targets --locked -- --deny warnings",
            )),
            Self::Tidy => tidy::run(&tidy::Options::default()),
            Self::Deny => {
                DENY.ensure()?;
                let deny = "deny --workspace --locked check --hide-inclusion-graph";
                process::run(process::cargo(deny).args(["bans", "licenses", "sources"]))
            }
            Self::Test => test(all),
            Self::DocTests => doc_tests::run(),
            Self::Docs => process::run(
                process::cargo("doc --workspace --no-deps --locked")
                    .env("RUSTDOCFLAGS", "--deny warnings"),
            ),
            Self::Wasm => wasm::run(),
        }
    }

    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}

/// The tests of every crate. The programs that the live tests start are built
/// first, together with the tests, so that both are of one build: one profile and
/// one set of features of every dependency.
fn test(all: bool) -> Result<()> {
    NEXTEST.ensure()?;
    process::run(&mut process::cargo(
        "build --workspace --bins --tests --locked",
    ))?;
    let mut tests = process::cargo("nextest run --workspace --locked --profile ci");
    if all {
        tests.env(LONG, "1").env("PROPTEST_CASES", "4096");
    } else {
        tests.env("PROPTEST_RNG_SEED", SEED);
    }
    process::run(&mut tests)
}

fn print_times(times: &[(Stage, Duration)]) {
    let minutes = |duration: Duration| duration.as_secs_f64() / 60.0;
    println!("\nminutes");
    for (stage, duration) in times {
        println!("  {:<10} {:>6.1}", stage.name(), minutes(*duration));
    }
    let total = times.iter().map(|(_, duration)| *duration).sum();
    println!("  {:<10} {:>6.1}", "total", minutes(total));
}
