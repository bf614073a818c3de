//! Claims: provisional, confirmed, disputed, ruled, final.

use dealership::case::{CaseKind, double_vin};
use dealership::claim::{ClaimEndReason, ClaimState, NotFinal, Strength, may_finalise};
use dealership::command::{ClaimVehicle, HardenClaim, ReleaseClaim, StockIn};
use dealership::edit::{self, Edits};
use dealership::refusal::Refusal;
use dealership::vehicle::{PlaceKind, VehicleStatus};
use dealership::{DealId, FactId, Role, Timestamp};

use crate::world::{Device, Relay, V1, store, sunday, vehicle};

pub(crate) fn stock_in(vin: &str, at: dealership::StoreId) -> StockIn {
    serde_json::from_value(serde_json::json!({
        "vin": vin, "store": at, "inspected": true, "ext_color": "曜石黑",
    }))
    .expect("a command")
}

pub(crate) fn hard(deal: DealId) -> ClaimVehicle {
    ClaimVehicle {
        vehicle: vehicle(V1),
        deal,
        strength: Strength::Hard,
        deposit: true,
        hours: None,
    }
}

pub(crate) struct Story {
    pub(crate) relay: Relay,
    pub(crate) keeper: Device,
    pub(crate) one: Device,
    pub(crate) two: Device,
    pub(crate) one_deal: DealId,
    pub(crate) two_deal: DealId,
}

/// V1 is in stock and known to two consultants of two stores, each with a deal.
pub(crate) fn story() -> Story {
    let mut relay = Relay::default();
    let mut keeper = Device::new(9, &[Role::StockKeeper, Role::Manager], &[store(1)]);
    keeper
        .run(sunday(8, 0), &stock_in(V1, store(1)))
        .expect("comes in");
    relay.sync(&mut keeper, sunday(8, 1));
    let mut one = Device::consultant(1, store(1));
    let mut two = Device::consultant(2, store(2));
    relay.sync(&mut one, sunday(9, 0));
    relay.sync(&mut two, sunday(9, 0));
    let one_deal = one.new_deal(sunday(9, 10));
    let two_deal = two.new_deal(sunday(9, 10));
    Story {
        relay,
        keeper,
        one,
        two,
        one_deal,
        two_deal,
    }
}

pub(crate) fn state_of(vehicle: &dealership::vehicle::Vehicle, claim: FactId) -> ClaimState {
    let mut claims = vehicle.claims.iter();
    claims
        .find(|each| each.id == claim)
        .expect("is there")
        .state
}

#[test]
fn a_hard_claim_is_provisional_until_the_relay_confirms_it() {
    let mut s = story();
    let claim = s.one.run(sunday(10, 0), &hard(s.one_deal)).expect("free");
    assert!(!claim.certain);
    assert_eq!(
        state_of(&s.one.vehicle(V1), claim.claim),
        ClaimState::Provisional
    );
    assert_eq!(
        s.one.vehicle(V1).status(sunday(10, 0)),
        VehicleStatus::Locked
    );
    s.relay.sync(&mut s.one, sunday(10, 1));
    assert_eq!(
        state_of(&s.one.vehicle(V1), claim.claim),
        ClaimState::Confirmed
    );
    assert_eq!(
        may_finalise(&s.relay.read(vehicle(V1)), claim.claim),
        Ok(())
    );
}

#[test]
fn o1_two_shows_that_sell_the_same_vin_make_one_case_with_the_earlier_order_proposed() {
    let mut s = story();
    let first = s.one.run(sunday(10, 5), &hard(s.one_deal)).expect("free");
    let second = s.two.run(sunday(10, 20), &hard(s.two_deal)).expect("free");
    s.relay.sync(&mut s.two, sunday(18, 0));
    assert_eq!(
        state_of(&s.relay.vehicle(V1), second.claim),
        ClaimState::Confirmed,
        "the relay knew of no rival"
    );
    s.relay.sync(&mut s.one, sunday(18, 30));
    s.two.fetch(&mut s.relay);
    s.keeper.fetch(&mut s.relay);

    let ids: Vec<_> = [&s.one, &s.two, &s.keeper]
        .map(|device| {
            let read = device.vehicle(V1);
            assert_eq!(read.status(sunday(19, 0)), VehicleStatus::Disputed);
            assert_eq!(read.held_by, Some(first.claim));
            for claim in [first.claim, second.claim] {
                assert_eq!(state_of(&read, claim), ClaimState::Provisional);
            }
            let cases = double_vin::cases(&device.read(vehicle(V1)));
            assert_eq!(cases.len(), 1);
            let case = &cases[0];
            assert_eq!(case.kind, CaseKind::DoubleVin);
            assert_eq!(read.dispute, Some(case.id));
            let proposal = case.proposal.as_ref().expect("a rule applies");
            assert_eq!(proposal.winner, first.claim.to_string());
            assert_eq!(proposal.rule, "order_time_claimed_times");
            let stores: Vec<_> = case.sides.iter().map(|side| side.store).collect();
            assert_eq!(stores, [Some(store(1)), Some(store(2))]);
            case.id
        })
        .into();
    assert!(ids.iter().all(|id| *id == ids[0]));

    let at_relay = s.relay.read(vehicle(V1));
    for claim in [first.claim, second.claim] {
        assert_eq!(
            may_finalise(&at_relay, claim),
            Err(NotFinal::Disputed(ids[0]))
        );
    }
}

