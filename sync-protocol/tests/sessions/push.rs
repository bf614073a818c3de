//! Batches on their way from outboxes into the log.

use std::collections::BTreeSet;

use sync_protocol::message::{
    Accepted, Credit, Later, NeedsDependencies, Push, RelayMessage, Verdict,
};
use sync_protocol::{
    Batch, BatchId, ByeCode, ClientEffect, ClientInput, CloseReason, HostFault, LogAnswer, LogPage,
    Outcome, Packed, PushedChange, RelayEffect, RelayInput, Seq, Timestamp, Violation, limits,
};

use crate::hub::{Change, Fate, batch_id, document, space};
use crate::lone::{
    LoneClient, LoneRelay, client_closed, reached, relay_closed, sent_by_client, sent_by_relay,
};
use crate::network::{Network, Step};

fn batch(number: u64, padding: usize) -> Batch {
    let raw = Change {
        padding,
        ..Change::new(number)
    }
    .bytes();
    let change = PushedChange {
        document: document(number),
        space: space("group"),
        raw,
    };
    Batch::new(batch_id(number), Seq(0), vec![change]).unwrap()
}

/// A batch as long as one may be.
fn full_batch(number: u64) -> Batch {
    let changes = (0..4).map(|index| {
        let raw = Change {
            padding: 61_000,
            ..Change::new(number * 10 + index)
        }
        .bytes();
        PushedChange {
            document: document(number),
            space: space("group"),
            raw,
        }
    });
    Batch::new(batch_id(number), Seq(0), changes.collect()).unwrap()
}

fn push(batch: &Batch) -> Push {
    let body = batch
        .changes()
        .iter()
        .flat_map(|change| minicbor::to_vec(change).unwrap());
    Push {
        batch: batch.id(),
        base_seq: batch.base_seq(),
        changes: Packed::pack(body.collect()),
    }
}

fn accepted(seq: u64) -> Outcome {
    let received_at = Timestamp(1);
    Accepted {
        first_seq: Seq(seq),
        last_seq: Seq(seq),
        received_at,
    }
    .into()
}

fn verdict(number: u64, outcome: impl Into<Outcome>) -> Verdict {
    Verdict {
        batch: batch_id(number),
        outcome: outcome.into(),
    }
}

/// How many batches an effect asks for, and which not.
fn asked(effects: &[ClientEffect]) -> Option<(usize, Vec<BatchId>)> {
    effects.iter().find_map(|effect| match effect {
        ClientEffect::WantBatches { room, except } => Some((*room, except.clone())),
        _ => None,
    })
}

fn was_pushed(effects: &[ClientEffect]) -> bool {
    matches!(effects.first(), Some(ClientEffect::Send(_)))
}

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
    let outcome = Outcome::from(NeedsDependencies { hashes });
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
fn offers_beyond_the_room_are_dropped_and_asked_for_again() {
    let mut client = LoneClient::live();
    for number in 1..=16 {
        assert!(was_pushed(
            &client.tell(ClientInput::Offer(batch(number, 10)))
        ));
    }
    // The seventeenth finds no room; nothing is asked for until half the room is free.
    assert_eq!(client.tell(ClientInput::Offer(batch(17, 10))), []);
    let effects = client.hear(verdict(1, accepted(1)));
    assert_eq!(
        asked(&effects).unwrap().0,
        1,
        "a dropped offer is asked for at once"
    );
    assert!(was_pushed(&client.tell(ClientInput::Offer(batch(17, 10)))));
    for number in 2..=8 {
        assert_eq!(asked(&client.hear(verdict(number, accepted(number)))), None);
    }
    let (room, except) = asked(&client.hear(verdict(9, accepted(9)))).unwrap();
    assert_eq!(room, 8);
    assert_eq!(except, (10..=17).map(batch_id).collect::<Vec<_>>());
}

