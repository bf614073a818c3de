//! `cargo xtask bench`: runs the benchmarks one after the other, optimised, and
//! sets what they measured beside the goals.
//!
//! A benchmark is a `[[bench]]` target with `harness = false`. On its standard
//! output it prints one JSON object a line for each thing it measured, as
//! `measurement` reads it, and whatever else it likes.

mod document;
mod goals;
mod measurement;
mod pace;
mod peers;
mod report;

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::process;
use measurement::Measurement;

pub(crate) use report::grouped;

/// Which benchmarks to run.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    beside: Option<Beside>,
    /// Only benchmark targets whose name contains one of these; the document is
    /// then left as it is
    names: Vec<String>,
    /// The sizes of the group to measure at, in documents
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', default_values_t = SIZES)]
    documents: Vec<u32>,
}

/// Beside whom to measure.
#[derive(clap::Subcommand)]
enum Beside {
    /// Measures Forecourt beside other software that syncs, in one run; needs Node and npm
    Peers(peers::Options),
}

/// The sizes of the group that the goals speak of, and a small one.
const SIZES: [u32; 3] = [2_000, 20_000, 100_000];

/// The variable in which benchmarks find the sizes.
const DOCUMENTS: &str = "FORECOURT_BENCH_DOCUMENTS";

/// The part of the document that this writes.
const SECTION: &str = "goals";

/// A benchmark target.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    name: String,
}

/// Runs the benchmarks, prints the table and, after a run of all, writes it.
///
/// # Errors
/// When no benchmark bears such a name, or one fails or measures nothing.
pub(crate) fn run(options: &Options) -> Result<()> {
    if let Some(Beside::Peers(options)) = &options.beside {
        return peers::run(options);
    }
    let chosen = chosen(targets()?, &options.names);
    if chosen.is_empty() {
        bail!("no benchmark has a name like {:?}", options.names);
    }
    build(chosen.iter().map(|target| target.name.as_str()))?;
    let mut circumstances = report::Circumstances::of_this_run()?;

    let sizes: Vec<String> = options.documents.iter().map(u32::to_string).collect();
    let mut measurements = Vec::new();
    for target in &chosen {
        measurements.extend(measured_by(&mut bench(&target.name, &sizes))?);
    }

    circumstances.note_pace_at_end();
    let report = report::markdown(&measurements, &circumstances, &sizes);
    println!("\n{report}");
    if options.names.is_empty() {
        document::write(SECTION, &report)?;
    }
    Ok(())
}

/// One build, with one set of features of every dependency; then nothing builds while something
/// is measured.
fn build<'a>(targets: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut build = process::cargo("build --release --workspace --bins --locked");
    for target in targets {
        build.args(["--bench", target]);
    }
    process::run(&mut build)
}

/// The command that runs one target at these sizes.
fn bench(target: &str, sizes: &[String]) -> Command {
    let mut bench = process::cargo("bench --workspace --locked");
    bench.env(DOCUMENTS, sizes.join(","));
    bench.args(["--bench", target]);
    bench
}

fn targets() -> Result<Vec<Target>> {
    let metadata = process::read(&mut process::cargo("metadata --no-deps --format-version=1"))?;
    targets_in(&serde_json::from_str(&metadata).context("cargo metadata printed no JSON")?)
}

fn targets_in(metadata: &Value) -> Result<Vec<Target>> {
    let mut targets = Vec::new();
    for package in list(metadata, "packages")? {
        for target in list(package, "targets")? {
            if list(target, "kind")?.iter().any(|kind| kind == "bench") {
                targets.push(Target {
                    name: text(target, "name")?.to_owned(),
                });
            }
        }
    }
    Ok(targets)
}

fn chosen(targets: Vec<Target>, names: &[String]) -> Vec<Target> {
    let wanted =
        |target: &Target| names.is_empty() || names.iter().any(|name| target.name.contains(name));
    // The peers have a command of their own, which installs them first.
    let is_ours = |target: &Target| target.name != peers::TARGET;
    let ours = targets.into_iter().filter(is_ours);
    ours.filter(wanted).collect()
}

/// Runs one benchmark, shows what it prints and keeps what it measured.
fn measured_by(bench: &mut Command) -> Result<Vec<Measurement>> {
    let line = process::shown(bench);
    println!("$ {line}");
    let mut child = bench
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{line}`"))?;
    let output = child.stdout.take().context("the output is piped")?;
    let mut measurements = Vec::new();
    for printed in BufReader::new(output).lines() {
        let printed = printed.with_context(|| format!("cannot read from `{line}`"))?;
        println!("{printed}");
        measurements.extend(Measurement::parse(&printed)?);
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    if measurements.is_empty() {
        bail!("`{line}` measured nothing");
    }
    Ok(measurements)
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    let found = value.get(key).and_then(Value::as_array);
    found.with_context(|| format!("cargo metadata has no list `{key}`"))
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    let found = value.get(key).and_then(Value::as_str);
    found.with_context(|| format!("cargo metadata has no text `{key}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata() -> Value {
        serde_json::json!({"packages": [{"name": "change-gate", "targets": [
            {"name": "change_gate", "kind": ["lib"]},
            {"name": "gate", "kind": ["bench"]},
            {"name": "bombs", "kind": ["bench"]},
            {"name": "peers", "kind": ["bench"]},
        ]}]})
    }

    #[test]
    fn only_benchmark_targets_are_found() {
        let names: Vec<_> = targets_in(&metadata())
            .unwrap()
            .into_iter()
            .map(|target| target.name)
            .collect();

        assert_eq!(names, ["gate", "bombs", "peers"]);
    }

    #[test]
    fn the_peers_are_measured_by_their_own_command_only() {
        let all = chosen(targets_in(&metadata()).unwrap(), &[]);

        assert!(all.iter().all(|target| target.name != peers::TARGET));
    }

    #[test]
    fn a_name_chooses_the_benchmarks_that_contain_it() {
        let found = chosen(targets_in(&metadata()).unwrap(), &["bom".to_owned()]);

        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "bombs");
    }

    #[test]
    fn metadata_of_another_shape_is_an_error() {
        assert!(targets_in(&serde_json::json!({"packages": [{}]})).is_err());
    }
}
