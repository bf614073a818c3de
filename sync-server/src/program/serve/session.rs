//! One connection: between a socket and a session that does no IO.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use dealership::{DeviceNumber, Seq, Space, StaffId};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use sync_protocol::id::Nonce;
use sync_protocol::message::Later;
use sync_protocol::{
    Batch, BatchId, Bye, ByeCode, CloseReason, Epoch, Greeting, Outcome, RelayConfig, RelayEffect,
    RelayInput, RelaySession, SpaceName, Versions, Walk, limits as wire_limits,
};
use sync_server::relay::{Admittance, Directory, Pushed};
use sync_server::wire;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::connections::Permit;
use super::devices::Connected;
use super::pace::Pace;
use super::{Hub, limits, segments};
use crate::clock;
use crate::folder::random;

/// How long a device waits with a batch that nobody could judge, in milliseconds.
const PAUSE: u32 = 5_000;

/// Runs a connection from its opening to its end.
pub(super) async fn run(hub: Arc<Hub>, socket: WebSocket, permit: Arc<Permit>) {
    let Ok(nonce) = random() else {
        tracing::error!("no randomness for a nonce");
        return;
    };
    let session = RelaySession::new(RelayConfig {
        versions: Versions::SPOKEN,
        nonce: Nonce(nonce),
        server_name: hub.server_name.clone(),
        window: wire_limits::DEFAULT_WINDOW,
    });
    let connection = Connection {
        head: hub.writer.head(),
        directory: hub.writer.directory(),
        epoch: hub.writer.epoch(),
        hub,
        socket,
        session,
        known: None,
        guest: None,
        permit,
        pace: Pace::of_messages(),
        readable_from: None,
        is_draining: false,
    };
    metrics::gauge!("forecourt_sessions").increment(1.0);
    connection.run().await;
    metrics::gauge!("forecourt_sessions").decrement(1.0);
}

struct Connection {
    hub: Arc<Hub>,
    socket: WebSocket,
    session: RelaySession,
    head: watch::Receiver<Seq>,
    directory: watch::Receiver<Arc<Directory>>,
    epoch: watch::Receiver<Epoch>,
    /// Who it says it is; proved when it is a guest.
    known: Option<(DeviceNumber, StaffId)>,
    guest: Option<Guest>,
    /// Held as long as the connection.
    permit: Arc<Permit>,
    pace: Pace,
    /// When the socket is read again, if it was read too fast.
    readable_from: Option<Instant>,
    is_draining: bool,
}

/// A device that came in.
struct Guest {
    epoch: Epoch,
    spaces: Arc<BTreeSet<Space>>,
    shapes: u32,
    clock_trusted: bool,
    connected: Connected,
}

/// What a turn of the connection was woken by.
enum Event {
    Message(Option<Result<Message, axum::Error>>),
    Readable,
    Verdict(BatchId, Outcome),
    Head,
    Directory,
    Epoch,
    Replaced,
    Stopping,
    Ping,
    Tick,
}

/// The connection has ended.
struct Ended;

impl Connection {
    async fn run(mut self) {
        let mut verdicts = FuturesUnordered::new();
        let mut pings = tokio::time::interval_at(Instant::now() + ping_every(), ping_every());
        pings.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        self.tell(RelayInput::Opened);
        loop {
            let Ok(batches) = self.perform().await else {
                return;
            };
            for batch in batches {
                let id = batch.id();
                let Some(pushed) = self.pushed(batch) else {
                    return;
                };
                // Waits while the writer has its hands full; the socket is not read meanwhile.
                let outcome = self.hub.writer.accept(pushed).await;
                verdicts.push(async move {
                    let later = Outcome::Later(Later { retry_ms: PAUSE });
                    (id, outcome.await.unwrap_or(later))
                });
            }
            let monotonic = self.hub.clock;
            let wake_at = self.session.wake_at().map(|at| monotonic.at(at));
            let event = tokio::select! {
                biased;
                // What ends the session comes before what the peer sends: it may send without end.
                Ok(()) = self.directory.changed() => Event::Directory,
                Ok(()) = self.epoch.changed() => Event::Epoch,
                () = replaced(self.guest.as_ref()), if self.guest.is_some() => Event::Replaced,
                () = self.hub.stopping.cancelled(), if !self.is_draining => Event::Stopping,
                () = until(wake_at), if wake_at.is_some() => Event::Tick,
                _ = pings.tick() => Event::Ping,
                Some((batch, outcome)) = verdicts.next() => Event::Verdict(batch, outcome),
                message = self.socket.recv(), if self.readable_from.is_none() => {
                    Event::Message(message)
                }
                () = until(self.readable_from), if self.readable_from.is_some() => Event::Readable,
                Ok(()) = self.head.changed() => Event::Head,
            };
            if self.take(event).await.is_err() {
                return;
            }
        }
    }

