//! `restore`: a relay's folder from a backup.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use sync_protocol::Epoch;
use sync_server::relay::renew_epoch;
use sync_server::store::SqliteStore;
use sync_server::store::sqlite::{beside, remove_database, rename_durably};

use crate::console;
use crate::folder::{Folder, random};
use crate::settings::Place;

/// Where from.
#[derive(Args)]
pub(crate) struct Options {
    /// The file that `backup` wrote; it is left as it is
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Restores the folder.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = Folder::of(&options.place.settings()?);
    folder.create()?;
    let _lock = folder.lock()?;
    let database = folder.database();
    if database.exists() {
        bail!(
            "there is a group in {} already: move it away first",
            folder.path().display()
        );
    }
    // The log of a database that was moved away alone would be replayed into this one.
    if let Some(left_over) = beside(&database).into_iter().find(|file| file.exists()) {
        bail!(
            "{} is left over from a database that is not here any more: move it to where that \
             database is",
            left_over.display()
        );
    }
    let file = options.file.display();
    let backup = SqliteStore::open_to_read(&options.file)?;
    let problems = backup.problems()?;
    if let Some(problem) = problems.first() {
        bail!("{file} is damaged: {problem}");
    }
    let partial = folder.path().join("relay.sqlite.partial");
    // What is there is left over from a restore that was cut off.
    remove_database(&partial)
        .with_context(|| format!("{} cannot be removed", partial.display()))?;
    let head = backup.back_up(&partial)?;
    let has_key = folder.path().join("relay.key").exists();
    folder.key_or_new()?;
    {
        let mut store = SqliteStore::open(&partial)?;
        renew_epoch(&mut store, Epoch(random()?))?;
    }
    rename_durably(&partial, &database)
        .with_context(|| format!("{} cannot be named", database.display()))?;
    console::say(format_args!(
        "restored {head} entries from {file}. What was acknowledged after that backup comes back \
         with the devices that hold it, as they connect"
    ))?;
    if !has_key {
        console::say(
            "there was no relay.key, so a new one was drawn: put the old one in its place, if \
             there is one, before the relay serves",
        )?;
    }
    Ok(())
}
