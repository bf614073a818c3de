//! One connection over a WebSocket.

use dealership::Timestamp;
use futures_util::{FutureExt, SinkExt, StreamExt};
use serde::Serialize;
use sync_protocol::{CloseReason, limits};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::http::uri::InvalidUri;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use crate::link::{Link, LinkEffect, LinkInput, Statistics};
use crate::native::watch::Errand;
use crate::native::{Clock, Server, SyncError};
use crate::replica::Replica;

/// What a synchronisation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What went over the connection.
    #[serde(flatten)]
    pub statistics: Statistics,
    /// How long it took, from dialling, in milliseconds.
    pub milliseconds: u64,
    /// How many batches still wait: the relay cannot decide on them yet.
    pub unsent: u32,
    /// Since when, by this device's clock.
    pub unsent_since: Option<Timestamp>,
}

/// Synchronises once: pushes what waits, reads the log to its end, and leaves.
///
/// Can be interrupted at any point: the next one goes on where this one stood.
///
/// # Errors
///
/// [`SyncError`].
pub async fn sync_once(
    replica: &mut Replica,
    clock: &Clock,
    build: &str,
    observe: &mut dyn FnMut(&LinkEffect),
) -> Result<Report, SyncError> {
    let started = clock.now().monotonic;
    let mut until = Until::Idle;
    let mut statistics = Statistics::default();
    if let Some(mut connection) = Connection::open(replica, clock, build, &mut until).await? {
        match connection.run(replica, clock, observe, &mut until).await? {
            CloseReason::Left(_) => statistics = connection.link.statistics(),
            reason => return Err(SyncError::Closed(Box::new(reason))),
        }
    }
    let waiting = replica.outbox_summary()?;
    Ok(Report {
        statistics,
        milliseconds: clock.now().monotonic.saturating_sub(started),
        unsent: waiting.batches,
        unsent_since: waiting.oldest.map(crate::wire::of_wire_time),
    })
}

/// How long a connection is kept.
pub(super) enum Until<'u> {
    /// Until everything is pushed and read.
    Idle,
    /// Until nobody can bring errands any more.
    Dismissed(&'u mut mpsc::Receiver<Errand>),
}

/// A WebSocket with the link that speaks over it.
pub(super) struct Connection {
    pub(super) link: Link,
    socket: Socket,
    server: String,
}

impl Connection {
    /// Dials the replica's relay; errands run meanwhile. `None` if nobody can bring more.
    pub(super) async fn open(
        replica: &mut Replica,
        clock: &Clock,
        build: &str,
        until: &mut Until<'_>,
    ) -> Result<Option<Self>, SyncError> {
        let server = Server::of(replica.identity())?;
        let mut dialled = std::pin::pin!(dial(&server, clock));
        let socket = loop {
            tokio::select! {
                socket = &mut dialled => break socket?,
                errand = next_errand(until) => match errand {
                    Some(errand) => errand(replica),
                    None => return Ok(None),
                },
            }
        };
        Ok(Some(Self {
            link: Link::new(replica, build)?,
            socket,
            server: server.address(),
        }))
    }

    /// Runs the connection to its end, and says why it ended.
    pub(super) async fn run(
        &mut self,
        replica: &mut Replica,
        clock: &Clock,
        observe: &mut dyn FnMut(&LinkEffect),
        until: &mut Until<'_>,
    ) -> Result<CloseReason, SyncError> {
        let mut input = Some(LinkInput::Opened);
        loop {
            if let Some(input) = input.take() {
                let effects = self.link.handle(replica, clock.now(), input)?;
                if let Some(reason) = self.carry_out(effects, observe).await? {
                    return Ok(reason);
                }
            }
            // What is there already is taken in before anything is stored.
            if let Some(ready) = self.socket.next().now_or_never() {
                input = heard(ready);
                continue;
            }
            let effects = self.link.flush(replica, clock.now())?;
            if let Some(reason) = self.carry_out(effects, observe).await? {
                return Ok(reason);
            }
            if matches!(until, Until::Idle) && self.link.is_idle(replica)? {
                input = Some(LinkInput::Leave);
                continue;
            }
            self.socket
                .flush()
                .await
                .map_err(|error| self.lost(error))?;
            let alarm = self.link.wake_at().map(|at| clock.instant(at));
            input = tokio::select! {
                message = self.socket.next() => heard(message),
                () = ring(alarm) => Some(LinkInput::Tick),
                errand = next_errand(until) => Some(match errand {
                    Some(errand) => {
                        errand(replica);
                        LinkInput::OutboxChanged
                    }
                    None => LinkInput::Leave,
                }),
            };
        }
    }

