//! Segments, from version 2 on: what a device wants, fetches and follows.

use std::slice;

use sync_protocol::entry::SaveEntry;
use sync_protocol::frame::encode_relay;
use sync_protocol::message::{ClientMessage, Follow, Manifest, RelayMessage, Want, Welcome};
use sync_protocol::{
    ClientConfig, ClientEffect, ClientInput, ClientSession, CloseReason, Cursor, CursorTag,
    DocumentId, FetchProblem, FetchProgress, Fit, Packed, Resume, Segment, SegmentDraft,
    SegmentInfo, Seq, Timestamp, Versions, Violation, limits,
};

use crate::hub::space;
use crate::lone::{
    EPOCH, LoneClient, NOW, challenge, client_closed, entries, sent_by_client, welcome,
};
use crate::replica::Replica;

pub fn segment(number: u8, space_name: &str) -> (SegmentInfo, Vec<u8>) {
    let mut draft = SegmentDraft::default();
    let save = SaveEntry {
        seq: Seq(1),
        through: Seq(5),
        space: space(space_name),
        document: DocumentId([number; 16]),
        saved: vec![number; 40],
        receipts: Vec::new(),
    };
    assert_eq!(draft.push(&save), Fit::Taken);
    let Segment {
        hash,
        documents,
        bytes,
    } = draft.finish();
    let info = SegmentInfo {
        hash,
        space: space(space_name),
        bytes: bytes.len() as u32,
        documents,
        states: None,
    };
    (info, bytes)
}

pub fn cursor(seq: u64) -> Cursor {
    Cursor {
        epoch: EPOCH,
        seq: Seq(seq),
        tag: CursorTag([3; 32]),
    }
}

fn manifest(cursor: Cursor, segments: &[SegmentInfo]) -> Manifest {
    Manifest {
        cursor: Some(cursor),
        bearer: "bearer".to_owned(),
        segments: segments.to_vec(),
        is_last: true,
    }
}

pub fn packed(names: &[&str]) -> Packed {
    let names: Vec<_> = names.iter().map(|name| space(name)).collect();
    Packed::pack(minicbor::to_vec(names).unwrap())
}

/// A device that a relay of version 2 has welcomed to the spaces `group` and `store/1`.
pub struct Device {
    session: ClientSession,
    effects: Vec<ClientEffect>,
}

impl Device {
    pub fn config() -> ClientConfig {
        ClientConfig {
            versions: Versions::SPOKEN,
            takes_segments: true,
            ..Replica::new(1).config()
        }
    }

    fn welcomed(config: ClientConfig) -> Self {
        let session = ClientSession::new(config);
        let mut client = LoneClient { session, now: NOW };
        let clock = Timestamp(0);
        client.tell(ClientInput::Opened { clock });
        let mut asked = challenge();
        asked.versions = Versions::SPOKEN;
        client.hear(asked);
        let effects = client.hear(Welcome {
            version: 2,
            head: Seq(9),
            resume: Resume::Fetch,
            spaces: Some(packed(&["group", "store/1"])),
            ..welcome()
        });
        let session = client.session;
        Self { session, effects }
    }

    fn tell(&mut self, input: ClientInput) -> Vec<ClientEffect> {
        self.session.handle(NOW, input);
        std::iter::from_fn(|| self.session.next_effect()).collect()
    }

    fn hear(&mut self, message: impl Into<RelayMessage>) -> Vec<ClientEffect> {
        self.tell(ClientInput::Received(encode_relay(2, &message.into())))
    }

    fn fetched(&mut self, info: &SegmentInfo, bytes: &[u8]) -> Vec<ClientEffect> {
        let (hash, fetched) = (info.hash, Ok(bytes.to_vec()));
        self.tell(ClientInput::Fetched { hash, fetched })
    }

    fn failed(&mut self, info: &SegmentInfo, problem: FetchProblem) -> Vec<ClientEffect> {
        let (hash, fetched) = (info.hash, Err(problem));
        self.tell(ClientInput::Fetched { hash, fetched })
    }

    fn stored(&mut self, info: &SegmentInfo) -> Vec<ClientEffect> {
        self.tell(ClientInput::SegmentStored { hash: info.hash })
    }
}

fn fetches(effects: &[ClientEffect]) -> Vec<SegmentInfo> {
    let fetches = effects.iter().filter_map(|effect| match effect {
        ClientEffect::Fetch { segment, bearer } => {
            assert_eq!(bearer, "bearer");
            Some(segment.clone())
        }
        _ => None,
    });
    fetches.collect()
}

fn follow(after: u64) -> ClientMessage {
    Follow { after: Seq(after) }.into()
}

