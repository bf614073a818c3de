//! One session alone, its peer played by the test.

use ed25519_dalek::{Signer, SigningKey};
use sync_protocol::frame::{decode_client, decode_relay, encode_client, encode_relay};
use sync_protocol::id::{Nonce, SignatureBytes};
use sync_protocol::message::{
    Bye, Challenge, ClientMessage, Entries, Greeting, Hello, OutboxSummary, Reached, RelayMessage,
    Resume, Upgrade, Versions, Welcome,
};
use sync_protocol::{
    Admission, ClientEffect, ClientInput, ClientSession, CloseReason, CursorTag, DeviceNumber,
    Entry, Epoch, Millis, Packed, RelayConfig, RelayEffect, RelayInput, RelaySession, Seq,
    Timestamp, limits, proof,
};

use crate::hub::space;
use crate::replica::Replica;

pub const NOW: Millis = Millis(50_000);
pub const EPOCH: Epoch = Epoch([1; 16]);
pub const NONCE: Nonce = Nonce([9; 32]);

pub fn key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

/// A client session with the test as its relay.
pub struct LoneClient {
    pub session: ClientSession,
    pub now: Millis,
}

impl LoneClient {
    pub fn opened() -> Self {
        let session = ClientSession::new(Replica::new(1).config());
        let mut client = Self { session, now: NOW };
        client.tell(ClientInput::Opened {
            clock: Timestamp(0),
        });
        client
    }

    pub fn greeted() -> Self {
        let mut client = Self::opened();
        let effects = client.hear(challenge());
        assert!(
            matches!(effects[..], [ClientEffect::Send(_)]),
            "{effects:?}"
        );
        client
    }

    /// Admitted at position 0 of a log whose head is 0.
    pub fn live() -> Self {
        let mut client = Self::greeted();
        let effects = client.hear(welcome());
        assert!(
            matches!(
                effects[..],
                [
                    ClientEffect::Welcomed(_),
                    ClientEffect::WantBatches { room: 16, .. }
                ]
            ),
            "{effects:?}"
        );
        client
    }

    pub fn tell(&mut self, input: ClientInput) -> Vec<ClientEffect> {
        self.session.handle(self.now, input);
        std::iter::from_fn(|| self.session.next_effect()).collect()
    }

    pub fn hear(&mut self, message: impl Into<RelayMessage>) -> Vec<ClientEffect> {
        let frame = encode_relay(1, &message.into());
        self.tell(ClientInput::Received(frame))
    }
}

/// A relay session with the test as its device and as its host.
pub struct LoneRelay {
    pub session: RelaySession,
    pub now: Millis,
}

impl LoneRelay {
    pub fn opened() -> Self {
        let session = RelaySession::new(RelayConfig {
            versions: Versions::only(1),
            nonce: NONCE,
            server_name: "relay.example".to_owned(),
            window: limits::DEFAULT_WINDOW,
        });
        let mut relay = Self { session, now: NOW };
        let effects = relay.tell(RelayInput::Opened);
        assert!(matches!(effects[..], [RelayEffect::Send(_)]), "{effects:?}");
        relay
    }

    /// Admitted, at the end of a log at `head`, and told so.
    pub fn live(head: u64) -> Self {
        let mut relay = Self::opened();
        relay.hear(hello(&greeting()));
        relay.tell(RelayInput::Identified {
            public_key: key().verifying_key().to_bytes(),
        });
        relay.tell(RelayInput::Admitted(admission(head)));
        relay
    }

    pub fn tell(&mut self, input: RelayInput) -> Vec<RelayEffect> {
        self.session.handle(self.now, input);
        std::iter::from_fn(|| self.session.next_effect()).collect()
    }

    pub fn hear(&mut self, message: impl Into<ClientMessage>) -> Vec<RelayEffect> {
        let frame = encode_client(1, &message.into());
        self.tell(RelayInput::Received(frame))
    }
}