#[test]
fn a_dropped_offer_is_not_overtaken_by_the_one_behind_it() {
    // Given a window with room for no more than four full batches,
    let mut client = LoneClient::live();
    let pushed: Vec<bool> = (1..=5)
        .map(|number| was_pushed(&client.tell(ClientInput::Offer(full_batch(number)))))
        .collect();
    assert_eq!(pushed, [true, true, true, true, false]);
    // when a small one is offered behind the one that did not fit, it waits as well.
    assert_eq!(client.tell(ClientInput::Offer(batch(6, 10))), []);
    // Verdicts alone bring no room: credit does.
    for number in 1..=3 {
        assert_eq!(asked(&client.hear(verdict(number, accepted(number)))), None);
    }
    let (room, _) = asked(&client.hear(Credit { bytes: 3 * 244_000 })).unwrap();
    assert_eq!(room, 15);
    assert!(was_pushed(&client.tell(ClientInput::Offer(full_batch(5)))));
    assert!(was_pushed(&client.tell(ClientInput::Offer(batch(6, 10)))));
}

#[test]
fn a_batch_in_flight_is_not_pushed_twice() {
    let mut client = LoneClient::live();
    assert!(was_pushed(&client.tell(ClientInput::Offer(batch(1, 10)))));
    assert_eq!(client.tell(ClientInput::Offer(batch(1, 10))), []);
    // Once it is settled for now, it may be.
    client.hear(verdict(1, Later { retry_ms: 0 }));
    assert!(was_pushed(&client.tell(ClientInput::Offer(batch(1, 10)))));
}

#[test]
fn a_relay_that_puts_everything_off_is_not_asked_without_end() {
    let mut client = LoneClient::live();
    let mut pushed = 0;
    for number in 1..=1_000 {
        let effects = client.tell(ClientInput::Offer(batch(number, 10)));
        if !was_pushed(&effects) {
            break;
        }
        pushed += 1;
        client.hear(verdict(number, Later { retry_ms: 5_000 }));
    }
    assert_eq!(pushed, limits::BATCHES_HELD);
    assert_eq!(asked(&client.tell(ClientInput::OutboxChanged)), None);
    client.now = client.session.wake_at().unwrap();
    let (room, except) = asked(&client.tell(ClientInput::Tick)).unwrap();
    assert_eq!((room, except.len()), (16, 0));
}

#[test]
fn a_pause_without_end_is_cut_short() {
    let mut client = LoneClient::live();
    client.tell(ClientInput::Offer(batch(1, 10)));
    client.hear(verdict(1, Later { retry_ms: u32::MAX }));
    client.now = client.now.plus(59_999);
    for _ in 0..15 {
        client.tell(ClientInput::Touched);
        client.now = client.now.plus(59_999);
    }
    let (_, except) = asked(&client.tell(ClientInput::Touched)).unwrap();
    assert!(except.is_empty());
}

#[test]
fn a_verdict_on_a_batch_that_is_not_in_flight_is_a_violation() {
    let (reason, _) = client_closed(&LoneClient::live().hear(verdict(1, accepted(1))));
    assert_eq!(
        reason,
        CloseReason::Violation(Violation::VerdictOnNothing(batch_id(1)))
    );
}

#[test]
fn an_offer_before_the_welcome_is_not_taken() {
    let mut client = LoneClient::greeted();
    assert_eq!(client.tell(ClientInput::Offer(batch(1, 10))), []);
}

#[test]
fn verdicts_overtake_each_other_freely() {
    let mut client = LoneClient::live();
    for number in 1..=3 {
        client.tell(ClientInput::Offer(batch(number, 10)));
    }
    let settled: BTreeSet<BatchId> = [3, 1, 2]
        .into_iter()
        .flat_map(|number| client.hear(verdict(number, accepted(number))))
        .filter_map(|effect| match effect {
            ClientEffect::Settle { batch, .. } => Some(batch),
            _ => None,
        })
        .collect();
    assert_eq!(settled.len(), 3);
}