    /// Does what the link says; the reason if the connection is over.
    async fn carry_out(
        &mut self,
        effects: Vec<LinkEffect>,
        observe: &mut dyn FnMut(&LinkEffect),
    ) -> Result<Option<CloseReason>, SyncError> {
        for effect in effects {
            observe(&effect);
            match effect {
                LinkEffect::Send(frame) => self
                    .socket
                    .feed(Message::Binary(frame.into()))
                    .await
                    .map_err(|error| self.lost(error))?,
                LinkEffect::Close(reason) => {
                    // The last words may not arrive: the connection is over either way.
                    if let Err(error) = self.socket.close(None).await {
                        tracing::debug!(%error, "the connection was gone before it was closed");
                    }
                    return Ok(Some(reason));
                }
                LinkEffect::Welcomed { .. }
                | LinkEffect::Changed(_)
                | LinkEffect::Moved { .. }
                | LinkEffect::CaughtUp => {}
            }
        }
        Ok(None)
    }

    fn lost(&self, error: SocketError) -> SyncError {
        SyncError::Transport {
            server: self.server.clone(),
            source: Box::new(error),
        }
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The WebSocket subprotocol that both ends name.
const SUBPROTOCOL: &str = "forecourt.1";

/// How long dialling may take, in milliseconds.
const DIAL_DEADLINE: u64 = 15_000;

async fn dial(server: &Server, clock: &Clock) -> Result<Socket, SyncError> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(limits::FRAME))
        .max_frame_size(Some(limits::FRAME));
    let connector = server.connector()?;
    let transport = |source| SyncError::Transport {
        server: server.address(),
        source: Box::new(source),
    };
    let address: Uri = server
        .sync_url()
        .parse()
        .map_err(|problem: InvalidUri| transport(SocketError::HttpFormat(problem.into())))?;
    let request = ClientRequestBuilder::new(address).with_sub_protocol(SUBPROTOCOL);
    let dial = connect_async_tls_with_config(request, Some(config), true, connector);
    let deadline = clock.instant(clock.now().monotonic.saturating_add(DIAL_DEADLINE));
    let (socket, _) = tokio::time::timeout_at(deadline, dial)
        .await
        .map_err(|elapsed| transport(SocketError::Io(elapsed.into())))?
        .map_err(transport)?;
    Ok(socket)
}

/// What the socket brought, for the link; `None` for what says nothing.
fn heard(message: Option<Result<Message, SocketError>>) -> Option<LinkInput> {
    match message {
        Some(Ok(Message::Binary(frame))) => Some(LinkInput::Received(frame.into())),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Some(LinkInput::Touched),
        // The protocol has no texts; a relay that sends one says nothing.
        Some(Ok(Message::Text(_) | Message::Frame(_))) => None,
        Some(Ok(Message::Close(_))) | None => Some(LinkInput::Closed),
        Some(Err(error)) => {
            tracing::debug!(%error, "the connection was lost");
            Some(LinkInput::Closed)
        }
    }
}

async fn ring(alarm: Option<tokio::time::Instant>) {
    match alarm {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn next_errand(until: &mut Until<'_>) -> Option<Errand> {
    match until {
        Until::Idle => std::future::pending().await,
        Until::Dismissed(errands) => errands.recv().await,
    }
}
