//! `cargo xtask score`: figures of what the engine withstands, which anybody can have again.
//!
//! Each figure is measured by a program of the tests' package. It prints, beside whatever it likes,
//! one JSON object on a line ([`result`]), and ends with an error if something did not hold, having
//! said the command that shows it again. Each result is added to `docs/scoreboard.jsonl` with what
//! it was measured on; the newest of each figure stand in the README.

mod figures;
mod record;
mod result;
mod table;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{process, workspace};
use figures::{FIGURES, Figure};
use record::Circumstances;

/// Where results are kept, one a line.
const SCOREBOARD: &str = "docs/scoreboard.jsonl";

/// Where the newest of them are shown.
const README: &str = "README.md";

/// Which figures are wanted.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these; all of them if none is named
    names: Vec<String>,
    /// In the short form that every reader has time for: all of them within ten minutes
    #[arg(long)]
    quick: bool,
    /// Measures nothing, and writes the table in the README anew
    #[arg(long, conflicts_with_all = ["quick", "names"])]
    table: bool,
    /// What to hand to the program of one figure instead; its result is shown and not kept
    #[arg(last = true, value_name = "ARGUMENT", requires = "names")]
    arguments: Vec<String>,
}

/// Measures figures one after the other and keeps what they came to.
///
/// # Errors
/// When a figure is unknown or nothing comes of it, or something did not hold; the others are
/// measured all the same.
pub(crate) fn run(options: &Options) -> Result<()> {
    if options.table {
        return write_table();
    }
    let figures = chosen(&options.names)?;
    // Before anything is written: the scoreboard itself makes no tree dirty.
    let circumstances = Circumstances::of_this_run()?;
    process::run(&mut process::cargo(
        "build --workspace --bins --tests --locked",
    ))?;
    let mut failed = Vec::new();
    for figure in figures {
        if let Err(error) = score(figure, options, &circumstances) {
            println!("{}: {error:#}", figure.name);
            failed.push(figure.name);
        }
    }
    write_table()?;
    if !failed.is_empty() {
        bail!("something did not hold in: {}", failed.join(", "));
    }
    Ok(())
}

fn chosen(names: &[String]) -> Result<Vec<&'static Figure>> {
    if names.is_empty() {
        return Ok(FIGURES.iter().collect());
    }
    let known = || FIGURES.iter().map(|figure| figure.name).collect::<Vec<_>>();
    let find = |name: &String| FIGURES.iter().find(|figure| figure.name == name);
    names
        .iter()
        .map(|name| {
            find(name).with_context(|| format!("no figure {name}: there are {:?}", known()))
        })
        .collect()
}

/// Measures one figure and keeps the result.
fn score(figure: &Figure, options: &Options, circumstances: &Circumstances) -> Result<()> {
    println!("\n== {}: {} ==", figure.name, figure.about);
    let form = if options.quick { "quick" } else { "full" };
    let program = workspace::target_folder()
        .join("debug")
        .join(figure.program);
    let mut command = process::command(program);
    if options.arguments.is_empty() {
        command.args(figure.arguments(options.quick).split_whitespace());
    } else {
        command.args(figure.subcommand).args(&options.arguments);
    }
    let started = Instant::now();
    let (result, outcome) = measured_by(&mut command)?;
    let seconds = started.elapsed().as_secs();
    let result = match (result, &outcome) {
        (Some(result), _) => result,
        (None, Err(error)) => bail!("{error:#}, and said no result"),
        (None, Ok(())) => bail!("the program said no result"),
    };
    result::check(figure.name, &result)?;
    if options.arguments.is_empty() {
        let line = circumstances.record(result.clone(), form, seconds);
        append(&line)?;
    }
    outcome?;
    if result::has_failed(&result) {
        bail!("something was lost or did not hold");
    }
    Ok(())
}

/// Runs a program, shows what it prints, and gives its result and how it ended.
fn measured_by(command: &mut Command) -> Result<(Option<Value>, Result<()>)> {
    let line = process::shown(command);
    println!("$ {line}");
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{line}`"))?;
    let output = child.stdout.take().context("the output is piped")?;
    let mut result = None;
    for printed in BufReader::new(output).lines() {
        let printed = printed.with_context(|| format!("cannot read from `{line}`"))?;
        println!("{printed}");
        if let Ok(object @ Value::Object(_)) = serde_json::from_str(&printed) {
            result = Some(object);
        }
    }
    let status = child.wait()?;
    let outcome = if status.success() {
        Ok(())
    } else {
        Err(anyhow::anyhow!("`{line}` failed ({status})"))
    };
    Ok((result, outcome))
}

fn append(line: &Value) -> Result<()> {
    let append = || {
        let path = workspace::root().join(SCOREBOARD);
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)?;
        writeln!(file, "{line}")
    };
    append().with_context(|| format!("{SCOREBOARD} cannot be written"))
}

fn write_table() -> Result<()> {
    let root = workspace::root();
    let read = |path: &str| {
        std::fs::read_to_string(root.join(path)).with_context(|| format!("{path} cannot be read"))
    };
    let shown = table::put_into(&read(README)?, &table::of(&read(SCOREBOARD)?)?)?;
    std::fs::write(root.join(README), shown).with_context(|| format!("{README} cannot be written"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_chosen_by_its_name_and_an_unknown_one_is_an_error() {
        let chosen = |name: &str| super::chosen(&[name.to_owned()]);

        assert_eq!(chosen("powerloss").unwrap().len(), 1);
        assert!(chosen("power").is_err());
        assert_eq!(super::chosen(&[]).unwrap().len(), FIGURES.len());
    }

    #[test]
    fn every_figure_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> =
            FIGURES.iter().map(|figure| figure.name).collect();

        assert_eq!(names.len(), FIGURES.len());
    }
}
