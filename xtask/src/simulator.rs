//! `cargo xtask sim`: runs seeds of the simulator, or a plan that it saved.
//!
//! The program is `simulate` of the tests' package; what it does is told in `docs/simulator.md`.

use std::path::PathBuf;

use anyhow::Result;

use crate::{process, workspace};

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The first seed
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    from: u64,
    /// How many seeds
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    seeds: u64,
    /// Runs the plan of this file instead, and tells what happens
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "seeds"])]
    replay: Option<PathBuf>,
    /// Plants bugs one after the other instead, finds them, and writes docs/teeth.md
    #[arg(long, conflicts_with_all = ["seeds", "replay"])]
    teeth: bool,
    /// Plants this bug only, and writes nothing
    #[arg(long, value_name = "NAME", requires = "teeth")]
    bug: Option<String>,
    /// How often each bug is to be found
    #[arg(long, value_name = "NUMBER", default_value_t = 9, requires = "teeth")]
    tries: usize,
    /// Where plans that fail are saved, shrunk
    #[arg(long, value_name = "DIR", default_value = "target/simulator")]
    failures: PathBuf,
}

/// Builds the simulator as the tests are built, and runs it.
///
/// # Errors
/// When it does not build, or something does not hold.
pub(crate) fn run(options: &Options) -> Result<()> {
    process::run(&mut process::cargo(
        "build --workspace --bins --tests --locked",
    ))?;
    let mut simulate = process::command(workspace::target_folder().join("debug/simulate"));
    match &options.replay {
        Some(file) => simulate.arg("--replay").arg(file),
        None if options.teeth => {
            let from = options.from.to_string();
            simulate.args(["--tries", &options.tries.to_string(), "--from", &from]);
            match &options.bug {
                Some(bug) => simulate.args(["--bug", bug]),
                None => simulate.args(["--table", "docs/teeth.md"]),
            }
        }
        None => simulate
            .args(["--from", &options.from.to_string()])
            .args(["--seeds", &options.seeds.to_string()]),
    };
    process::run(simulate.arg("--failures").arg(&options.failures))
}
