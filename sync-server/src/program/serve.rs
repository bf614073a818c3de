//! Serving: one thread writes, a few read, each connection is a task.
//!
//! ```text
//! socket ─► session ─► batch ─► writer ─► commit ─► verdict
//!              ▲                              │
//!              └── page ◄── readers ◄── head ◄┘
//! ```
//!
//! A session is told that the log has grown and reads it from where its device stands. So a slow
//! device costs a slow device, and nothing is pushed from memory.

mod accept_loop;
mod connections;
mod devices;
mod enrol;
mod health;
mod limits;
mod network;
mod pace;
mod readers;
mod routes;
mod segments;
mod session;
mod sync;
mod tls;
mod tolled;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use dealership::Seq;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use sync_server::relay::verify_log;
use sync_server::store::ReadStore;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{self, Monotonic};
use crate::folder::Folder;
use crate::logging;
use crate::settings::Settings;
use connections::Connections;
use devices::Devices;
use enrol::Tries;
use readers::Readers;
use writer::{Writer, WriterHandle};

/// What every task of the program shares.
pub(crate) struct Hub {
    settings: Settings,
    server_name: String,
    writer: WriterHandle,
    readers: Readers,
    devices: Devices,
    tries: Tries,
    connections: Arc<Connections>,
    /// Held while spaces are packed, so that those who want the same wait for it.
    packing: tokio::sync::Mutex<()>,
    clock: Monotonic,
    metrics: PrometheusHandle,
    /// Begins the end: nothing new comes in, sessions drain.
    stopping: CancellationToken,
    /// Every connection, upgraded ones too.
    tasks: TaskTracker,
}

/// Serves until a signal says to stop, or the writer fails.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    logging::start(settings)?;
    refuse_plain_text_for_others(settings)?;
    let tls = tls::acceptor(settings)?;
    let folder = Folder::of(settings);
    folder.must_hold_a_group()?;
    let _lock = folder.lock()?;
    let key = folder.key()?;
    let relay = folder.relay(settings.cached_documents)?;
    check(&folder)?;
    relay
        .check_clock(clock::now())
        .context("set the clock of this machine first")?;
    let server_name = relay.group().server_name.clone();
    let readers = Readers::open(
        &folder,
        settings.readers,
        key,
        Arc::clone(relay.directory()),
    )?;
    let metrics = PrometheusBuilder::new().build_recorder();
    let handle = metrics.handle();
    // The only recorder of the program.
    metrics::set_global_recorder(metrics).context("the metrics cannot be kept")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no threads to serve on")?;
    let stopping = CancellationToken::new();
    let writer = Writer::start(relay, stopping.clone())?;
    runtime.block_on(async {
        let hub = Arc::new(Hub {
            settings: settings.clone(),
            server_name,
            writer: writer.handle(),
            readers: readers.following(&writer),
            devices: Devices::default(),
            tries: Tries::default(),
            connections: Arc::new(Connections::new(settings)),
            packing: tokio::sync::Mutex::default(),
            clock: Monotonic::start(),
            metrics: handle,
            stopping: stopping.clone(),
            tasks: TaskTracker::new(),
        });
        serve(hub, tls).await
    })?;
    drop(runtime);
    writer.finish()
}

async fn serve(hub: Arc<Hub>, tls: Option<tokio_rustls::TlsAcceptor>) -> Result<()> {
    let listener = accept_loop::bind(hub.settings.listen)?;
    let address = listener.local_addr().context("no address to listen on")?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    tracing::info!(%address, scheme, "serving");
    let mut terminate = signal(SignalKind::terminate()).context("no signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("no signals")?;
    hub.tasks.spawn(upkeep(Arc::clone(&hub)));
    let accepting = accept_loop::run(Arc::clone(&hub), listener, tls);
    let mut accepting = std::pin::pin!(accepting);
    tokio::select! {
        () = &mut accepting => {}
        _ = terminate.recv() => tracing::info!("told to stop"),
        _ = interrupt.recv() => tracing::info!("told to stop"),
        () = hub.stopping.cancelled() => {}
    }
    hub.stopping.cancel();
    hub.tasks.close();
    let patience = Duration::from_secs(hub.settings.drain_seconds);
    if tokio::time::timeout(patience, hub.tasks.wait())
        .await
        .is_err()
    {
        tracing::warn!(left = hub.tasks.len(), "connections were cut off");
    }
    Ok(())
}

/// Gives the store and the metrics time, once a second.
async fn upkeep(hub: Arc<Hub>) {
    let mut every_second = tokio::time::interval(Duration::from_secs(1));
    every_second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            _ = every_second.tick() => {
                hub.writer.tidy_up();
                hub.metrics.run_upkeep();
            }
            () = hub.stopping.cancelled() => return,
        }
    }
}

/// Looks at the database before it is served: all of its pages, and the end of its log.
fn check(folder: &Folder) -> Result<()> {
    let store = folder.reading_store()?;
    let head = store.head()?;
    let after = Seq(head.seq.0.saturating_sub(limits::CHECKED_ENTRIES));
    let mut problems = store.problems_at_a_glance()?;
    problems.extend(verify_log(&store, after)?.problems);
    if let Some(problem) = problems.first() {
        let database = folder.database();
        bail!(
            "{} is damaged: {problem}; restore a backup",
            database.display()
        );
    }
    tracing::info!(entries = head.seq.0, "the database is sound");
    Ok(())
}

fn refuse_plain_text_for_others(settings: &Settings) -> Result<()> {
    if settings.tls_cert.is_none() && !settings.listen.ip().is_loopback() {
        bail!(
            "{} is not loopback, and without --tls-cert and --tls-key everyone on the way could \
             read along",
            settings.listen
        );
    }
    Ok(())
}
