//! `cargo xtask fuzz`: lets fuzzers make up bytes from outside, guided by what the code does with
//! them.
//!
//! The fuzzers are in `fuzz/`, a workspace of its own for a nightly compiler; what they call is in
//! `tests/src/fuzzing/`. They begin with seeds and with `fuzz/corpus`, and keep what they find in
//! `target/fuzz/corpus`; what is worth a place in `fuzz/corpus` is for a person to decide.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::{cargo_plugin::FUZZ, process, workspace};

/// What to fuzz.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these; all of them if none is named
    targets: Vec<String>,
    /// How long each is fuzzed
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    minutes: u64,
    /// Adds to fuzz/corpus what reaches more of the code than it does, and fuzzes nothing
    #[arg(long)]
    keep: bool,
}

/// Builds the fuzzers and runs one after the other.
///
/// # Errors
/// When one does not build, or finds something; it says where the bytes are.
pub(crate) fn run(options: &Options) -> Result<()> {
    FUZZ.ensure()?;
    let root = workspace::root();
    fs::copy(root.join("Cargo.lock"), root.join("fuzz/Cargo.lock"))
        .context("fuzz/Cargo.lock cannot be written")?;
    process::run(&mut process::cargo(
        "build --workspace --bins --tests --locked",
    ))?;
    let work = workspace::target_folder().join("fuzz");
    let seeds = work.join("seeds");
    let drill = workspace::target_folder().join("debug/drill");
    process::run(process::command(drill).arg("seeds").arg(&seeds))?;
    for target in targets(&root, &options.targets)? {
        let kept = PathBuf::from("fuzz/corpus").join(&target);
        let found = work.join("corpus").join(&target);
        for folder in [&kept, &found] {
            fs::create_dir_all(root.join(folder))
                .with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        let mut fuzz = process::cargo("+nightly fuzz run --sanitizer none --target-dir");
        fuzz.arg(&work).arg(&target);
        if options.keep {
            fuzz.args([&kept, &found]).args(["--", "-merge=1"]);
        } else {
            let seconds = format!("-max_total_time={}", options.minutes * 60);
            fuzz.args([&found, &kept, &seeds.join(&target)]);
            fuzz.args(["--", &seconds, "-rss_limit_mb=4096", "-timeout=20"]);
        }
        process::run(&mut fuzz)?;
    }
    Ok(())
}

/// The targets that are wanted, by the names of their files.
fn targets(root: &Path, wanted: &[String]) -> Result<Vec<String>> {
    if !wanted.is_empty() {
        return Ok(wanted.to_vec());
    }
    let files = fs::read_dir(root.join("fuzz/targets")).context("fuzz/targets cannot be read")?;
    let mut targets = Vec::new();
    for file in files {
        let path = file?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        targets.extend(name.map(str::to_owned));
    }
    targets.sort();
    Ok(targets)
}