#[test]
fn a_device_that_lacks_spaces_fetches_stores_and_then_follows_the_log() {
    let mut device = Device::welcomed(Device::config());
    let want = Want {
        spaces: packed(&["group", "store/1"]),
    };
    assert_eq!(sent_by_client(&device.effects), [want.into()]);
    let (one, two, three) = (
        segment(1, "group"),
        segment(2, "store/1"),
        segment(3, "group"),
    );
    let list = [one.0.clone(), two.0.clone(), three.0.clone()];
    // Two at a time, in the order of the list.
    let effects = device.hear(manifest(cursor(7), &list));
    assert_eq!(fetches(&effects), list[..2]);
    // Whichever comes first is stored first.
    let effects = device.fetched(&two.0, &two.1);
    assert!(matches!(
        &effects[0],
        ClientEffect::StoreSegment { segment, cursor: from, saves }
            if *segment == two.0 && *from == cursor(7) && saves.len() == 1
    ));
    assert_eq!(fetches(&effects), list[2..]);
    let effects = device.stored(&two.0);
    let bytes = list.iter().map(|one| u64::from(one.bytes)).sum();
    let progress = FetchProgress {
        documents_done: 1,
        documents: 3,
        bytes_done: two.0.bytes.into(),
        bytes,
    };
    assert_eq!(effects, [ClientEffect::Fetching(progress)]);
    device.fetched(&three.0, &three.1);
    device.stored(&three.0);
    device.fetched(&one.0, &one.1);
    let effects = device.stored(&one.0);
    let cursor = cursor(7);
    assert!(effects.contains(&ClientEffect::Whole { cursor }));
    assert_eq!(sent_by_client(&effects), [follow(7)]);
    // From there the log goes on as in version 1.
    let effects = device.hear(entries(7, 9, &[]));
    assert!(matches!(&effects[0], ClientEffect::Store { cursor, .. } if cursor.seq == Seq(9)));
}

#[test]
fn a_device_that_comes_back_fetches_what_it_has_not_and_keeps_its_cursor() {
    let (one, two) = (segment(1, "group"), segment(2, "store/1"));
    let mut device = Device::welcomed(ClientConfig {
        cursor: Some(cursor(4)),
        segments: [one.0.hash].into(),
        ..Device::config()
    });
    let effects = device.hear(manifest(cursor(8), &[one.0, two.0.clone()]));
    assert_eq!(fetches(&effects), slice::from_ref(&two.0));
    device.fetched(&two.0, &two.1);
    let effects = device.stored(&two.0);
    assert_eq!(sent_by_client(&effects), [follow(4)]);
}

#[test]
fn a_device_wants_only_the_spaces_that_it_gained() {
    let config = || ClientConfig {
        cursor: Some(cursor(4)),
        spaces: vec![space("group")],
        ..Device::config()
    };
    let mut device = Device::welcomed(config());
    let spaces = packed(&["store/1"]);
    assert_eq!(sent_by_client(&device.effects), [Want { spaces }.into()]);
    let effects = device.hear(manifest(cursor(6), &[]));
    assert_eq!(sent_by_client(&effects), [follow(4)]);

    // One that has lost spaces lacks nothing.
    let spaces = ["group", "store/1", "store/2"].map(space).to_vec();
    let device = Device::welcomed(ClientConfig { spaces, ..config() });
    assert_eq!(sent_by_client(&device.effects), [follow(4)]);
}

#[test]
fn a_device_without_a_cursor_that_holds_documents_reads_the_whole_log() {
    let mut device = Device::welcomed(ClientConfig {
        takes_segments: false,
        ..Device::config()
    });
    assert!(matches!(
        &device.effects[0],
        ClientEffect::Welcomed(welcomed)
            if welcomed.resume == Resume::Restart && welcomed.lacking.is_empty()
    ));
    assert_eq!(sent_by_client(&device.effects), [follow(0)]);
    let effects = device.hear(entries(0, 9, &[]));
    assert!(matches!(effects[0], ClientEffect::Store { .. }));
}

#[test]
fn what_is_gone_is_asked_for_anew_and_what_came_damaged_is_fetched_again() {
    let (one, two) = (segment(1, "group"), segment(2, "group"));
    let mut device = Device::welcomed(Device::config());
    device.hear(manifest(cursor(7), &[one.0.clone(), two.0.clone()]));
    let effects = device.fetched(&one.0, &one.1[1..]);
    assert_eq!(fetches(&effects), slice::from_ref(&one.0));
    device.fetched(&one.0, &one.1);
    device.stored(&one.0);
    let effects = device.failed(&two.0, FetchProblem::Gone);
    assert!(matches!(
        sent_by_client(&effects)[..],
        [ClientMessage::Want(_)]
    ));
    // What was on its way when the list changed counts no more.
    assert_eq!(device.fetched(&two.0, &two.1), []);
    let three = segment(3, "group");
    let effects = device.hear(manifest(cursor(8), &[one.0, three.0.clone()]));
    assert_eq!(fetches(&effects), slice::from_ref(&three.0));
    device.fetched(&three.0, &three.1);
    let effects = device.stored(&three.0);
    assert_eq!(sent_by_client(&effects), [follow(7)]);
}

