//! Every message of every version ever shipped, byte for byte.
//!
//! `golden/v1.txt` is never edited once version 1 has left the house: what it holds must decode
//! to these values, and these values must encode to it, for ever.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test stops at what it did not expect"
)]

use expect_test::expect_file;
use sync_protocol::entry::{ChangeEntry, GoneEntry, LeftEntry, SaveEntry, SavedReceipt};
use sync_protocol::frame::{decode_client, decode_relay, encode_client, encode_relay};
use sync_protocol::id::{Nonce, SignatureBytes, SpacesDigest};
use sync_protocol::message::{
    Accepted, Bye, Challenge, ClientMessage, Credit, Entries, Erased, Greeting, Hello, Later,
    NeedsDependencies, OutboxSummary, Push, Reached, Refusal, RelayMessage, Verdict, Versions,
    Welcome,
};
use sync_protocol::tagged_state::TaggedStates;
use sync_protocol::{
    BatchId, ByeCode, ChangeHash, ChangeReceipt, Cursor, CursorTag, DeviceNumber, DocumentId,
    Entry, Epoch, Explanation, HashPrefix, Outcome, Packed, PushedChange, RefusalCode, Resume, Seq,
    SpaceName, StatesTag, TaggedState, Timestamp, Upgrade,
};

const TAG: CursorTag = CursorTag([0x3c; 32]);
const STATES_TAG: StatesTag = StatesTag([0x57; 16]);
const EPOCH: Epoch = Epoch([0xe0; 16]);
const DOCUMENT: DocumentId = DocumentId([0xd0; 16]);
const BATCH: BatchId = BatchId([0xb0; 16]);
const RECEIPT: ChangeReceipt = ChangeReceipt {
    seq: Seq(1_000),
    received_at: Timestamp(1_767_225_600_000),
    base_received_at: Timestamp(1_767_225_000_000),
    clock_trusted: true,
};

#[test]
fn every_message_of_a_relay_is_written_and_read_as_in_version_1() {
    let mut text = String::from(
        "# What a relay says, version 1: the name of each message and its frame in hex.\n",
    );
    for (name, message) in relay_messages() {
        let frame = encode_relay(1, &message);
        assert_eq!(decode_relay(1, &frame).unwrap(), Some(message), "{name}");
        text.push_str(&format!("{name}: {}\n", hex::encode(frame)));
    }
    expect_file!["../golden/v1-relay.txt"].assert_eq(&text);
}

#[test]
fn every_message_of_a_device_is_written_and_read_as_in_version_1() {
    let mut text = String::from(
        "# What a device says, version 1: the name of each message and its frame in hex.\n",
    );
    for (name, message) in client_messages() {
        let frame = encode_client(1, &message);
        assert_eq!(decode_client(1, &frame).unwrap(), Some(message), "{name}");
        text.push_str(&format!("{name}: {}\n", hex::encode(frame)));
    }
    expect_file!["../golden/v1-client.txt"].assert_eq(&text);
}

#[test]
fn every_entry_is_written_and_read_as_in_version_1() {
    let mut text = String::from(
        "# Entries of the log and what is pushed, version 1: CBOR in hex, unpacked.\n",
    );
    for (name, entry) in entries() {
        let bytes = minicbor::to_vec(&entry).unwrap();
        text.push_str(&format!("{name}: {}\n", hex::encode(bytes)));
    }
    let greeting = minicbor::to_vec(greeting()).unwrap();
    assert_eq!(
        minicbor::decode::<Greeting>(&greeting).unwrap(),
        self::greeting()
    );
    text.push_str(&format!("greeting: {}\n", hex::encode(greeting)));
    let pushed = minicbor::to_vec(pushed_change()).unwrap();
    assert_eq!(
        minicbor::decode::<PushedChange>(&pushed).unwrap(),
        pushed_change()
    );
    text.push_str(&format!("pushed change: {}\n", hex::encode(pushed)));
    expect_file!["../golden/v1-entries.txt"].assert_eq(&text);
}

