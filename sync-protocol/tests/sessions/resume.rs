//! Cursors that a log goes on from, and those that it does not.

use sync_protocol::message::{Greeting, RelayMessage, Welcome};
use sync_protocol::{
    ByeCode, ClientInput, ClientSession, CloseReason, Cursor, CursorTag, Epoch, RelayEffect,
    RelayInput, Resume, Retry, Seq, Timestamp, Violation,
};

use crate::hub::Change;
use crate::lone::{
    EPOCH, LoneClient, LoneRelay, admission, challenge, client_closed, greeting, hello, key,
    sent_by_relay, welcome,
};
use crate::network::Network;
use crate::replica::Replica;

#[test]
fn a_log_of_another_epoch_is_streamed_from_its_beginning_and_nothing_is_wiped() {
    // Given a replica that has read a log,
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    for id in 1..=5 {
        network.hub.write("group", id, Change::new(id));
    }
    let first = network.connect(alice);
    network.run_until_quiescent();
    network.cut(first);
    // when the relay is restored from a backup that lacks the newest change,
    network.hub.rows.pop();
    network.hub.epoch = Epoch([2; 16]);
    network.connect(alice);
    network.run_until_quiescent();
    // then the replica reads the whole log of the new epoch and still holds what it held.
    let replica = &network.replicas[alice];
    assert_eq!(replica.welcomes[1].resume, Resume::Restart);
    assert_eq!(replica.cursor.unwrap().epoch, Epoch([2; 16]));
    assert_eq!(replica.cursor.unwrap().seq, Seq(4));
    assert_eq!(replica.known.len(), 5);
    assert_eq!(replica.entries.len(), 5 + 4);
    assert!(
        network.hub.rollbacks.is_empty(),
        "this rollback was declared"
    );
}

#[test]
fn a_tagged_cursor_ahead_of_the_log_proves_a_rollback_that_nobody_declared() {
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    for id in 1..=5 {
        network.hub.write("group", id, Change::new(id));
    }
    let first = network.connect(alice);
    network.run_until_quiescent();
    network.cut(first);
    // When the log lost entries under the same epoch,
    network.hub.rows.truncate(3);
    let cursor = network.replicas[alice].cursor.unwrap();
    let second = network.connect(alice);
    network.run_until_quiescent();
    // then the relay is told, and the old epoch is not continued:
    assert_eq!(network.hub.rollbacks, [cursor]);
    let closed = network.links[second].client_closed.clone().unwrap();
    assert!(matches!(&closed, CloseReason::PeerLeft(bye) if bye.code == ByeCode::Healing));
    assert_eq!(closed.retry(), Retry::Backoff);
    // the device comes back, reads the log of the new epoch and has lost nothing.
    network.connect(alice);
    network.run_until_quiescent();
    let replica = &network.replicas[alice];
    assert_eq!(replica.welcomes[1].resume, Resume::Restart);
    assert_eq!(replica.cursor.unwrap().seq, Seq(3));
    assert_ne!(replica.cursor.unwrap().epoch, cursor.epoch);
    assert_eq!(replica.known.len(), 5);
}

#[test]
fn a_cursor_ahead_of_the_log_that_anyone_could_have_made_up_proves_nothing() {
    let mut network = Network::new();
    let alice = network.enrol(&["group"]);
    network.hub.write("group", 1, Change::new(1));
    let (epoch, tag) = (network.hub.epoch, CursorTag([0; 32]));
    network.replicas[alice].cursor = Some(Cursor {
        epoch,
        seq: Seq(99),
        tag,
    });
    network.connect(alice);
    network.run_until_quiescent();
    assert!(network.hub.rollbacks.is_empty());
    assert_eq!(network.replicas[alice].welcomes[0].resume, Resume::Restart);
    assert_eq!(network.replicas[alice].cursor.unwrap().seq, Seq(1));
}

#[test]
fn a_cursor_of_a_history_that_is_lost_proves_that_the_log_went_back() {
    let cursor = Cursor {
        epoch: EPOCH,
        seq: Seq(3),
        tag: CursorTag([7; 32]),
    };
    let mut relay = LoneRelay::opened();
    relay.hear(hello(&Greeting {
        cursor: Some(cursor),
        ..greeting()
    }));
    relay.tell(RelayInput::Identified {
        public_key: key().verifying_key().to_bytes(),
    });
    // The log has grown again, beyond the cursor.
    let lost = sync_protocol::Admission {
        cursor_tag_is_valid: false,
        cursor_is_of_a_lost_history: true,
        ..admission(10)
    };
    let effects = relay.tell(RelayInput::Admitted(lost));
    assert!(effects.contains(&RelayEffect::RollbackProved(cursor)));
}

#[test]
fn a_cursor_of_a_log_that_went_another_way_is_not_continued() {
    // The position exists, the epoch is the same, but the tag is not that of this log.
    let cursor = Cursor {
        epoch: EPOCH,
        seq: Seq(3),
        tag: CursorTag([7; 32]),
    };
    let mut relay = LoneRelay::opened();
    relay.hear(hello(&Greeting {
        cursor: Some(cursor),
        ..greeting()
    }));
    relay.tell(RelayInput::Identified {
        public_key: key().verifying_key().to_bytes(),
    });
    let invalid = sync_protocol::Admission {
        cursor_tag_is_valid: false,
        ..admission(10)
    };
    let effects = relay.tell(RelayInput::Admitted(invalid));
    let sent = sent_by_relay(&effects);
    assert!(matches!(&sent[0], RelayMessage::Welcome(w) if w.resume == Resume::Restart));
    assert!(matches!(
        effects.last(),
        Some(RelayEffect::Read { after: Seq(0), .. })
    ));
}

#[test]
fn a_client_does_not_continue_from_a_cursor_that_cannot_be_of_this_log() {
    let replica = |cursor| Replica {
        cursor: Some(cursor),
        ..Replica::new(1)
    };
    let heard = |cursor: Cursor, welcome: Welcome| {
        let session = ClientSession::new(replica(cursor).config());
        let mut client = LoneClient {
            session,
            now: crate::lone::NOW,
        };
        client.tell(ClientInput::Opened {
            clock: Timestamp(0),
        });
        client.hear(challenge());
        client_closed(&client.hear(welcome)).0
    };
    let cursor = Cursor {
        epoch: EPOCH,
        seq: Seq(5),
        tag: CursorTag([0; 32]),
    };
    assert_eq!(
        heard(
            Cursor {
                epoch: Epoch([8; 16]),
                ..cursor
            },
            Welcome {
                head: Seq(9),
                ..welcome()
            }
        ),
        CloseReason::Violation(Violation::WrongEpoch { found: EPOCH })
    );
    assert_eq!(
        heard(
            cursor,
            Welcome {
                head: Seq(4),
                ..welcome()
            }
        ),
        CloseReason::Violation(Violation::CursorAhead {
            head: Seq(4),
            cursor: Seq(5)
        })
    );
}
