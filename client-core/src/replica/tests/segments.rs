//! Segments, stored: the same documents as from the log, wherever it is interrupted.

use sync_protocol::entry::SaveEntry;
use sync_protocol::{Entry, Resume, SegmentHash, SegmentInfo, Seq, SpaceName, Welcomed};

use super::catch_up::{dealership, heads, reader};
use crate::Replica;
use crate::replica::Received;
use crate::testing::relay::{Relay, cursor};
use crate::testing::{LI_NA, WANG_QIANG, minute, reopen};

/// The log's documents, in one segment for each space.
fn segments(relay: &Relay) -> Vec<(SegmentInfo, Vec<SaveEntry>)> {
    let mut segments: Vec<(SegmentInfo, Vec<SaveEntry>)> = Vec::new();
    for entry in relay.saves() {
        let Entry::Save(save) = entry else {
            panic!("{entry:?}")
        };
        match segments
            .iter_mut()
            .find(|(info, _)| info.space == save.space)
        {
            Some((_, saves)) => saves.push(save),
            None => {
                let number = u8::try_from(segments.len()).unwrap();
                segments.push((info(number, save.space.clone()), vec![save]));
            }
        }
    }
    segments
}

fn info(number: u8, space: SpaceName) -> SegmentInfo {
    SegmentInfo {
        hash: SegmentHash([number; 32]),
        space,
        bytes: 0,
        documents: 0,
        states: None,
    }
}

/// A replica that lacks all of its spaces.
fn newcomer(relay: &Relay) -> Replica {
    let mut replica = WANG_QIANG.replica();
    welcome(&mut replica, relay);
    replica
}

fn welcome(replica: &mut Replica, relay: &Relay) {
    let welcomed = relay.welcome(WANG_QIANG);
    let whole = replica.whole_spaces().unwrap();
    let is_lacking = |space: &&SpaceName| {
        replica.cursor().unwrap().is_none() || !whole.contains(&space.as_str().to_owned())
    };
    let lacking = welcomed.spaces.iter().filter(is_lacking).cloned().collect();
    let welcomed = Welcomed {
        resume: Resume::Fetch,
        lacking,
        ..welcomed
    };
    replica.welcomed(&welcomed, minute(5)).unwrap();
}

fn take(
    replica: &mut Replica,
    (info, saves): &(SegmentInfo, Vec<SaveEntry>),
    seq: Seq,
) -> Received {
    let received = replica.receive_segment(info, saves.clone(), cursor(seq.0));
    received.unwrap()
}

/// What every table says, but for how it came to be there.
fn is_as_from_the_log(relay: &Relay, replica: &mut Replica) {
    let mut other = reader(relay);
    relay.read(&mut other);
    assert_eq!(replica.states().unwrap(), other.states().unwrap());
    let verified = replica.verify(&mut |_| {}).unwrap();
    assert_eq!(verified.problems, []);
}

#[test]
fn segments_give_what_the_log_gives() {
    let (relay, _, customers) = dealership();
    let mut replica = newcomer(&relay);
    assert!(replica.takes_segments().unwrap());
    let head = relay.head();
    for segment in segments(&relay) {
        let received = take(&mut replica, &segment, head);
        assert_eq!(received.changed.len(), segment.1.len());
        assert!(received.set_aside.is_empty());
        assert!(!replica.takes_segments().unwrap());
    }
    replica.segments_are_whole(cursor(head.0)).unwrap();
    let mut log = reader(&relay);
    relay.read(&mut log);
    for customer in customers {
        assert_eq!(heads(&replica, customer), heads(&log, customer));
    }
    assert_eq!(replica.cursor().unwrap(), Some(cursor(head.0)));
    assert_eq!(replica.segments().unwrap().len(), 0, "nobody asks any more");
    is_as_from_the_log(&relay, &mut replica);
}

#[test]
fn the_cursor_speaks_of_no_space_that_is_not_whole() {
    let (relay, ..) = dealership();
    let mut replica = newcomer(&relay);
    let spaces = replica.spaces().unwrap();
    let all = segments(&relay);
    assert_eq!(replica.cursor().unwrap(), None);
    // The first cursor stays, whatever later lists say.
    take(&mut replica, &all[0], Seq(4));
    take(&mut replica, &all[0], Seq(7));
    assert_eq!(replica.cursor().unwrap(), Some(cursor(4)));
    assert_eq!(replica.whole_spaces().unwrap(), [""; 0]);
    assert_eq!(replica.spaces().unwrap(), spaces);
    assert_eq!(replica.segments().unwrap(), [all[0].0.hash].into());
    // The connection breaks, and the device is welcomed again.
    welcome(&mut replica, &relay);
    assert_eq!(replica.segments().unwrap(), [all[0].0.hash].into());
    replica.segments_are_whole(cursor(9)).unwrap();
    assert_eq!(replica.whole_spaces().unwrap(), spaces);
    assert_eq!(replica.cursor().unwrap(), Some(cursor(4)));
}

