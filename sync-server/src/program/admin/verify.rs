//! `verify`: everything that the database holds, checked against everything else.

use anyhow::{Result, bail};
use clap::Args;
use dealership::Seq;
use sync_server::relay::{verify_documents, verify_log};

use crate::settings::Place;
use crate::{console, folder::Folder};

/// Nothing but where.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
}

/// Checks everything, and fails if anything is wrong.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = Folder::of(&options.place.settings()?);
    folder.must_hold_a_group()?;
    let store = folder.reading_store()?;
    let mut problems = store.problems()?;
    let log = verify_log(&store, Seq(0))?;
    let documents = verify_documents(&store)?;
    problems.extend(log.problems);
    problems.extend(documents.problems);
    for problem in &problems {
        console::say(problem)?;
    }
    console::say(format_args!(
        "{} entries, {} documents, {} problems",
        log.checked,
        documents.checked,
        problems.len()
    ))?;
    if !problems.is_empty() {
        bail!("the database is damaged: restore a backup");
    }
    Ok(())
}
