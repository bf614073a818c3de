//! `cargo xtask golden`: makes the golden files of this version, once.

use anyhow::Result;

use crate::{process, workspace};

/// What to call them.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The folder in tests/golden [default: the release and the version of its protocol]
    name: Option<String>,
}

/// Makes them.
///
/// # Errors
/// When they are there: golden files are never changed.
pub(crate) fn run(options: &Options) -> Result<()> {
    process::run(&mut process::cargo(
        "build --workspace --bins --tests --locked",
    ))?;
    let drill = workspace::target_folder().join("debug/drill");
    process::run(
        process::command(drill)
            .arg("make-golden")
            .args(&options.name),
    )
}
