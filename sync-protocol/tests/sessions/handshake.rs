//! How connections begin, and how they do not.

use sync_protocol::frame::{decode_client, encode_client, encode_relay};
use sync_protocol::id::Nonce;
use sync_protocol::message::{Challenge, ClientMessage, Greeting, RelayMessage, Versions, Welcome};
use sync_protocol::{
    ByeCode, ClientEffect, ClientInput, CloseReason, Cursor, CursorTag, Deadline, DecodeError,
    Packed, RelayEffect, RelayInput, Retry, Seq, Timestamp, Upgrade, Violation, limits,
};

use crate::hub::{Change, space};
use crate::lone::{
    EPOCH, LoneClient, LoneRelay, admission, challenge, client_closed, greeting, hello, key,
    relay_closed, sent_by_relay, welcome,
};
use crate::network::Network;

const STORE: &str = "store/01920b5e-7b7a-7a3c-9a51-0d5f0c6c9a11";
const CONTACT: &str =
    "store/01920b5e-7b7a-7a3c-9a51-0d5f0c6c9a11/contact/01920b5e-9a9a-7a3c-9a51-0d5f0c6c9a11";
const MONEY: &str =
    "store/01920b5e-7b7a-7a3c-9a51-0d5f0c6c9a11/money/01920b5e-9a9a-7a3c-9a51-0d5f0c6c9a11";

#[test]
fn reconnecting_with_nothing_changed_costs_half_a_kilobyte_and_one_round_trip() {
    // Given a replica that has everything,
    let mut network = Network::new();
    let alice = network.enrol(&["group", STORE, CONTACT, MONEY]);
    for id in 1..=500 {
        network.hub.write(STORE, id, Change::new(id));
    }
    let first = network.connect(alice);
    network.run_until_quiescent();
    network.cut(first);
    // when it connects again,
    let again = network.connect(alice);
    network.run_until_quiescent();
    // then the hello is all it says, and both ways together stay below half a kilobyte.
    let link = &network.links[again];
    assert_eq!(link.frames_up, 1, "hello");
    assert_eq!(
        link.frames_down, 3,
        "challenge, welcome, entries without entries"
    );
    let bytes = link.bytes_up + link.bytes_down;
    assert!(bytes <= 512, "{bytes} bytes");
    assert_eq!(network.replicas[alice].caught_up, [Seq(500), Seq(500)]);
}

#[test]
fn an_unknown_device_and_a_wrong_signature_look_alike() {
    let mut unknown = LoneRelay::opened();
    unknown.hear(hello(&greeting()));
    let unknown = relay_closed(&unknown.tell(RelayInput::UnknownDevice));

    let mut forged = LoneRelay::opened();
    forged.hear(hello(&greeting()));
    let other_key = ed25519_dalek::SigningKey::from_bytes(&[2; 32])
        .verifying_key()
        .to_bytes();
    let forged = relay_closed(&forged.tell(RelayInput::Identified {
        public_key: other_key,
    }));

    assert_eq!(unknown, forged);
    assert_eq!(unknown.0, CloseReason::Unproved);
    assert_eq!(unknown.1.unwrap().code, ByeCode::Unproved);
}

#[test]
fn a_recorded_hello_is_worth_nothing_on_another_connection() {
    // Given a hello recorded from one connection,
    let recorded = hello(&greeting());
    // when it is sent over a connection with another nonce,
    let mut session = sync_protocol::RelaySession::new(sync_protocol::RelayConfig {
        versions: sync_protocol::Versions::only(1),
        nonce: Nonce([10; 32]),
        server_name: "relay.example".to_owned(),
        window: limits::DEFAULT_WINDOW,
    });
    session.handle(crate::lone::NOW, RelayInput::Opened);
    let frame = encode_client(1, &recorded.into());
    session.handle(crate::lone::NOW, RelayInput::Received(frame));
    let public_key = key().verifying_key().to_bytes();
    session.handle(crate::lone::NOW, RelayInput::Identified { public_key });
    // then it proves nothing.
    let effects: Vec<_> = std::iter::from_fn(|| session.next_effect()).collect();
    assert_eq!(relay_closed(&effects).0, CloseReason::Unproved);
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, RelayEffect::Admit(_)))
    );
}

#[test]
fn nothing_is_looked_up_for_a_device_before_it_has_proved_itself() {
    let mut relay = LoneRelay::opened();
    let effects = relay.hear(hello(&greeting()));
    assert!(
        matches!(effects[..], [RelayEffect::Identify { .. }]),
        "{effects:?}"
    );
    let public_key = key().verifying_key().to_bytes();
    let effects = relay.tell(RelayInput::Identified { public_key });
    assert_eq!(effects, [RelayEffect::Admit(greeting())]);
}

