//! What version 2 adds, byte for byte; never edited once it has left the house.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test stops at what it did not expect"
)]

use expect_test::expect_file;
use sync_protocol::entry::{SaveEntry, SavedReceipt};
use sync_protocol::frame::{decode_client, decode_relay, encode_client, encode_relay};
use sync_protocol::message::{ClientMessage, Follow, Manifest, RelayMessage, Want, Welcome};
use sync_protocol::{
    ChangeReceipt, Cursor, CursorTag, DocumentId, Epoch, Fit, HashPrefix, Packed, Resume,
    SegmentDraft, SegmentHash, SegmentInfo, Seq, SpaceName, StatesTag, Timestamp, Upgrade,
};

const TAG: CursorTag = CursorTag([0x3c; 32]);
const STATES_TAG: StatesTag = StatesTag([0x57; 16]);
const EPOCH: Epoch = Epoch([0xe0; 16]);

#[test]
fn what_version_2_adds_is_written_and_read_as_it_was_shipped() {
    let mut text =
        String::from("# What version 2 adds: the name of each message and its frame in hex.\n");
    for (name, message) in relay_messages_of_version_2() {
        let frame = encode_relay(2, &message);
        assert_eq!(decode_relay(2, &frame).unwrap(), Some(message), "{name}");
        text.push_str(&format!("relay, {name}: {}\n", hex::encode(frame)));
    }
    for (name, message) in client_messages_of_version_2() {
        let frame = encode_client(2, &message);
        assert_eq!(decode_client(2, &frame).unwrap(), Some(message), "{name}");
        text.push_str(&format!("device, {name}: {}\n", hex::encode(frame)));
    }
    let mut draft = SegmentDraft::default();
    assert_eq!(draft.push(&save()), Fit::Taken);
    let segment = draft.finish();
    let hash = hex::encode(segment.hash.0);
    text.push_str(&format!(
        "segment {hash}: {}\n",
        hex::encode(&segment.bytes)
    ));
    let info = SegmentInfo {
        hash: segment.hash,
        bytes: u32::try_from(segment.bytes.len()).unwrap(),
        ..segment_info()
    };
    assert_eq!(info.open(&segment.bytes).unwrap().len(), 1);
    expect_file!["../golden/v2.txt"].assert_eq(&text);
}

fn save() -> SaveEntry {
    let receipt = ChangeReceipt {
        seq: Seq(1_000),
        received_at: Timestamp(1_767_225_600_000),
        base_received_at: Timestamp(1_767_225_000_000),
        clock_trusted: true,
    };
    SaveEntry {
        seq: Seq(1_000),
        through: Seq(2_000),
        space: space("store/1"),
        document: DocumentId([0xd0; 16]),
        saved: vec![0x85, 0x6f, 0x4a, 0x83],
        receipts: vec![SavedReceipt {
            change: HashPrefix([0xcc; 8]),
            receipt,
        }],
    }
}

fn space(name: &str) -> SpaceName {
    SpaceName::new(name).unwrap()
}

fn segment_info() -> SegmentInfo {
    SegmentInfo {
        hash: SegmentHash([0x5e; 32]),
        space: space("store/1"),
        bytes: 1_234_567,
        documents: 1,
        states: Some(STATES_TAG),
    }
}

fn relay_messages_of_version_2() -> Vec<(&'static str, RelayMessage)> {
    let cursor = Cursor {
        epoch: EPOCH,
        seq: Seq(70_000),
        tag: TAG,
    };
    vec![
        (
            "welcome that waits for a device to fetch",
            Welcome {
                version: 2,
                epoch: EPOCH,
                head: Seq(70_000),
                clock: Timestamp(1_767_225_600_000),
                resume: Resume::Fetch,
                window: 1_048_576,
                upgrade: Upgrade::None,
                spaces: Some(Packed::pack(
                    minicbor::to_vec([space("group"), space("store/1")]).unwrap(),
                )),
            }
            .into(),
        ),
        (
            "manifest",
            Manifest {
                cursor: Some(cursor),
                bearer: "be".repeat(32),
                segments: vec![
                    segment_info(),
                    SegmentInfo {
                        states: None,
                        ..segment_info()
                    },
                ],
                is_last: true,
            }
            .into(),
        ),
        (
            "manifest of nothing",
            Manifest {
                cursor: None,
                bearer: String::new(),
                segments: Vec::new(),
                is_last: true,
            }
            .into(),
        ),
    ]
}

fn client_messages_of_version_2() -> Vec<(&'static str, ClientMessage)> {
    let spaces = minicbor::to_vec([space("group"), space("store/1")]).unwrap();
    let spaces = Packed::pack(spaces);
    vec![
        ("want", Want { spaces }.into()),
        ("follow", Follow { after: Seq(70_000) }.into()),
    ]
}
