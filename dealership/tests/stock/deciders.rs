//! Every case can be decided by the role that it names, and by nobody lower.

use std::collections::BTreeSet;

use dealership::case::{Case, clock, register};
use dealership::command::DecideCase;
use dealership::edit::{Fields, fields};
use dealership::rights::{Act, Subject, Write, decide};
use dealership::{Authorship, Document, DocumentId, FactId, Kind, Role, Seq, Space, StaffId};

use crate::world::{Device, Relay, store, sunday};

/// A register of each kind about which people may disagree, if it has one.
const fn disputable(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Store | Kind::Staff | Kind::Trim | Kind::Show | Kind::Customer => Some("name"),
        Kind::Vehicle => Some("ext_color"),
        Kind::CustomerContact => Some("primary_phone"),
        Kind::Deal => Some("expected_date"),
        Kind::PriceList => Some("effective_to"),
        Kind::Device => None,
    }
}

fn space_of(kind: Kind) -> Space {
    [
        Space::Group,
        Space::Store(store(1)),
        Space::Contact(store(1), StaffId::from_bytes([1; 16])),
    ]
    .into_iter()
    .find(|space| kind.may_live_in(*space))
    .expect("one of these")
}

/// A document of a kind that two devices with wrong clocks made, saying different things.
fn contradicted(kind: Kind) -> (Relay, DocumentId) {
    let mut relay = Relay::default();
    let id = DocumentId::of_content(&[b"contradicted", kind.code().as_bytes()]);
    for number in [1, 2_u8] {
        let mut device = Device::new(number.into(), &[Role::Consultant], &[store(1)]);
        device.clock_off_by = 365 * 24 * 3_600_000;
        let said: Fields = match disputable(kind) {
            Some(key) => fields([(key, format!("2026-05-0{number}").into())]),
            None => fields([]),
        };
        device.make_as(id, sunday(9, 0), kind, space_of(kind), said);
        relay.receive(&mut device, sunday(10, 0));
    }
    (relay, id)
}

fn cases(document: &Document) -> Vec<Case> {
    [register::cases(document), clock::cases(document)].concat()
}

/// Whether somebody with a role can decide a case: the command lets them, and the gate.
fn can_decide(relay: &mut Relay, case: &Case, role: Role) -> bool {
    let mut device = Device::new(7, &[role], &[store(1)]);
    device.fetch(relay);
    let id = case.documents[0];
    let document = device.read(id);
    let (decision, winner) = if case.sides.len() > 1 {
        ("choose", Some(case.sides[0].key.clone()))
    } else {
        ("noted", None)
    };
    let command = DecideCase {
        case: case.id,
        documents: case.documents.clone(),
        decision: decision.into(),
        winner,
        reason: None,
    };
    let subject = Subject {
        document: id,
        kind: document.kind(),
        space: document.space(),
    };
    let authorship = Authorship {
        staff: device.staff(),
        command: "decide_case".into(),
        base_seq: Seq(0),
    };
    let path = [format!("ruling/{}", FactId::from_bytes([1; 16]))];
    let write = Write {
        path: &path,
        act: Act::MakeMap { replaces: false },
    };
    let mut author = device.author.clone();
    author.spaces.insert(document.space());
    let written = decide(&author, &subject, &authorship, [write]);
    let planned = device.plan(sunday(11, 0), &command);
    if planned.is_ok() {
        assert!(written.is_ok(), "{}: {written:?}", role.code());
    }
    planned.is_ok()
}

#[test]
fn every_case_about_a_document_is_decided_by_the_role_that_it_names_and_by_nobody_lower() {
    let mut kinds = BTreeSet::new();
    for kind in Kind::ALL {
        let (mut relay, id) = contradicted(*kind);
        for case in cases(&relay.read(id)) {
            kinds.insert((*kind, case.kind));
            let above: &[Role] = match case.decider {
                Role::Consultant => &[Role::Consultant, Role::Manager, Role::GeneralManager],
                Role::Manager => &[Role::Manager, Role::GeneralManager],
                Role::Administrator => &[Role::Administrator, Role::GeneralManager],
                other => panic!("{other:?} decides nothing alone"),
            };
            for role in Role::ALL {
                assert_eq!(
                    can_decide(&mut relay, &case, *role),
                    above.contains(role),
                    "{:?} about a {kind} and {}",
                    case.kind,
                    role.code()
                );
            }
        }
    }
    assert_eq!(kinds.len(), 2 * Kind::ALL.len() - 1);
}
