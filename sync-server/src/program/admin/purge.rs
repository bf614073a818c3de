//! `purge`: documents deleted for good.

use anyhow::Result;
use clap::Args;
use dealership::DocumentId;

use super::CACHED_DOCUMENTS;
use crate::settings::Place;
use crate::{clock, console, folder::Folder};

/// What is deleted.
#[derive(Args)]
pub(crate) struct Options {
    /// The documents: customer cards, contacts, deals
    #[arg(required = true)]
    documents: Vec<DocumentId>,
    #[command(flatten)]
    place: Place,
}

/// Deletes all of them, or none.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = Folder::of(&options.place.settings()?);
    folder.must_hold_a_group()?;
    let _lock = folder.lock()?;
    let mut relay = folder.relay(CACHED_DOCUMENTS)?;
    let purged = relay.purge(clock::now(), &options.documents)?;
    relay.tidy_up(true)?;
    for (document, seq) in options.documents.iter().zip(purged) {
        console::say(format_args!("purged {document} at {seq}"))?;
    }
    Ok(())
}
