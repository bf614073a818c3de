//! Frames and what is in them.

use ed25519_dalek::{Signer as _, SigningKey};
use sync_protocol::frame::{decode_client, decode_relay, encode_client, encode_relay};
use sync_protocol::id::{Nonce, SignatureBytes};
use sync_protocol::message::{
    Challenge, ClientMessage, Hello, OutboxSummary, RelayMessage, Versions, Welcome,
};
use sync_protocol::{
    ClientConfig, ClientEffect, ClientInput, ClientSession, DeviceNumber, Epoch, Millis,
    RelayConfig, RelayEffect, RelayInput, RelaySession, Resume, Seq, SpaceName, Timestamp, Upgrade,
    limits, proof,
};
use sync_server::relay::Admittance;
use sync_server::wire;

use super::world::World;

/// The key of every device here.
const KEY: [u8; 32] = [1; 32];

/// The relay's name.
const SERVER: &str = "relay.test";

const GOLDEN: [&str; 3] = [
    include_str!("../../../sync-protocol/golden/v1-relay.txt"),
    include_str!("../../../sync-protocol/golden/v1-client.txt"),
    include_str!("../../../sync-protocol/golden/v1-entries.txt"),
];

/// A frame, of either end.
pub(super) fn frames(_: &mut World, bytes: &[u8]) {
    match decode_relay(1, bytes) {
        Ok(Some(message)) => {
            let again = encode_relay(1, &message);
            assert_eq!(decode_relay(1, &again).expect("it was read"), Some(message));
        }
        Ok(None) => {}
        Err(error) => assert!(error.to_string().len() > 10, "{error:?}"),
    }
    match decode_client(1, bytes) {
        Ok(Some(message)) => {
            let again = encode_client(1, &message);
            assert_eq!(
                decode_client(1, &again).expect("it was read"),
                Some(message)
            );
        }
        Ok(None) => {}
        Err(error) => assert!(error.to_string().len() > 10, "{error:?}"),
    }
}

/// A body of entries: the first byte says whether it is deflated.
pub(super) fn entries(_: &mut World, bytes: &[u8]) {
    let (first, body) = bytes.split_first().unwrap_or((&0, &[]));
    let effects = hear(&mut live_device(), frame_of_entries(first % 2, body));
    let is_over = matches!(effects.last(), Some(ClientEffect::Close(_)));
    let is_stored = matches!(effects.first(), Some(ClientEffect::Store { .. }));
    assert!(is_over != is_stored, "{effects:?}");
}

/// Entries up to a position, as `docs/protocol.md` has them.
fn frame_of_entries(method: u8, body: &[u8]) -> Vec<u8> {
    const SEQ: [u8; 5] = [0x1a, 0, 1, 0, 0];
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    let length: &[u8] = match body.len() {
        0..24 => &[0x40 | body.len() as u8],
        24..0x100 => &[0x58, length[3]],
        0x100..0x1_0000 => &[0x59, length[2], length[3]],
        _ => &[0x5a, length[0], length[1], length[2], length[3]],
    };
    let tag = [&[0x58, 32][..], &[0; 32]].concat();
    let fields = [&[1, 0x82, 4, 0x84, 0][..], &SEQ, &[0x82], &SEQ, &tag].concat();
    [&fields[..], &[0x82, method], length, body].concat()
}

/// A greeting, signed by the device that it says it is of.
pub(super) fn greeting(world: &mut World, bytes: &[u8]) {
    let mut relay = opened_relay();
    let key = SigningKey::from_bytes(&KEY);
    // Whichever device it says it is of: the signature fits one of them.
    for device in [1_u64, 2, 3] {
        let signed = proof::signed_bytes(&Nonce([0; 32]), DeviceNumber(device), SERVER, bytes);
        let hello = Hello {
            greeting: bytes.to_vec(),
            signature: SignatureBytes(key.sign(&signed).to_bytes()),
        };
        let frame = encode_client(1, &ClientMessage::Hello(hello));
        if frame.len() <= limits::FRAME {
            tell(world, &mut relay, RelayInput::Received(frame));
        }
        relay = opened_relay();
    }
}

/// Frames, one after the other, to a device.
pub(super) fn device_hears(_: &mut World, bytes: &[u8]) {
    let mut device = live_device();
    for frame in split(bytes) {
        for effect in hear(&mut device, frame) {
            if let ClientEffect::Store { cursor, .. } = effect {
                let through = cursor.seq;
                device.handle(Millis(2), ClientInput::Stored { through });
            }
        }
    }
}

/// Frames, one after the other, to a relay.
pub(super) fn relay_hears(world: &mut World, bytes: &[u8]) {
    let mut relay = opened_relay();
    for frame in split(bytes) {
        tell(world, &mut relay, RelayInput::Received(frame));
    }
}

/// Two bytes say how long each frame is.
fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = bytes;
    let mut frames = Vec::new();
    while let Some((length, after)) = rest.split_at_checked(2) {
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let (frame, after) = after.split_at(length.min(after.len()));
        frames.push(frame.to_vec());
        rest = after;
    }
    frames
}

