//! Frames of entries, as a device takes them in.

use sync_protocol::entry::ChangeEntry;
use sync_protocol::message::{ClientMessage, Entries, Erased};
use sync_protocol::{
    ByeCode, ChangeReceipt, ClientEffect, ClientInput, CloseReason, DecodeError, Entry, HostFault,
    Packed, Retry, Seq, Timestamp, Violation, limits,
};

use crate::builders::{gone, left, seqs};
use crate::hub::{Change, document, space};
use crate::lone::{LoneClient, client_closed, entries, reached, sent_by_client};

#[test]
fn a_change_of_any_content_is_handed_on_unread() {
    let receipt = ChangeReceipt {
        seq: Seq(1),
        received_at: Timestamp(i64::MAX),
        base_received_at: Timestamp(i64::MIN),
        clock_trusted: false,
    };
    let raw = b"a shape of 2042 \xff\x00".to_vec();
    let change = ChangeEntry {
        receipt,
        space: space("of/2042"),
        document: document(1),
        raw,
    };
    let change = Entry::Change(change);
    let effects = LoneClient::live().hear(entries(0, 1, std::slice::from_ref(&change)));
    let [
        ClientEffect::Store {
            entries, cursor, ..
        },
    ] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(entries[..], [change]);
    assert_eq!(cursor.seq, Seq(1), "the cursor moves over it");
}

#[test]
fn caught_up_is_said_when_everything_is_stored_and_not_before() {
    let mut client = LoneClient::live();
    let effects = client.hear(entries(0, 2, &[left(1), left(2)]));
    assert!(
        matches!(effects[..], [ClientEffect::Store { .. }]),
        "{effects:?}"
    );
    let effects = client.tell(ClientInput::Stored { through: Seq(2) });
    assert_eq!(effects, [ClientEffect::CaughtUp { seq: Seq(2) }]);
    // With nothing to store there is nothing to wait for.
    let effects = client.hear(entries(2, 2, &[]));
    assert_eq!(effects, [ClientEffect::CaughtUp { seq: Seq(2) }]);
}

#[test]
fn a_commit_of_the_first_of_two_frames_is_not_having_caught_up() {
    let mut client = LoneClient::live();
    client.hear(entries(0, 2, &[left(2)]));
    client.hear(entries(2, 3, &[left(3)]));
    assert_eq!(client.tell(ClientInput::Stored { through: Seq(2) }), []);
    let effects = client.tell(ClientInput::Stored { through: Seq(3) });
    assert_eq!(effects, [ClientEffect::CaughtUp { seq: Seq(3) }]);
}

#[test]
fn commits_may_be_gathered() {
    let mut client = LoneClient::live();
    let behind = Entries {
        head: Seq(9),
        ..entries(0, 1, &[left(1)])
    };
    client.hear(behind);
    client.hear(entries(1, 2, &[left(2)]));
    let effects = client.tell(ClientInput::Stored { through: Seq(2) });
    assert_eq!(effects, [ClientEffect::CaughtUp { seq: Seq(2) }]);
    let (reason, _) = client_closed(&client.tell(ClientInput::Stored { through: Seq(2) }));
    assert_eq!(
        reason,
        CloseReason::HostFault(HostFault::StoredNothing { through: Seq(2) })
    );
}

#[test]
fn what_was_purged_is_said_to_be_deleted_once_that_is_stored() {
    let mut client = LoneClient::live();
    client.hear(entries(0, 2, &[gone(2)]));
    client.hear(entries(2, 3, &[left(3)]));
    let effects = client.tell(ClientInput::Stored { through: Seq(3) });
    let erased = ClientMessage::Erased(Erased { through: Seq(2) });
    assert_eq!(sent_by_client(&effects), [erased]);
}

#[test]
fn entries_of_a_later_kind_are_skipped_if_they_may_be() {
    // Kind 200 at position 2: [200, ["from a later version"]].
    let later = minicbor::to_vec((200_u8, ["from a later version"])).unwrap();
    let mut body = minicbor::to_vec(gone(1)).unwrap();
    body.extend(later);
    body.extend(minicbor::to_vec(gone(3)).unwrap());
    let frame = Entries {
        entries: Packed::pack(body),
        ..entries(0, 3, &[])
    };
    let effects = LoneClient::live().hear(frame);
    let [
        ClientEffect::Store {
            entries, cursor, ..
        },
    ] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(seqs(entries), [1, 3]);
    assert_eq!(cursor.seq, Seq(3));
}

#[test]
fn entries_of_a_later_kind_that_must_be_understood_ask_for_an_upgrade() {
    let body = minicbor::to_vec((9_u8, ["from a later version"])).unwrap();
    let frame = Entries {
        entries: Packed::pack(body),
        ..entries(0, 3, &[])
    };
    let effects = LoneClient::live().hear(frame);
    let (reason, bye) = client_closed(&effects);
    let unknown = DecodeError::UnknownKind {
        part: "an entry",
        kind: 9,
    };
    assert_eq!(reason, CloseReason::Decode(unknown));
    assert_eq!(reason.retry(), Retry::WhenSomethingChanged);
    assert_eq!(bye.unwrap().code, ByeCode::NeedsUpgrade);
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, ClientEffect::Store { .. }))
    );
}

