//! The network: enrolling this device, and syncing.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use client_core::native::{self, Clock, SystemEntropy, WatchEvent};
use client_core::{LinkEffect, Replica};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use crate::{console, opening};

/// What the relay is told that this program is.
const BUILD: &str = concat!("forecourt ", env!("CARGO_PKG_VERSION"));

/// Makes this device known to a relay, and makes its replica.
pub(crate) fn enrol(
    folder: &Path,
    server: &str,
    certificates: Option<&Path>,
    code: &str,
    name: Option<&str>,
) -> Result<()> {
    // Before the code is used up, which happens once.
    opening::ensure_free(folder)?;
    let certificates = certificates
        .map(|path| {
            fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
        })
        .transpose()?;
    let name = name.unwrap_or("forecourt");
    let identity = native::enrol(
        server,
        certificates.as_deref(),
        code,
        name,
        &mut SystemEntropy,
    )?;
    let replica = Replica::create(folder, &identity, Box::new(SystemEntropy))
        .with_context(|| format!("the replica in {} cannot be made", folder.display()))?;
    console::answer(&json!({
        "device": replica.identity().device,
        "device_name": identity.device_name,
        "staff": identity.staff,
        "staff_name": identity.staff_name,
        "group": identity.group,
        "server": identity.server,
        "server_name": identity.server_name,
    }))
}

/// Sends what waits and fetches what is new, once or until the program is told to end.
pub(crate) fn sync(folder: &Path, watch: bool) -> Result<()> {
    let mut replica = opening::open(folder)?;
    let runtime = runtime()?;
    if watch {
        return runtime.block_on(keep_watching(&mut replica));
    }
    let bar = console::progress("Syncing");
    let report = runtime.block_on(native::sync_once(
        &mut replica,
        &Clock::start(),
        BUILD,
        &mut |effect| follow(&bar, effect),
    ));
    bar.finish_and_clear();
    console::answer(&report?)
}

/// Stays connected until Ctrl-C, and says what happens, one JSON a line.
async fn keep_watching(replica: &mut Replica) -> Result<()> {
    let (stop, mut errands) = mpsc::channel(1);
    let interrupted = tokio::spawn(async move {
        // Where no signal can be waited for, the program ends when it is killed.
        let heard = tokio::signal::ctrl_c().await;
        drop(stop);
        heard
    });
    let mut said: Result<()> = Ok(());
    let mut observe = |event: WatchEvent<'_>| {
        if said.is_ok() {
            said = say(&event);
        }
    };
    let clock = Clock::start();
    native::watch(replica, &clock, BUILD, &mut errands, &mut observe).await?;
    interrupted.abort();
    said
}

fn say(event: &WatchEvent<'_>) -> Result<()> {
    match event {
        WatchEvent::Link(LinkEffect::CaughtUp) => console::answer(&json!({ "event": "caught_up" })),
        WatchEvent::Link(LinkEffect::Changed(documents)) => {
            console::answer(&json!({ "event": "changed", "documents": documents }))
        }
        WatchEvent::Link(LinkEffect::Welcomed { behind, .. }) => {
            console::answer(&json!({ "event": "welcomed", "behind": behind }))
        }
        WatchEvent::Link(LinkEffect::Fetching(progress)) => console::answer(&json!({
            "event": "fetching",
            "documents": progress.documents,
            "documents_done": progress.documents_done,
            "bytes": progress.bytes,
            "bytes_done": progress.bytes_done,
        })),
        WatchEvent::Link(_) => Ok(()),
        WatchEvent::Over {
            statistics,
            error,
            pause,
        } => console::answer(&json!({
            "event": "disconnected",
            "why": error.to_string(),
            "again_in_ms": pause,
            "statistics": statistics,
        })),
    }
}

fn follow(bar: &indicatif::ProgressBar, effect: &LinkEffect) {
    match effect {
        LinkEffect::Welcomed { behind, .. } => {
            bar.set_length(*behind);
            bar.set_position(0);
        }
        LinkEffect::Fetching(progress) => {
            bar.set_length(progress.documents);
            bar.set_position(progress.documents_done);
        }
        LinkEffect::Changed(documents) => bar.inc(documents.len() as u64),
        _ => {}
    }
}

fn runtime() -> Result<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the program's runtime cannot be started")
}