/// Tells a relay's session something, and answers what it asks as the relay does.
fn tell(world: &World, session: &mut RelaySession, input: RelayInput) {
    let key = SigningKey::from_bytes(&KEY).verifying_key().to_bytes();
    let desk = world.network.relay.front_desk();
    let mut inputs = vec![input];
    let mut spaces = std::collections::BTreeSet::new();
    while let Some(input) = inputs.pop() {
        session.handle(Millis(1), input);
        while let Some(effect) = session.next_effect() {
            match effect {
                RelayEffect::Identify { .. } => {
                    inputs.push(RelayInput::Identified { public_key: key });
                }
                RelayEffect::Admit(greeting) => {
                    let admitted = desk.admit(world.network.now(), &greeting);
                    inputs.push(match admitted.expect("the store is read") {
                        Admittance::Admitted(guest) => {
                            spaces = guest.spaces;
                            RelayInput::Admitted(guest.admission)
                        }
                        Admittance::Dismissed(bye) => RelayInput::Dismiss(bye),
                    });
                }
                RelayEffect::Read { after, walk } => {
                    let answer = desk.read(&spaces, wire::domain_seq(after), walk);
                    inputs.push(RelayInput::Log(answer.expect("the store is read")));
                }
                RelayEffect::Send(frame) => {
                    let version = frame.first().copied().unwrap_or_default();
                    let sent = decode_relay(version, &frame);
                    assert!(matches!(sent, Ok(Some(_))), "{sent:?}");
                }
                RelayEffect::Offer { .. } => inputs.push(RelayInput::Offered(None)),
                RelayEffect::Accept(_)
                | RelayEffect::RollbackProved(_)
                | RelayEffect::Erased { .. }
                | RelayEffect::Close(_) => {}
            }
        }
    }
}

fn live_device() -> ClientSession {
    let mut device = dialling_device();
    let challenge = Challenge {
        versions: Versions::SPOKEN,
        nonce: Nonce([0; 32]),
        server_name: SERVER.to_owned(),
    };
    let welcome = Welcome {
        version: 1,
        epoch: Epoch([0; 16]),
        head: Seq(0),
        clock: Timestamp(0),
        resume: Resume::Tail,
        window: limits::DEFAULT_WINDOW,
        upgrade: Upgrade::None,
        spaces: None,
    };
    for message in [RelayMessage::from(challenge), RelayMessage::from(welcome)] {
        hear(&mut device, encode_relay(1, &message));
    }
    device
}

fn dialling_device() -> ClientSession {
    let mut device = ClientSession::new(ClientConfig {
        versions: Versions::SPOKEN,
        segments: std::collections::BTreeSet::new(),
        takes_segments: true,
        device: DeviceNumber(1),
        signing_key: SigningKey::from_bytes(&KEY),
        server_name: None,
        build: "fuzz".to_owned(),
        shapes: 1,
        cursor: None,
        spaces: vec![SpaceName::new("group").expect("a name")],
        outbox: OutboxSummary::default(),
        window: limits::DEFAULT_WINDOW,
    });
    let clock = Timestamp(0);
    device.handle(Millis(0), ClientInput::Opened { clock });
    device
}

fn opened_relay() -> RelaySession {
    let mut relay = RelaySession::new(RelayConfig {
        versions: Versions::SPOKEN,
        nonce: Nonce([0; 32]),
        server_name: SERVER.to_owned(),
        window: limits::DEFAULT_WINDOW,
    });
    relay.handle(Millis(0), RelayInput::Opened);
    while relay.next_effect().is_some() {}
    relay
}

fn hear(device: &mut ClientSession, frame: Vec<u8>) -> Vec<ClientEffect> {
    device.handle(Millis(1), ClientInput::Received(frame));
    std::iter::from_fn(|| device.next_effect()).collect()
}

fn golden(text: &str) -> Vec<Vec<u8>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let bytes = lines.filter_map(|line| line.rsplit_once(": "));
    bytes
        .map(|(_, hex)| hex::decode(hex).expect("hexadecimal"))
        .collect()
}

pub(super) fn seeds_of_frames(_: &World) -> Vec<Vec<u8>> {
    GOLDEN[..2].iter().flat_map(|text| golden(text)).collect()
}

pub(super) fn seeds_of_entries(_: &World) -> Vec<Vec<u8>> {
    let entries = golden(GOLDEN[2]);
    let whole = entries.concat();
    let mut seeds: Vec<_> = entries
        .into_iter()
        .map(|entry| [vec![0], entry].concat())
        .collect();
    seeds.push([vec![0], whole].concat());
    seeds
}

pub(super) fn seeds_of_greetings(_: &World) -> Vec<Vec<u8>> {
    let mut device = dialling_device();
    let challenge = Challenge {
        versions: Versions::SPOKEN,
        nonce: Nonce([0; 32]),
        server_name: SERVER.to_owned(),
    };
    let said = hear(&mut device, encode_relay(1, &RelayMessage::from(challenge)));
    let golden = seeds_of_frames_of_devices();
    let said = said.into_iter().filter_map(|effect| match effect {
        ClientEffect::Send(frame) => Some(frame),
        _ => None,
    });
    let frames = said.chain(golden);
    let hellos = frames.filter_map(|frame| match decode_client(1, &frame) {
        Ok(Some(ClientMessage::Hello(hello))) => Some(hello.greeting),
        _ => None,
    });
    hellos.collect()
}

fn seeds_of_frames_of_devices() -> Vec<Vec<u8>> {
    golden(GOLDEN[1])
}

pub(super) fn seeds_of_streams(world: &World) -> Vec<Vec<u8>> {
    let frames = seeds_of_frames(world);
    let with_length = |frame: &Vec<u8>| {
        let length = u16::try_from(frame.len()).unwrap_or(u16::MAX).to_be_bytes();
        [&length[..], frame].concat()
    };
    frames
        .chunks(3)
        .map(|some| some.iter().flat_map(with_length).collect())
        .collect()
}