#[test]
fn a_client_says_nothing_of_itself_to_another_relay_than_it_dialled() {
    let mut client = LoneClient::opened();
    let elsewhere = Challenge {
        server_name: "relay.elsewhere".to_owned(),
        ..challenge()
    };
    let effects = client.hear(elsewhere);
    let (reason, bye) = client_closed(&effects);
    let (expected, found) = ("relay.example".to_owned(), "relay.elsewhere".to_owned());
    assert_eq!(reason, CloseReason::WrongServer { expected, found });
    assert_eq!(reason.retry(), Retry::WhenSomethingChanged);
    assert!(bye.is_some());
    assert_eq!(effects.len(), 2, "a bye and the end, no hello");
}

#[test]
fn ends_that_share_no_version_part_with_a_demand_to_upgrade() {
    let later = Versions {
        oldest: 2,
        newest: 3,
    };
    let effects = LoneClient::opened().hear(Challenge {
        versions: later,
        ..challenge()
    });
    let (reason, bye) = client_closed(&effects);
    assert!(matches!(reason, CloseReason::NoCommonVersion { theirs, .. } if theirs == later));
    assert_eq!(bye.unwrap().code, ByeCode::NeedsUpgrade);

    let effects = LoneRelay::opened().hear(hello(&Greeting {
        versions: later,
        ..greeting()
    }));
    let (reason, bye) = relay_closed(&effects);
    assert!(matches!(reason, CloseReason::NoCommonVersion { theirs, .. } if theirs == later));
    assert_eq!(bye.unwrap().code, ByeCode::NeedsUpgrade);
}

#[test]
fn a_client_of_versions_around_ours_is_welcomed_in_ours() {
    let wide = Greeting {
        versions: Versions {
            oldest: 1,
            newest: 9,
        },
        ..greeting()
    };
    let mut relay = LoneRelay::opened();
    relay.hear(hello(&wide));
    relay.tell(RelayInput::Identified {
        public_key: key().verifying_key().to_bytes(),
    });
    let effects = relay.tell(RelayInput::Admitted(admission(0)));
    let sent = sent_by_relay(&effects);
    assert!(matches!(&sent[0], RelayMessage::Welcome(welcome) if welcome.version == 1));
}

#[test]
fn a_hello_with_fields_of_a_later_version_is_still_proved() {
    // Given a greeting of a later version: one more field at the end, signed as it stands.
    let mut bytes = minicbor::to_vec(Greeting {
        cursor: Some(Cursor {
            epoch: EPOCH,
            seq: Seq(0),
            tag: CursorTag([0; 32]),
        }),
        spaces: Some(sync_protocol::id::SpacesDigest([0; 32])),
        ..greeting()
    })
    .unwrap();
    assert_eq!(bytes[0], 0x89, "nine fields");
    bytes[0] = 0x8a;
    bytes.extend(minicbor::to_vec("something new").unwrap());
    let device = greeting().device;
    let signed =
        sync_protocol::proof::signed_bytes(&crate::lone::NONCE, device, "relay.example", &bytes);
    let signature = ed25519_dalek::Signer::sign(&key(), &signed).to_bytes();
    let signature = sync_protocol::id::SignatureBytes(signature);
    let mut relay = LoneRelay::opened();
    relay.hear(sync_protocol::message::Hello {
        greeting: bytes,
        signature,
    });
    let public_key = key().verifying_key().to_bytes();
    let effects = relay.tell(RelayInput::Identified { public_key });
    assert!(
        matches!(effects[..], [RelayEffect::Admit(_)]),
        "{effects:?}"
    );
}

#[test]
fn proof_must_come_within_five_seconds() {
    let mut relay = LoneRelay::opened();
    assert_eq!(relay.session.wake_at(), Some(relay.now.plus(5_000)));
    relay.now = relay.now.plus(4_999);
    assert!(
        relay.tell(RelayInput::Touched).is_empty(),
        "a ping is no proof"
    );
    relay.now = relay.now.plus(1);
    let (reason, bye) = relay_closed(&relay.tell(RelayInput::Tick));
    assert_eq!(reason, CloseReason::TimedOut(Deadline::Proof));
    assert_eq!(bye.unwrap().code, ByeCode::TimedOut);
}

#[test]
fn a_client_does_not_wait_for_ever_for_a_challenge_or_a_welcome() {
    let mut client = LoneClient::opened();
    client.now = client.session.wake_at().unwrap();
    let (reason, _) = client_closed(&client.tell(ClientInput::Tick));
    assert_eq!(reason, CloseReason::TimedOut(Deadline::Challenge));

    let mut client = LoneClient::greeted();
    client.now = client.session.wake_at().unwrap();
    let (reason, _) = client_closed(&client.tell(ClientInput::Tick));
    assert_eq!(reason, CloseReason::TimedOut(Deadline::Welcome));
    assert_eq!(reason.retry(), Retry::Backoff);
}

