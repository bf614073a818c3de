//! How connections live, fall silent and end.

use sync_protocol::frame::{encode_client, encode_relay};
use sync_protocol::message::{ClientMessage, Credit, Entries, RelayMessage};
use sync_protocol::{
    Bye, ByeCode, ClientEffect, ClientInput, CloseReason, Deadline, DecodeError, LogAnswer,
    LogPage, Packed, Problem, RelayEffect, RelayInput, RelaySession, Retry, Seq, Timestamp,
    Violation, limits,
};

use crate::hub::{Change, batch_id};
use crate::lone::{
    LoneClient, LoneRelay, challenge, client_closed, entries, greeting, hello, reached,
    relay_closed, sent_by_relay, welcome,
};
use crate::network::Network;

#[test]
fn a_peer_that_falls_silent_is_given_up_after_a_minute() {
    let mut client = LoneClient::live();
    assert_eq!(client.session.wake_at(), Some(client.now.plus(60_000)));
    client.now = client.now.plus(59_999);
    assert_eq!(client.tell(ClientInput::Tick), []);
    client.now = client.now.plus(1);
    let (reason, bye) = client_closed(&client.tell(ClientInput::Tick));
    assert_eq!(reason, CloseReason::TimedOut(Deadline::Idle));
    assert_eq!(bye.unwrap().code, ByeCode::TimedOut);

    let mut relay = LoneRelay::live(0);
    relay.now = relay.now.plus(60_000);
    let (reason, _) = relay_closed(&relay.tell(RelayInput::Tick));
    assert_eq!(reason, CloseReason::TimedOut(Deadline::Idle));
}

#[test]
fn a_ping_or_any_frame_keeps_a_connection_alive() {
    let (mut client, mut relay) = (LoneClient::live(), LoneRelay::live(0));
    for _ in 0..10 {
        client.now = client.now.plus(50_000);
        assert_eq!(client.tell(ClientInput::Touched), []);
        client.now = client.now.plus(50_000);
        assert_eq!(client.hear(entries(0, 0, &[])).len(), 1);
        relay.now = relay.now.plus(50_000);
        assert_eq!(relay.tell(RelayInput::Touched), []);
    }
    assert_eq!(relay.session.wake_at(), Some(relay.now.plus(60_000)));
}

#[test]
fn a_relay_that_answers_pings_but_judges_nothing_is_given_up() {
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    network.replicas[alice].edit(1, "group", Change::new(1));
    let batch = network.replicas[alice].outbox[0].clone();
    let mut client = LoneClient::live();
    client.tell(ClientInput::Offer(batch));
    for _ in 0..3 {
        client.now = client.now.plus(39_999);
        assert_eq!(client.tell(ClientInput::Touched), []);
    }
    client.now = client.session.wake_at().unwrap();
    let (reason, _) = client_closed(&client.tell(ClientInput::Touched));
    assert_eq!(reason, CloseReason::TimedOut(Deadline::Verdict));
    assert_eq!(reason.retry(), Retry::Backoff);
}

#[test]
fn a_draining_relay_gives_the_verdicts_under_way_and_takes_no_more() {
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    network.replicas[alice].edit(1, "group", Change::new(1));
    let link = network.connect(alice);
    // Given a batch that is being judged,
    while !network.links[link]
        .relay_effects
        .iter()
        .any(|e| matches!(e, RelayEffect::Accept(_)))
    {
        let steps = network.steps();
        let (link, step) = *steps.last().unwrap();
        network.step(link, step);
    }
    // when the relay drains and another batch arrives,
    let now = network.now;
    network.links[link].relay_input(now, RelayInput::Drain { retry_ms: 1_234 });
    network.replicas[alice].edit(2, "group", Change::new(2));
    network.links[link].client_input(now, ClientInput::OutboxChanged);
    while network.links[link].up.is_empty() {
        network.step(link, crate::network::Step::ClientEffect);
    }
    while !network.links[link].up.is_empty() {
        network.step(link, crate::network::Step::DeliverUp);
    }
    network.run_until_quiescent();
    // then the first gets its verdict, the other stays in the outbox, and the pause is named.
    assert_eq!(network.hub.judged, 1);
    assert_eq!(network.replicas[alice].settled.len(), 1);
    assert_eq!(network.replicas[alice].outbox.len(), 1);
    let closed = network.links[link].client_closed.clone().unwrap();
    assert_eq!(closed.retry(), Retry::After(1_234));
}

