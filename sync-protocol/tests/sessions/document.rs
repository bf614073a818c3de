//! `docs/protocol.md` says what the sessions say.

use std::fmt::Write as _;

use expect_test::expect_file;
use sync_protocol::frame::{decode_client, decode_relay};
use sync_protocol::message::{ClientMessage, RelayMessage};
use sync_protocol::{ByeCode, ClientInput, PROTOCOL_VERSION, RefusalCode, limits};

use crate::hub::{Change, Fate};
use crate::network::{Network, Step};

const DOCUMENT: &str = include_str!("../../../docs/protocol.md");

/// The frames of a short session: one edit pushed, one entry received, a farewell.
fn transcript() -> String {
    let mut network = Network::new();
    let alice = network.enrol(&["group", "store/1"]);
    let change = Change {
        padding: 0,
        fate: Fate::Accept,
        ..Change::new(1)
    };
    network.hub.write("store/1", 10, change);
    network.replicas[alice].edit(11, "store/1", Change { id: 2, ..change });
    let link = network.connect(alice);
    let mut text = String::new();
    let mut has_left = false;
    loop {
        let Some((index, step)) = network.steps().first().copied() else {
            if has_left {
                return text;
            }
            has_left = true;
            let now = network.now;
            network.links[link].client_input(now, ClientInput::Leave);
            continue;
        };
        match step {
            Step::DeliverUp => {
                let frame = &network.links[index].up[0];
                let name = match decode_client(1, frame).unwrap().unwrap() {
                    ClientMessage::Hello(_) => "hello",
                    ClientMessage::Push(_) => "push",
                    ClientMessage::Credit(_) => "credit",
                    ClientMessage::Bye(_) => "bye",
                    ClientMessage::Erased(_) => "erased",
                    other => panic!("version 1 has no {other:?}"),
                };
                show(&mut text, "device → relay", name, frame);
            }
            Step::DeliverDown => {
                let frame = &network.links[index].down[0];
                let name = match decode_relay(1, frame).unwrap().unwrap() {
                    RelayMessage::Challenge(_) => "challenge",
                    RelayMessage::Welcome(_) => "welcome",
                    RelayMessage::Entries(_) => "entries",
                    RelayMessage::Verdict(_) => "verdict",
                    RelayMessage::Credit(_) => "credit",
                    RelayMessage::Bye(_) => "bye",
                    other => panic!("version 1 has no {other:?}"),
                };
                show(&mut text, "relay → device", name, frame);
            }
            _ => {}
        }
        network.step(index, step);
    }
}

fn show(text: &mut String, direction: &str, name: &str, frame: &[u8]) {
    writeln!(text, "{direction}  {name}, {} bytes", frame.len()).unwrap();
    for line in hex::encode(frame).as_bytes().chunks(80) {
        writeln!(text, "  {}", std::str::from_utf8(line).unwrap()).unwrap();
    }
}

#[test]
fn the_session_in_the_document_is_what_the_sessions_say() {
    let transcript = transcript();
    expect_file!["../../golden/session.txt"].assert_eq(&transcript);
    assert!(
        DOCUMENT.contains(&transcript),
        "copy golden/session.txt into docs/protocol.md"
    );
}

#[test]
fn the_limits_in_the_document_are_those_of_the_code() {
    let rows: [(&str, u64); 43] = [
        ("protocol version", u64::from(PROTOCOL_VERSION)),
        ("frame, bytes", limits::FRAME as u64),
        (
            "body of entries or of a push, unpacked bytes",
            limits::BODY as u64,
        ),
        ("change, bytes", limits::CHANGE as u64),
        ("changes per batch", limits::CHANGES_PER_BATCH as u64),
        ("tagged states per batch", limits::STATES_PER_BATCH as u64),
        ("path of a tagged state, bytes", limits::STATE_PATH as u64),
        ("save, bytes of its encoded entry", limits::SAVE as u64),
        (
            "a segment takes no more documents from, unpacked bytes",
            limits::SEGMENT_FROM as u64,
        ),
        (
            "body of a segment, unpacked bytes",
            limits::SEGMENT_BODY as u64,
        ),
        ("segment, bytes", limits::SEGMENT as u64),
        ("documents per segment", limits::SEGMENT_DOCUMENTS as u64),
        (
            "segments per manifest",
            limits::SEGMENTS_PER_MANIFEST as u64,
        ),
        ("manifests per list", limits::MANIFESTS as u64),
        ("bearer, bytes", limits::BEARER as u64),
        (
            "fetches that fail in a row",
            u64::from(limits::FETCH_FAILURES),
        ),
        ("name of a space, bytes", limits::SPACE_NAME as u64),
        ("spaces per device", limits::SPACES as u64),
        ("list of spaces, unpacked bytes", limits::SPACES_BODY as u64),
        ("greeting, bytes", limits::GREETING as u64),
        ("build, bytes", limits::BUILD as u64),
        ("server name, bytes", limits::SERVER_NAME as u64),
        ("explanation, bytes", limits::EXPLANATION as u64),
        (
            "missing dependencies per verdict",
            limits::DEPENDENCIES as u64,
        ),
        ("smallest window, bytes", u64::from(limits::SMALLEST_WINDOW)),
        ("default window, bytes", u64::from(limits::DEFAULT_WINDOW)),
        ("largest window, bytes", u64::from(limits::LARGEST_WINDOW)),
        ("batches in flight", limits::BATCHES_IN_FLIGHT as u64),
        ("batches held back by a client", limits::BATCHES_HELD as u64),
        ("nesting of arrays and maps", limits::NESTING as u64),
        ("bodies are deflated from, bytes", limits::PACK_FROM as u64),
        (
            "proof of the device, ms from the opening",
            limits::PROOF_DEADLINE,
        ),
        ("challenge, ms from the opening", limits::CHALLENGE_DEADLINE),
        ("welcome, ms from the hello", limits::WELCOME_DEADLINE),
        ("silence, ms", limits::IDLE_DEADLINE),
        ("verdict, ms from the push", limits::VERDICT_DEADLINE),
        ("draining, ms", limits::DRAIN_DEADLINE),
        (
            "cursor moved without entries, ms at most",
            limits::QUIET_MOVE,
        ),
        (
            "pause after `NeedsDependencies`, ms",
            limits::DEPENDENCIES_PAUSE,
        ),
        (
            "longest pause a client accepts, ms",
            u64::from(limits::LONGEST_RETRY),
        ),
        ("shortest backoff, ms", 500),
        ("longest backoff, ms", 60_000),
        ("first kind that may be skipped", 128),
    ];
    for (name, value) in rows {
        let row = format!("| {name} | {} |", grouped(value));
        assert!(DOCUMENT.contains(&row), "the document lacks {row}");
    }
}

#[test]
fn every_code_stands_in_the_document() {
    for number in 1..=u16::MAX {
        let bye = ByeCode::from_number(number);
        let refusal = RefusalCode::from_number(number);
        if !matches!(bye, ByeCode::Other(_)) {
            assert!(
                DOCUMENT.contains(&format!("| {number} | {bye:?} |")),
                "{bye:?}"
            );
        }
        if !matches!(refusal, RefusalCode::Other(_)) {
            assert!(
                DOCUMENT.contains(&format!("| {number} | {refusal:?} |")),
                "{refusal:?}"
            );
        }
    }
}

/// A number with commas between its thousands.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
