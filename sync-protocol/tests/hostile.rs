//! Decoders against bytes that nobody honest sent: no panic, bounded memory, a typed error.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test stops at what it did not expect"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use sync_protocol::frame::{decode_client, decode_relay, encode_relay};
use sync_protocol::id::Nonce;
use sync_protocol::message::{Challenge, OutboxSummary, RelayMessage, Versions, Welcome};
use sync_protocol::{
    ClientConfig, ClientEffect, ClientInput, ClientSession, DeviceNumber, Epoch, Millis, Packed,
    RelayConfig, RelayEffect, RelayInput, RelaySession, Resume, Seq, SpaceName, Timestamp, Upgrade,
    limits,
};

/// Counts what one thread holds, and the most it held.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[expect(
    unsafe_code,
    reason = "an allocator that counts and hands on to the system's"
)]
// SAFETY: every call is handed on unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.with(|held| {
            held.set(held.get() + layout.size() as isize);
            MOST.with(|most| most.set(most.get().max(held.get())));
        });
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.with(|held| held.set(held.get() - layout.size() as isize));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// The most bytes held at once by what `work` does, beyond what was held before.
fn most_held_by<T>(work: impl FnOnce() -> T) -> usize {
    let before = HELD.with(Cell::get);
    MOST.with(|most| most.set(before));
    drop(work());
    (MOST.with(Cell::get) - before).unsigned_abs()
}

fn golden(text: &str) -> Vec<Vec<u8>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let frames = lines.filter_map(|line| line.rsplit_once(": "));
    frames.map(|(_, hex)| hex::decode(hex).unwrap()).collect()
}

/// Reads a frame from both sides: a message, one that may be skipped, or an error that says what.
fn decode_both(frame: &[u8]) {
    let errors = [decode_relay(1, frame).err(), decode_client(1, frame).err()];
    for error in errors.into_iter().flatten() {
        assert!(error.to_string().len() > 10, "{error:?}");
    }
}

fn relay_frames() -> Vec<Vec<u8>> {
    golden(include_str!("../golden/v1-relay.txt"))
}

fn client_frames() -> Vec<Vec<u8>> {
    golden(include_str!("../golden/v1-client.txt"))
}

#[test]
fn a_frame_cut_off_anywhere_is_an_error_with_a_place() {
    for frame in relay_frames() {
        for end in 0..frame.len() {
            decode_relay(1, &frame[..end]).unwrap_err();
        }
    }
    for frame in client_frames() {
        for end in 0..frame.len() {
            decode_client(1, &frame[..end]).unwrap_err();
        }
    }
}

#[test]
fn a_frame_with_bytes_behind_it_is_an_error() {
    for frame in relay_frames() {
        decode_relay(1, &[&frame[..], &[0]].concat()).unwrap_err();
    }
    for frame in client_frames() {
        decode_client(1, &[&frame[..], &[0]].concat()).unwrap_err();
    }
}

#[test]
fn a_frame_with_any_bit_flipped_does_no_harm() {
    for frame in relay_frames() {
        for bit in 0..frame.len() * 8 {
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // Many flips change a value within what is allowed; TLS keeps those away.
            decode_both(&flipped);
            if bit % 8 != 5 {
                continue;
            }
            let held = most_held_by(|| hear(&mut live_client(), flipped));
            assert!(held < 1 << 20, "{held} bytes");
        }
    }
    for frame in client_frames() {
        for bit in 0..frame.len() * 8 {
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            decode_both(&flipped);
            listen(&mut opened_relay(), flipped);
        }
    }
}

#[test]
fn lengths_that_lie_allocate_nothing() {
    // Arrays, byte strings and texts of 2^32 to 2^64 items where a message should be.
    for head in ["9a", "ba", "5a", "7a"] {
        for lie in ["ffffffff", "7fffffff"] {
            let frame = hex::decode(format!("01{head}{lie}")).unwrap();
            let held = most_held_by(|| decode_relay(1, &frame).unwrap_err());
            assert!(held < 4096, "{held} bytes for {head}{lie}");
        }
    }
    for head in ["9b", "bb", "5b", "7b"] {
        let frame = hex::decode(format!("018206{head}ffffffffffffffff")).unwrap();
        let held = most_held_by(|| decode_relay(1, &frame).unwrap_err());
        assert!(held < 4096, "{held} bytes for {head}");
    }
}

#[test]
fn nesting_without_end_neither_recurses_nor_allocates() {
    for byte in [0x81_u8, 0x9f, 0xa1, 0xc1, 0xd8] {
        let mut frame = vec![byte; limits::FRAME];
        frame[0] = 1;
        let held = most_held_by(|| decode_relay(1, &frame).unwrap_err());
        assert!(held < 4096, "{held} bytes for {byte:02x}");
    }
}

#[test]
fn a_bomb_in_any_packed_body_costs_no_more_than_its_limit() {
    // 32 MiB of zeros in some 32 KiB.
    let bomb = Packed::pack(vec![0; 32 << 20]);
    let entries = (
        0_u8,
        9_u8,
        (9_u8, minicbor::bytes::ByteArray::from([0_u8; 32])),
        &bomb,
    );
    let mut frame = vec![1];
    frame.extend(minicbor::to_vec((4_u8, entries)).unwrap());
    let mut client = live_client();
    let held = most_held_by(|| {
        let effects = hear(&mut client, frame);
        assert!(
            matches!(effects.last(), Some(ClientEffect::Close(_))),
            "{effects:?}"
        );
    });
    assert!(held < 2 << 20, "{held} bytes");
}

