//! The log on its way into replicas.

use sync_protocol::entry::{ChangeEntry, GoneEntry};
use sync_protocol::message::{ClientMessage, Credit, Entries, Reached, RelayMessage};
use sync_protocol::{
    ByeCode, ChangeReceipt, ClientEffect, ClientInput, CloseReason, CursorTag, DecodeError, Entry,
    HostFault, LogAnswer, LogPage, Packed, RelayEffect, RelayInput, Retry, Seq, Timestamp,
    Violation, Walk, limits,
};

use crate::hub::{Change, document, space};
use crate::lone::{
    LoneClient, LoneRelay, client_closed, entries, reached, relay_closed, sent_by_relay,
};
use crate::network::{Network, Step};

fn gone(seq: u64) -> Entry {
    Entry::Gone(GoneEntry {
        seq: Seq(seq),
        document: document(seq),
    })
}

fn seqs(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq().0).collect()
}

/// Steps a network until a replica's cursor has moved.
fn run_until_stored(network: &mut Network, replica: usize) {
    let before = network.replicas[replica].cursor;
    while network.replicas[replica].cursor == before {
        let (link, step) = network.steps()[0];
        network.step(link, step);
    }
}

#[test]
fn a_stream_that_breaks_between_two_changes_of_one_document_loses_neither() {
    // Given changes of document 1 at 1 and 3 with one of document 2 between them, and a stream
    // that breaks after each position in turn,
    for breaks in 1..=2 {
        let mut network = Network::new();
        network.hub.rows_per_read = 1;
        let alice = network.enrol(&["group"]);
        for (number, id) in [(1, 11), (2, 12), (1, 13)] {
            network.hub.write("group", number, Change::new(id));
        }
        let first = network.connect(alice);
        for _ in 0..breaks {
            run_until_stored(&mut network, alice);
        }
        network.cut(first);
        // when document 1 changes again meanwhile and the stream goes on from the cursor,
        network.hub.write("group", 1, Change::new(14));
        network.connect(alice);
        network.run_until_quiescent();
        // then all four changes have come. Had document 1 been sent at the position of its last
        // change, the cursor at 2 would have claimed its change at 1 without holding it, and
        // change 11 would never have come.
        let known: Vec<u64> = network.replicas[alice].known.iter().copied().collect();
        assert_eq!(known, [11, 12, 13, 14], "broken after {breaks}");
    }
}

#[test]
fn a_document_with_many_changes_comes_once_at_the_position_of_the_first() {
    let mut network = Network::new();
    network.hub.save_from = 3;
    network.hub.rows_per_read = 2;
    let alice = network.enrol(&["group"]);
    for id in 1..=10 {
        let number = if id % 2 == 0 { 7 } else { 100 + id };
        network.hub.write("group", number, Change::new(id));
    }
    network.connect(alice);
    network.run_until_quiescent();
    let replica = &network.replicas[alice];
    assert_eq!(seqs(&replica.entries), [1, 2, 3, 5, 7, 9]);
    assert!(matches!(&replica.entries[1], Entry::Save(save) if save.through == Seq(10)));
    assert_eq!(replica.cursor.unwrap().seq, Seq(10));
    assert_eq!(replica.known.len(), 10);
}

#[test]
fn a_save_longer_than_a_frame_is_stored_whole_or_not_at_all() {
    let big = |network: &mut Network| {
        network.hub.save_from = 2;
        for id in 1..=12 {
            network.hub.write(
                "group",
                7,
                Change {
                    padding: 60_000,
                    ..Change::new(id)
                },
            );
        }
        network.hub.write("group", 8, Change::new(13));
    };
    // Given a document of 720 KB, and a connection that breaks at each frame,
    let mut frames = 1;
    loop {
        let mut network = Network::new();
        big(&mut network);
        let alice = network.enrol(&["group"]);
        let first = network.connect(alice);
        while network.links[first].frames_down < frames {
            let Some((link, step)) = network.steps().first().copied() else {
                break;
            };
            network.step(link, step);
        }
        let whole = network.links[first].frames_down < frames;
        network.cut(first);
        let stored = &network.replicas[alice];
        assert!(stored.entries.is_empty() == stored.cursor.is_none());
        // when it connects again,
        network.connect(alice);
        network.run_until_quiescent();
        // then the save is there, once.
        assert_eq!(seqs(&network.replicas[alice].entries), [1, 13]);
        if whole {
            break;
        }
        frames += 1;
    }
    assert!(frames > 5, "the save came in {frames} frames");
}