#[test]
fn spaces_are_named_when_they_changed_and_not_otherwise() {
    let mut network = Network::new();
    let alice = network.enrol(&["store/1", "group"]);
    let first = network.connect(alice);
    network.run_until_quiescent();
    assert_eq!(
        network.replicas[alice].spaces,
        [space("group"), space("store/1")]
    );
    // When the relay gives the device another space it ends the connection,
    network
        .hub
        .devices
        .get_mut(&1)
        .unwrap()
        .spaces
        .push(space("store/2"));
    let bye = sync_protocol::Bye::new(ByeCode::SpacesChanged, "");
    let now = network.now;
    network.links[first].relay_input(now, RelayInput::Dismiss(bye));
    network.run_until_quiescent();
    let closed = network.links[first].client_closed.clone().unwrap();
    assert!(matches!(&closed, CloseReason::PeerLeft(bye) if bye.code == ByeCode::SpacesChanged));
    assert_eq!(closed.retry(), Retry::Backoff);
    // then the next welcome names all of them, and the one after that none.
    let second = network.connect(alice);
    network.run_until_quiescent();
    let names = [space("group"), space("store/1"), space("store/2")];
    assert_eq!(network.replicas[alice].spaces, names);
    let third = network.connect(alice);
    network.run_until_quiescent();
    assert_eq!(network.replicas[alice].welcomes[2].spaces, names);
    let (second, third) = (&network.links[second], &network.links[third]);
    assert!(third.bytes_down < second.bytes_down);
}

#[test]
fn a_welcome_that_was_not_asked_for_is_refused() {
    let heard = |welcome: Welcome| client_closed(&LoneClient::greeted().hear(welcome)).0;
    assert_eq!(
        heard(Welcome {
            version: 2,
            ..welcome()
        }),
        CloseReason::Violation(Violation::VersionNotOffered { version: 2 })
    );
    assert_eq!(
        heard(Welcome {
            spaces: None,
            ..welcome()
        }),
        CloseReason::Violation(Violation::NoSpaces)
    );
    assert_eq!(
        heard(Welcome {
            window: 1,
            ..welcome()
        }),
        CloseReason::Violation(Violation::WindowOutOfRange { bytes: 1 })
    );
    let bomb = Packed::pack(vec![0; 32 * 1024 * 1024]);
    assert!(matches!(
        heard(Welcome {
            spaces: Some(bomb),
            ..welcome()
        }),
        CloseReason::Decode(DecodeError::NotUnpackable { .. })
    ));
}

#[test]
fn an_upgrade_that_the_relay_wants_is_shown_and_stops_nothing() {
    let mut client = LoneClient::greeted();
    let effects = client.hear(Welcome {
        upgrade: Upgrade::Hard,
        ..welcome()
    });
    assert!(
        matches!(&effects[0], ClientEffect::Welcomed(welcomed) if welcomed.upgrade == Upgrade::Hard)
    );
    assert!(matches!(effects[1], ClientEffect::WantBatches { .. }));
}

#[test]
fn a_wrong_clock_is_recorded_and_changes_nothing() {
    // The network's devices believe it is 2020, its relay that it is 2023.
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    network.hub.write("group", 1, Change::new(1));
    network.connect(alice);
    network.run_until_quiescent();
    assert_eq!(network.hub.greetings[0].clock, Timestamp(1_600_000_000_000));
    assert_eq!(
        network.replicas[alice].welcomes[0].relay_clock,
        Timestamp(1_700_000_000_000)
    );
    assert_eq!(network.replicas[alice].known.len(), 1);
}

#[test]
fn the_clock_in_the_hello_is_that_of_its_moment() {
    let mut client = LoneClient::opened();
    client.now = client.now.plus(750);
    let effects = client.tell(ClientInput::Received(encode_relay(1, &challenge().into())));
    let ClientEffect::Send(frame) = &effects[0] else {
        panic!("{effects:?}")
    };
    let Ok(Some(ClientMessage::Hello(hello))) = decode_client(1, frame) else {
        panic!()
    };
    let greeting: Greeting = minicbor::decode(&hello.greeting).unwrap();
    assert_eq!(greeting.clock, Timestamp(750));
}

#[test]
fn a_dismissed_device_learns_why() {
    let mut relay = LoneRelay::opened();
    relay.hear(hello(&greeting()));
    relay.tell(RelayInput::Identified {
        public_key: key().verifying_key().to_bytes(),
    });
    let revoked = sync_protocol::Bye::new(ByeCode::Denied, "this device was revoked");
    let (reason, bye) = relay_closed(&relay.tell(RelayInput::Dismiss(revoked.clone())));
    assert_eq!(reason, CloseReason::Left(revoked.clone()));
    assert_eq!(bye, Some(revoked));
}
