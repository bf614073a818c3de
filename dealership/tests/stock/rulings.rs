//! Rulings: what a manager decides, and what happens when two decide differently.

use dealership::case::double_vin;
use dealership::claim::{ClaimState, may_finalise, may_finalise_what_is_new};
use dealership::command::{FinaliseClaim, ReverseFinal, RuleOnVehicle};
use dealership::vehicle::VehicleStatus;
use dealership::{CaseId, FactId, Role};

use crate::claims::{Story, hard, state_of, story};
use crate::world::{Device, V1, on, store, sunday, vehicle};

/// Two rivals whom everybody knows of: the story, the earlier claim, the later one, the case.
fn disputed() -> (Story, FactId, FactId, CaseId) {
    let mut s = story();
    let first = s.one.run(sunday(10, 5), &hard(s.one_deal)).expect("free");
    let second = s.two.run(sunday(10, 20), &hard(s.two_deal)).expect("free");
    s.relay.sync(&mut s.two, sunday(18, 0));
    s.relay.sync(&mut s.one, sunday(18, 30));
    s.two.fetch(&mut s.relay);
    s.keeper.fetch(&mut s.relay);
    let case = s.relay.vehicle(V1).dispute.expect("two deals hold it");
    (s, first.claim, second.claim, case)
}

fn rule(case: CaseId, winner: FactId) -> RuleOnVehicle {
    RuleOnVehicle {
        vehicle: vehicle(V1),
        case,
        winner: winner.to_string(),
        reason: "订车在先".into(),
    }
}

#[test]
fn a_ruling_takes_the_place_of_the_confirmation_and_closes_the_case() {
    let (mut s, first, second, case) = disputed();
    s.keeper
        .run(sunday(19, 0), &rule(case, first))
        .expect("a manager may");
    s.relay.sync(&mut s.keeper, sunday(19, 1));
    let document = s.relay.read(vehicle(V1));
    let read = s.relay.vehicle(V1);
    assert_eq!(read.dispute, None);
    assert_eq!(state_of(&read, first), ClaimState::Confirmed);
    assert_eq!(state_of(&read, second), ClaimState::LostDispute);
    assert_eq!(may_finalise(&document, first), Ok(()));
    assert!(may_finalise(&document, second).is_err());
    let cases = double_vin::cases(&document);
    assert_eq!(cases.len(), 1);
    assert_eq!(
        cases[0].id, case,
        "the case that was open is the one decided"
    );
    let outcome = cases[0].outcome.as_ref().expect("decided");
    assert_eq!(outcome.winner, Some(first.to_string()));
    assert_eq!(outcome.staff, s.keeper.staff());
}

#[test]
fn a_manager_may_rule_against_the_proposal() {
    let (mut s, first, second, case) = disputed();
    s.keeper
        .run(sunday(19, 0), &rule(case, second))
        .expect("a manager may");
    s.relay.sync(&mut s.keeper, sunday(19, 1));
    let read = s.relay.vehicle(V1);
    assert_eq!(read.held_by, Some(second));
    assert_eq!(state_of(&read, first), ClaimState::LostDispute);
}

#[test]
fn rulings_that_contradict_each_other_decide_nothing_until_the_general_manager_does() {
    let (mut s, first, second, case) = disputed();
    let mut other = Device::new(8, &[Role::Manager], &[store(2)]);
    let mut general = Device::new(7, &[Role::GeneralManager], &[]);
    other.fetch(&mut s.relay);
    s.keeper
        .run(sunday(19, 0), &rule(case, first))
        .expect("a manager may");
    other
        .run(sunday(19, 0), &rule(case, second))
        .expect("a manager may");
    s.relay.sync(&mut s.keeper, sunday(19, 1));
    s.relay.sync(&mut other, sunday(19, 2));
    let read = s.relay.vehicle(V1);
    assert_eq!(read.dispute, Some(case));
    let cases = double_vin::cases(&s.relay.read(vehicle(V1)));
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0].decider, Role::GeneralManager);

    assert!(other.plan(sunday(19, 3), &rule(case, first)).is_err());
    general.fetch(&mut s.relay);
    general
        .run(sunday(20, 0), &rule(case, second))
        .expect("may");
    s.relay.sync(&mut general, sunday(20, 1));
    let read = s.relay.vehicle(V1);
    assert_eq!(state_of(&read, second), ClaimState::Confirmed);
    assert_eq!(state_of(&read, first), ClaimState::LostDispute);
}

