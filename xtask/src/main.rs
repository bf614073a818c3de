//! `cargo xtask`: the one place that knows how Forecourt is built, run, tested,
//! kept tidy and measured. It depends on none of our crates, so it builds in
//! seconds and still works when they do not compile.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks on the terminal"
)]

mod bench;
mod cargo_plugin;
mod debian;
mod demo_relay;
mod fuzz;
mod golden;
mod machine;
mod process;
mod score;
mod simulator;
mod source_tree;
mod stages;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, runs, tests, tidies and measures Forecourt.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Starts a relay with the demo group on this machine and says what to type next
    Run(demo_relay::Options),
    /// Runs every check of the project, stage by stage, and says how long each took
    Test(stages::Options),
    /// Checks the rules of the house that no compiler knows
    Tidy(tidy::Options),
    /// Measures, and sets the results beside the goals
    Bench(bench::Options),
    /// Measures what the engine withstands, and keeps the figures
    Score(score::Options),
    /// Runs seeds of the simulator, or a plan that it saved
    Sim(simulator::Options),
    /// Fuzzes what comes from outside, with a nightly compiler
    Fuzz(fuzz::Options),
    /// Makes the golden files of this version, which are never changed after
    Golden(golden::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Run(options) => demo_relay::run(&options),
        Task::Test(options) => stages::run(&options),
        Task::Tidy(options) => tidy::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Score(options) => score::run(&options),
        Task::Sim(options) => simulator::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Golden(options) => golden::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