#[test]
fn a_vehicle_that_another_deal_is_seen_to_hold_is_refused_naming_who() {
    let mut s = story();
    s.one.run(sunday(10, 0), &hard(s.one_deal)).expect("free");
    s.relay.sync(&mut s.one, sunday(10, 1));
    s.relay.sync(&mut s.two, sunday(10, 2));
    let refused = s.two.run(sunday(10, 3), &hard(s.two_deal));
    let Err(Refusal::VehicleHeld { hold, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(hold.staff, s.one.staff());
    assert_eq!(hold.deal, Some(s.one_deal));
}

#[test]
fn a_client_that_claims_over_a_hold_it_has_seen_gains_nothing() {
    let mut s = story();
    let claim = s.one.run(sunday(10, 0), &hard(s.one_deal)).expect("free");
    let rogue = s
        .two
        .plan(sunday(10, 3), &hard(s.two_deal))
        .expect("not yet seen");
    s.relay.sync(&mut s.one, sunday(10, 1));
    s.relay.sync(&mut s.two, sunday(10, 2));
    s.two.write(sunday(10, 3), "claim_vehicle", &rogue.edits);
    s.relay.sync(&mut s.two, sunday(10, 4));
    let read = s.relay.vehicle(V1);
    assert_eq!(read.held_by, Some(claim.claim));
    assert_eq!(read.dispute, None);
    assert_eq!(state_of(&read, rogue.output.claim), ClaimState::Barred);
}

#[test]
fn soft_claims_exclude_nobody_and_end_by_themselves() {
    let mut s = story();
    let soft = ClaimVehicle {
        strength: Strength::Soft,
        deposit: false,
        ..hard(s.one_deal)
    };
    let claim = s.one.run(sunday(10, 0), &soft).expect("free");
    s.relay.sync(&mut s.one, sunday(10, 1));
    s.relay.sync(&mut s.two, sunday(10, 2));
    let read = s.two.vehicle(V1);
    assert_eq!(read.status(sunday(11, 0)), VehicleStatus::SoftHeld);
    let end = sunday(10, 0).plus_hours(48);
    assert_eq!(claim.until, Some(end));
    assert_eq!(read.status(end), VehicleStatus::Available);
    assert_eq!(read.claims[0].state_at(end), ClaimState::Expired);
    let plan = s.two.plan(sunday(11, 0), &hard(s.two_deal)).expect("free");
    assert!(
        plan.notices
            .iter()
            .any(|notice| notice.code == "soft_claimed_by_others")
    );
}

#[test]
fn hardening_a_soft_claim_converts_it() {
    let mut s = story();
    let soft = ClaimVehicle {
        strength: Strength::Soft,
        deposit: false,
        ..hard(s.one_deal)
    };
    let soft = s.one.run(sunday(10, 0), &soft).expect("free");
    let harden = HardenClaim {
        vehicle: vehicle(V1),
        claim: soft.claim,
        deposit: true,
    };
    let hardened = s.one.run(sunday(10, 5), &harden).expect("free");
    s.relay.sync(&mut s.one, sunday(10, 6));
    let read = s.one.vehicle(V1);
    assert_eq!(state_of(&read, soft.claim), ClaimState::Converted);
    assert_eq!(state_of(&read, hardened.claim), ClaimState::Confirmed);
}

#[test]
fn a_dispute_ends_when_one_side_lets_go_and_the_other_is_confirmed() {
    let mut s = story();
    let first = s.one.run(sunday(10, 5), &hard(s.one_deal)).expect("free");
    let second = s.two.run(sunday(10, 20), &hard(s.two_deal)).expect("free");
    s.relay.sync(&mut s.two, sunday(18, 0));
    s.relay.sync(&mut s.one, sunday(18, 30));
    s.two.fetch(&mut s.relay);
    let release = ReleaseClaim {
        vehicle: vehicle(V1),
        claim: second.claim,
        reason: ClaimEndReason::Exchanged,
    };
    s.two.run(sunday(19, 0), &release).expect("one's own");
    s.relay.sync(&mut s.two, sunday(19, 1));
    let read = s.two.vehicle(V1);
    assert_eq!(read.dispute, None);
    assert_eq!(state_of(&read, first.claim), ClaimState::Confirmed);
    assert_eq!(state_of(&read, second.claim), ClaimState::Released);
}

#[test]
fn nobody_ends_a_colleagues_claim_but_a_manager() {
    let mut s = story();
    let claim = s.one.run(sunday(10, 0), &hard(s.one_deal)).expect("free");
    s.relay.sync(&mut s.one, sunday(10, 1));
    s.relay.sync(&mut s.two, sunday(10, 2));
    s.relay.sync(&mut s.keeper, sunday(10, 2));
    let release = ReleaseClaim {
        vehicle: vehicle(V1),
        claim: claim.claim,
        reason: ClaimEndReason::Revoked,
    };
    assert!(s.two.run(sunday(10, 3), &release).is_err());
    let mut forged = dealership::edit::Edits::default();
    let fact = s.two.fresh_ids(sunday(10, 3)).fact();
    let fields = dealership::edit::fields([("claim", claim.claim.to_string().into())]);
    forged.record(vehicle(V1).into(), "claim_end", fact, fields);
    s.two.write(sunday(10, 3), "release_claim", &forged);
    s.relay.sync(&mut s.two, sunday(10, 4));
    assert_eq!(s.relay.vehicle(V1).held_by, Some(claim.claim));

    s.keeper
        .run(sunday(10, 5), &release)
        .expect("a manager may");
    s.relay.sync(&mut s.keeper, sunday(10, 6));
    assert_eq!(s.relay.vehicle(V1).held_by, None);
}

#[test]
fn a_doubtful_vin_is_confirmed_with_a_reason_and_a_photo_and_a_wrong_one_refused() {
    let s = story();
    let doubtful = |vin: &str| stock_in(vin, store(1));
    let refused = s.keeper.plan(sunday(9, 0), &doubtful("LSVAA4BR6RN100001"));
    assert!(matches!(
        refused,
        Err(Refusal::NeedsConfirming {
            field: "vin_override",
            ..
        })
    ));
    let mut confirmed = doubtful("LSVAA4BR6RN100001");
    confirmed.vin_override = Some("照片核对无误".into());
    assert!(matches!(
        s.keeper.plan(sunday(9, 0), &confirmed),
        Err(Refusal::NeedsConfirming {
            field: "vin_photo",
            ..
        })
    ));
    confirmed.vin_photo = Some("ab".repeat(32));
    assert!(s.keeper.plan(sunday(9, 0), &confirmed).is_ok());
    let blocked = s.keeper.plan(sunday(9, 0), &doubtful("LSVAA4BR5RN10001"));
    assert!(matches!(
        blocked,
        Err(Refusal::Invalid { field: "vin", .. })
    ));
    let mut late = doubtful("LSVAA4BR5RN100001");
    late.place = PlaceKind::Nowhere;
    assert!(s.keeper.plan(Timestamp::default(), &late).is_err());
}

#[test]
fn a_confirmation_is_of_the_claim_that_the_relay_had_seen_and_of_no_other_under_its_id() {
    let mut s = story();
    let claim = s.one.run(sunday(10, 0), &hard(s.one_deal)).expect("free");
    let claim = claim.claim;
    s.relay.sync(&mut s.one, sunday(10, 1));
    // Somebody with a client of their own, who claims not to have seen the claim, writes another
    // under its id, behind so many operations that it is the one that readers see.
    let mut edits = Edits::default();
    let mut ids = s.two.fresh_ids(sunday(10, 2));
    let two_deal = s.two_deal.to_string();
    for strength in ["look"; 40].into_iter().chain(["hard"]) {
        let id = if strength == "hard" {
            claim
        } else {
            ids.fact()
        };
        let claim = [
            ("strength", strength.into()),
            ("deal", two_deal.as_str().into()),
        ];
        edits.record(vehicle(V1).into(), "claim", id, edit::fields(claim));
    }
    s.two.write(sunday(10, 2), "claim_vehicle", &edits);
    s.relay.receive(&mut s.two, sunday(10, 3));

    let seen = s.relay.vehicle(V1);
    let shown = seen.claims.iter().find(|each| each.id == claim);
    assert_eq!(shown.expect("is there").deal, s.two_deal);
    assert_eq!(state_of(&seen, claim), ClaimState::Provisional);
    assert!(may_finalise(&s.relay.read(vehicle(V1)), claim).is_err());
}