pub fn challenge() -> Challenge {
    let server_name = "relay.example".to_owned();
    Challenge {
        versions: Versions::only(1),
        nonce: NONCE,
        server_name,
    }
}

pub fn greeting() -> Greeting {
    Greeting {
        versions: Versions::only(1),
        device: DeviceNumber(1),
        build: "forecourt-test 0.1".to_owned(),
        shapes: 3,
        clock: Timestamp(1_600_000_000_000),
        window: limits::DEFAULT_WINDOW,
        outbox: OutboxSummary::default(),
        cursor: None,
        spaces: None,
    }
}

/// A hello signed by [`key`] for [`NONCE`].
pub fn hello(greeting: &Greeting) -> Hello {
    let bytes = minicbor::to_vec(greeting).unwrap();
    let signed = proof::signed_bytes(&NONCE, greeting.device, "relay.example", &bytes);
    let signature = SignatureBytes(key().sign(&signed).to_bytes());
    Hello {
        greeting: bytes,
        signature,
    }
}

pub fn welcome() -> Welcome {
    Welcome {
        version: 1,
        epoch: EPOCH,
        head: Seq(0),
        clock: Timestamp(0),
        resume: Resume::Tail,
        window: limits::DEFAULT_WINDOW,
        upgrade: Upgrade::None,
        spaces: Some(Packed::pack(
            minicbor::to_vec(vec![space("group")]).unwrap(),
        )),
    }
}

pub fn admission(head: u64) -> Admission {
    Admission {
        epoch: EPOCH,
        head: Seq(head),
        cursor_tag_is_valid: true,
        cursor_is_of_a_lost_history: false,
        has_same_spaces: true,
        spaces: vec![space("group")],
        clock: Timestamp(0),
        upgrade: Upgrade::None,
    }
}

pub fn reached(seq: u64) -> Option<Reached> {
    Some(Reached {
        through: Seq(seq),
        tag: CursorTag([seq as u8; 32]),
        states: None,
    })
}

/// A frame of entries that begins after `after` and ends at `through`, the head.
pub fn entries(after: u64, through: u64, entries: &[Entry]) -> Entries {
    let body = entries
        .iter()
        .flat_map(|entry| minicbor::to_vec(entry).unwrap())
        .collect();
    Entries {
        after: Seq(after),
        head: Seq(through),
        reached: reached(through),
        entries: Packed::pack(body),
    }
}

pub fn sent_by_client(effects: &[ClientEffect]) -> Vec<ClientMessage> {
    let frames = effects.iter().filter_map(|effect| match effect {
        ClientEffect::Send(frame) => Some(decode_client(frame[0], frame).unwrap().unwrap()),
        _ => None,
    });
    frames.collect()
}

pub fn sent_by_relay(effects: &[RelayEffect]) -> Vec<RelayMessage> {
    let frames = effects.iter().filter_map(|effect| match effect {
        RelayEffect::Send(frame) => Some(decode_relay(frame[0], frame).unwrap().unwrap()),
        _ => None,
    });
    frames.collect()
}

/// The reason for which a client closed, and the bye it said first.
pub fn client_closed(effects: &[ClientEffect]) -> (CloseReason, Option<Bye>) {
    let Some(ClientEffect::Close(reason)) = effects.last() else {
        panic!("it did not close: {effects:?}");
    };
    let bye = sent_by_client(effects)
        .pop()
        .and_then(|message| match message {
            ClientMessage::Bye(bye) => Some(bye),
            _ => None,
        });
    (reason.clone(), bye)
}

/// The reason for which a relay closed, and the bye it said first.
pub fn relay_closed(effects: &[RelayEffect]) -> (CloseReason, Option<Bye>) {
    let Some(RelayEffect::Close(reason)) = effects.last() else {
        panic!("it did not close: {effects:?}");
    };
    let bye = sent_by_relay(effects)
        .pop()
        .and_then(|message| match message {
            RelayMessage::Bye(bye) => Some(bye),
            _ => None,
        });
    (reason.clone(), bye)
}
