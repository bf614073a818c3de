//! Devices over real WebSockets.

use std::collections::BTreeSet;
use std::net::TcpStream;

use automerge::{Automerge, ReadDoc};
use dealership::edit::{self, Edits};
use dealership::{Authorship, DocumentId, Kind, Seq, Space, StaffId, Timestamp, Value};
use ed25519_dalek::SigningKey;
use serde_json::json;
use sync_protocol::message::OutboxSummary;
use sync_protocol::{
    Batch, BatchId, ByeCode, ClientConfig, ClientEffect, ClientInput, ClientSession, CloseReason,
    Cursor, Entry, Millis, Outcome, PushedChange, SpaceName, Versions,
};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::process::{Home, Serving};

/// An enrolled device with what it keeps.
struct Device {
    number: u64,
    staff: StaffId,
    key: SigningKey,
    cursor: Option<Cursor>,
    spaces: Vec<SpaceName>,
    entries: Vec<Entry>,
    outbox: Option<Batch>,
    outcome: Option<Outcome>,
}

impl Device {
    fn enrol(home: &Home, relay: &Serving, seed: u8) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let code = home.say(&["device", "code", "--staff", "马超"]);
        let public_key: String = key
            .verifying_key()
            .as_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let body = json!({ "code": code, "public_key": public_key, "device_name": "L1" });
        let (status, answer) = relay.post("/enrol", &body);
        assert_eq!(status, 200, "{answer}");
        Self {
            number: answer["device"].as_u64().unwrap(),
            staff: answer["staff"].as_str().unwrap().parse().unwrap(),
            key,
            cursor: None,
            spaces: Vec::new(),
            entries: Vec::new(),
            outbox: None,
            outcome: None,
        }
    }

    /// Connects, and goes on until `is_done`, or until the session ends.
    fn connect(
        &mut self,
        relay: &Serving,
        mut is_done: impl FnMut(&Self, bool) -> bool,
    ) -> Option<CloseReason> {
        let mut socket = dial(relay, Some("forecourt.1"), None).unwrap();
        let mut session = ClientSession::new(ClientConfig {
            versions: Versions::only(1),
            segments: BTreeSet::new(),
            takes_segments: false,
            device: sync_protocol::DeviceNumber(self.number),
            signing_key: self.key.clone(),
            server_name: Some("relay.example".to_owned()),
            build: "test".to_owned(),
            shapes: 1,
            cursor: self.cursor,
            spaces: self.spaces.clone(),
            outbox: OutboxSummary::default(),
            window: sync_protocol::limits::DEFAULT_WINDOW,
        });
        let clock = sync_protocol::Timestamp(now().millis());
        let mut caught_up = false;
        session.handle(Millis(0), ClientInput::Opened { clock });
        loop {
            while let Some(effect) = session.next_effect() {
                match effect {
                    ClientEffect::Send(frame) => socket.send(Message::binary(frame)).unwrap(),
                    ClientEffect::Welcomed(welcomed) => self.spaces = welcomed.spaces,
                    ClientEffect::Store {
                        entries, cursor, ..
                    } => {
                        self.entries.extend(entries);
                        self.cursor = Some(cursor);
                        let through = cursor.seq;
                        session.handle(Millis(0), ClientInput::Stored { through });
                    }
                    ClientEffect::CaughtUp { .. } => caught_up = true,
                    ClientEffect::Settle { outcome, .. } => self.outcome = Some(outcome),
                    ClientEffect::WantBatches { .. } => {
                        if let Some(batch) = self.outbox.take() {
                            session.handle(Millis(0), ClientInput::Offer(batch));
                        }
                    }
                    ClientEffect::Close(reason) => return Some(reason),
                    other => panic!("version 1 has no {other:?}"),
                }
            }
            if is_done(self, caught_up) {
                return None;
            }
            match socket.read() {
                Ok(Message::Binary(frame)) => {
                    session.handle(Millis(0), ClientInput::Received(frame.to_vec()));
                }
                Ok(Message::Ping(_) | Message::Pong(_)) => {
                    session.handle(Millis(0), ClientInput::Touched);
                }
                Ok(_) | Err(_) => session.handle(Millis(0), ClientInput::Closed),
            }
        }
    }

    /// A batch that makes a store.
    fn make_store(&mut self, number: u8) -> DocumentId {
        let id = DocumentId::from_bytes([number; 16]);
        let mut edits = Edits::default();
        let registers = [("name".to_owned(), Value::from("城东店"))];
        edits.create(id, Kind::Store, Space::Group, registers.into());
        let (_, edits) = edits.by_document().next().unwrap();
        let mut actor = [number; 16];
        actor[8..].copy_from_slice(&self.number.to_be_bytes());
        let mut automerge = Automerge::new();
        automerge.set_actor(actor.into());
        let authorship = Authorship {
            staff: self.staff,
            command: "make_store".to_owned(),
            base_seq: Seq(self.cursor.map_or(0, |cursor| cursor.seq.0)),
        };
        let hash = edit::write(&mut automerge, edits, &authorship, now())
            .unwrap()
            .unwrap();
        let change = PushedChange {
            document: sync_protocol::DocumentId(*id.as_bytes()),
            space: SpaceName::new("group").unwrap(),
            raw: automerge
                .get_change_by_hash(&hash)
                .unwrap()
                .raw_bytes()
                .to_vec(),
        };
        let base_seq = sync_protocol::Seq(authorship.base_seq.0);
        self.outbox = Some(Batch::new(BatchId([number; 16]), base_seq, vec![change]).unwrap());
        id
    }

    fn holds(&self, id: DocumentId) -> bool {
        self.entries.iter().any(|entry| match entry {
            Entry::Change(change) => change.document.0 == *id.as_bytes(),
            Entry::Save(save) => save.document.0 == *id.as_bytes(),
            _ => false,
        })
    }
}

