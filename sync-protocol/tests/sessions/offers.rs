//! Offers of batches, as a device's session takes them.

use std::collections::BTreeSet;

use sync_protocol::message::{Credit, Later};
use sync_protocol::{
    Batch, BatchId, ClientEffect, ClientInput, CloseReason, PushedChange, Seq, Violation, limits,
};

use crate::builders::{accepted, batch, full_batch, verdict};
use crate::hub::{batch_id, document, space};
use crate::lone::{LoneClient, client_closed, sent_by_client};

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