#[test]
fn draining_ends_after_five_seconds_even_without_verdicts() {
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    network.replicas[alice].edit(1, "group", Change::new(1));
    let push = ClientMessage::Push(sync_protocol::message::Push {
        batch: batch_id(1),
        base_seq: Seq(0),
        changes: Packed::pack(
            minicbor::to_vec(&network.replicas[alice].outbox[0].changes()[0]).unwrap(),
        ),
        states: None,
    });
    let mut relay = LoneRelay::live(0);
    relay.hear(push);
    assert_eq!(relay.tell(RelayInput::Drain { retry_ms: 5 }), []);
    assert_eq!(relay.session.wake_at(), Some(relay.now.plus(5_000)));
    relay.now = relay.now.plus(5_000);
    let (reason, bye) = relay_closed(&relay.tell(RelayInput::Tick));
    assert!(matches!(reason, CloseReason::Left(_)));
    let bye = bye.unwrap();
    assert_eq!((bye.code, bye.retry_ms), (ByeCode::Draining, Some(5)));
}

#[test]
fn draining_a_connection_that_is_not_admitted_ends_it() {
    let (_, bye) = relay_closed(&LoneRelay::opened().tell(RelayInput::Drain { retry_ms: 9 }));
    assert_eq!(bye.unwrap().retry_ms, Some(9));
}

#[test]
fn a_client_that_leaves_says_so() {
    let (reason, bye) = client_closed(&LoneClient::live().tell(ClientInput::Leave));
    assert!(matches!(reason, CloseReason::Left(_)));
    let bye = bye.unwrap();
    assert_eq!(bye.code, ByeCode::Finished);
    let effects = LoneRelay::live(0).hear(bye.clone());
    assert_eq!(effects, [RelayEffect::Close(CloseReason::PeerLeft(bye))]);
}

#[test]
fn a_lost_transport_is_answered_with_silence() {
    let effects = LoneClient::live().tell(ClientInput::Closed);
    assert_eq!(effects, [ClientEffect::Close(CloseReason::Disconnected)]);
    let effects = LoneRelay::live(0).tell(RelayInput::Closed);
    assert_eq!(effects, [RelayEffect::Close(CloseReason::Disconnected)]);
}

#[test]
fn a_bye_is_not_answered() {
    let bye = Bye::new(ByeCode::Replaced, "a newer connection");
    let effects = LoneClient::live().hear(bye.clone());
    assert_eq!(effects, [ClientEffect::Close(CloseReason::PeerLeft(bye))]);
}