#[test]
fn a_rival_that_a_ruling_had_not_seen_opens_another_case() {
    let (mut s, first, _, case) = disputed();
    let mut third = Device::consultant(3, store(3));
    third.fetch(&mut story().relay);
    let deal = third.new_deal(sunday(9, 0));
    let late = third
        .run(sunday(10, 1), &hard(deal))
        .expect("free as far as it knew");
    s.keeper
        .run(sunday(19, 0), &rule(case, first))
        .expect("a manager may");
    s.relay.sync(&mut s.keeper, sunday(19, 1));
    s.relay.sync(&mut third, on(1, 9, 0));
    let read = s.relay.vehicle(V1);
    let reopened = read.dispute.expect("the third deal is a rival");
    assert_ne!(reopened, case);
    let cases = double_vin::cases(&s.relay.read(vehicle(V1)));
    let open: Vec<_> = cases.iter().filter(|case| case.is_open()).collect();
    assert_eq!(open.len(), 1);
    let sides: Vec<_> = open[0].sides.iter().filter_map(|side| side.fact).collect();
    assert_eq!(sides, [late.claim, first]);
    assert_eq!(cases.len(), 2, "the decided case is kept");
}

#[test]
fn only_one_final_is_accepted_and_a_reversal_frees_the_claim() {
    let mut s = story();
    let mut finance = Device::new(6, &[Role::Finance], &[store(1)]);
    let claim = s
        .one
        .run(sunday(10, 0), &hard(s.one_deal))
        .expect("free")
        .claim;
    s.relay.sync(&mut s.one, sunday(10, 1));
    finance.fetch(&mut s.relay);
    let finalise = FinaliseClaim {
        vehicle: vehicle(V1),
        claim,
    };
    let before = s.relay.read(vehicle(V1));
    finance.run(sunday(11, 0), &finalise).expect("confirmed");
    let after = finance.read(vehicle(V1));
    assert_eq!(may_finalise_what_is_new(&before, &after), Ok(()));
    assert_ne!(
        finance.vehicle(V1).status(sunday(11, 0)),
        VehicleStatus::Invoiced,
        "not before the relay has accepted it"
    );
    s.relay.sync(&mut finance, sunday(11, 1));
    assert_eq!(
        finance.vehicle(V1).status(sunday(11, 1)),
        VehicleStatus::Invoiced
    );
    assert!(finance.plan(sunday(11, 2), &finalise).is_err());
    assert!(may_finalise(&s.relay.read(vehicle(V1)), claim).is_err());

    let reverse = ReverseFinal {
        vehicle: vehicle(V1),
        claim,
        reason: "红冲".into(),
    };
    finance.run(sunday(12, 0), &reverse).expect("finance may");
    s.relay.sync(&mut finance, sunday(12, 1));
    let read = s.relay.vehicle(V1);
    assert_eq!(state_of(&read, claim), ClaimState::Confirmed);
}

#[test]
fn a_rival_that_comes_after_the_invoice_is_a_case_that_the_invoice_wins() {
    let mut s = story();
    let mut finance = Device::new(6, &[Role::Finance], &[store(1)]);
    let rival = s
        .one
        .run(sunday(9, 30), &hard(s.one_deal))
        .expect("free")
        .claim;
    let claim = s
        .two
        .run(sunday(10, 0), &hard(s.two_deal))
        .expect("free")
        .claim;
    s.relay.sync(&mut s.two, sunday(10, 1));
    finance.fetch(&mut s.relay);
    let finalise = FinaliseClaim {
        vehicle: vehicle(V1),
        claim,
    };
    finance.run(sunday(11, 0), &finalise).expect("confirmed");
    s.relay.sync(&mut finance, sunday(11, 1));
    s.relay.sync(&mut s.one, sunday(18, 0));
    s.keeper.fetch(&mut s.relay);
    let read = s.keeper.vehicle(V1);
    assert_eq!(read.held_by, Some(claim));
    assert_eq!(read.status(sunday(18, 1)), VehicleStatus::Invoiced);
    let case = read.dispute.expect("the rival is seen");
    let cases = double_vin::cases(&s.keeper.read(vehicle(V1)));
    assert_eq!(cases[0].proposal.as_ref().expect("a rule").rule, "final");
    assert!(s.keeper.plan(sunday(18, 2), &rule(case, rival)).is_err());
    s.keeper
        .run(sunday(18, 3), &rule(case, claim))
        .expect("may");
    s.relay.sync(&mut s.keeper, sunday(18, 4));
    let read = s.relay.vehicle(V1);
    assert_eq!(read.dispute, None);
    assert_eq!(state_of(&read, rival), ClaimState::LostDispute);
}
