//! What a relay offers from version 2 on, to whom, and what either end says to one of version 1.

use sync_protocol::frame::encode_client;
use sync_protocol::message::{
    ClientMessage, Follow, Greeting, RelayMessage, Want, Welcome, spaces_digest,
};
use sync_protocol::{
    ClientEffect, ClientInput, ClientSession, CloseReason, Offer, RelayConfig, RelayEffect,
    RelayInput, RelaySession, Resume, Seq, Timestamp, Versions, Violation, limits,
};

use crate::hub::space;
use crate::lone::{
    LoneClient, LoneRelay, NONCE, NOW, admission, challenge, client_closed, entries, greeting,
    hello, key, relay_closed, sent_by_relay, welcome,
};
use crate::segments::{Device, cursor, packed, segment};

/// A relay of version 2 that has admitted a device, and what it said.
fn admitted(greeting: &Greeting, has_same_spaces: bool) -> (LoneRelay, Vec<RelayEffect>) {
    let session = RelaySession::new(RelayConfig {
        versions: Versions::SPOKEN,
        nonce: NONCE,
        server_name: "relay.example".to_owned(),
        window: limits::DEFAULT_WINDOW,
    });
    let mut relay = LoneRelay { session, now: NOW };
    relay.tell(RelayInput::Opened);
    relay.hear(hello(&Greeting {
        versions: Versions::SPOKEN,
        ..greeting.clone()
    }));
    relay.tell(RelayInput::Identified {
        public_key: key().verifying_key().to_bytes(),
    });
    let effects = relay.tell(RelayInput::Admitted(sync_protocol::Admission {
        has_same_spaces,
        ..admission(9)
    }));
    (relay, effects)
}

fn hear(relay: &mut LoneRelay, message: impl Into<ClientMessage>) -> Vec<RelayEffect> {
    relay.tell(RelayInput::Received(encode_client(2, &message.into())))
}

fn resumed(effects: &[RelayEffect]) -> Resume {
    match &sent_by_relay(effects)[0] {
        RelayMessage::Welcome(welcome) => welcome.resume,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_relay_waits_for_whoever_lacks_spaces_and_sends_the_log_to_everyone_else() {
    let with_cursor = Greeting {
        cursor: Some(cursor(4)),
        spaces: Some(spaces_digest(&[space("group")])),
        ..greeting()
    };
    let reads = |effects: &[RelayEffect]| {
        let read = |effect: &&RelayEffect| matches!(effect, RelayEffect::Read { .. });
        effects.iter().filter(read).count()
    };
    let (_, effects) = admitted(&with_cursor, true);
    assert_eq!((resumed(&effects), reads(&effects)), (Resume::Tail, 1));
    for (greeting, has_same_spaces) in [(&greeting(), true), (&with_cursor, false)] {
        let (mut relay, effects) = admitted(greeting, has_same_spaces);
        assert_eq!((resumed(&effects), reads(&effects)), (Resume::Fetch, 0));
        // Nothing is read for it until it says from where.
        let head = Seq(12);
        assert_eq!(relay.tell(RelayInput::HeadMoved { head }), []);
        let effects = hear(&mut relay, Follow { after: Seq(4) });
        assert!(matches!(
            effects[..],
            [RelayEffect::Read { after: Seq(4), .. }]
        ));
        let effects = hear(&mut relay, Follow { after: Seq(4) });
        assert!(matches!(
            relay_closed(&effects).0,
            CloseReason::Violation(_)
        ));
    }
}

#[test]
fn a_relay_lists_what_is_wanted_in_as_many_messages_as_it_takes() {
    let (mut relay, _) = admitted(&greeting(), true);
    let spaces = packed(&["group"]);
    let effects = hear(
        &mut relay,
        Want {
            spaces: spaces.clone(),
        },
    );
    let offer = RelayEffect::Offer {
        spaces: vec![space("group")],
        after: Seq(0),
    };
    assert_eq!(effects, [offer]);
    let (info, _) = segment(1, "group");
    let effects = relay.tell(RelayInput::Offered(Some(Offer {
        cursor: cursor(9),
        bearer: "bearer".to_owned(),
        segments: vec![info; limits::SEGMENTS_PER_MANIFEST + 1],
    })));
    let lists = sent_by_relay(&effects);
    let lengths: Vec<_> = lists
        .iter()
        .map(|message| match message {
            RelayMessage::Manifest(list) => (list.segments.len(), list.is_last),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(lengths, [(limits::SEGMENTS_PER_MANIFEST, false), (1, true)]);
    for effect in &effects {
        assert!(matches!(effect, RelayEffect::Send(frame) if frame.len() <= limits::FRAME));
    }
    // And again, when something is gone; nothing, where nothing can be had.
    hear(
        &mut relay,
        Want {
            spaces: spaces.clone(),
        },
    );
    let effects = relay.tell(RelayInput::Offered(None));
    assert!(matches!(
        &sent_by_relay(&effects)[..],
        [RelayMessage::Manifest(list)] if list.cursor.is_none() && list.is_last
    ));
    // One wish at a time.
    hear(
        &mut relay,
        Want {
            spaces: spaces.clone(),
        },
    );
    let effects = hear(&mut relay, Want { spaces });
    assert!(matches!(
        relay_closed(&effects).0,
        CloseReason::Violation(_)
    ));
}

#[test]
fn a_device_cannot_follow_a_log_from_behind_its_end() {
    let (mut relay, _) = admitted(&greeting(), true);
    let effects = hear(&mut relay, Follow { after: Seq(10) });
    let (head, found) = (Seq(9), Seq(10));
    assert_eq!(
        relay_closed(&effects).0,
        Violation::FollowsAhead { head, found }.into()
    );
}

#[test]
fn each_end_speaks_version_1_with_one_that_knows_no_other() {
    // A relay of version 2 and a device of version 1.
    let session = RelaySession::new(RelayConfig {
        versions: Versions::SPOKEN,
        nonce: NONCE,
        server_name: "relay.example".to_owned(),
        window: limits::DEFAULT_WINDOW,
    });
    let mut relay = LoneRelay { session, now: NOW };
    relay.tell(RelayInput::Opened);
    relay.hear(hello(&greeting()));
    relay.tell(RelayInput::Identified {
        public_key: key().verifying_key().to_bytes(),
    });
    let effects = relay.tell(RelayInput::Admitted(admission(9)));
    assert_eq!(resumed(&effects), Resume::Tail);
    // A device of version 2 and a relay of version 1.
    let session = ClientSession::new(Device::config());
    let mut client = LoneClient { session, now: NOW };
    let clock = Timestamp(0);
    client.tell(ClientInput::Opened { clock });
    client.hear(challenge());
    let effects = client.hear(welcome());
    assert!(matches!(
        &effects[0],
        ClientEffect::Welcomed(welcomed) if welcomed.version == 1 && welcomed.lacking.is_empty()
    ));
    assert!(matches!(
        client.hear(entries(0, 0, &[]))[..],
        [ClientEffect::CaughtUp { .. }]
    ));
    // And one that would have it fetch in version 1 breaks the protocol.
    let mut client = LoneClient::greeted();
    let effects = client.hear(Welcome {
        resume: Resume::Fetch,
        ..welcome()
    });
    let version = 1;
    assert_eq!(
        client_closed(&effects).0,
        Violation::FetchNotOffered { version }.into()
    );
}