#[test]
fn a_cursor_between_entries_is_as_good_as_one_on_an_entry() {
    // Given a device whose spaces have entries at 1 and 4 only, while the log ends at 5,
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    for (id, space) in [
        (1, "group"),
        (2, "store/2"),
        (3, "store/2"),
        (4, "group"),
        (5, "store/2"),
    ] {
        network.hub.write(space, id, Change::new(id));
    }
    let first = network.connect(alice);
    network.run_until_quiescent();
    assert_eq!(network.replicas[alice].cursor.unwrap().seq, Seq(5));
    network.cut(first);
    // when it connects again with the cursor at 5, where nothing of its own stands,
    network.hub.write("group", 6, Change::new(6));
    network.connect(alice);
    network.run_until_quiescent();
    // then only what is new comes.
    assert_eq!(seqs(&network.replicas[alice].entries), [1, 4, 6]);
}

#[test]
fn a_reader_that_stores_nothing_is_not_sent_more_than_its_window() {
    // Given a log of 16 MiB and a device whose disk hangs,
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    for id in 1..=280 {
        network.hub.write(
            "group",
            id,
            Change {
                padding: 60_000,
                ..Change::new(id)
            },
        );
    }
    let link = network.connect(alice);
    network.links[link].stores = false;
    network.settle();
    // then the relay stops at the window, and does not read ahead either.
    let sent = network.links[link].bytes_down;
    assert!(
        sent < limits::DEFAULT_WINDOW as usize + 1024,
        "{sent} bytes"
    );
    assert!(network.hub.reads <= 5, "{} reads", network.hub.reads);
    // When more is written it is not even woken for,
    network.hub.write("group", 999, Change::new(999));
    network.publish();
    network.settle();
    assert_eq!(network.links[link].bytes_down, sent);
    assert!(
        network.links[link].client_closed.is_none(),
        "being slow is no crime"
    );
}

#[test]
fn credit_comes_back_when_entries_are_stored_and_the_stream_goes_on() {
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    network.replicas[alice].window = limits::SMALLEST_WINDOW;
    for id in 1..=60 {
        network.hub.write(
            "group",
            id,
            Change {
                padding: 60_000,
                ..Change::new(id)
            },
        );
    }
    let link = network.connect(alice);
    network.run_until_quiescent();
    assert_eq!(network.replicas[alice].known.len(), 60);
    assert!(network.links[link].bytes_down > 6 * limits::SMALLEST_WINDOW as usize);
}

#[test]
fn an_edit_reaches_another_device_in_one_frame() {
    let mut network = Network::new();
    let (alice, bob) = (network.enrol(&["group"]), network.enrol(&["group"]));
    let (a, b) = (network.connect(alice), network.connect(bob));
    network.run_until_quiescent();
    let before = network.links[b].frames_down;
    network.replicas[alice].edit(1, "group", Change::new(1));
    let now = network.now;
    network.links[a].client_input(now, ClientInput::OutboxChanged);
    network.run_until_quiescent();
    assert_eq!(network.links[b].frames_down, before + 1);
    assert!(network.replicas[bob].known.contains(&1));
    assert_eq!(network.replicas[bob].caught_up.last(), Some(&Seq(1)));
}

