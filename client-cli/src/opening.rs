//! Opens the replica as this program does: real randomness, the real clock, a bar for long work.

use std::path::Path;

use anyhow::{Context, Result, bail};
use client_core::native::{Clock, SystemEntropy};
use client_core::{OpenError, Replica};

use crate::console;

/// Opens the replica in a folder.
pub(crate) fn open(folder: &Path) -> Result<Replica> {
    let bar = console::progress("Rebuilding the tables that screens read");
    let opened = Replica::open(
        folder,
        Box::new(SystemEntropy),
        Clock::wall(),
        &mut |progress| {
            bar.set_length(progress.total);
            bar.set_position(progress.done);
        },
    );
    bar.finish_and_clear();
    opened.with_context(|| format!("the replica in {} cannot be opened", folder.display()))
}

/// Fails if there is a replica in the folder.
pub(crate) fn ensure_free(folder: &Path) -> Result<()> {
    match Replica::open(folder, Box::new(SystemEntropy), Clock::wall(), &mut |_| {}) {
        Err(OpenError::Missing) => Ok(()),
        Ok(_) | Err(_) => bail!(
            "{} holds a replica already, or something else; give another folder with --replica",
            folder.display()
        ),
    }
}
