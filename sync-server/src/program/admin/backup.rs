//! `backup`: a checked copy of the database.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::settings::Place;
use crate::{console, folder::Folder};

/// Where to.
#[derive(Args)]
pub(crate) struct Options {
    /// The file to write; there must be none yet
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Writes the copy.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = Folder::of(&options.place.settings()?);
    folder.must_hold_a_group()?;
    let head = folder.reading_store()?.back_up(&options.file)?;
    console::say(format_args!(
        "backed up {head} entries to {}; the key is not in it: {} needs a backup of its own",
        options.file.display(),
        folder.path().join("relay.key").display(),
    ))?;
    Ok(())
}