#[test]
fn what_one_device_pushes_another_reads_and_a_restart_forgets_nothing() {
    let home = Home::founded();
    let relay = home.serve();
    let mut one = Device::enrol(&home, &relay, 1);
    let mut other = Device::enrol(&home, &relay, 2);
    assert_eq!(one.connect(&relay, |_, caught_up| caught_up), None);

    let store = one.make_store(7);
    let pushed = one.outbox.clone();
    one.connect(&relay, |one, _| one.outcome.is_some());
    let outcome = one.outcome.take().unwrap();
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    assert_eq!(relay.stop().0, Some(0));

    let relay = home.serve();
    other.connect(&relay, |_, caught_up| caught_up);
    assert!(other.holds(store));
    one.outbox = pushed;
    one.connect(&relay, |one, _| one.outcome.is_some());
    assert_eq!(one.outcome, Some(outcome));
    assert!(home.say(&["verify"]).ends_with("0 problems"));
}

#[test]
fn a_connected_device_is_told_of_what_others_push() {
    let home = Home::founded();
    let relay = home.serve();
    let mut one = Device::enrol(&home, &relay, 1);
    let mut other = Device::enrol(&home, &relay, 2);
    let store = one.make_store(7);
    let mut one = Some(one);
    other.connect(&relay, |other, caught_up| {
        if caught_up && let Some(mut one) = one.take() {
            one.connect(&relay, |one, _| one.outcome.is_some());
        }
        other.holds(store)
    });
}

#[test]
fn a_log_that_went_back_and_nobody_said_so_goes_on_in_a_new_epoch() {
    let home = Home::founded();
    let relay = home.serve();
    let mut device = Device::enrol(&home, &relay, 1);
    assert_eq!(relay.stop().0, Some(0));
    let old = home.path("old.sqlite");
    std::fs::copy(home.database(), &old).unwrap();
    let relay = home.serve();
    let store = device.make_store(7);
    let pushed = device.outbox.clone();
    device.connect(&relay, |device, caught_up| caught_up && device.holds(store));
    assert_eq!(relay.stop().0, Some(0));
    std::fs::copy(&old, home.database()).unwrap();

    let relay = home.serve();
    let first = device.connect(&relay, |_, caught_up| caught_up);
    let epoch = device.cursor.unwrap().epoch;
    let second = device.connect(&relay, |_, caught_up| caught_up);

    assert!(
        matches!(&first, Some(CloseReason::PeerLeft(bye)) if bye.code == ByeCode::Healing),
        "{first:?}"
    );
    assert_eq!(second, None);
    assert_ne!(device.cursor.unwrap().epoch, epoch);
    // What the relay lost it takes again, though its author has seen more than there is.
    device.outbox = pushed;
    device.outcome = None;
    device.connect(&relay, |device, _| device.outcome.is_some());
    assert!(matches!(device.outcome, Some(Outcome::Accepted(_))));
}

