//! `faults`: does harm to the storage of relays and devices and says what came of it; `cargo xtask
//! score` builds and starts it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks on the terminal"
)]

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use serde_json::Value as Json;
use stories::faults::{Stage, operation, power};

fn main() -> ExitCode {
    match measure(std::env::args().skip(1)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("faults: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What is wanted.
#[derive(Default)]
struct Wanted {
    from: u64,
    amount: Option<u64>,
    /// One point of a scenario, as a violation names it.
    point: Option<(usize, u64)>,
}

/// Measures what is asked for; whether everything held.
fn measure(mut arguments: impl Iterator<Item = String>) -> Result<bool> {
    let figure = arguments
        .next()
        .context("powerloss or ioerr, and how much of it")?;
    let wanted = wanted(arguments)?;
    let stage = Stage::set();
    match figure.as_str() {
        "powerloss" => {
            let cuts = wanted.amount.unwrap_or(20_000);
            let (result, violations) = power::figure(&stage, wanted.from, cuts);
            Ok(said(&result, &violations, |seed| {
                let cuts = power::CUTS_OF_A_SEED;
                format!("powerloss -- --from {seed} --cuts {cuts}")
            }))
        }
        "ioerr" => {
            let (result, violations) = match wanted.point {
                Some((fault, operation)) => operation::replay(&stage, fault, operation),
                None => operation::figure(&stage, wanted.amount.unwrap_or(1)),
            };
            Ok(said(&result, &violations, |point| {
                format!("ioerr -- --point {point}")
            }))
        }
        other => bail!("there is no figure {other}"),
    }
}

fn wanted(mut arguments: impl Iterator<Item = String>) -> Result<Wanted> {
    let mut wanted = Wanted::default();
    while let Some(name) = arguments.next() {
        let value = arguments.next();
        let value = value.with_context(|| format!("{name} lacks a value"))?;
        let number = |text: &str| {
            let number = text.parse::<u64>();
            number.with_context(|| format!("{name} is a number"))
        };
        match name.as_str() {
            "--from" => wanted.from = number(&value)?,
            "--cuts" | "--every" => wanted.amount = Some(number(&value)?),
            "--point" => {
                let (fault, operation) =
                    value.split_once('.').context("--point FAULT.OPERATION")?;
                wanted.point = Some((usize::try_from(number(fault)?)?, number(operation)?));
            }
            _ => bail!("there is no {name}"),
        }
    }
    Ok(wanted)
}

/// Says what came of it, each violation with the command that shows it again; whether all held.
fn said(result: &Json, violations: &[String], replay: impl Fn(&str) -> String) -> bool {
    for violation in violations {
        println!("{violation}");
        let place = violation.split_once(':').map_or("", |(place, _)| place);
        if let Some((_, number)) = place.split_once(' ') {
            println!("  again: cargo xtask score {}", replay(number));
        }
    }
    println!("{result}");
    violations.is_empty()
}