#[test]
fn a_device_to_which_nothing_ever_comes_reads_the_log_and_another_comes_back() {
    let (one, two) = (segment(1, "group"), segment(2, "group"));
    let mut device = Device::welcomed(Device::config());
    device.hear(manifest(cursor(7), std::slice::from_ref(&one.0)));
    for _ in 1..limits::FETCH_FAILURES {
        let effects = device.failed(&one.0, FetchProblem::Failed);
        assert_eq!(fetches(&effects), slice::from_ref(&one.0));
    }
    let effects = device.failed(&one.0, FetchProblem::Failed);
    assert_eq!(effects[0], ClientEffect::ReadFromStart);
    assert_eq!(sent_by_client(&effects), [follow(0)]);

    let mut device = Device::welcomed(Device::config());
    device.hear(manifest(cursor(7), &[one.0.clone(), two.0.clone()]));
    device.fetched(&one.0, &one.1);
    device.stored(&one.0);
    for _ in 1..limits::FETCH_FAILURES {
        device.failed(&two.0, FetchProblem::Failed);
    }
    let effects = device.failed(&two.0, FetchProblem::Failed);
    assert_eq!(client_closed(&effects).0, CloseReason::NotFetched);
}

#[test]
fn where_there_are_no_segments_the_log_is_read() {
    let mut device = Device::welcomed(Device::config());
    let effects = device.hear(Manifest {
        cursor: None,
        ..manifest(cursor(7), &[])
    });
    assert_eq!(effects[0], ClientEffect::ReadFromStart);
    assert_eq!(sent_by_client(&effects), [follow(0)]);
}

#[test]
fn a_list_that_is_none_ends_the_connection() {
    let (one, _) = segment(1, "group");
    let (elsewhere, _) = segment(2, "store/9");
    let huge = SegmentInfo {
        bytes: limits::SEGMENT as u32 + 1,
        ..one.clone()
    };
    let crowded = SegmentInfo {
        documents: limits::SEGMENT_DOCUMENTS as u32 + 1,
        ..one.clone()
    };
    let of_another_epoch = Cursor {
        epoch: sync_protocol::Epoch([9; 16]),
        ..cursor(7)
    };
    for wrong in [
        manifest(cursor(7), &[one.clone(), one.clone()]),
        manifest(cursor(7), &[elsewhere]),
        manifest(cursor(7), &[huge]),
        manifest(cursor(7), &[crowded]),
        manifest(of_another_epoch, &[]),
        // Before what the device has read.
        manifest(cursor(3), &[]),
    ] {
        let mut device = Device::welcomed(ClientConfig {
            cursor: Some(cursor(4)),
            ..Device::config()
        });
        let effects = device.hear(wrong.clone());
        let (reason, _) = client_closed(&effects);
        assert!(matches!(reason, CloseReason::Violation(_)), "{wrong:?}");
    }
    // Without end.
    let mut device = Device::welcomed(Device::config());
    let part = Manifest {
        is_last: false,
        ..manifest(cursor(7), &[])
    };
    for _ in 0..limits::MANIFESTS {
        assert_eq!(device.hear(part.clone()), []);
    }
    let (reason, _) = client_closed(&device.hear(part));
    assert_eq!(reason, Violation::ManifestNotWanted.into());
    // Or unasked.
    let mut device = Device::welcomed(Device::config());
    device.hear(manifest(cursor(7), &[one]));
    let effects = device.hear(manifest(cursor(7), &[]));
    assert_eq!(
        client_closed(&effects).0,
        Violation::ManifestNotWanted.into()
    );
}

#[test]
fn a_segment_that_does_not_hold_what_was_said_ends_the_connection() {
    let (one, bytes) = segment(1, "store/1");
    let said = SegmentInfo {
        space: space("group"),
        ..one
    };
    let mut device = Device::welcomed(Device::config());
    device.hear(manifest(cursor(7), std::slice::from_ref(&said)));
    let effects = device.fetched(&said, &bytes);
    let belied = Violation::SegmentBelied { hash: said.hash };
    assert_eq!(client_closed(&effects).0, belied.into());
}

#[test]
fn entries_that_come_before_the_device_follows_end_the_connection() {
    let mut device = Device::welcomed(Device::config());
    let (reason, _) = client_closed(&device.hear(entries(0, 1, &[])));
    assert_eq!(reason, Violation::Unexpected { kind: 4 }.into());
}
