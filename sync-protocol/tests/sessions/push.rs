//! Batches on their way from outboxes into the log.

use sync_protocol::message::NeedsDependencies;
use sync_protocol::{ClientInput, Outcome, limits};

use crate::builders::full_batch;
use crate::hub::{Change, Fate, batch_id};
use crate::network::{Network, Step};

#[test]
fn a_batch_pushed_again_after_a_lost_verdict_gets_the_same_one_and_one_place_in_the_log() {
    // Given a batch whose verdict is lost with the connection,
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    network.replicas[alice].edit(7, "group", Change::new(7));
    let first = network.connect(alice);
    while network.hub.judged == 0 {
        let (link, step) = network.steps()[0];
        network.step(link, step);
    }
    network.cut(first);
    assert!(network.replicas[alice].settled.is_empty());
    let verdict = network.hub.verdicts[&batch_id(7)].clone();
    // when the device connects again,
    network.connect(alice);
    network.run_until_quiescent();
    // then it pushes again and hears what was decided then.
    assert_eq!(network.hub.judged, 2);
    assert_eq!(network.replicas[alice].settled, [(batch_id(7), verdict)]);
    assert_eq!(network.hub.changes().filter(|id| *id == 7).count(), 1);
}

#[test]
fn a_refused_batch_is_settled_once_and_stops_nothing_behind_it() {
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    network.replicas[alice].edit(
        1,
        "group",
        Change {
            fate: Fate::Refuse,
            ..Change::new(1)
        },
    );
    for id in 2..=40 {
        network.replicas[alice].edit(id, "group", Change::new(id));
    }
    network.connect(alice);
    network.run_until_quiescent();
    let replica = &network.replicas[alice];
    assert_eq!(replica.quarantine, [batch_id(1)]);
    assert!(replica.outbox.is_empty());
    assert_eq!(network.hub.judged, 40, "nothing was pushed twice");
}

#[test]
fn a_batch_that_builds_on_a_refused_one_never_slips_past_it() {
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    network.replicas[alice].edit(
        1,
        "group",
        Change {
            fate: Fate::Refuse,
            ..Change::new(1)
        },
    );
    network.replicas[alice].edit(
        2,
        "group",
        Change {
            depends_on: 1,
            ..Change::new(2)
        },
    );
    network.replicas[alice].edit(3, "group", Change::new(3));
    let link = network.connect(alice);
    network.settle();
    // Both were in flight together; the second is not accepted, and asks for what it lacks.
    assert_eq!(network.hub.changes().collect::<Vec<_>>(), [3]);
    let hashes = vec![Change::hash(1)];
    let outcome = Outcome::from(NeedsDependencies {
        hashes,
        states: None,
    });
    assert!(
        network.replicas[alice]
            .settled
            .contains(&(batch_id(2), outcome))
    );
    // It is not pushed again and again without pause either.
    let judged = network.hub.judged;
    assert_eq!(judged, 3);
    network.pass(limits::DEPENDENCIES_PAUSE - 1);
    assert_eq!(network.hub.judged, judged);
    network.pass(1);
    assert_eq!(network.hub.judged, judged + 1);
    assert!(network.links[link].client_closed.is_none());
}

#[test]
fn a_batch_put_off_is_asked_for_again_without_any_event_of_its_host() {
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    let fate = Fate::PutOff(7_000);
    network.replicas[alice].edit(
        1,
        "group",
        Change {
            fate,
            ..Change::new(1)
        },
    );
    network.replicas[alice].edit(2, "group", Change::new(2));
    let link = network.connect(alice);
    network.settle();
    assert_eq!(network.hub.judged, 2);
    let due = network.now.plus(7_000);
    assert_eq!(network.links[link].client.wake_at(), Some(due));
    assert_eq!(
        network.replicas[alice].asked.last().unwrap().1,
        [batch_id(1)]
    );
    network.run_until_quiescent();
    assert_eq!(network.now, due);
    assert!(network.replicas[alice].outbox.is_empty());
}

#[test]
fn a_new_batch_is_pushed_although_everything_was_pushed_before() {
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    let link = network.connect(alice);
    network.run_until_quiescent();
    network.replicas[alice].edit(1, "group", Change::new(1));
    let now = network.now;
    network.links[link].client_input(now, ClientInput::OutboxChanged);
    network.run_until_quiescent();
    assert!(network.replicas[alice].outbox.is_empty());
}

#[test]
fn a_long_outbox_is_emptied_in_order_sixteen_at_a_time() {
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    for id in 1..=200 {
        network.replicas[alice].edit(id, "group", Change::new(id));
    }
    network.connect(alice);
    let mut most = 0;
    while let Some((link, step)) = network.steps().first().copied() {
        network.step(link, step);
        let up = &network.links[link].up;
        most = most.max(up.len());
    }
    network.run_until_quiescent();
    assert!(most <= limits::BATCHES_IN_FLIGHT, "{most} at once");
    assert_eq!(
        network.hub.changes().collect::<Vec<_>>(),
        (1..=200).collect::<Vec<_>>()
    );
    let asked = network.replicas[alice].asked.len();
    assert!(
        asked < 40,
        "the outbox was read {asked} times for 200 batches"
    );
}

#[test]
fn a_long_outbox_of_full_batches_flows_through_the_window() {
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    for number in 1..=20 {
        network.replicas[alice].outbox.push(full_batch(number));
    }
    let link = network.connect(alice);
    while let Some((index, step)) = network.steps().first().copied() {
        network.step(index, step);
        let on_its_way: usize = network.links[link].up.iter().map(Vec::len).sum();
        assert!(on_its_way <= limits::DEFAULT_WINDOW as usize);
    }
    network.run_until_quiescent();
    assert!(network.replicas[alice].outbox.is_empty());
    assert_eq!(network.hub.judged, 20);
    let ids: Vec<u64> = network.hub.changes().collect();
    assert!(ids.is_sorted(), "none overtook another");
}

#[test]
fn a_verdict_is_not_held_up_by_a_reader_without_credit() {
    // Given a device whose disk hangs while a long log streams to it,
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    for id in 1..=100 {
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
    // when it pushes, then it gets its verdict.
    network.replicas[alice].edit(777, "group", Change::new(777));
    let now = network.now;
    network.links[link].client_input(now, ClientInput::OutboxChanged);
    network.settle();
    assert_eq!(network.replicas[alice].settled.len(), 1);
    assert!(
        network
            .steps()
            .iter()
            .all(|(_, step)| *step != Step::DeliverDown)
    );
}
