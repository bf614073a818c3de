//! Looking after the replica: history, verification, backups.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use client_core::Replica;
use dealership::DocumentId;
use serde_json::json;

use crate::{console, opening};

/// Shows who changed a document.
pub(crate) fn history(folder: &Path, document: DocumentId) -> Result<()> {
    let replica = opening::open(folder)?;
    replica
        .history(document)?
        .iter()
        .try_for_each(console::answer)
}

/// Checks the replica, and fails if anything is not as it should be.
pub(crate) fn verify(folder: &Path) -> Result<()> {
    let mut replica = opening::open(folder)?;
    let bar = console::progress("Checking every change and document");
    let report = replica.verify(&mut |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    let report = report?;
    console::answer(&report)?;
    ensure!(report.is_well(), "the replica is damaged: see the report");
    Ok(())
}

/// Writes a backup.
pub(crate) fn backup(folder: &Path, file: &Path) -> Result<()> {
    let replica = opening::open(folder)?;
    let bar = console::progress("Copying");
    let copied = replica.backup(file, &mut |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    copied.with_context(|| format!("the backup {} cannot be written", file.display()))?;
    console::answer(&json!({ "backup": file }))
}

/// Makes the replica anew from a backup.
pub(crate) fn restore(folder: &Path, file: &Path) -> Result<()> {
    let bar = console::progress("Copying");
    let restored = Replica::restore(folder, file, &mut |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    restored.with_context(|| format!("{} cannot be restored", file.display()))?;
    console::answer(&json!({ "restored": folder }))
}
