//! What deals hold, when they end and when they are handed over.

use dealership::claim::{ClaimEndReason, ClaimState, Strength};
use dealership::command::{
    ClaimVehicle, CloseDeal, FinaliseClaim, HardenClaim, ReleaseClaim, TransferOwner,
};
use dealership::customer::LostReason;
use dealership::deal::ClosingOutcome;
use dealership::refusal::Refusal;
use dealership::{CustomerId, DealId, Kind, Role, Space, edit};

use crate::claims::{Story, hard, state_of, story};
use crate::world::{Device, V1, store, sunday, vehicle};

fn lost(deal: DealId) -> CloseDeal {
    CloseDeal {
        deal,
        outcome: ClosingOutcome::Lost,
        reasons: [LostReason::Price].into(),
        competitor: None,
    }
}

fn soft(deal: DealId) -> ClaimVehicle {
    ClaimVehicle {
        strength: Strength::Soft,
        deposit: false,
        ..hard(deal)
    }
}

#[test]
fn a_deal_that_is_lost_frees_its_vehicle() {
    let mut s = story();
    let claim = s.one.run(sunday(10, 0), &hard(s.one_deal)).expect("free");
    s.relay.sync(&mut s.one, sunday(10, 1));
    let closed = s.one.plan(sunday(11, 0), &lost(s.one_deal)).expect("open");
    assert!(closed.notices.is_empty());
    s.one.run(sunday(11, 0), &lost(s.one_deal)).expect("open");
    s.relay.sync(&mut s.one, sunday(11, 1));
    let read = s.relay.vehicle(V1);
    assert_eq!(read.held_by, None);
    assert_eq!(state_of(&read, claim.claim), ClaimState::Released);
    assert_eq!(read.claims[0].end_reason, Some(ClaimEndReason::DealEnded));
    s.two.fetch(&mut s.relay);
    assert!(s.two.plan(sunday(11, 2), &hard(s.two_deal)).is_ok());
}

#[test]
fn a_closed_deal_claims_nothing() {
    let mut s = story();
    let claim = s.one.run(sunday(10, 0), &soft(s.one_deal)).expect("free");
    s.one.run(sunday(11, 0), &lost(s.one_deal)).expect("open");
    assert_eq!(
        state_of(&s.one.vehicle(V1), claim.claim),
        ClaimState::Released
    );
    for strength in [Strength::Look, Strength::Soft, Strength::Hard] {
        let again = ClaimVehicle {
            strength,
            ..hard(s.one_deal)
        };
        let refused = s.one.plan(sunday(11, 1), &again);
        assert!(matches!(refused, Err(Refusal::State { .. })), "{strength}");
    }
}

#[test]
fn who_may_not_release_a_claim_is_told_that_it_stays_when_they_close_its_deal() {
    let mut s = story();
    s.one.run(sunday(10, 0), &hard(s.one_deal)).expect("free");
    s.relay.sync(&mut s.one, sunday(10, 1));
    let mut colleague = Device::consultant(3, store(1));
    colleague.fetch(&mut s.relay);
    let plan = colleague
        .plan(sunday(11, 0), &lost(s.one_deal))
        .expect("open");
    assert_eq!(plan.notices[0].code, "claim_stays");
    s.keeper.fetch(&mut s.relay);
    s.keeper
        .run(sunday(11, 0), &lost(s.one_deal))
        .expect("open");
    assert_eq!(
        s.keeper.vehicle(V1).held_by,
        None,
        "a manager may revoke it"
    );
}

