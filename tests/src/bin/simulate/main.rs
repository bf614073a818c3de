//! `simulate`: runs seeds or a saved plan in the simulator; `cargo xtask sim` builds and starts it.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool of the tests speaks on the terminal and fails by panicking"
)]

mod results;
mod teeth;
mod wanted;
mod workers;

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde_json::json;
use stories::sim::{Outcome, Plan, SIGHTS, run, shrink};

use results::{OfSeed, Results};
use wanted::{Mode, Seeds, Wanted};

/// How many shorter plans are tried before one that fails is saved.
const ATTEMPTS: usize = 150;

fn main() -> ExitCode {
    let wanted = Wanted::read(std::env::args().skip(1));
    match wanted.and_then(|wanted| simulate(&wanted)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("simulate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything held.
fn simulate(wanted: &Wanted) -> Result<bool> {
    match &wanted.mode {
        Mode::Seeds(seeds) => run_seeds(seeds),
        Mode::Twice(seeds) => run_twice(seeds),
        Mode::Worker { failures } => work(failures),
        Mode::Replay(path) => replay(path),
        Mode::Teeth(teeth) => teeth::find(teeth),
        Mode::Sum(path) => {
            println!("{}", results::sum(path)?);
            Ok(true)
        }
    }
}

/// Runs seeds in several processes, and tells what was seen and what failed.
fn run_seeds(seeds: &Seeds) -> Result<bool> {
    let results = workers::run(seeds)?;
    for sight in SIGHTS {
        println!("{:>8}  {sight}", results.times(sight));
    }
    println!("{results}");
    let unseen = SIGHTS.iter().filter(|sight| results.times(sight) == 0);
    println!(
        "{}",
        json!({
            "figure": "sim", "value": results.seeds, "unit": "seeds",
            "range": format!("{}..{}", seeds.from, seeds.from + results.seeds),
            "lost": results.lost, "violations": results.failed.len(),
            "details": {
                "virtual hours": results.millis / 3_600_000,
                "milliseconds a seed and process":
                    results.worked_millis.checked_div(results.seeds).unwrap_or_default(),
                "faults and branches never seen": unseen.count(),
            },
        })
    );
    Ok(results.failed.is_empty())
}

/// Runs each seed twice and compares what happened.
fn run_twice(seeds: &Seeds) -> Result<bool> {
    let mut differing = 0_u64;
    for seed in seeds.range() {
        let plan = Plan::of_seed(seed);
        if run(&plan).trace != run(&plan).trace {
            println!("seed {seed} gives another trace the second time");
            differing += 1;
        }
    }
    println!(
        "{}",
        json!({
            "figure": "sim-meta", "value": seeds.count, "unit": "seeds run twice, traces equal",
            "range": format!("{:?}", seeds.range()), "lost": 0, "violations": differing,
        })
    );
    Ok(differing == 0)
}

/// Runs the seeds that stand on the lines of the input, and answers with one line each.
fn work(failures: &Path) -> Result<bool> {
    for line in std::io::stdin().lock().lines() {
        let seed = line?.parse().context("a line holds a seed")?;
        let plan = Plan::of_seed(seed);
        let started = std::time::Instant::now();
        let outcome = run(&plan);
        let worked = started.elapsed();
        if !outcome.violations.is_empty() {
            save(seed, &plan, &outcome, failures)?;
        }
        let mut out = std::io::stdout().lock();
        let answer = OfSeed::new(seed, &outcome, worked);
        writeln!(out, "{}", serde_json::to_string(&answer)?)?;
        out.flush()?;
    }
    Ok(true)
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
    println!("{}", said(&outcome));
    Ok(outcome.violations.is_empty())
}

/// Shrinks a plan that fails to one that fails too, and saves it.
fn save(seed: u64, plan: &Plan, outcome: &Outcome, folder: &Path) -> Result<()> {
    eprintln!("seed {seed} fails:\n{}", said(outcome));
    let shrunk = shrink(plan, ATTEMPTS, |plan| !run(plan).violations.is_empty());
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    let path = folder.join(format!("{seed}.json"));
    std::fs::write(&path, serde_json::to_string_pretty(&shrunk)?)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    eprintln!(
        "  {} of {} events are enough: cargo xtask sim --replay {}",
        shrunk.events.len(),
        plan.events.len(),
        path.display()
    );
    Ok(())
}

fn said(outcome: &Outcome) -> String {
    let lines = outcome.violations.iter();
    let mut text: String = lines.map(|line| format!("  {line}\n")).collect();
    text.push_str(&format!("  trace {}", outcome.trace));
    text
}

impl Results {
    /// How often something was seen.
    fn times(&self, sight: &str) -> u64 {
        self.seen.get(sight).copied().unwrap_or_default()
    }
}