#[test]
fn segments_of_a_space_that_is_lost_count_no_more() {
    let (relay, ..) = dealership();
    let mut replica = newcomer(&relay);
    let all = segments(&relay);
    for segment in &all {
        take(&mut replica, segment, Seq(4));
    }
    let mut fewer = relay.welcome(WANG_QIANG);
    let (lost, _) = &all[1];
    fewer.spaces.retain(|space| *space != lost.space);
    let lacking = fewer.spaces.clone();
    let resume = Resume::Fetch;
    let fewer = Welcomed {
        lacking,
        resume,
        ..fewer
    };
    replica.welcomed(&fewer, minute(6)).unwrap();
    let left = replica.segments().unwrap();
    assert!(!left.contains(&lost.hash));
    assert_eq!(left.len(), all.len() - 1);
}

#[test]
fn a_segment_over_which_the_process_died_is_taken_in_document_by_document() {
    let (relay, ..) = dealership();
    let folder = tempfile::tempdir().unwrap();
    let all = segments(&relay);
    {
        let mut replica = WANG_QIANG.replica_at(folder.path());
        welcome(&mut replica, &relay);
        take(&mut replica, &all[0], relay.head());
        // It has the second in hand, and dies.
        let (info, _) = &all[1];
        let space = info.space.as_str();
        crate::store::segment::mark(replica.connection(), info.hash, space).unwrap();
    }
    let mut replica = reopen(folder.path(), 9);
    assert_eq!(replica.segments().unwrap(), [all[0].0.hash].into());
    for segment in &all {
        take(&mut replica, segment, relay.head());
    }
    replica.segments_are_whole(cursor(relay.head().0)).unwrap();
    assert_eq!(replica.count("SELECT count(*) FROM suspect"), 0);
    is_as_from_the_log(&relay, &mut replica);
}

#[test]
fn a_document_that_this_build_cannot_take_keeps_no_other_from_coming() {
    let (relay, ..) = dealership();
    let mut replica = newcomer(&relay);
    let mut all = segments(&relay);
    let (_, saves) = all.last_mut().unwrap();
    let spoilt = &mut saves[0];
    spoilt.saved = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0];
    let spoilt = dealership::DocumentId::from_bytes(spoilt.document.0);
    let mut set_aside = Vec::new();
    for segment in &all {
        set_aside.extend(take(&mut replica, segment, relay.head()).set_aside);
    }
    assert_eq!(set_aside, [spoilt]);
    let documents: usize = all.iter().map(|(_, saves)| saves.len()).sum();
    let here = replica.count("SELECT count(*) FROM document_kind");
    assert_eq!(usize::try_from(here).unwrap(), documents - 1);
    assert_eq!(replica.count("SELECT count(*) FROM held"), 1);
}

#[test]
fn what_a_person_did_meanwhile_stays_on_top_of_what_comes() {
    let (relay, ..) = dealership();
    let mut relay = relay;
    let mut author = LI_NA.replica();
    relay.sync(LI_NA, &mut author);
    let before = author.states().unwrap();
    let rename = serde_json::json!({"customer": relay.saves().iter().find_map(|entry| match entry {
        Entry::Save(save) if save.space.as_str().starts_with("store/") =>
            Some(dealership::DocumentId::from_bytes(save.document.0)),
        _ => None,
    }), "name": "张三丰"});
    crate::testing::run(&mut author, "rename", rename, 7);
    let after = author.states().unwrap();
    assert_ne!(before, after);
    for segment in segments(&relay) {
        let welcomed = relay.welcome(LI_NA);
        if welcomed.spaces.contains(&segment.0.space) {
            take(&mut author, &segment, relay.head());
        }
    }
    assert_eq!(author.states().unwrap(), after);
    assert_eq!(author.outbox(9, &[]).unwrap().len(), 1);
    assert_eq!(author.verify(&mut |_| {}).unwrap().problems, []);
}

#[test]
fn whoever_gives_up_on_segments_reads_the_log_from_its_start() {
    let (relay, ..) = dealership();
    let mut replica = newcomer(&relay);
    take(&mut replica, &segments(&relay)[0], relay.head());
    replica.read_from_start().unwrap();
    assert_eq!(replica.cursor().unwrap(), None);
    assert_eq!(replica.whole_spaces().unwrap(), replica.spaces().unwrap());
    assert!(
        !replica.takes_segments().unwrap(),
        "only the log says what is gone"
    );
    relay.read(&mut replica);
    is_as_from_the_log(&relay, &mut replica);
}
