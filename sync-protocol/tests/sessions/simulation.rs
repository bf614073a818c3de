//! Whole runs: every interleaving, every place to break.

use proptest::prelude::*;
use sync_protocol::Seq;

use crate::hub::{Change, Fate};
use crate::network::{Network, Step};

/// A group whose first device has read a little and has edits to push, while others wrote on.
fn busy_network() -> Network {
    let mut network = Network::new();
    network.hub.save_from = 4;
    network.hub.rows_per_read = 5;
    let alice = network.enrol(&["group", "store/1"]);
    network.enrol(&["group", "store/2"]);
    for id in 1..=30 {
        let space = ["group", "store/1", "store/2"][id as usize % 3];
        // Document 0 of each space gathers many changes, the others few.
        let document = if id % 2 == 0 { 100 + id % 3 } else { 200 + id };
        network.hub.write(space, document, Change::new(id));
    }
    network.hub.purge("group", 200 + 3);
    network.hub.move_away("store/1", 200 + 1);
    for id in 1000..1006 {
        let depends_on = if id == 1003 { 1002 } else { 0 };
        let fate = match id {
            1004 => Fate::Refuse,
            1005 => Fate::PutOff(2_000),
            _ => Fate::Accept,
        };
        let change = Change {
            depends_on,
            fate,
            ..Change::new(id)
        };
        network.replicas[alice].edit(id, "store/1", change);
    }
    network
}

/// Everything that was to happen has happened, once.
fn assert_converged(network: &Network) {
    for replica in &network.replicas {
        replica.assert_complete(&network.hub, network.hub.head());
        assert!(replica.outbox.is_empty(), "{:?} are left", replica.outbox);
        assert_eq!(replica.caught_up.last(), Some(&network.hub.head()));
    }
    let mut pushed: Vec<u64> = network.hub.changes().filter(|id| *id >= 1000).collect();
    pushed.sort_unstable();
    assert_eq!(
        pushed,
        [1000, 1001, 1002, 1003, 1005],
        "each accepted change is there once"
    );
    assert_eq!(network.replicas[0].quarantine.len(), 1);
}

#[test]
fn everything_is_stored_once_and_in_order_wherever_the_connection_drops() {
    let mut drops = 0;
    loop {
        // Given a connection that breaks after so many steps,
        let mut network = busy_network();
        let first = network.connect(0);
        let mut broke = true;
        for _ in 0..drops {
            match network.steps().first().copied() {
                Some((link, step)) => network.step(link, step),
                None => broke = false,
            }
        }
        network.cut(first);
        // when the device comes again,
        network.connect(0);
        network.connect(1);
        network.run_until_quiescent();
        network.pass(10_000);
        // then nothing is missing and nothing came twice (checked at every store).
        assert_converged(&network);
        if !broke {
            break;
        }
        drops += 1;
    }
    assert!(drops > 50, "the run had {drops} places to break");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn replicas_converge_under_any_interleaving_of_steps_and_drops(
        choices in proptest::collection::vec(any::<u16>(), 50..600),
    ) {
        let mut network = busy_network();
        network.connect(0);
        network.connect(1);
        for choice in choices {
            if choice % 97 == 0 {
                // The device dials again while the relay still reads the old connection.
                let replica = usize::from(choice / 97) % 2;
                let open = network.links.iter().position(|link| {
                    link.replica == replica && link.client_closed.is_none()
                });
                if let Some(open) = open {
                    network.cut(open);
                }
                network.connect(replica);
                continue;
            }
            let steps = network.steps();
            if steps.is_empty() {
                network.pass(u64::from(choice) % 700);
                continue;
            }
            let (link, step) = steps[usize::from(choice) % steps.len()];
            network.step(link, step);
        }
        for replica in 0..2 {
            let open = network.links.iter().any(|link| {
                link.replica == replica && link.client_closed.is_none()
            });
            if !open {
                network.connect(replica);
            }
        }
        network.run_until_quiescent();
        network.pass(10_000);
        assert_converged(&network);
    }
}

#[test]
fn the_same_run_gives_the_same_frames() {
    let run = || {
        let mut network = busy_network();
        network.connect(0);
        network.connect(1);
        let mut frames = Vec::new();
        while let Some((link, step)) = network.steps().first().copied() {
            if step == Step::DeliverUp {
                frames.extend(network.links[link].up.front().cloned());
            }
            if step == Step::DeliverDown {
                frames.extend(network.links[link].down.front().cloned());
            }
            network.step(link, step);
        }
        frames
    };
    let frames = run();
    assert!(frames.len() > 15);
    assert_eq!(frames, run());
}

#[test]
fn a_session_that_is_cut_off_leaves_no_trace_but_the_cursor() {
    // Given a connection of which three frames were stored,
    let mut network = busy_network();
    network.hub.save_from = usize::MAX;
    let first = network.connect(0);
    let mut guard = 0;
    while network.replicas[0]
        .cursor
        .is_none_or(|cursor| cursor.seq < Seq(10))
    {
        let (link, step) = network.steps()[0];
        network.step(link, step);
        guard += 1;
        assert!(guard < 1_000);
    }
    network.cut(first);
    let cursor = network.replicas[0].cursor.unwrap();
    // when the device comes again with nothing but its cursor,
    let again = network.connect(0);
    network.run_until_quiescent();
    // then it is sent what follows the cursor and nothing before.
    let replica = network.replica_of(again);
    let seqs: Vec<Seq> = replica.entries.iter().map(|entry| entry.seq()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(seqs.contains(&cursor.seq) || seqs.iter().any(|seq| *seq > cursor.seq));
}
