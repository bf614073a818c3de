//! An enrolled device whose owner writes their own client.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

use client_core::Identity;
use client_core::native::{SystemEntropy, enrol};
use ed25519_dalek::SigningKey;
use sync_protocol::message::OutboxSummary;
use sync_protocol::{
    Batch, BatchId, ClientConfig, ClientEffect, ClientInput, ClientSession, Millis, Outcome,
    PushedChange, Seq, SpaceName,
};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use super::{LIMIT, Line, Site};

/// An enrolled device that sends whatever it likes.
pub struct Intruder {
    /// Who it is.
    pub identity: Identity,
    socket: WebSocket<TcpStream>,
    session: ClientSession,
    spaces: Vec<SpaceName>,
    head: Seq,
    batches: u64,
}

impl Intruder {
    /// Enrols it, and connects it until it has read all of the log.
    pub fn enter(site: &Site, staff: &str) -> Self {
        let code = site.administer(&["device", "code", "--staff", staff]);
        let server = format!("http://{}", site.line().address());
        let identity = enrol(&server, None, &code, "intruder", &mut SystemEntropy);
        Self::connect(site.line(), identity.expect("a fresh code"), 0)
    }

    /// The same device over a new connection, which ends the one before.
    pub fn again(&self, site: &Site) -> Self {
        Self::connect(site.line(), self.identity.clone(), self.batches)
    }

    fn connect(line: &Line, identity: Identity, batches: u64) -> Self {
        let session = ClientSession::new(ClientConfig {
            versions: sync_protocol::Versions::only(1),
            segments: std::collections::BTreeSet::new(),
            takes_segments: false,
            device: sync_protocol::DeviceNumber(identity.device.0),
            signing_key: SigningKey::from_bytes(&identity.signing_key),
            server_name: Some(identity.server_name.clone()),
            build: "intruder".to_owned(),
            shapes: 1,
            cursor: None,
            spaces: Vec::new(),
            outbox: OutboxSummary::default(),
            window: sync_protocol::limits::DEFAULT_WINDOW,
        });
        let mut intruder = Self {
            identity,
            socket: dial(line),
            session,
            spaces: Vec::new(),
            head: Seq(0),
            batches,
        };
        let clock = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970");
        let clock = i64::try_from(clock.as_millis()).expect("before the year 292 million");
        let clock = sync_protocol::Timestamp(clock);
        intruder
            .session
            .handle(Millis(0), ClientInput::Opened { clock });
        let ended = intruder.run(None);
        assert!(
            matches!(ended, Ending::CaughtUp),
            "an enrolled device is admitted: {ended:?}"
        );
        intruder
    }

    /// The spaces that it may read.
    pub fn spaces(&self) -> &[SpaceName] {
        &self.spaces
    }

    /// The end of the log as it knows it.
    pub const fn head(&self) -> Seq {
        self.head
    }

    /// Pushes changes as a batch of their own; the verdict, or `None` if the relay closed the
    /// connection instead.
    pub fn push(&mut self, changes: Vec<PushedChange>) -> Option<Outcome> {
        self.batches += 1;
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.identity.device.0.to_be_bytes());
        id[8..].copy_from_slice(&self.batches.to_be_bytes());
        let batch = Batch::new(BatchId(id), self.head, changes).expect("within the limits");
        self.session.handle(Millis(0), ClientInput::OutboxChanged);
        match self.run(Some(batch)) {
            Ending::Verdict(outcome) => Some(outcome),
            Ending::Closed => None,
            Ending::CaughtUp => panic!("a batch got no verdict"),
        }
    }

    /// Sends a message without asking its session, and waits until the relay ends the connection.
    pub fn send_raw(&mut self, message: Message) {
        // The relay may end the connection before it has read all of it.
        let _ended = self.socket.send(message);
        loop {
            match self.socket.read() {
                Ok(message) if message.is_close() => return,
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    panic!("the relay did not end the connection within {LIMIT:?}")
                }
                Err(_) => return,
            }
        }
    }

    fn run(&mut self, mut offer: Option<Batch>) -> Ending {
        let is_pushing = offer.is_some();
        loop {
            while let Some(effect) = self.session.next_effect() {
                match effect {
                    ClientEffect::Send(frame) => {
                        if self.socket.send(Message::binary(frame)).is_err() {
                            return Ending::Closed;
                        }
                    }
                    ClientEffect::Welcomed(welcomed) => self.spaces = welcomed.spaces,
                    ClientEffect::Store { cursor, .. } => {
                        self.head = cursor.seq;
                        let through = cursor.seq;
                        self.session
                            .handle(Millis(0), ClientInput::Stored { through });
                    }
                    ClientEffect::CaughtUp { .. } if !is_pushing => return Ending::CaughtUp,
                    ClientEffect::CaughtUp { .. } => {}
                    ClientEffect::Settle { outcome, .. } => return Ending::Verdict(outcome),
                    ClientEffect::WantBatches { .. } => {
                        if let Some(batch) = offer.take() {
                            self.session.handle(Millis(0), ClientInput::Offer(batch));
                        }
                    }
                    ClientEffect::Close(_) => return Ending::Closed,
                    other => panic!("version 1 has no {other:?}"),
                }
            }
            let input = match self.socket.read() {
                Ok(Message::Binary(frame)) => ClientInput::Received(frame.to_vec()),
                Ok(Message::Ping(_) | Message::Pong(_)) => ClientInput::Touched,
                Ok(_) | Err(_) => ClientInput::Closed,
            };
            self.session.handle(Millis(0), input);
        }
    }
}

/// How a turn with the relay ended.
#[derive(Debug)]
enum Ending {
    CaughtUp,
    Verdict(Outcome),
    Closed,
}

/// Opens a WebSocket that is given up when nothing comes for long.
fn dial(line: &Line) -> WebSocket<TcpStream> {
    let mut request = format!("ws://{}/sync", line.address())
        .into_client_request()
        .expect("a URL");
    let subprotocol = "forecourt.1".parse().expect("a header");
    request
        .headers_mut()
        .insert("Sec-WebSocket-Protocol", subprotocol);
    let stream = TcpStream::connect(line.address()).expect("the line is laid");
    stream.set_read_timeout(Some(LIMIT)).expect("a socket");
    let (socket, _) = tungstenite::client(request, stream).expect("the relay serves");
    socket
}