/// A live relay whose device has been told that it has caught up.
fn told_relay() -> LoneRelay {
    let mut relay = LoneRelay::live(0);
    let tag = reached(0).unwrap().tag;
    let (through, head) = (Seq(0), Seq(0));
    relay.tell(RelayInput::Log(LogAnswer {
        page: LogPage::new(Seq(0)),
        through,
        head,
        tag,
    }));
    relay
}

#[test]
fn batches_are_judged_in_the_order_in_which_they_were_pushed() {
    let mut relay = told_relay();
    for number in 1..=3 {
        let effects = relay.hear(push(&batch(number, 10)));
        assert_eq!(effects, [RelayEffect::Accept(batch(number, 10))]);
    }
}

#[test]
fn a_seventeenth_batch_in_flight_is_over_the_limit() {
    let mut relay = told_relay();
    for number in 1..=16 {
        relay.hear(push(&batch(number, 10)));
    }
    let (reason, bye) = relay_closed(&relay.hear(push(&batch(17, 10))));
    assert_eq!(reason, CloseReason::Violation(Violation::TooManyBatches));
    assert_eq!(bye.unwrap().code, ByeCode::OverLimit);
}

#[test]
fn a_batch_pushed_twice_at_once_is_a_violation() {
    let mut relay = told_relay();
    relay.hear(push(&batch(1, 10)));
    let (reason, _) = relay_closed(&relay.hear(push(&batch(1, 10))));
    assert_eq!(
        reason,
        CloseReason::Violation(Violation::BatchTwice(batch_id(1)))
    );
}

#[test]
fn a_device_that_pushes_more_than_its_credit_is_cut_off() {
    let mut relay = told_relay();
    for number in 1..=4 {
        assert_eq!(relay.hear(push(&full_batch(number))).len(), 1);
    }
    let (reason, bye) = relay_closed(&relay.hear(push(&full_batch(5))));
    assert!(matches!(
        reason,
        CloseReason::Violation(Violation::CreditExceeded { .. })
    ));
    assert_eq!(bye.unwrap().code, ByeCode::OverLimit);
}

#[test]
fn credit_for_pushes_comes_after_verdicts() {
    let mut relay = told_relay();
    for number in 1..=2 {
        relay.hear(push(&full_batch(number)));
    }
    let judged = |number| RelayInput::Verdict {
        batch: batch_id(number),
        outcome: accepted(1),
    };
    let sent = sent_by_relay(&relay.tell(judged(1)));
    assert!(matches!(sent[..], [RelayMessage::Verdict(_)]), "{sent:?}");
    let sent = sent_by_relay(&relay.tell(judged(2)));
    assert!(
        matches!(
            sent[..],
            [RelayMessage::Verdict(_), RelayMessage::Credit(_)]
        ),
        "{sent:?}"
    );
}

#[test]
fn a_verdict_that_nobody_waits_for_is_a_fault_of_the_host() {
    let judged = RelayInput::Verdict {
        batch: batch_id(1),
        outcome: accepted(1),
    };
    let (reason, _) = relay_closed(&told_relay().tell(judged));
    let fault = HostFault::VerdictOnNothing(batch_id(1));
    assert_eq!(reason, CloseReason::HostFault(fault));
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

#[test]
fn the_bytes_of_a_push_are_those_of_its_changes_deflated() {
    let text = b"a change whose text repeats ".repeat(200);
    let change = PushedChange {
        document: document(1),
        space: space("group"),
        raw: text,
    };
    let batch = Batch::new(batch_id(1), Seq(0), vec![change]).unwrap();
    let effects = LoneClient::live().tell(ClientInput::Offer(batch));
    let ClientEffect::Send(frame) = &effects[0] else {
        panic!("{effects:?}")
    };
    assert!(frame.len() < 200, "{} bytes", frame.len());
    assert_eq!(sent_by_client(&effects).len(), 1);
}
