//! The log on its way into replicas.

use sync_protocol::message::ClientMessage;
use sync_protocol::{ClientInput, Entry, RelayInput, Seq, limits};

use crate::builders::seqs;
use crate::hub::{Change, document};
use crate::network::{Network, Step};

/// Steps a network until a replica's cursor has moved.
fn run_until_stored(network: &mut Network, replica: usize) {
    let before = network.replicas[replica].cursor;
    while network.replicas[replica].cursor == before {
        let (link, step) = network.steps()[0];
        network.step(link, step);
    }
}

/// What a replica knows of changes 11, 12, 13 and 14 when its stream breaks after `breaks` frames
/// and the first document changes again before it comes back.
fn known_after_a_break(breaks: usize, orders_by_last_change: bool) -> Vec<u64> {
    // Given changes of document 1 at 1 and 3 with one of document 2 between them,
    let mut network = Network::new();
    network.hub.rows_per_read = 1;
    network.hub.orders_by_last_change = orders_by_last_change;
    let alice = network.enrol(&["group"]);
    network.replicas[alice].is_checked = !orders_by_last_change;
    for (number, id) in [(1, 11), (2, 12), (1, 13)] {
        network.hub.write("group", number, Change::new(id));
    }
    // when the stream breaks, document 1 changes again, and the stream goes on from the cursor.
    let first = network.connect(alice);
    for _ in 0..breaks {
        run_until_stored(&mut network, alice);
    }
    network.cut(first);
    network.hub.write("group", 1, Change::new(14));
    network.connect(alice);
    network.run_until_quiescent();
    network.replicas[alice].known.iter().copied().collect()
}

#[test]
fn a_stream_that_breaks_between_two_changes_of_one_document_loses_neither() {
    for breaks in 1..=3 {
        let known = known_after_a_break(breaks, false);
        assert_eq!(known, [11, 12, 13, 14], "broken after {breaks}");
    }
}

#[test]
fn a_stream_ordered_by_the_last_changes_of_documents_would_lose_one() {
    // The rule that looks as good: a document's pending changes at the position of the last. The
    // cursor at 2 then claims the change at 1 without holding it, and nothing brings it again.
    assert_eq!(known_after_a_break(1, true), [12, 13, 14]);
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
    assert_eq!(
        network.hub.reads, 4,
        "the fifth page would be over the credit"
    );
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