#[test]
fn an_invoiced_claim_stays_when_its_deal_is_closed() {
    let mut s = story();
    let claim = s.one.run(sunday(10, 0), &hard(s.one_deal)).expect("free");
    s.relay.sync(&mut s.one, sunday(10, 1));
    let mut finance = Device::new(6, &[Role::Finance], &[store(1)]);
    finance.fetch(&mut s.relay);
    let finalise = FinaliseClaim {
        vehicle: vehicle(V1),
        claim: claim.claim,
    };
    finance.run(sunday(10, 2), &finalise).expect("confirmed");
    s.relay.sync(&mut finance, sunday(10, 3));
    s.one.fetch(&mut s.relay);
    let plan = s.one.plan(sunday(11, 0), &lost(s.one_deal)).expect("open");
    assert_eq!(plan.notices[0].code, "claim_stays");
    let vehicles = plan.edits.by_document().map(|(document, _)| document);
    assert!(vehicles.into_iter().all(|id| id == s.one_deal.into()));
}

/// The first consultant's customer and deal, with a soft claim on V1, are handed over to the
/// third, who works in the same store.
fn handed_over() -> (Story, Device, DealId, dealership::FactId) {
    let mut s = story();
    let third = Device::consultant(3, store(1));
    let at = sunday(9, 0);
    let staff = edit::fields([
        ("role/consultant", true.into()),
        (&*format!("store/{}", store(1)), true.into()),
    ]);
    s.keeper
        .make_as(third.staff().into(), at, Kind::Staff, Space::Group, staff);
    let card = edit::fields([("name", "张伟".into()), ("owner", s.one.staff().into())]);
    let home = Space::Store(store(1));
    let customer: CustomerId = s.one.make(at, Kind::Customer, home, card).into();
    let deal = s.one.new_deal_with(at, customer);
    let claim = s.one.run(sunday(10, 0), &soft(deal)).expect("free").claim;
    s.relay.sync(&mut s.one, sunday(10, 1));
    s.relay.sync(&mut s.keeper, sunday(10, 2));
    let transfer = TransferOwner {
        customer,
        to: third.staff(),
        reason: None,
        deals: [deal].into(),
    };
    s.keeper
        .run(sunday(10, 3), &transfer)
        .expect("a manager may");
    s.relay.sync(&mut s.keeper, sunday(10, 4));
    (s, third, deal, claim)
}

#[test]
fn whoever_takes_a_deal_over_takes_its_claims_over() {
    let (mut s, mut third, deal, claim) = handed_over();
    third.fetch(&mut s.relay);
    s.one.fetch(&mut s.relay);
    let harden = HardenClaim {
        vehicle: vehicle(V1),
        claim,
        deposit: true,
    };
    assert!(s.one.plan(sunday(11, 0), &harden).is_err());
    let hardened = third.run(sunday(11, 0), &harden).expect("theirs now").claim;
    s.relay.sync(&mut third, sunday(11, 1));
    let read = s.relay.vehicle(V1);
    assert_eq!(state_of(&read, claim), ClaimState::Converted);
    assert_eq!(state_of(&read, hardened), ClaimState::Confirmed);
    third.run(sunday(12, 0), &lost(deal)).expect("open");
    s.relay.sync(&mut third, sunday(12, 1));
    assert_eq!(s.relay.vehicle(V1).held_by, None);
}

#[test]
fn a_former_owner_ends_a_claim_only_without_knowing_that_it_was_handed_over() {
    let release = |claim| ReleaseClaim {
        vehicle: vehicle(V1),
        claim,
        reason: ClaimEndReason::Released,
    };
    let (mut s, _, _, claim) = handed_over();
    // The device has not heard of it.
    s.one.run(sunday(11, 0), &release(claim)).expect("theirs");
    s.relay.sync(&mut s.one, sunday(11, 1));
    assert_eq!(state_of(&s.relay.vehicle(V1), claim), ClaimState::Released);

    let (mut s, _, _, claim) = handed_over();
    let rogue = s.one.plan(sunday(11, 0), &release(claim)).expect("theirs");
    s.one.fetch(&mut s.relay);
    assert!(s.one.plan(sunday(11, 0), &release(claim)).is_err());
    s.one.write(sunday(11, 0), "release_claim", &rogue.edits);
    s.relay.sync(&mut s.one, sunday(11, 1));
    assert_eq!(state_of(&s.relay.vehicle(V1), claim), ClaimState::Active);
}