    /// Turns what happened into what the session is told.
    async fn take(&mut self, event: Event) -> Result<(), Ended> {
        match event {
            Event::Message(message) => return self.receive(message).await,
            Event::Readable => self.readable_from = None,
            Event::Verdict(batch, outcome) => self.tell(RelayInput::Verdict { batch, outcome }),
            Event::Head => {
                let head = wire::seq(*self.head.borrow_and_update());
                self.tell(RelayInput::HeadMoved { head });
            }
            Event::Directory => self.look_up_spaces(),
            Event::Epoch => self.look_up_epoch(),
            Event::Replaced => {
                let text = "the device opened a newer connection";
                self.dismiss(ByeCode::Replaced, text);
            }
            Event::Stopping => {
                self.is_draining = true;
                let retry_ms = retry_after_restart();
                self.tell(RelayInput::Drain { retry_ms });
            }
            Event::Ping => return self.send(Message::Ping(axum::body::Bytes::new())).await,
            Event::Tick => self.tell(RelayInput::Tick),
        }
        Ok(())
    }

    async fn receive(
        &mut self,
        message: Option<Result<Message, axum::Error>>,
    ) -> Result<(), Ended> {
        match message {
            Some(Ok(Message::Binary(frame))) => {
                self.pay();
                self.tell(RelayInput::Received(frame.into()));
                Ok(())
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                self.pay();
                self.tell(RelayInput::Touched);
                Ok(())
            }
            Some(Ok(Message::Text(_))) => {
                self.close(1003, "frames are binary").await;
                Err(Ended)
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => {
                self.tell(RelayInput::Closed);
                Ok(())
            }
        }
    }

    /// Counts a message, and leaves the socket alone for a while if it was one too many.
    fn pay(&mut self) {
        let pause = self.pace.take(1);
        self.readable_from = pause.map(|pause| Instant::now() + pause);
    }

    fn tell(&mut self, input: RelayInput) {
        let now = self.hub.clock.now();
        self.session.handle(now, input);
    }

    fn dismiss(&mut self, code: ByeCode, text: &str) {
        self.tell(RelayInput::Dismiss(Bye::new(code, text)));
    }

    /// Does what the session wants, and gives the batches that it wants judged.
    async fn perform(&mut self) -> Result<Vec<Batch>, Ended> {
        let mut batches = Vec::new();
        while let Some(effect) = self.session.next_effect() {
            match effect {
                RelayEffect::Send(frame) => self.send(Message::Binary(frame.into())).await?,
                RelayEffect::Identify { device } => self.identify(device).await,
                RelayEffect::Admit(greeting) => self.admit(greeting).await,
                RelayEffect::Read { after, walk } => self.read(after, walk).await,
                RelayEffect::Offer { spaces, after } => self.offer(&spaces, after).await,
                RelayEffect::Accept(batch) => batches.push(batch),
                RelayEffect::RollbackProved(cursor) => self.hub.writer.heal(cursor).await,
                RelayEffect::Erased { through } => {
                    if let Some((device, _)) = self.known {
                        let through = wire::domain_seq(through);
                        self.hub.writer.note_erased(device, through).await;
                    }
                }
                RelayEffect::Close(reason) => {
                    self.end(&reason).await;
                    return Err(Ended);
                }
            }
        }
        Ok(batches)
    }

    async fn identify(&mut self, device: sync_protocol::DeviceNumber) {
        let number = wire::domain_device(device);
        let found = self.hub.readers.ask(move |desk| desk.identify(number));
        match found.await {
            Ok(Some(row)) => {
                self.known = Some((number, row.staff));
                let public_key = row.public_key;
                self.tell(RelayInput::Identified { public_key });
            }
            Ok(None) => self.tell(RelayInput::UnknownDevice),
            Err(error) => self.fail(&error),
        }
    }

    async fn admit(&mut self, greeting: Greeting) {
        // Seen before the desk looks, so that no change after it is missed.
        self.directory.mark_unchanged();
        let device = wire::domain_device(greeting.device);
        let now = clock::now();
        let admitted = self.hub.readers.ask(move |desk| desk.admit(now, &greeting));
        match admitted.await {
            Ok(Admittance::Admitted(guest)) => {
                self.permit.prove();
                self.guest = Some(Guest {
                    epoch: guest.admission.epoch,
                    spaces: Arc::new(guest.spaces),
                    shapes: guest.shapes,
                    clock_trusted: guest.clock_trusted,
                    connected: self.hub.devices.connect(device),
                });
                self.tell(RelayInput::Admitted(guest.admission));
                if guest.is_awaited {
                    self.hub.writer.note_synced(device).await;
                }
                if let Some(through) = guest.has_erased {
                    self.hub.writer.note_erased(device, through).await;
                }
                // The log may have grown while the desk looked.
                let head = wire::seq(*self.head.borrow_and_update());
                self.tell(RelayInput::HeadMoved { head });
            }
            Ok(Admittance::Dismissed(bye)) => self.tell(RelayInput::Dismiss(bye)),
            Err(error) => self.fail(&error),
        }
    }

    async fn read(&mut self, after: sync_protocol::Seq, walk: Walk) {
        let Some((guest, (device, _))) = self.guest.as_ref().zip(self.known) else {
            return;
        };
        let spaces = Arc::clone(&guest.spaces);
        let after = wire::domain_seq(after);
        let answer = self.hub.readers.ask(move |desk| {
            // Asked each time: nobody is read a page after their rights were taken.
            if desk.may_read(device, &spaces)? {
                desk.read(&spaces, after, walk).map(Some)
            } else {
                Ok(None)
            }
        });
        match answer.await {
            Ok(Some(answer)) => self.tell(RelayInput::Log(answer)),
            Ok(None) => self.dismiss(ByeCode::SpacesChanged, "the device's spaces changed"),
            Err(error) => self.fail(&error),
        }
    }

    /// Lists the segments of what the device lacks, of spaces that it was welcomed with.
    async fn offer(&mut self, spaces: &[SpaceName], after: sync_protocol::Seq) {
        let Some((guest, (device, _))) = self.guest.as_ref().zip(self.known) else {
            return;
        };
        let named = spaces.iter().filter_map(|name| name.as_str().parse().ok());
        let wanted = named.filter(|space| guest.spaces.contains(space));
        let wanted = wanted.collect();
        match segments::offer(&self.hub, device, wanted, wire::domain_seq(after)).await {
            Ok(offer) => self.tell(RelayInput::Offered(offer)),
            Err(error) => self.fail(&error),
        }
    }

    fn pushed(&self, batch: Batch) -> Option<Pushed> {
        let (guest, (device, _)) = self.guest.as_ref().zip(self.known)?;
        Some(Pushed {
            device,
            shapes: guest.shapes,
            clock_trusted: guest.clock_trusted,
            batch,
        })
    }

    /// Ends the session of a device whose spaces are no longer those it was welcomed with.
    fn look_up_spaces(&mut self) {
        let directory = Arc::clone(&self.directory.borrow_and_update());
        let Some((guest, (device, staff))) = self.guest.as_ref().zip(self.known) else {
            return;
        };
        match directory.author(staff, device) {
            Some(author) if author.spaces == *guest.spaces => {}
            Some(_) => self.dismiss(ByeCode::SpacesChanged, "the device's spaces changed"),
            None => self.dismiss(ByeCode::Denied, "the device's owner is no longer admitted"),
        }
    }

    /// Ends the session of a device that was welcomed to an earlier life of the log.
    fn look_up_epoch(&mut self) {
        let epoch = *self.epoch.borrow_and_update();
        if self
            .guest
            .as_ref()
            .is_some_and(|guest| guest.epoch != epoch)
        {
            let text = "the relay's log has lost entries and goes on in a new epoch";
            self.dismiss(ByeCode::Healing, text);
        }
    }

    fn fail(&mut self, error: &anyhow::Error) {
        tracing::error!(error = format!("{error:#}"), "a session was failed");
        self.dismiss(ByeCode::Failed, "the relay failed");
    }

    async fn send(&mut self, message: Message) -> Result<(), Ended> {
        match timeout(limits::SEND, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Ended),
            Err(_) => {
                metrics::counter!("forecourt_slow_devices_total").increment(1);
                Err(Ended)
            }
        }
    }

