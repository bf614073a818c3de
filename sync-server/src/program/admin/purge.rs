//! `purge`: documents deleted for good, and how far that has come.

use anyhow::Result;
use clap::Args;
use dealership::DocumentId;
use serde_json::{Value as Json, json};
use sync_server::relay::{Owing, PurgeProgress, purge_progress};

use super::CACHED_DOCUMENTS;
use crate::settings::Place;
use crate::{clock, console, folder::Folder};

/// What no relay can reach.
const BACKUPS: &str = "backups made before a purge still hold what was purged: delete them; a relay that is restored \
     from one purges again when a device comes that knows of it";

/// What is deleted.
#[derive(Args)]
pub(crate) struct Options {
    /// The documents: customer cards, contacts, deals
    #[arg(required_unless_present = "status")]
    documents: Vec<DocumentId>,
    /// Says of every purge which devices have carried it out, also while the relay serves
    #[arg(long, conflicts_with = "documents")]
    status: bool,
    /// Says it as JSON
    #[arg(long, requires = "status")]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// Deletes all of them, or none.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = Folder::of(&options.place.settings()?);
    folder.must_hold_a_group()?;
    if options.status {
        let purges = purge_progress(&folder.reading_store()?)?;
        return tell(&purges, options.json);
    }
    let _lock = folder.lock()?;
    let mut relay = folder.relay(CACHED_DOCUMENTS)?;
    let purged = relay.purge(clock::now(), &options.documents)?;
    relay.tidy_up(true)?;
    for (document, seq) in options.documents.iter().zip(purged) {
        console::say(format_args!("purged {document} at {seq}"))?;
    }
    console::say(BACKUPS)?;
    Ok(())
}

fn tell(purges: &[PurgeProgress], as_json: bool) -> Result<()> {
    if as_json {
        let purges: Vec<Json> = purges.iter().map(to_json).collect();
        console::say(json!({ "purges": purges, "backups": BACKUPS }))?;
        return Ok(());
    }
    for purge in purges {
        let kind = purge.kind.map_or("document", dealership::Kind::code);
        let done = purge.erased.len();
        let all = done.saturating_add(purge.outstanding.len());
        console::say(format_args!(
            "{kind} {} purged at {}: deleted on {done} of {all} devices",
            purge.document, purge.purged_at
        ))?;
        for (word, devices) in [
            ("outstanding since", &purge.outstanding),
            ("shut out, and will never say so, since", &purge.shut_out),
        ] {
            for Owing {
                device,
                staff,
                since,
            } in devices
            {
                let number = device.0;
                console::say(format_args!("  device {number} of {staff}: {word} {since}"))?;
            }
        }
    }
    console::say(BACKUPS)?;
    Ok(())
}

fn to_json(purge: &PurgeProgress) -> Json {
    let owing = |devices: &[Owing]| -> Vec<Json> {
        let one = |owing: &Owing| {
            json!({
                "device": owing.device.0,
                "staff": owing.staff,
                "since": owing.since.millis(),
            })
        };
        devices.iter().map(one).collect()
    };
    let erased: Vec<Json> = purge
        .erased
        .iter()
        .map(|(device, at)| json!({ "device": device.0, "at": at.millis() }))
        .collect();
    json!({
        "document": purge.document,
        "kind": purge.kind,
        "purged_at": purge.purged_at.millis(),
        "erased": erased,
        "outstanding": owing(&purge.outstanding),
        "shut_out": owing(&purge.shut_out),
    })
}