#[test]
fn entries_that_do_not_follow_are_refused_and_nothing_of_their_frame_is_stored() {
    let violation = |frame: Entries| {
        let effects = LoneClient::live().hear(frame);
        assert!(
            !effects
                .iter()
                .any(|effect| matches!(effect, ClientEffect::Store { .. }))
        );
        match client_closed(&effects) {
            (CloseReason::Violation(violation), Some(_)) => violation,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        violation(entries(1, 2, &[gone(2)])),
        Violation::NotContinued {
            expected: Seq(0),
            found: Seq(1)
        }
    );
    assert_eq!(
        violation(entries(0, 3, &[gone(2), gone(2)])),
        Violation::OutOfOrder {
            after: Seq(2),
            found: Seq(2),
            through: Seq(3)
        }
    );
    assert_eq!(
        violation(entries(0, 3, &[gone(4)])),
        Violation::OutOfOrder {
            after: Seq(0),
            found: Seq(4),
            through: Seq(3)
        }
    );
    assert!(matches!(
        violation(Entries {
            head: Seq(2),
            ..entries(0, 3, &[gone(1)])
        }),
        Violation::OutOfOrder { .. }
    ));
    assert!(matches!(
        violation(Entries {
            reached: None,
            ..entries(0, 3, &[gone(1)])
        }),
        Violation::PieceOutOfOrder { .. }
    ));
    assert!(matches!(
        violation(Entries {
            reached: None,
            ..entries(0, 3, &[])
        }),
        Violation::PieceOutOfOrder { .. }
    ));
}

/// A frame that brings a piece of an entry.
fn piece(seq: u64, offset: u32, total: u32, bytes: &[u8], last: bool) -> Entries {
    let bytes = minicbor::bytes::ByteVec::from(bytes.to_vec());
    let body = minicbor::to_vec((5_u8, (seq, offset, total, bytes))).unwrap();
    let reached = if last { reached(seq) } else { None };
    Entries {
        reached,
        entries: Packed::pack(body),
        ..entries(0, seq, &[])
    }
}

#[test]
fn pieces_are_put_together_and_nothing_else() {
    let whole = minicbor::to_vec(gone(4)).unwrap();
    let (total, half) = (whole.len() as u32, whole.len() / 2);
    let (front, back) = whole.split_at(half);
    let offset = half as u32;

    let mut client = LoneClient::live();
    assert!(client.hear(piece(4, 0, total, front, false)).is_empty());
    let effects = client.hear(piece(4, offset, total, back, true));
    assert!(
        matches!(&effects[..], [ClientEffect::Store { entries, .. }] if entries[..] == [gone(4)])
    );

    // (what follows the front half, whether it comes to an end)
    let wrong = [
        piece(4, offset + 1, total, back, true),
        piece(4, offset, total + 1, back, true),
        piece(5, offset, total, back, true),
        piece(4, offset, total, &[], false),
        piece(4, offset, total, front, true),
        piece(4, offset, total, back, false),
        piece(4, offset, total, &[back, back].concat(), true),
        entries(0, 4, &[gone(4)]),
        entries(0, 4, &[]),
        piece(4, 0, u32::MAX, front, false),
    ];
    for frame in wrong {
        let mut client = LoneClient::live();
        client.hear(piece(4, 0, total, front, false));
        let effects = client.hear(frame.clone());
        assert!(
            matches!(effects.last(), Some(ClientEffect::Close(_))),
            "{frame:?}: {effects:?}"
        );
        assert!(
            !effects
                .iter()
                .any(|effect| matches!(effect, ClientEffect::Store { .. }))
        );
    }
    // An entry that says it stands elsewhere than its pieces.
    let effects = LoneClient::live().hear(piece(5, 0, total, &whole, true));
    assert!(matches!(effects.last(), Some(ClientEffect::Close(_))));
}

#[test]
fn pieces_without_end_stop_at_the_limit_of_a_save() {
    let mut client = LoneClient::live();
    let bytes = vec![7; limits::BODY - 1024];
    let effects = client.hear(piece(4, 0, limits::SAVE as u32 + 1, &bytes, false));
    let (reason, bye) = client_closed(&effects);
    assert!(
        matches!(reason, CloseReason::Decode(DecodeError::OverLimit { .. })),
        "{reason}"
    );
    assert_eq!(bye.unwrap().code, ByeCode::OverLimit);
}

#[test]
fn a_relay_that_sends_more_than_its_credit_is_cut_off() {
    let mut client = LoneClient::live();
    let mut seq = 0;
    let reason = loop {
        seq += 1;
        let receipt = ChangeReceipt {
            seq: Seq(seq),
            received_at: Timestamp(0),
            base_received_at: Timestamp(0),
            clock_trusted: true,
        };
        let raw = Change {
            padding: 60_000,
            ..Change::new(seq)
        }
        .bytes();
        let change = ChangeEntry {
            receipt,
            space: space("group"),
            document: document(1),
            raw,
        };
        let effects = client.hear(entries(seq - 1, seq, &[Entry::Change(change)]));
        if let Some(ClientEffect::Close(reason)) = effects.last() {
            break reason.clone();
        }
    };
    assert!(matches!(
        reason,
        CloseReason::Violation(Violation::CreditExceeded { .. })
    ));
    assert_eq!(seq, u64::from(limits::DEFAULT_WINDOW) / 60_000 + 1);
}

#[test]
fn the_tag_of_the_states_of_a_frame_comes_with_its_entries() {
    let mut frame = entries(0, 2, &[gone(2)]);
    let states = Some(sync_protocol::StatesTag([7; 16]));
    if let Some(reached) = &mut frame.reached {
        reached.states = states;
    }
    let effects = LoneClient::live().hear(frame);
    let [ClientEffect::Store { states: told, .. }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(*told, states);
}
