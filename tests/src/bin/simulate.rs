//! `simulate`: runs seeds or a saved plan in the simulator; `cargo xtask sim` builds and starts it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks on the terminal"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use stories::sim::{Outcome, Plan, SIGHTS, Seen, run, shrink};

/// How many shorter plans are tried before one that fails is saved.
const ATTEMPTS: usize = 150;

/// What is wanted.
struct Wanted {
    from: u64,
    seeds: u64,
    replay: Option<PathBuf>,
    /// Where plans that fail are saved.
    failures: PathBuf,
}

fn main() -> ExitCode {
    match wanted(std::env::args().skip(1)).and_then(|wanted| simulate(&wanted)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("simulate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn wanted(mut arguments: impl Iterator<Item = String>) -> Result<Wanted> {
    let mut wanted = Wanted {
        from: 0,
        seeds: 100,
        replay: None,
        failures: PathBuf::from("target/simulator"),
    };
    while let Some(name) = arguments.next() {
        let value = arguments
            .next()
            .with_context(|| format!("{name} lacks a value"))?;
        match name.as_str() {
            "--from" => wanted.from = value.parse().context("--from is a number")?,
            "--seeds" => wanted.seeds = value.parse().context("--seeds is a number")?,
            "--replay" => wanted.replay = Some(value.into()),
            "--failures" => wanted.failures = value.into(),
            _ => bail!("there is no {name}; see `cargo xtask sim --help`"),
        }
    }
    Ok(wanted)
}

/// Whether everything held.
fn simulate(wanted: &Wanted) -> Result<bool> {
    if let Some(path) = &wanted.replay {
        return replay(path);
    }
    let started = Instant::now();
    let (mut seen, mut failed, mut millis) = (Seen::default(), 0_u64, 0);
    for seed in wanted.from..wanted.from.saturating_add(wanted.seeds) {
        let plan = Plan::of_seed(seed);
        let outcome = run(&plan);
        seen.add(&outcome.seen);
        millis += outcome.millis;
        if !outcome.violations.is_empty() {
            failed += 1;
            save(seed, &plan, &outcome, &wanted.failures)?;
        }
    }
    for sight in SIGHTS {
        println!("{:>8}  {sight}", seen.times(sight));
    }
    println!(
        "{} seeds, {failed} failed; {:.1} hours in {:.1} s",
        wanted.seeds,
        millis as f64 / 3_600_000.0,
        started.elapsed().as_secs_f64()
    );
    Ok(failed == 0)
}

fn replay(path: &Path) -> Result<bool> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let plan: Plan = serde_json::from_str(&text)
        .with_context(|| format!("{} holds no plan of this version", path.display()))?;
    let outcome = run(&plan);
    for line in &outcome.told {
        println!("{line}");
    }
    say(&outcome);
    Ok(outcome.violations.is_empty())
}

/// Shrinks a plan that fails to one that fails in the same way, and saves it.
fn save(seed: u64, plan: &Plan, outcome: &Outcome, folder: &Path) -> Result<()> {
    println!("seed {seed} fails:");
    say(outcome);
    let shrunk = shrink(plan, ATTEMPTS, |plan| !run(plan).violations.is_empty());
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    let path = folder.join(format!("{seed}.json"));
    std::fs::write(&path, serde_json::to_string_pretty(&shrunk)?)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    println!(
        "  {} of {} events are enough: cargo xtask sim --replay {}",
        shrunk.events.len(),
        plan.events.len(),
        path.display()
    );
    Ok(())
}

fn say(outcome: &Outcome) {
    for violation in &outcome.violations {
        println!("  {violation}");
    }
    println!("  trace {}", outcome.trace);
}
