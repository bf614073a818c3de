//! Devices that are connected and do nothing but listen: the crowd in front of a relay.

use client_core::native::Clock;
use ed25519_dalek::SigningKey;
use futures_util::{SinkExt as _, StreamExt as _};
use sync_protocol::message::OutboxSummary;
use sync_protocol::{
    ClientConfig, ClientEffect, ClientInput, ClientSession, DeviceNumber, Millis, Timestamp,
};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Who a listener is.
#[derive(Clone)]
pub struct Credentials {
    /// Its device's number.
    pub device: u64,
    /// The key that it proves itself with.
    pub signing_key: [u8; 32],
    /// The name of its relay.
    pub server_name: String,
}

/// A connection that was caught up once.
pub struct Listener {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: ClientSession,
}

impl Listener {
    /// Connects to the relay at an address (`http://…`) and reads all of the log; `None` if the
    /// relay or the machine takes no more.
    pub async fn enter(address: &str, who: &Credentials) -> Option<Self> {
        let address = address.replacen("http", "ws", 1);
        let mut request = format!("{address}/sync")
            .into_client_request()
            .expect("a URL");
        let subprotocol = "forecourt.1".parse().expect("a header");
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", subprotocol);
        let (socket, _) = connect_async(request).await.ok()?;
        let mut session = ClientSession::new(ClientConfig {
            versions: sync_protocol::Versions::only(1),
            segments: std::collections::BTreeSet::new(),
            takes_segments: false,
            device: DeviceNumber(who.device),
            signing_key: SigningKey::from_bytes(&who.signing_key),
            server_name: Some(who.server_name.clone()),
            build: "bench".to_owned(),
            shapes: 1,
            cursor: None,
            spaces: Vec::new(),
            outbox: OutboxSummary::default(),
            window: sync_protocol::limits::DEFAULT_WINDOW,
        });
        let clock = Timestamp(Clock::wall().millis());
        session.handle(Millis(0), ClientInput::Opened { clock });
        let mut listener = Self { socket, session };
        listener.listen(true).await.then_some(listener)
    }

    /// The socket alone, to say on it whatever one likes.
    pub fn into_stream(self) -> Option<TcpStream> {
        match self.socket.into_inner() {
            MaybeTlsStream::Plain(stream) => Some(stream),
            _ => None,
        }
    }

    /// Takes in what comes until the connection ends.
    pub async fn stay(mut self) {
        self.listen(false).await;
    }

    /// Whether it has caught up, if that is all it wants.
    async fn listen(&mut self, until_caught_up: bool) -> bool {
        loop {
            while let Some(effect) = self.session.next_effect() {
                match effect {
                    ClientEffect::Send(frame) => {
                        let sent = self.socket.send(Message::binary(frame)).await;
                        if sent.is_err() {
                            return false;
                        }
                    }
                    ClientEffect::Store { cursor, .. } => {
                        let through = cursor.seq;
                        self.session
                            .handle(Millis(0), ClientInput::Stored { through });
                    }
                    ClientEffect::CaughtUp { .. } if until_caught_up => return true,
                    ClientEffect::Close(_) => return false,
                    _ => {}
                }
            }
            let input = match self.socket.next().await {
                Some(Ok(Message::Binary(frame))) => ClientInput::Received(frame.to_vec()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => ClientInput::Touched,
                _ => ClientInput::Closed,
            };
            self.session.handle(Millis(0), input);
        }
    }
}