#[test]
fn a_wake_up_that_is_late_repeated_or_lost_changes_nothing() {
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    let link = network.connect(alice);
    network.run_until_quiescent();
    for id in 1..=3 {
        network.hub.write("group", id, Change::new(id));
    }
    let now = network.now;
    // The wake-ups for 1 and 3 are lost, that for 2 comes twice and after a later one.
    for head in [2, 2, 1] {
        network.links[link].relay_input(now, RelayInput::HeadMoved { head: Seq(head) });
    }
    network.run_until_quiescent();
    assert_eq!(
        network.replicas[alice].known.len(),
        3,
        "the log is read, not the wake-up"
    );
}

#[test]
fn what_other_spaces_write_costs_a_device_one_frame_in_ten_seconds() {
    let mut network = Network::new();
    let alice = network.enrol(&["store/1"]);
    let link = network.connect(alice);
    network.run_until_quiescent();
    let before = network.links[link].frames_down;
    for id in 1..=100 {
        network.hub.write("store/2", id, Change::new(id));
        network.publish();
        network.pass(50);
    }
    assert_eq!(network.links[link].frames_down, before);
    network.run_until_quiescent();
    assert_eq!(network.links[link].frames_down, before + 1);
    assert_eq!(network.replicas[alice].cursor.unwrap().seq, Seq(100));
    // An entry of its own does not wait for that.
    network.hub.write("store/2", 101, Change::new(101));
    network.hub.write("store/1", 102, Change::new(102));
    network.publish();
    network.settle();
    assert_eq!(network.replicas[alice].cursor.unwrap().seq, Seq(102));
}

#[test]
fn purged_and_departed_documents_are_said_to_be_so() {
    let mut network = Network::new();
    let alice = network.enrol(&["store/1"]);
    network.hub.write("store/1", 1, Change::new(1));
    network.connect(alice);
    network.run_until_quiescent();
    network.hub.move_away("store/1", 1);
    network.hub.purge("store/1", 9);
    network.publish();
    network.run_until_quiescent();
    let said = &network.replicas[alice].entries[1..];
    assert!(matches!(&said[0], Entry::Left(left) if left.document == document(1)));
    assert!(matches!(&said[1], Entry::Gone(gone) if gone.document == document(9)));
}

