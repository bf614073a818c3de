//! One connection over a WebSocket.

use std::collections::VecDeque;
use std::task::ready;
use std::time::Duration;

use dealership::Timestamp;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{FutureExt, SinkExt, StreamExt};
use serde::Serialize;
use sync_protocol::{CloseReason, limits};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::http::uri::InvalidUri;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use crate::link::{Link, LinkEffect, LinkInput, Statistics};
use crate::native::fetch::Fetcher;
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
///
/// What the link wants sent waits in `unsent` and goes out beside everything else: a relay that
/// takes nothing, or a network that swallows it, keeps no errand and no farewell from being heard.
pub(super) struct Connection<T = MaybeTlsStream<TcpStream>> {
    pub(super) link: Link,
    sink: SplitSink<WebSocketStream<T>, Message>,
    stream: SplitStream<WebSocketStream<T>>,
    unsent: VecDeque<Message>,
    fetcher: Fetcher,
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
        Ok(Some(Self::over(replica, build, socket, server.clone())?))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Connection<T> {
    fn over(
        replica: &Replica,
        build: &str,
        socket: WebSocketStream<T>,
        server: Server,
    ) -> Result<Self, SyncError> {
        let (sink, stream) = socket.split();
        Ok(Self {
            link: Link::new(replica, build)?,
            sink,
            stream,
            unsent: VecDeque::new(),
            server: server.address(),
            fetcher: Fetcher::of(server),
        })
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
        // What the socket says to itself, as the answer to a ping, is flushed too.
        let mut is_flushed = false;
        loop {
            if let Some(input) = input.take() {
                let effects = self.link.handle(replica, clock.now(), input)?;
                is_flushed = false;
                if let Some(reason) = self.carry_out(effects, observe).await {
                    return Ok(reason);
                }
            }
            // What is there already is taken in before anything is stored.
            if let Some(ready) = self.stream.next().now_or_never() {
                is_flushed = false;
                input = heard(ready);
                continue;
            }
            let effects = self.link.flush(replica, clock.now())?;
            is_flushed &= effects.is_empty();
            if let Some(reason) = self.carry_out(effects, observe).await {
                return Ok(reason);
            }
            if matches!(until, Until::Idle) && self.link.is_idle(replica)? {
                input = Some(LinkInput::Leave);
                continue;
            }
            tidy_up(replica);
            let alarm = self.link.wake_at().map(|at| clock.instant(at));
            input = tokio::select! {
                message = self.stream.next() => {
                    is_flushed = false;
                    heard(message)
                }
                sent = send(&mut self.sink, &mut self.unsent), if !is_flushed => {
                    sent.map_err(|error| lost(&self.server, error))?;
                    is_flushed = true;
                    None
                }
                fetched = self.fetcher.next() => Some(fetched),
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
    ) -> Option<CloseReason> {
        for effect in effects {
            observe(&effect);
            match effect {
                LinkEffect::Send(frame) => {
                    self.unsent.push_back(Message::Binary(frame.into()));
                }
                LinkEffect::Fetch { segment, bearer } => self.fetcher.fetch(segment, bearer),
                LinkEffect::Close(reason) => {
                    self.say_goodbye().await;
                    return Some(reason);
                }
                LinkEffect::Welcomed { .. }
                | LinkEffect::Fetching(_)
                | LinkEffect::Changed(_)
                | LinkEffect::Moved { .. }
                | LinkEffect::CaughtUp => {}
            }
        }
        None
    }

    /// Sends the last words, and closes. They may not arrive: the connection is over either way.
    async fn say_goodbye(&mut self) {
        let last_words = async {
            send(&mut self.sink, &mut self.unsent).await?;
            self.sink.close().await
        };
        match tokio::time::timeout(LAST_WORDS, last_words).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(%error, "the connection was gone before it was closed");
            }
            Err(_) => tracing::debug!("the relay did not take the last words"),
        }
    }
}

/// Uses a moment in which nothing is waiting. What fails is tried again in the next one.
pub(super) fn tidy_up(replica: &mut Replica) {
    if let Err(error) = replica.tidy_up() {
        tracing::warn!(%error, "the write-ahead log stays long");
    }
}

fn lost(server: &str, error: SocketError) -> SyncError {
    SyncError::Transport {
        server: server.to_owned(),
        source: Box::new(error),
    }
}

/// Sends what waits and flushes it. Nothing is lost if it is given up half-way: a message leaves
/// the queue when the socket takes it.
async fn send<T: AsyncRead + AsyncWrite + Unpin>(
    sink: &mut SplitSink<WebSocketStream<T>, Message>,
    unsent: &mut VecDeque<Message>,
) -> Result<(), SocketError> {
    std::future::poll_fn(|context| {
        while !unsent.is_empty() {
            ready!(sink.poll_ready_unpin(context))?;
            if let Some(message) = unsent.pop_front() {
                sink.start_send_unpin(message)?;
            }
        }
        sink.poll_flush_unpin(context)
    })
    .await
}

/// How long a relay may take over the last words of a connection.
const LAST_WORDS: Duration = Duration::from_secs(2);

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

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;
    use crate::testing::LI_NA;

    /// The frame that a relay begins with.
    fn challenge() -> Message {
        use sync_protocol::{Millis, RelayConfig, RelayEffect, RelayInput, RelaySession};
        let mut session = RelaySession::new(RelayConfig {
            versions: sync_protocol::Versions::SPOKEN,
            nonce: sync_protocol::id::Nonce([1; 32]),
            server_name: "relay".to_owned(),
            window: limits::DEFAULT_WINDOW,
        });
        session.handle(Millis(0), RelayInput::Opened);
        match session.next_effect() {
            Some(RelayEffect::Send(frame)) => Message::Binary(frame.into()),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_relay_that_takes_nothing_keeps_nobody_from_working_and_from_leaving() {
        // The wire holds so little that the device's hello does not fit.
        let (ours, theirs) = tokio::io::duplex(64);
        let mut replica = LI_NA.replica();
        let socket = WebSocketStream::from_raw_socket(ours, Role::Client, None).await;
        let server = Server::new("http://127.0.0.1:1", None).unwrap();
        let mut connection = Connection::over(&replica, "test", socket, server).unwrap();
        let (errands, mut wanted) = mpsc::channel::<Errand>(1);
        let (done, errand_done) = tokio::sync::oneshot::channel();
        let relay = async {
            let mut relay = WebSocketStream::from_raw_socket(theirs, Role::Server, None).await;
            relay.send(challenge()).await.unwrap();
            // And from now on it reads nothing.
            let errand: Errand = Box::new(move |replica| {
                done.send(replica.outbox_summary().unwrap().batches)
                    .unwrap();
            });
            errands.send(errand).await.unwrap();
            assert_eq!(errand_done.await.unwrap(), 0);
            drop(errands);
            relay
        };
        let clock = Clock::start();
        let mut until = Until::Dismissed(&mut wanted);
        let mut observe = |_: &LinkEffect| {};
        let device = connection.run(&mut replica, &clock, &mut observe, &mut until);

        let (ended, _relay) = tokio::join!(device, relay);

        assert!(matches!(ended, Ok(CloseReason::Left(_))), "{ended:?}");
    }
}
