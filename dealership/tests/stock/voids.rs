//! Entries that were voided, and work beside that.

use dealership::case::{CaseKind, delete, void};
use dealership::claim::{ClaimState, NotFinal, may_finalise};
use dealership::command::{DecideCase, RestoreVehicle, VoidVehicle};
use dealership::refusal::Refusal;
use dealership::vehicle::VehicleStatus;
use dealership::{FactId, Role};

use crate::claims::{Story, hard, state_of, stock_in, story};
use crate::world::{Device, V1, V4, store, sunday, vehicle};

fn voiding() -> VoidVehicle {
    VoidVehicle {
        vehicle: vehicle(V1),
        reason: "车架号录错".into(),
    }
}

/// V1 is voided while the first consultant, who does not know, locks it.
fn voided_beside_a_claim() -> (Story, FactId) {
    let mut s = story();
    let claim = s.one.run(sunday(10, 0), &hard(s.one_deal)).expect("free");
    s.keeper.run(sunday(10, 5), &voiding()).expect("free");
    s.relay.sync(&mut s.keeper, sunday(10, 6));
    s.relay.sync(&mut s.one, sunday(10, 7));
    s.keeper.fetch(&mut s.relay);
    (s, claim.claim)
}

fn decide(s: &Story, decision: &str) -> DecideCase {
    let case = void::cases(&s.keeper.read(vehicle(V1))).remove(0);
    assert_eq!(case.kind, CaseKind::DeleteVsEdit);
    DecideCase {
        case: case.id,
        documents: case.documents,
        decision: decision.into(),
        winner: None,
        reason: None,
    }
}

#[test]
fn a_voided_entry_is_restored() {
    let mut s = story();
    let restore = RestoreVehicle {
        vehicle: vehicle(V1),
    };
    assert!(s.keeper.plan(sunday(9, 0), &restore).is_err());
    s.keeper.run(sunday(9, 0), &voiding()).expect("free");
    assert_eq!(
        s.keeper.vehicle(V1).status(sunday(9, 1)),
        VehicleStatus::Void
    );
    s.keeper.run(sunday(9, 2), &restore).expect("may");
    let read = s.keeper.vehicle(V1);
    assert_eq!(read.status(sunday(9, 3)), VehicleStatus::Available);
    assert!(void::cases(&s.keeper.read(vehicle(V1))).is_empty());
    s.keeper
        .run(sunday(9, 4), &voiding())
        .expect("it may be voided again");
    assert_eq!(
        s.keeper.vehicle(V1).status(sunday(9, 5)),
        VehicleStatus::Void
    );
}

#[test]
fn the_relay_confirms_nothing_on_a_void_entry() {
    let (s, claim) = voided_beside_a_claim();
    let document = s.relay.read(vehicle(V1));
    assert_eq!(
        state_of(&s.relay.vehicle(V1), claim),
        ClaimState::Provisional
    );
    assert_eq!(may_finalise(&document, claim), Err(NotFinal::Void));
}

#[test]
fn a_claim_beside_a_voiding_is_a_case_and_confirmed_when_the_entry_is_kept() {
    let (mut s, claim) = voided_beside_a_claim();
    let keep = decide(&s, delete::KEEP);
    assert!(
        matches!(
            s.one.plan(sunday(11, 0), &keep),
            Err(Refusal::Invalid { field: "case", .. })
        ),
        "a manager decides"
    );
    s.keeper.run(sunday(11, 0), &keep).expect("a manager may");
    s.relay.sync(&mut s.keeper, sunday(11, 1));
    let read = s.relay.vehicle(V1);
    assert_eq!(read.status(sunday(11, 2)), VehicleStatus::Locked);
    assert_eq!(state_of(&read, claim), ClaimState::Confirmed);
    let cases = void::cases(&s.relay.read(vehicle(V1)));
    assert!(!cases[0].is_open());
}

#[test]
fn an_entry_that_another_store_made_beside_its_voiding_is_a_case() {
    let mut s = story();
    let entry = stock_in(V4, store(1));
    s.keeper.run(sunday(9, 0), &entry).expect("new");
    let void = VoidVehicle {
        vehicle: vehicle(V4),
        ..voiding()
    };
    s.keeper.run(sunday(9, 1), &void).expect("free");
    s.relay.sync(&mut s.keeper, sunday(9, 2));
    let mut other = Device::new(8, &[Role::StockKeeper], &[store(3)]);
    other
        .run(sunday(9, 3), &stock_in(V4, store(3)))
        .expect("new as far as it knew");
    s.relay.sync(&mut other, sunday(9, 4));
    let cases = void::cases(&s.relay.read(vehicle(V4)));
    assert_eq!(cases.len(), 1);
    assert!(cases[0].is_open());
    let beside: Vec<_> = cases[0].sides.iter().map(|side| side.staff).collect();
    assert_eq!(beside, [s.keeper.staff(), other.staff()]);
    assert_eq!(cases, void::cases(&other.read(vehicle(V4))));
}

#[test]
fn a_ruling_that_the_entry_stays_void_ends_the_case() {
    let (mut s, _) = voided_beside_a_claim();
    let delete = decide(&s, delete::DELETE);
    s.keeper.run(sunday(11, 0), &delete).expect("a manager may");
    let document = s.keeper.read(vehicle(V1));
    assert!(!void::cases(&document)[0].is_open());
    assert_eq!(
        s.keeper.vehicle(V1).status(sunday(11, 1)),
        VehicleStatus::Void
    );
}

#[test]
fn the_general_managers_word_that_an_entry_stays_void_outlives_a_ruling_that_kept_it() {
    let (mut s, _) = voided_beside_a_claim();
    let mut other = Device::new(11, &[Role::Manager], &[store(1)]);
    let mut general = Device::new(12, &[Role::GeneralManager], &[store(1)]);
    other.fetch(&mut s.relay);
    let (keep, delete) = (decide(&s, delete::KEEP), decide(&s, delete::DELETE));
    s.keeper.run(sunday(11, 0), &keep).expect("a manager may");
    other.run(sunday(11, 0), &delete).expect("a manager may");
    s.relay.sync(&mut s.keeper, sunday(11, 1));
    s.relay.sync(&mut other, sunday(11, 2));
    general.fetch(&mut s.relay);
    let contradicted = void::cases(&general.read(vehicle(V1))).remove(0);
    assert!(contradicted.is_open());
    assert_eq!(contradicted.decider, Role::GeneralManager);
    assert_ne!(
        general.vehicle(V1).status(sunday(11, 3)),
        VehicleStatus::Void,
        "kept until then"
    );

    general.run(sunday(12, 0), &delete).expect("theirs to say");

    assert_eq!(
        general.vehicle(V1).status(sunday(12, 1)),
        VehicleStatus::Void
    );
    let cases = void::cases(&general.read(vehicle(V1)));
    assert!(cases.iter().all(|case| !case.is_open()));
}