#[test]
fn a_change_of_any_content_is_handed_on_unread() {
    let receipt = ChangeReceipt {
        seq: Seq(1),
        received_at: Timestamp(i64::MAX),
        base_received_at: Timestamp(i64::MIN),
        clock_trusted: false,
    };
    let raw = b"a shape of 2042 \xff\x00".to_vec();
    let change = ChangeEntry {
        receipt,
        space: space("of/2042"),
        document: document(1),
        raw,
    };
    let change = Entry::Change(change);
    let effects = LoneClient::live().hear(entries(0, 1, std::slice::from_ref(&change)));
    let [ClientEffect::Store { entries, cursor }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(entries[..], [change]);
    assert_eq!(cursor.seq, Seq(1), "the cursor moves over it");
}

#[test]
fn caught_up_is_said_when_everything_is_stored_and_not_before() {
    let mut client = LoneClient::live();
    let effects = client.hear(entries(0, 2, &[gone(1), gone(2)]));
    assert!(
        matches!(effects[..], [ClientEffect::Store { .. }]),
        "{effects:?}"
    );
    let effects = client.tell(ClientInput::Stored { through: Seq(2) });
    assert_eq!(effects, [ClientEffect::CaughtUp { seq: Seq(2) }]);
    // With nothing to store there is nothing to wait for.
    let effects = client.hear(entries(2, 2, &[]));
    assert_eq!(effects, [ClientEffect::CaughtUp { seq: Seq(2) }]);
}

#[test]
fn commits_may_be_gathered() {
    let mut client = LoneClient::live();
    let behind = Entries {
        head: Seq(9),
        ..entries(0, 1, &[gone(1)])
    };
    client.hear(behind);
    client.hear(entries(1, 2, &[gone(2)]));
    let effects = client.tell(ClientInput::Stored { through: Seq(2) });
    assert_eq!(effects, [ClientEffect::CaughtUp { seq: Seq(2) }]);
    let (reason, _) = client_closed(&client.tell(ClientInput::Stored { through: Seq(2) }));
    assert_eq!(
        reason,
        CloseReason::HostFault(HostFault::StoredNothing { through: Seq(2) })
    );
}

#[test]
fn entries_of_a_later_kind_are_skipped_if_they_may_be() {
    // Kind 200 at position 2: [200, ["from a later version"]].
    let later = minicbor::to_vec((200_u8, ["from a later version"])).unwrap();
    let mut body = minicbor::to_vec(gone(1)).unwrap();
    body.extend(later);
    body.extend(minicbor::to_vec(gone(3)).unwrap());
    let frame = Entries {
        entries: Packed::pack(body),
        ..entries(0, 3, &[])
    };
    let effects = LoneClient::live().hear(frame);
    let [ClientEffect::Store { entries, cursor }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(seqs(entries), [1, 3]);
    assert_eq!(cursor.seq, Seq(3));
}

#[test]
fn entries_of_a_later_kind_that_must_be_understood_ask_for_an_upgrade() {
    let body = minicbor::to_vec((9_u8, ["from a later version"])).unwrap();
    let frame = Entries {
        entries: Packed::pack(body),
        ..entries(0, 3, &[])
    };
    let effects = LoneClient::live().hear(frame);
    let (reason, bye) = client_closed(&effects);
    let unknown = DecodeError::UnknownKind {
        part: "an entry",
        kind: 9,
    };
    assert_eq!(reason, CloseReason::Decode(unknown));
    assert_eq!(reason.retry(), Retry::WhenSomethingChanged);
    assert_eq!(bye.unwrap().code, ByeCode::NeedsUpgrade);
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, ClientEffect::Store { .. }))
    );
}