#[test]
fn nothing_is_read_again_by_a_device_that_has_it() {
    let home = Home::founded();
    let relay = home.serve();
    let mut device = Device::enrol(&home, &relay, 1);
    device.connect(&relay, |_, caught_up| caught_up);
    let read = device.entries.len();
    assert!(read > 0);
    device.connect(&relay, |_, caught_up| caught_up);
    assert_eq!(device.entries.len(), read);
}

#[test]
fn a_device_with_another_key_is_not_admitted() {
    let home = Home::founded();
    let relay = home.serve();
    let mut device = Device::enrol(&home, &relay, 1);
    device.key = SigningKey::from_bytes(&[9; 32]);
    let ended = device.connect(&relay, |_, _| false);
    assert!(
        matches!(&ended, Some(CloseReason::PeerLeft(bye)) if bye.code == ByeCode::Unproved),
        "{ended:?}"
    );
    assert!(device.entries.is_empty());
}

#[test]
fn a_relay_that_stops_says_when_to_come_back() {
    let home = Home::founded();
    let relay = home.serve();
    let mut device = Device::enrol(&home, &relay, 1);
    let mut is_told = false;
    let ended = device.connect(&relay, |_, caught_up| {
        if caught_up && !is_told {
            is_told = true;
            relay.terminate();
        }
        false
    });
    let Some(CloseReason::PeerLeft(bye)) = ended else {
        panic!("{ended:?}")
    };
    assert_eq!(bye.code, ByeCode::Draining);
    assert!((500..5_000).contains(&bye.retry_ms.unwrap()));
    assert_eq!(relay.ended(), Some(0));
}

#[test]
fn a_newer_connection_of_a_device_replaces_the_one_before() {
    let home = Home::founded();
    let relay = home.serve();
    let mut device = Device::enrol(&home, &relay, 1);
    let mut newer = Some(Device {
        key: device.key.clone(),
        spaces: Vec::new(),
        entries: Vec::new(),
        outbox: None,
        outcome: None,
        ..device
    });
    let ended = device.connect(&relay, |_, caught_up| {
        if caught_up && let Some(mut newer) = newer.take() {
            newer.connect(&relay, |_, caught_up| caught_up);
        }
        false
    });
    assert!(
        matches!(&ended, Some(CloseReason::PeerLeft(bye)) if bye.code == ByeCode::Replaced),
        "{ended:?}"
    );
}

#[test]
fn a_connection_needs_the_subprotocol_and_a_page_of_the_relay() {
    let home = Home::founded();
    let relay = home.serve();
    let status = |subprotocol, origin| match dial(&relay, subprotocol, origin) {
        Ok(_) => 101,
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(status(Some("forecourt.1"), None), 101);
    assert_eq!(status(Some("chat.1"), None), 400);
    assert_eq!(status(None, None), 400);
    assert_eq!(
        status(Some("forecourt.1"), Some("https://evil.example")),
        403
    );
}

#[test]
fn a_text_message_ends_the_connection() {
    let home = Home::founded();
    let relay = home.serve();
    let mut socket = dial(&relay, Some("forecourt.1"), None).unwrap();
    socket.send(Message::text("hello")).unwrap();
    loop {
        match socket.read() {
            Ok(Message::Close(Some(frame))) => return assert_eq!(u16::from(frame.code), 1003),
            Ok(_) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn dial(
    relay: &Serving,
    subprotocol: Option<&str>,
    origin: Option<&str>,
) -> Result<WebSocket<TcpStream>, tungstenite::Error> {
    let url = format!("ws://{}/sync", relay.address);
    let mut request = url.into_client_request()?;
    let headers = request.headers_mut();
    if let Some(subprotocol) = subprotocol {
        headers.insert("Sec-WebSocket-Protocol", subprotocol.parse().unwrap());
    }
    if let Some(origin) = origin {
        headers.insert("Origin", origin.parse().unwrap());
    }
    let stream = TcpStream::connect(relay.address)?;
    match tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::HandshakeError::Failure(error)) => Err(error),
        Err(error) => panic!("{error}"),
    }
}

/// A clock is needed to be believed: the relay compares it with its own.
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp::from_millis(since.unwrap().as_millis() as i64)
}
