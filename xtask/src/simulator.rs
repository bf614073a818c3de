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
    /// In how many processes; as many as there are cores if left out
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<usize>,
    /// Builds as releases are built: for long runs
    #[arg(long)]
    release: bool,
    /// Adds results to this file as they come, so that a long run can be stopped and gone on with
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Sums up what is in such a file instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seeds", "log", "replay", "teeth"])]
    sum: Option<PathBuf>,
    /// Runs each seed twice instead, and compares what happened
    #[arg(long, conflicts_with_all = ["replay", "teeth"])]
    twice: bool,
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
    #[arg(long, value_name = "NUMBER", default_value_t = 3, requires = "teeth")]
    tries: usize,
    /// Where plans that fail are saved, shrunk
    #[arg(long, value_name = "DIR", default_value = "target/simulator")]
    failures: PathBuf,
}

/// Builds the simulator as the tests are built, or as releases are, and runs it.
///
/// # Errors
/// When it does not build, or something does not hold.
pub(crate) fn run(options: &Options) -> Result<()> {
    let (build, folder) = if options.release {
        (
            "build --release --workspace --bins --locked",
            "release/simulate",
        )
    } else {
        (
            "build --workspace --bins --tests --locked",
            "debug/simulate",
        )
    };
    process::run(&mut process::cargo(build))?;
    let mut simulate = process::command(workspace::target_folder().join(folder));
    let from = options.from.to_string();
    if let Some(file) = &options.replay {
        simulate.arg("--replay").arg(file);
    } else if let Some(file) = &options.sum {
        simulate.arg("--sum").arg(file);
    } else if options.teeth {
        let tries = options.tries.to_string();
        simulate.args(["--teeth", "--tries", &tries, "--from", &from]);
        match &options.bug {
            Some(bug) => simulate.args(["--bug", bug]),
            None => simulate.args(["--table", "docs/teeth.md"]),
        };
    } else {
        let seeds = options.seeds.to_string();
        simulate.args(["--from", &from, "--seeds", &seeds]);
        if options.twice {
            simulate.arg("--twice");
        }
        if let Some(jobs) = options.jobs {
            simulate.args(["--jobs", &jobs.to_string()]);
        }
        if let Some(log) = &options.log {
            let mut git = process::command("git");
            let commit = process::read(git.args(["rev-parse", "--short=10", "HEAD"]))?;
            simulate.args(["--commit", commit.trim()]);
            simulate.arg("--log").arg(log);
        }
    }
    process::run(simulate.arg("--failures").arg(&options.failures))
}