#[test]
fn a_bye_code_of_a_later_version_is_understood_as_a_bye() {
    let bye = Bye::new(ByeCode::Other(999), "something new");
    let effects = LoneClient::opened().hear(bye.clone());
    let [ClientEffect::Close(reason)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(*reason, CloseReason::PeerLeft(bye));
    assert_eq!(reason.retry(), Retry::Backoff);
}

#[test]
fn a_session_that_has_ended_takes_in_nothing() {
    let mut client = LoneClient::live();
    client.tell(ClientInput::Closed);
    assert_eq!(client.hear(challenge()), []);
    assert_eq!(client.tell(ClientInput::Closed), []);
    assert_eq!(client.session.wake_at(), None);

    let mut relay = LoneRelay::live(0);
    relay.tell(RelayInput::Closed);
    assert_eq!(relay.hear(hello(&greeting())), []);
    assert_eq!(relay.tell(RelayInput::HeadMoved { head: Seq(5) }), []);
    assert_eq!(relay.session.wake_at(), None);
}

#[test]
fn a_frame_over_the_limit_ends_the_session_loudly() {
    let frame = vec![1; limits::FRAME + 1];
    let (found, limit) = (frame.len(), limits::FRAME);
    let too_long = CloseReason::Decode(DecodeError::FrameTooLong { found, limit });
    let effects = LoneClient::live().tell(ClientInput::Received(frame.clone()));
    let (reason, bye) = client_closed(&effects);
    assert_eq!(
        (reason, bye.unwrap().code),
        (too_long.clone(), ByeCode::OverLimit)
    );
    let effects = LoneRelay::live(0).tell(RelayInput::Received(frame));
    let (reason, bye) = relay_closed(&effects);
    assert_eq!((reason, bye.unwrap().code), (too_long, ByeCode::OverLimit));
}

#[test]
fn a_frame_that_is_no_message_ends_the_session_and_says_what_and_where() {
    let effects = LoneRelay::live(0).tell(RelayInput::Received(vec![1, 0x82, 5]));
    let (reason, bye) = relay_closed(&effects);
    let part = "a message of the device";
    let problem = Problem::CutOff;
    assert_eq!(
        reason,
        CloseReason::Decode(DecodeError::NotWellFormed {
            part,
            at: 2,
            problem
        })
    );
    let text = bye.unwrap().text;
    assert!(
        text.as_str()
            .contains("a message of the device is not well formed at byte 2")
    );
}

#[test]
fn messages_of_a_later_kind_are_skipped_or_ask_for_an_upgrade() {
    let message = |kind: u8| {
        let mut frame = vec![1];
        frame.extend(minicbor::to_vec((kind, ["new"])).unwrap());
        frame
    };
    let effects = LoneClient::live().tell(ClientInput::Received(message(128)));
    assert_eq!(effects, []);
    let effects = LoneClient::live().tell(ClientInput::Received(message(127)));
    let (reason, bye) = client_closed(&effects);
    let part = "a message of the relay";
    assert_eq!(
        reason,
        CloseReason::Decode(DecodeError::UnknownKind { part, kind: 127 })
    );
    assert_eq!(bye.unwrap().code, ByeCode::NeedsUpgrade);
    assert_eq!(reason.retry(), Retry::WhenSomethingChanged);
}

#[test]
fn a_message_out_of_its_place_is_a_violation() {
    let unexpected = |kind| CloseReason::Violation(Violation::Unexpected { kind });
    let by_client =
        |mut client: LoneClient, message: RelayMessage| client_closed(&client.hear(message)).0;
    assert_eq!(
        by_client(LoneClient::opened(), welcome().into()),
        unexpected(3)
    );
    assert_eq!(
        by_client(LoneClient::greeted(), challenge().into()),
        unexpected(1)
    );
    assert_eq!(
        by_client(LoneClient::greeted(), entries(0, 0, &[]).into()),
        unexpected(4)
    );
    assert_eq!(
        by_client(LoneClient::live(), welcome().into()),
        unexpected(3)
    );

    let by_relay =
        |mut relay: LoneRelay, message: ClientMessage| relay_closed(&relay.hear(message)).0;
    let credit = Credit { bytes: 1 };
    assert_eq!(by_relay(LoneRelay::opened(), credit.into()), unexpected(7));
    assert_eq!(
        by_relay(LoneRelay::live(0), hello(&greeting()).into()),
        unexpected(2)
    );
    // A second hello while the first is looked up.
    let mut relay = LoneRelay::opened();
    relay.hear(hello(&greeting()));
    assert_eq!(by_relay(relay, hello(&greeting()).into()), unexpected(2));
}

#[test]
fn a_frame_of_another_version_is_refused() {
    let frame = encode_relay(
        2,
        &RelayMessage::Entries(Entries {
            ..entries(0, 0, &[])
        }),
    );
    let (reason, _) = client_closed(&LoneClient::live().tell(ClientInput::Received(frame)));
    assert_eq!(
        reason,
        CloseReason::Decode(DecodeError::WrongVersion {
            found: 2,
            expected: 1
        })
    );
    let frame = encode_client(0, &hello(&greeting()).into());
    let (reason, _) = relay_closed(&LoneRelay::opened().tell(RelayInput::Received(frame)));
    assert_eq!(
        reason,
        CloseReason::Decode(DecodeError::WrongVersion {
            found: 0,
            expected: 1
        })
    );
}

#[test]
fn a_host_that_opens_twice_is_told() {
    let effects = LoneClient::opened().tell(ClientInput::Opened {
        clock: Timestamp(0),
    });
    assert!(matches!(
        client_closed(&effects).0,
        CloseReason::HostFault(_)
    ));
    let effects = LoneRelay::opened().tell(RelayInput::Opened);
    assert!(matches!(
        relay_closed(&effects).0,
        CloseReason::HostFault(_)
    ));
    let effects = LoneRelay::opened().tell(RelayInput::UnknownDevice);
    assert!(matches!(
        relay_closed(&effects).0,
        CloseReason::HostFault(_)
    ));
}

#[test]
fn a_late_answer_to_a_session_that_has_ended_is_no_fault() {
    let mut relay = LoneRelay::opened();
    relay.hear(hello(&greeting()));
    relay.now = relay.now.plus(limits::PROOF_DEADLINE);
    relay.tell(RelayInput::Tick);
    assert_eq!(relay.tell(RelayInput::UnknownDevice), []);
}

#[test]
fn an_idle_session_is_small() {
    // What a session holds on the heap is its phase, boxed, and empty queues.
    assert!(
        size_of::<RelaySession>() <= 256,
        "{}",
        size_of::<RelaySession>()
    );
    assert!(size_of::<sync_protocol::ClientSession>() <= 256);
}

#[test]
fn a_caught_up_relay_waits_for_nothing_but_silence() {
    let mut relay = LoneRelay::live(3);
    let tag = reached(3).unwrap().tag;
    let (through, head) = (Seq(3), Seq(3));
    let page = LogPage::new(Seq(0));
    let effects = relay.tell(RelayInput::Log(LogAnswer {
        page,
        through,
        head,
        tag,
        states: None,
    }));
    assert!(
        matches!(sent_by_relay(&effects)[..], [RelayMessage::Entries(_)]),
        "{effects:?}"
    );
    assert_eq!(relay.tell(RelayInput::Tick), []);
    assert_eq!(relay.session.wake_at(), Some(relay.now.plus(60_000)));
}