#[test]
fn a_body_that_another_deflater_packed_is_read() {
    // Made by Python's zlib, `compressobj(9, DEFLATED, -15)`, from 600 bytes of "forecourt ".
    let packed = "8201534bcb2f4a4dce2f2d2a51481b658db2a8c60200";
    let packed: Packed = minicbor::decode(&hex::decode(packed).unwrap()).unwrap();
    let body = packed.unpack("a body", 600).unwrap();
    assert_eq!(body, "forecourt ".repeat(60).as_bytes());
}

fn relay_messages() -> Vec<(&'static str, RelayMessage)> {
    let body = entries()
        .iter()
        .flat_map(|(_, entry)| minicbor::to_vec(entry).unwrap())
        .collect();
    let first = entries()
        .first()
        .map(|(_, entry)| minicbor::to_vec(entry).unwrap());
    let first = first.unwrap();
    let reached = Reached {
        through: Seq(70_000),
        tag: TAG,
        states: None,
    };
    vec![
        (
            "challenge",
            Challenge {
                versions: Versions {
                    oldest: 1,
                    newest: 1,
                },
                nonce: Nonce([0x0c; 32]),
                server_name: "relay.example".to_owned(),
            }
            .into(),
        ),
        (
            "welcome that goes on",
            Welcome {
                version: 1,
                epoch: EPOCH,
                head: Seq(70_000),
                clock: Timestamp(1_767_225_600_000),
                resume: Resume::Tail,
                window: 1_048_576,
                upgrade: Upgrade::None,
                spaces: None,
            }
            .into(),
        ),
        (
            "welcome that begins again",
            Welcome {
                version: 1,
                epoch: EPOCH,
                head: Seq(0),
                clock: Timestamp(-1),
                resume: Resume::Restart,
                window: 524_288,
                upgrade: Upgrade::Hard,
                spaces: Some(Packed::pack(
                    minicbor::to_vec([space("group"), space("store/1")]).unwrap(),
                )),
            }
            .into(),
        ),
        (
            "entries",
            Entries {
                after: Seq(23),
                head: Seq(70_000),
                reached: Some(reached),
                entries: Packed::pack(body),
            }
            .into(),
        ),
        (
            "entries that only move the cursor",
            Entries {
                after: Seq(70_000),
                head: Seq(70_000),
                reached: Some(reached),
                entries: Packed::pack(Vec::new()),
            }
            .into(),
        ),
        (
            "entries under a tag of their states",
            Entries {
                after: Seq(69_999),
                head: Seq(70_000),
                reached: Some(Reached {
                    states: Some(STATES_TAG),
                    ..reached
                }),
                entries: Packed::pack(first),
            }
            .into(),
        ),
        (
            "entries with a piece that is not the last",
            Entries {
                after: Seq(23),
                head: Seq(70_000),
                reached: None,
                // [5, [seq 1000, offset 0, total 600, bytes]]
                entries: Packed::pack(hex::decode("8205841903e80019025843010203").unwrap()),
            }
            .into(),
        ),
        (
            "verdict: accepted",
            verdict(Accepted {
                first_seq: Seq(1_000),
                last_seq: Seq(1_001),
                received_at: Timestamp(1_767_225_600_000),
            }),
        ),
        (
            "verdict: refused",
            verdict(Refusal {
                code: RefusalCode::NotPermitted,
                change: Some(1),
                text: Explanation::new("only a manager may discount so much"),
            }),
        ),
        (
            "verdict: refused as a whole, for a reason of a later version",
            verdict(Refusal {
                code: RefusalCode::Other(4_711),
                change: None,
                text: Explanation::default(),
            }),
        ),
        ("verdict: later", verdict(Later { retry_ms: 30_000 })),
        (
            "verdict: needs dependencies",
            verdict(NeedsDependencies {
                hashes: vec![ChangeHash([0xcc; 32])],
                states: None,
            }),
        ),
        (
            "verdict: needs dependencies, which are lost too",
            verdict(NeedsDependencies {
                hashes: vec![ChangeHash([0xcc; 32])],
                states: Some(STATES_TAG),
            }),
        ),
        ("credit", Credit { bytes: 262_144 }.into()),
        (
            "bye",
            Bye {
                code: ByeCode::Draining,
                text: Explanation::new("the relay is restarting"),
                retry_ms: Some(2_500),
            }
            .into(),
        ),
    ]
}