#[test]
fn entries_that_do_not_follow_are_refused_and_nothing_of_their_frame_is_stored() {
    let violation = |frame: Entries| {
        let effects = LoneClient::live().hear(frame);
        assert!(
            !effects
                .iter()
                .any(|effect| matches!(effect, ClientEffect::Store { .. }))
        );
        match client_closed(&effects) {
            (CloseReason::Violation(violation), Some(_)) => violation,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        violation(entries(1, 2, &[gone(2)])),
        Violation::NotContinued {
            expected: Seq(0),
            found: Seq(1)
        }
    );
    assert_eq!(
        violation(entries(0, 3, &[gone(2), gone(2)])),
        Violation::OutOfOrder {
            after: Seq(2),
            found: Seq(2),
            through: Seq(3)
        }
    );
    assert_eq!(
        violation(entries(0, 3, &[gone(4)])),
        Violation::OutOfOrder {
            after: Seq(0),
            found: Seq(4),
            through: Seq(3)
        }
    );
    assert!(matches!(
        violation(Entries {
            head: Seq(2),
            ..entries(0, 3, &[gone(1)])
        }),
        Violation::OutOfOrder { .. }
    ));
    assert!(matches!(
        violation(Entries {
            reached: None,
            ..entries(0, 3, &[gone(1)])
        }),
        Violation::PieceOutOfOrder { .. }
    ));
    assert!(matches!(
        violation(Entries {
            reached: None,
            ..entries(0, 3, &[])
        }),
        Violation::PieceOutOfOrder { .. }
    ));
}

/// A frame that brings a piece of an entry.
fn piece(seq: u64, offset: u32, total: u32, bytes: &[u8], last: bool) -> Entries {
    let bytes = minicbor::bytes::ByteVec::from(bytes.to_vec());
    let body = minicbor::to_vec((5_u8, (seq, offset, total, bytes))).unwrap();
    let reached = if last { reached(seq) } else { None };
    Entries {
        reached,
        entries: Packed::pack(body),
        ..entries(0, seq, &[])
    }
}

#[test]
fn pieces_are_put_together_and_nothing_else() {
    let whole = minicbor::to_vec(gone(4)).unwrap();
    let (total, half) = (whole.len() as u32, whole.len() / 2);
    let (front, back) = whole.split_at(half);
    let offset = half as u32;

    let mut client = LoneClient::live();
    assert!(client.hear(piece(4, 0, total, front, false)).is_empty());
    let effects = client.hear(piece(4, offset, total, back, true));
    assert!(
        matches!(&effects[..], [ClientEffect::Store { entries, .. }] if entries[..] == [gone(4)])
    );

    // (what follows the front half, whether it comes to an end)
    let wrong = [
        piece(4, offset + 1, total, back, true),
        piece(4, offset, total + 1, back, true),
        piece(5, offset, total, back, true),
        piece(4, offset, total, &[], false),
        piece(4, offset, total, front, true),
        piece(4, offset, total, back, false),
        piece(4, offset, total, &[back, back].concat(), true),
        entries(0, 4, &[gone(4)]),
        entries(0, 4, &[]),
        piece(4, 0, u32::MAX, front, false),
    ];
    for frame in wrong {
        let mut client = LoneClient::live();
        client.hear(piece(4, 0, total, front, false));
        let effects = client.hear(frame.clone());
        assert!(
            matches!(effects.last(), Some(ClientEffect::Close(_))),
            "{frame:?}: {effects:?}"
        );
        assert!(
            !effects
                .iter()
                .any(|effect| matches!(effect, ClientEffect::Store { .. }))
        );
    }
    // An entry that says it stands elsewhere than its pieces.
    let effects = LoneClient::live().hear(piece(5, 0, total, &whole, true));
    assert!(matches!(effects.last(), Some(ClientEffect::Close(_))));
}

#[test]
fn pieces_without_end_stop_at_the_limit_of_a_save() {
    let mut client = LoneClient::live();
    let bytes = vec![7; limits::BODY - 1024];
    let effects = client.hear(piece(4, 0, limits::SAVE as u32 + 1, &bytes, false));
    let (reason, bye) = client_closed(&effects);
    assert!(
        matches!(reason, CloseReason::Decode(DecodeError::OverLimit { .. })),
        "{reason}"
    );
    assert_eq!(bye.unwrap().code, ByeCode::OverLimit);
}

#[test]
fn a_relay_that_sends_more_than_its_credit_is_cut_off() {
    let mut client = LoneClient::live();
    let mut seq = 0;
    let reason = loop {
        seq += 1;
        let receipt = ChangeReceipt {
            seq: Seq(seq),
            received_at: Timestamp(0),
            base_received_at: Timestamp(0),
            clock_trusted: true,
        };
        let raw = Change {
            padding: 60_000,
            ..Change::new(seq)
        }
        .bytes();
        let change = ChangeEntry {
            receipt,
            space: space("group"),
            document: document(1),
            raw,
        };
        let effects = client.hear(entries(seq - 1, seq, &[Entry::Change(change)]));
        if let Some(ClientEffect::Close(reason)) = effects.last() {
            break reason.clone();
        }
    };
    assert!(matches!(
        reason,
        CloseReason::Violation(Violation::CreditExceeded { .. })
    ));
    assert_eq!(seq, u64::from(limits::DEFAULT_WINDOW) / 60_000 + 1);
}

fn answer(after: u64, through: u64, head: u64) -> LogAnswer {
    LogAnswer {
        page: LogPage::new(Seq(after)),
        through: Seq(through),
        head: Seq(head),
        tag: CursorTag([0; 32]),
    }
}

#[test]
fn the_log_is_read_once_at_a_time() {
    let mut relay = LoneRelay::live(10);
    assert!(
        relay
            .tell(RelayInput::HeadMoved { head: Seq(11) })
            .is_empty()
    );
    assert!(
        relay
            .tell(RelayInput::HeadMoved { head: Seq(12) })
            .is_empty()
    );
    let effects = relay.tell(RelayInput::Log(answer(0, 4, 11)));
    let walk = Walk {
        start: Seq(0),
        end: Seq(10),
    };
    assert_eq!(
        effects,
        [RelayEffect::Read {
            after: Seq(4),
            walk
        }]
    );
    // The walk goes to where the log ended when it began, then the next begins.
    let effects = relay.tell(RelayInput::Log(answer(4, 10, 11)));
    let walk = Walk {
        start: Seq(10),
        end: Seq(12),
    };
    assert_eq!(
        effects,
        [RelayEffect::Read {
            after: Seq(10),
            walk
        }]
    );
    let effects = relay.tell(RelayInput::Log(answer(10, 12, 12)));
    let sent = sent_by_relay(&effects);
    let [RelayMessage::Entries(entries)] = &sent[..] else {
        panic!("{effects:?}")
    };
    let tag = CursorTag([0; 32]);
    assert_eq!(
        entries.reached,
        Some(Reached {
            through: Seq(12),
            tag
        })
    );
    assert_eq!((entries.after, entries.head), (Seq(0), Seq(12)));
}

#[test]
fn a_page_that_cannot_be_right_ends_the_session_as_a_fault_of_its_host() {
    let fault = |answer: LogAnswer| {
        let mut relay = LoneRelay::live(10);
        match relay_closed(&relay.tell(RelayInput::Log(answer))) {
            (CloseReason::HostFault(fault), Some(bye)) => {
                assert_eq!(bye.code, ByeCode::Failed);
                fault
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        fault(answer(0, 0, 10)),
        HostFault::NoProgress { after: Seq(0) }
    );
    assert!(matches!(
        fault(answer(0, 11, 10)),
        HostFault::PageOutOfRange { .. }
    ));
    let mut beyond = answer(0, 4, 10);
    assert_eq!(
        beyond.page.push(&gone(5)).unwrap(),
        sync_protocol::Fit::Taken
    );
    assert!(matches!(fault(beyond), HostFault::PageOutOfRange { .. }));

    let mut relay = LoneRelay::live(0);
    relay.tell(RelayInput::Log(answer(0, 0, 0)));
    let (reason, _) = relay_closed(&relay.tell(RelayInput::Log(answer(0, 0, 0))));
    assert!(matches!(
        reason,
        CloseReason::HostFault(HostFault::Unasked { .. })
    ));
}

#[test]
fn credit_that_was_never_taken_is_a_violation() {
    let mut relay = LoneRelay::live(0);
    let (reason, _) = relay_closed(&relay.hear(Credit { bytes: 1 }));
    assert!(matches!(
        reason,
        CloseReason::Violation(Violation::CreditOverflow { .. })
    ));
    let (reason, _) = relay_closed(&LoneRelay::live(0).hear(Credit { bytes: 0 }));
    assert_eq!(reason, CloseReason::Violation(Violation::NoCredit));
}

#[test]
fn a_quarter_of_the_window_is_given_back_at_once() {
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    for id in 1..=5 {
        network.hub.write(
            "group",
            id,
            Change {
                padding: 60_000,
                ..Change::new(id)
            },
        );
    }
    let link = network.connect(alice);
    let mut credits = 0;
    while let Some((index, step)) = network.steps().first().copied() {
        if step == Step::DeliverUp {
            let frame = network.links[link].up.front().unwrap();
            let message = sync_protocol::frame::decode_client(1, frame)
                .unwrap()
                .unwrap();
            credits += usize::from(matches!(message, ClientMessage::Credit(_)));
        }
        network.step(index, step);
    }
    assert_eq!(credits, 1, "300 KB of a window of 1 MiB");
}