    async fn end(&mut self, reason: &CloseReason) {
        let device = self.known.map(|(device, _)| device.0);
        tracing::debug!(device, %reason, "a session ended");
        let (code, text) = match reason {
            CloseReason::Unproved => (4401, "not proved"),
            CloseReason::Decode(_) | CloseReason::Violation(_) => (1002, "not the protocol"),
            CloseReason::Left(bye) if bye.code == ByeCode::Draining => (1012, "restarting"),
            CloseReason::HostFault(_) => (1011, "the relay failed"),
            CloseReason::Disconnected => return,
            _ => (1000, "bye"),
        };
        self.close(code, text).await;
    }

    async fn close(&mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        // The connection ends either way.
        let _ended = self.send(Message::Close(Some(frame))).await;
    }
}

async fn until(at: Option<Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at).await;
    }
}

async fn replaced(guest: Option<&Guest>) {
    if let Some(guest) = guest {
        guest.connected.replaced().await;
    }
}

/// Connections that began together do not ping together.
fn ping_every() -> Duration {
    let [byte] = random().unwrap_or([128]);
    limits::PING.mul_f64(0.8 + 0.4 * f64::from(byte) / 255.0)
}

/// Devices that are sent away together do not come back together.
fn retry_after_restart() -> u32 {
    let (from, to) = limits::RETRY_AFTER_RESTART;
    let spread = to.saturating_sub(from).max(1);
    let drawn = u32::from_be_bytes(random().unwrap_or_default());
    from.saturating_add(drawn.checked_rem(spread).unwrap_or(0))
}
