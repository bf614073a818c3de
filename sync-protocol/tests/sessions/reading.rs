//! Reads of the log, as a relay asks its host for them.

use sync_protocol::message::{Credit, Reached, RelayMessage};
use sync_protocol::{
    ByeCode, CloseReason, CursorTag, HostFault, LogAnswer, LogPage, RelayEffect, RelayInput, Seq,
    Violation, Walk,
};

use crate::builders::gone;
use crate::lone::{LoneRelay, relay_closed, sent_by_relay};

fn answer(after: u64, through: u64, head: u64) -> LogAnswer {
    LogAnswer {
        page: LogPage::new(Seq(after)),
        through: Seq(through),
        head: Seq(head),
        tag: CursorTag([0; 32]),
        states: None,
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
            tag,
            states: None,
        })
    );
    assert_eq!((entries.after, entries.head), (Seq(0), Seq(12)));
}

#[test]
fn a_device_is_told_at_once_that_it_has_caught_up_although_the_last_entries_are_not_for_it() {
    let mut relay = LoneRelay::live(2);
    let mut first = answer(0, 1, 2);
    assert_eq!(
        first.page.push(&gone(1)).unwrap(),
        sync_protocol::Fit::Taken
    );
    let effects = relay.tell(RelayInput::Log(first));
    assert!(matches!(
        effects[..],
        [RelayEffect::Send(_), RelayEffect::Read { .. }]
    ));
    let sent = sent_by_relay(&relay.tell(RelayInput::Log(answer(1, 2, 2))));
    let [RelayMessage::Entries(entries)] = &sent[..] else {
        panic!("{sent:?}")
    };
    assert_eq!(entries.reached.unwrap().through, entries.head);
}

#[test]
fn what_is_written_while_a_device_that_has_all_is_told_so_is_read_next() {
    for head_is_known in [true, false] {
        let mut relay = LoneRelay::live(0);
        if head_is_known {
            relay.tell(RelayInput::HeadMoved { head: Seq(1) });
        }
        let effects = relay.tell(RelayInput::Log(answer(0, 0, 1)));
        let walk = Walk {
            start: Seq(0),
            end: Seq(1),
        };
        let after = Seq(0);
        assert_eq!(effects, [RelayEffect::Read { after, walk }]);
    }
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
fn a_device_is_told_the_tag_of_the_states_of_a_page_with_its_last_frame() {
    let mut relay = LoneRelay::live(2);
    let mut page = answer(0, 2, 2);
    assert_eq!(page.page.push(&gone(1)).unwrap(), sync_protocol::Fit::Taken);
    page.states = Some(sync_protocol::StatesTag([7; 16]));
    let sent = sent_by_relay(&relay.tell(RelayInput::Log(page)));
    let [RelayMessage::Entries(entries)] = &sent[..] else {
        panic!("{sent:?}")
    };
    let told = entries.reached.and_then(|reached| reached.states);
    assert_eq!(told, Some(sync_protocol::StatesTag([7; 16])));
}