#[test]
fn many_small_values_do_not_grow_out_of_proportion() {
    // A save whose body is nothing but receipts, as short as they can be.
    let receipt = (
        minicbor::bytes::ByteArray::from([0_u8; 8]),
        (0_u8, 0_u8, 0_u8, false),
    );
    let receipts = vec![receipt; 16_000];
    let save = (
        1_u8,
        1_u8,
        "s",
        minicbor::bytes::ByteArray::from([0_u8; 16]),
        minicbor::bytes::ByteVec::from(vec![]),
        receipts,
    );
    let body = minicbor::to_vec((2_u8, save)).unwrap();
    assert!(body.len() < limits::BODY);
    let tag = minicbor::bytes::ByteArray::from([0_u8; 32]);
    let entries = (0_u8, 9_u8, (9_u8, tag), &Packed::pack(body));
    let mut frame = vec![1];
    frame.extend(minicbor::to_vec((4_u8, entries)).unwrap());
    let mut client = live_client();
    let held = most_held_by(|| {
        let effects = hear(&mut client, frame);
        assert!(
            matches!(effects.first(), Some(ClientEffect::Store { .. })),
            "{effects:?}"
        );
    });
    assert!(held < 4 << 20, "{held} bytes");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        decode_both(&bytes);
        let versioned = [&[1], &bytes[..]].concat();
        decode_both(&versioned);
    }

    #[test]
    fn what_decodes_is_read_the_same_when_it_is_written_again(
        choice: prop::sample::Index,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let frames = relay_frames();
        let mut frame = frames[choice.index(frames.len())].clone();
        for (at, byte) in flips {
            let at = at.index(frame.len());
            frame[at] = byte;
        }
        if let Ok(Some(message)) = decode_relay(1, &frame) {
            let again = encode_relay(1, &message);
            prop_assert!(again.len() <= frame.len());
            prop_assert_eq!(decode_relay(1, &again).unwrap(), Some(message));
        }
    }

    #[test]
    fn any_body_of_entries_is_stored_or_ends_the_session(
        body in proptest::collection::vec(any::<u8>(), 0..200),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        is_golden: bool,
    ) {
        let mut body = body;
        if is_golden {
            let entries = golden(include_str!("../golden/v1-entries.txt"));
            body = entries[..4].concat();
            for (at, byte) in flips {
                let at = at.index(body.len());
                body[at] = byte;
            }
        }
        let tag = minicbor::bytes::ByteArray::from([0_u8; 32]);
        let entries = (0_u8, 70_000_u32, (70_000_u32, tag), &Packed::pack(body));
        let mut frame = vec![1];
        frame.extend(minicbor::to_vec((4_u8, entries)).unwrap());
        let effects = hear(&mut live_client(), frame);
        let ended = matches!(effects.last(), Some(ClientEffect::Close(_)));
        let stored = matches!(effects.first(), Some(ClientEffect::Store { .. }));
        prop_assert!(ended != stored, "{:?}", effects);
    }

    #[test]
    fn any_frames_leave_a_relay_that_has_admitted_nobody_small(
        frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..100), 0..8),
    ) {
        let mut relay = opened_relay();
        for mut frame in frames {
            frame.insert(0, 1);
            let effects = listen(&mut relay, frame);
            prop_assert!(effects.len() <= 2);
            let admits = effects.iter().any(|effect| matches!(effect, RelayEffect::Admit(_)));
            prop_assert!(!admits);
        }
    }
}

fn live_client() -> ClientSession {
    let mut client = ClientSession::new(ClientConfig {
        versions: sync_protocol::Versions::only(1),
        segments: std::collections::BTreeSet::new(),
        takes_segments: false,
        device: DeviceNumber(1),
        signing_key: SigningKey::from_bytes(&[1; 32]),
        server_name: None,
        build: String::new(),
        shapes: 1,
        cursor: None,
        spaces: vec![SpaceName::new("group").unwrap()],
        outbox: OutboxSummary::default(),
        window: limits::DEFAULT_WINDOW,
    });
    client.handle(
        Millis(0),
        ClientInput::Opened {
            clock: Timestamp(0),
        },
    );
    let versions = Versions::only(1);
    let server_name = String::new();
    let challenge = Challenge {
        versions,
        nonce: Nonce([0; 32]),
        server_name,
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
        hear(&mut client, encode_relay(1, &message));
    }
    client
}

fn opened_relay() -> RelaySession {
    let mut relay = RelaySession::new(RelayConfig {
        versions: Versions::only(1),
        nonce: Nonce([0; 32]),
        server_name: "relay.example".to_owned(),
        window: limits::DEFAULT_WINDOW,
    });
    relay.handle(Millis(0), RelayInput::Opened);
    while relay.next_effect().is_some() {}
    relay
}

fn hear(client: &mut ClientSession, frame: Vec<u8>) -> Vec<ClientEffect> {
    client.handle(Millis(1), ClientInput::Received(frame));
    std::iter::from_fn(|| client.next_effect()).collect()
}

fn listen(relay: &mut RelaySession, frame: Vec<u8>) -> Vec<RelayEffect> {
    relay.handle(Millis(1), RelayInput::Received(frame));
    std::iter::from_fn(|| relay.next_effect()).collect()
}