fn client_messages() -> Vec<(&'static str, ClientMessage)> {
    vec![
        (
            "hello",
            Hello {
                greeting: minicbor::to_vec(greeting()).unwrap(),
                signature: SignatureBytes([0x51; 64]),
            }
            .into(),
        ),
        (
            "push",
            Push {
                batch: BATCH,
                base_seq: Seq(999),
                changes: Packed::pack(minicbor::to_vec(pushed_change()).unwrap()),
                states: None,
            }
            .into(),
        ),
        (
            "push of what the relay has lost",
            Push {
                batch: BATCH,
                base_seq: Seq(0),
                changes: Packed::pack(minicbor::to_vec(pushed_change()).unwrap()),
                states: Some(TaggedStates(vec![TaggedState {
                    document: DOCUMENT,
                    head: Some(ChangeHash([0xcc; 32])),
                    tag: STATES_TAG,
                    path: vec![0x1e; 64],
                }])),
            }
            .into(),
        ),
        (
            "push of a purge that the relay has lost",
            Push {
                batch: BATCH,
                base_seq: Seq(0),
                changes: Packed::pack(Vec::new()),
                states: Some(TaggedStates(vec![TaggedState {
                    document: DOCUMENT,
                    head: None,
                    tag: STATES_TAG,
                    path: Vec::new(),
                }])),
            }
            .into(),
        ),
        ("credit", Credit { bytes: 262_144 }.into()),
        ("bye", Bye::new(ByeCode::Finished, "").into()),
        (
            "erased",
            Erased {
                through: Seq(70_000),
            }
            .into(),
        ),
    ]
}

fn entries() -> Vec<(&'static str, Entry)> {
    vec![
        (
            "change",
            Entry::Change(ChangeEntry {
                receipt: RECEIPT,
                space: space("store/1"),
                document: DOCUMENT,
                raw: vec![0x85, 0x6f, 0x4a, 0x83],
            }),
        ),
        (
            "save",
            Entry::Save(SaveEntry {
                seq: Seq(1_001),
                through: Seq(2_000),
                space: space("store/1"),
                document: DOCUMENT,
                saved: vec![0x85, 0x6f, 0x4a, 0x83],
                receipts: vec![SavedReceipt {
                    change: HashPrefix([0xcc; 8]),
                    receipt: RECEIPT,
                }],
            }),
        ),
        (
            "gone",
            Entry::Gone(GoneEntry {
                seq: Seq(1_002),
                document: DOCUMENT,
            }),
        ),
        (
            "left",
            Entry::Left(LeftEntry {
                seq: Seq(70_000),
                document: DOCUMENT,
            }),
        ),
    ]
}

fn greeting() -> Greeting {
    Greeting {
        versions: Versions {
            oldest: 1,
            newest: 1,
        },
        device: DeviceNumber(0x0123_4567_89ab_cdef),
        build: "forecourt 0.1.0".to_owned(),
        shapes: 7,
        clock: Timestamp(1_767_225_600_123),
        window: 1_048_576,
        outbox: OutboxSummary {
            batches: 17,
            oldest: Some(Timestamp(1_767_200_000_000)),
        },
        cursor: Some(Cursor {
            epoch: EPOCH,
            seq: Seq(70_000),
            tag: TAG,
        }),
        spaces: Some(SpacesDigest([0x5d; 32])),
    }
}

fn pushed_change() -> PushedChange {
    let raw = vec![0x85, 0x6f, 0x4a, 0x83];
    PushedChange {
        document: DOCUMENT,
        space: space("store/1"),
        raw,
    }
}

fn verdict(outcome: impl Into<Outcome>) -> RelayMessage {
    Verdict {
        batch: BATCH,
        outcome: outcome.into(),
    }
    .into()
}

fn space(name: &str) -> SpaceName {
    SpaceName::new(name).unwrap()
}
