//! Pushes, as a relay's session takes them.

use sync_protocol::message::RelayMessage;
use sync_protocol::{
    ByeCode, CloseReason, HostFault, LogAnswer, LogPage, RelayEffect, RelayInput, Seq, Violation,
};

use crate::builders::{accepted, batch, full_batch, push};
use crate::hub::batch_id;
use crate::lone::{LoneRelay, reached, relay_closed, sent_by_relay};

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
        states: None,
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
