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
use stories::chaos::Dice;
use stories::planted::Bug;
use stories::sim::{Bite, Outcome, Plan, SIGHTS, Seen, bite, run, shrink};

/// How many shorter plans are tried before one that fails is saved.
const ATTEMPTS: usize = 150;

/// What is wanted.
struct Wanted {
    from: u64,
    seeds: u64,
    replay: Option<PathBuf>,
    teeth: Option<Teeth>,
    /// Where plans that fail are saved.
    failures: PathBuf,
}

/// Which planted bugs are to be found.
struct Teeth {
    bugs: Vec<Bug>,
    tries: usize,
    /// Where the table is written.
    table: Option<PathBuf>,
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
        teeth: None,
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
            "--bug" => {
                let bug = Bug::named(&value);
                let bug = bug.with_context(|| format!("there is no bug {value}"))?;
                wanted.teeth.get_or_insert_default().bugs = vec![bug];
            }
            "--tries" => {
                let tries = value.parse().context("--tries is a number")?;
                wanted.teeth.get_or_insert_default().tries = tries;
            }
            "--table" => wanted.teeth.get_or_insert_default().table = Some(value.into()),
            _ => bail!("there is no {name}; see `cargo xtask sim --help`"),
        }
    }
    Ok(wanted)
}

impl Default for Teeth {
    fn default() -> Self {
        Self {
            bugs: Bug::ALL.to_vec(),
            tries: 9,
            table: None,
        }
    }
}

/// Whether everything held.
fn simulate(wanted: &Wanted) -> Result<bool> {
    if let Some(teeth) = &wanted.teeth {
        return find_planted(teeth, wanted.from);
    }
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

/// Finds planted bugs; whether each was found.
fn find_planted(teeth: &Teeth, from: u64) -> Result<bool> {
    let mut dice = Dice::new(from);
    let (mut rows, mut are_found) = (String::new(), true);
    for bug in &teeth.bugs {
        let started = Instant::now();
        let bite = bite(*bug, teeth.tries, &mut dice);
        are_found &= bite.median().is_some();
        let row = row(&bite);
        println!("{row} {:.0} s", started.elapsed().as_secs_f64());
        if let Some(example) = &bite.example {
            println!("    {example}");
        }
        rows.push_str(&row);
        rows.push('\n');
    }
    if let Some(path) = &teeth.table {
        let text = format!("{}{rows}", include_str!("simulate/teeth.md"));
        let text = text.replace("TRIES", &teeth.tries.to_string());
        std::fs::write(path, text)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(are_found)
}

/// What became of one bug, as a row of a table.
fn row(bite: &Bite) -> String {
    let median = bite.median().map_or_else(
        || format!("not found in {} of {} tries", bite.missed, bite.seeds.len()),
        |median| median.to_string(),
    );
    let most = bite.seeds.last().copied().unwrap_or_default();
    let mut broken: Vec<_> = bite.broken.iter().collect();
    broken.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
    let broken = broken.iter().map(|(invariant, times)| match times {
        1 => (*invariant).clone(),
        times => format!("{invariant} (×{times})"),
    });
    let broken: Vec<_> = broken.collect();
    let (name, about) = (bite.bug.name(), bite.bug.about());
    format!(
        "| `{name}` | {about} | {} | {median} | {most} |",
        broken.join("; ")
    )
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
