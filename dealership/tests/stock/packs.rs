//! Packs: what only a team may claim, offline and with certainty.

use std::collections::BTreeSet;

use dealership::case::double_vin;
use dealership::claim::{ClaimState, Strength};
use dealership::command::{ClaimVehicle, PackVehicles, ReleasePack};
use dealership::pack::PackState;
use dealership::refusal::Refusal;
use dealership::vehicle::VehicleStatus;
use dealership::{FactId, Role, ShowId, StaffId, Timestamp};

use crate::claims::{Story, hard, state_of, story};
use crate::world::{Device, V1, on, store, sunday, vehicle};

fn vehicles() -> BTreeSet<dealership::VehicleId> {
    BTreeSet::from([vehicle(V1)])
}

/// V1 is packed for a show from Saturday to Sunday 18:00 with the first consultant as its team;
/// everybody knows.
fn packed() -> (Story, ShowId) {
    let mut s = story();
    let team = [s.one.staff()];
    let (show, _) = pack(&mut s.keeper, &team, on(-1, 9, 0), sunday(18, 0));
    s.relay.sync(&mut s.keeper, sunday(9, 31));
    s.relay.sync(&mut s.one, sunday(9, 40));
    s.relay.sync(&mut s.two, sunday(9, 40));
    (s, show)
}

/// Packs V1 at 9:30 for a team, as far as the device knows of nothing against it.
fn pack(
    device: &mut Device,
    team: &[StaffId],
    from: Timestamp,
    until: Timestamp,
) -> (ShowId, FactId) {
    let show = device.new_show(sunday(9, 20), from, until, team);
    let pack = PackVehicles {
        show,
        vehicles: vehicles(),
        from: None,
        until: None,
    };
    let packed = device.run(sunday(9, 30), &pack).expect("it is free");
    (show, packed.facts[0])
}

fn release(show: ShowId) -> ReleasePack {
    ReleasePack {
        show,
        vehicles: vehicles(),
        unsynced_devices: Some(1),
        despite_unsynced: true,
    }
}

#[test]
fn o2_outside_the_team_a_packed_vehicle_cannot_be_claimed_and_no_case_arises() {
    let (mut s, show) = packed();
    let refused = s.two.run(sunday(10, 20), &hard(s.two_deal));
    let Err(Refusal::VehicleHeld { hold, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((hold.show, hold.strength.as_str()), (Some(show), "pack"));
    let claim = s
        .one
        .run(sunday(10, 5), &hard(s.one_deal))
        .expect("in the team");
    assert!(claim.certain, "the relay had confirmed the pack");
    s.relay.sync(&mut s.two, sunday(18, 0));
    s.relay.sync(&mut s.one, sunday(18, 30));
    let read = s.relay.vehicle(V1);
    assert_eq!(read.dispute, None);
    assert_eq!(state_of(&read, claim.claim), ClaimState::Confirmed);
    assert!(double_vin::cases(&s.relay.read(vehicle(V1))).is_empty());
}

#[test]
fn a_foreign_client_that_claims_a_packed_vehicle_gains_nothing() {
    let (mut s, _) = packed();
    let before = story();
    let rogue = before
        .two
        .plan(sunday(10, 0), &hard(s.two_deal))
        .expect("without the pack it is free");
    s.two.write(sunday(10, 0), "claim_vehicle", &rogue.edits);
    s.relay.sync(&mut s.two, sunday(10, 1));
    let read = s.relay.vehicle(V1);
    assert_eq!(state_of(&read, rogue.output.claim), ClaimState::Barred);
    assert_eq!(read.status(sunday(10, 2)), VehicleStatus::PackHeld);
}

#[test]
fn o3_a_claim_made_in_the_packs_window_wins_even_when_it_comes_after_the_release() {
    let (mut s, show) = packed();
    let late = s
        .one
        .run(sunday(17, 30), &hard(s.one_deal))
        .expect("in the team");
    let monday = |hour| on(1, hour, 0);
    s.keeper
        .run(monday(9), &release(show))
        .expect("a manager may");
    s.relay.sync(&mut s.keeper, monday(10));
    s.relay.sync(&mut s.two, monday(11));
    let lock = s.two.run(monday(12), &hard(s.two_deal)).expect("released");
    s.relay.sync(&mut s.two, monday(13));
    assert_eq!(
        state_of(&s.relay.vehicle(V1), lock.claim),
        ClaimState::Confirmed
    );
    s.relay.sync(&mut s.one, on(2, 9, 0));
    let read = s.relay.vehicle(V1);
    assert_eq!(read.held_by, Some(late.claim));
    let cases = double_vin::cases(&s.relay.read(vehicle(V1)));
    let proposal = cases[0].proposal.as_ref().expect("a rule applies");
    assert_eq!(proposal.winner, late.claim.to_string());
    assert_eq!(proposal.rule, "pack");
}

#[test]
fn a_claim_after_the_packs_window_is_a_claim_like_any_other() {
    let (mut s, show) = packed();
    let rogue_plan = s
        .one
        .plan(sunday(17, 30), &hard(s.one_deal))
        .expect("in the team");
    // The device writes it half an hour after the window, as if it were made before.
    s.one
        .write(sunday(18, 30), "claim_vehicle", &rogue_plan.edits);
    s.keeper
        .run(on(1, 9, 0), &release(show))
        .expect("a manager may");
    s.relay.sync(&mut s.keeper, on(1, 10, 0));
    s.relay.sync(&mut s.two, on(1, 11, 0));
    let lock = s
        .two
        .run(on(1, 12, 0), &hard(s.two_deal))
        .expect("released");
    s.relay.sync(&mut s.two, on(1, 13, 0));
    s.relay.sync(&mut s.one, on(2, 9, 0));
    let read = s.relay.vehicle(V1);
    assert!(read.claims.iter().all(|claim| claim.pack.is_none()));
    assert!(read.dispute.is_some());
    assert_ne!(read.held_by, Some(lock.claim), "the order time is earlier");
}

#[test]
fn releasing_a_pack_asks_about_devices_that_have_not_synced() {
    let (s, show) = packed();
    let unsure = ReleasePack {
        despite_unsynced: false,
        ..release(show)
    };
    let asked = s.keeper.plan(on(1, 9, 0), &unsure);
    assert!(matches!(asked, Err(Refusal::NeedsConfirming { .. })));
    let nobody_knows = ReleasePack {
        unsynced_devices: None,
        ..unsure.clone()
    };
    assert!(s.keeper.plan(on(1, 9, 0), &nobody_knows).is_err());
    let all_synced = ReleasePack {
        unsynced_devices: Some(0),
        ..unsure
    };
    assert!(s.keeper.plan(on(1, 9, 0), &all_synced).is_ok());
}

#[test]
fn a_pack_holds_after_its_window_until_somebody_releases_it() {
    let (mut s, show) = packed();
    let overdue = on(3, 9, 0);
    let read = s.two.vehicle(V1);
    assert_eq!(read.status(overdue), VehicleStatus::PackHeld);
    assert!(read.packs[0].is_overdue(overdue));
    assert!(s.two.plan(overdue, &hard(s.two_deal)).is_err());
    s.keeper
        .run(overdue, &release(show))
        .expect("a manager may");
    s.relay.sync(&mut s.keeper, overdue);
    s.relay.sync(&mut s.two, overdue);
    assert!(s.two.plan(overdue, &hard(s.two_deal)).is_ok());
}

#[test]
fn a_claim_that_had_not_seen_a_pack_waits_for_its_release() {
    let mut s = story();
    let team = [s.one.staff()];
    let show = s
        .keeper
        .new_show(sunday(9, 20), on(-1, 9, 0), sunday(18, 0), &team);
    let pack = PackVehicles {
        show,
        vehicles: vehicles(),
        from: None,
        until: None,
    };
    let claim = s.two.run(sunday(9, 25), &hard(s.two_deal)).expect("free");
    s.keeper.run(sunday(9, 30), &pack).expect("it is free");
    s.relay.sync(&mut s.keeper, sunday(9, 31));
    s.relay.sync(&mut s.two, sunday(9, 40));
    let read = s.relay.vehicle(V1);
    assert_eq!(state_of(&read, claim.claim), ClaimState::Provisional);
    s.keeper.fetch(&mut s.relay);
    s.keeper
        .run(sunday(18, 30), &release(show))
        .expect("a manager may");
    s.relay.sync(&mut s.keeper, sunday(18, 31));
    let read = s.relay.vehicle(V1);
    assert_eq!(state_of(&read, claim.claim), ClaimState::Confirmed);
}

#[test]
fn a_held_vehicle_is_not_packed() {
    let mut s = story();
    s.one.run(sunday(9, 25), &hard(s.one_deal)).expect("free");
    s.relay.sync(&mut s.one, sunday(9, 26));
    s.relay.sync(&mut s.keeper, sunday(9, 27));
    let team = [s.two.staff()];
    let show = s
        .keeper
        .new_show(sunday(9, 20), on(-1, 9, 0), sunday(18, 0), &team);
    let pack = PackVehicles {
        show,
        vehicles: vehicles(),
        from: None,
        until: None,
    };
    let refused = s.keeper.plan(sunday(9, 30), &pack);
    let Err(Refusal::VehicleHeld { hold, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(hold.staff, s.one.staff());
}

#[test]
fn of_two_packs_that_knew_nothing_of_each_other_one_is_confirmed() {
    let mut s = story();
    let mut other = Device::new(8, &[Role::Manager], &[store(2)]);
    s.relay.sync(&mut other, sunday(9, 15));
    let (from, until) = (on(-1, 9, 0), sunday(18, 0));
    let (_, first) = pack(&mut other, &[s.two.staff()], from, until);
    let (_, second) = pack(&mut s.keeper, &[s.one.staff()], from, until);
    s.relay.sync(&mut other, sunday(9, 31));
    s.relay.sync(&mut s.keeper, sunday(9, 32));
    let read = s.relay.vehicle(V1);
    let state = |id| {
        read.packs
            .iter()
            .find(|pack| pack.id == id)
            .map(|pack| pack.state)
    };
    assert_eq!(state(first), Some(PackState::Confirmed));
    assert_eq!(state(second), Some(PackState::Provisional));
}

#[test]
fn a_soft_claim_on_a_packed_vehicle_is_allowed_and_excludes_nobody() {
    let (mut s, _) = packed();
    let soft = ClaimVehicle {
        strength: Strength::Soft,
        ..hard(s.two_deal)
    };
    s.two.run(sunday(10, 0), &soft).expect("soft");
    s.relay.sync(&mut s.two, sunday(10, 1));
    s.relay.sync(&mut s.one, sunday(10, 2));
    let certain = s
        .one
        .run(sunday(10, 3), &hard(s.one_deal))
        .expect("in the team");
    assert!(certain.certain);
    assert_eq!(
        s.one.vehicle(V1).status(Timestamp::default()),
        VehicleStatus::Locked
    );
}

#[test]
fn a_team_sells_no_car_again_that_one_of_it_is_seen_to_hold_from_before_the_window() {
    let mut s = story();
    let mut mate = Device::consultant(3, store(1));
    let team = [s.one.staff(), mate.staff()];
    let (saturday, sunday_evening) = (on(6, 9, 0), on(7, 18, 0));
    pack(&mut s.keeper, &team, saturday, sunday_evening);
    s.relay.sync(&mut s.keeper, sunday(9, 31));
    s.relay.sync(&mut s.one, sunday(9, 40));
    let friday = s
        .one
        .run(on(5, 10, 0), &hard(s.one_deal))
        .expect("in the team");
    assert!(!friday.certain, "the window has not begun");
    let before = mate_of(&mut s, &mut mate, on(6, 9, 30));
    s.relay.sync(&mut s.one, on(5, 10, 1));
    s.relay.sync(&mut mate, on(6, 9, 40));
    assert_eq!(
        state_of(&mate.vehicle(V1), friday.claim),
        ClaimState::Confirmed
    );
    let refused = mate.run(on(6, 10, 0), &before.0);
    let Err(Refusal::VehicleHeld { hold, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(hold.staff, s.one.staff());
    // A client that writes it all the same gains nothing.
    mate.write(on(6, 10, 0), "claim_vehicle", &before.1.edits);
    s.relay.sync(&mut mate, on(6, 10, 1));
    let read = s.relay.vehicle(V1);
    assert_eq!(state_of(&read, before.1.output.claim), ClaimState::Barred);
    assert_eq!(read.dispute, None);
}

/// What a team-mate's claim would be as long as they do not know of another.
fn mate_of(
    s: &mut Story,
    mate: &mut Device,
    at: Timestamp,
) -> (
    ClaimVehicle,
    dealership::command::Plan<dealership::command::Claimed>,
) {
    mate.fetch(&mut s.relay);
    let claim = hard(mate.new_deal(at));
    let plan = mate.plan(at, &claim).expect("as far as they know");
    assert!(plan.output.certain);
    (claim, plan)
}

#[test]
fn a_pack_that_the_relay_has_not_confirmed_opens_no_claim_over_one_that_stands() {
    let mut s = story();
    let team = [s.one.staff()];
    let outside = s.two.run(sunday(9, 25), &hard(s.two_deal)).expect("free");
    s.relay.sync(&mut s.two, sunday(9, 26));
    let (_, unaware) = pack(&mut s.keeper, &team, on(-1, 9, 0), sunday(18, 0));
    s.relay.sync(&mut s.keeper, sunday(9, 31));
    s.relay.sync(&mut s.one, sunday(9, 40));
    let read = s.one.vehicle(V1);
    assert_eq!(read.packs[0].id, unaware);
    assert_eq!(read.packs[0].state, PackState::Provisional);
    assert_eq!(state_of(&read, outside.claim), ClaimState::Confirmed);
    let refused = s.one.run(sunday(10, 0), &hard(s.one_deal));
    assert!(
        matches!(&refused, Err(Refusal::VehicleHeld { hold, .. }) if hold.staff == s.two.staff()),
        "{refused:?}"
    );
}

#[test]
fn a_claim_from_a_pack_that_the_relay_has_not_confirmed_goes_by_order_time() {
    let mut s = story();
    let team = [s.one.staff()];
    let outside = s.two.run(sunday(9, 25), &hard(s.two_deal)).expect("free");
    s.relay.sync(&mut s.two, sunday(9, 26));
    pack(&mut s.keeper, &team, on(-1, 9, 0), sunday(18, 0));
    // The team's device got the pack over the counter, and nothing else.
    s.one.take_from(&mut s.keeper);
    let late = s.one.run(sunday(10, 0), &hard(s.one_deal)).expect("unseen");
    assert!(!late.certain, "the relay has not confirmed the pack");
    s.relay.sync(&mut s.keeper, sunday(9, 31));
    s.relay.sync(&mut s.one, sunday(10, 1));
    let read = s.relay.vehicle(V1);
    assert!(read.dispute.is_some());
    assert_eq!(read.held_by, Some(outside.claim), "it was confirmed before");
    let case = double_vin::cases(&s.relay.read(vehicle(V1))).remove(0);
    let rule = case.proposal.expect("a rule applies").rule;
    assert!(rule.starts_with("order_time"), "{rule}");
    assert_ne!(late.claim, outside.claim);
}

#[test]
fn a_pack_that_the_relay_has_not_confirmed_holds_nothing_against_the_team_of_a_confirmed_one() {
    let mut s = story();
    let mut other = Device::new(8, &[Role::Manager], &[store(2)]);
    s.relay.sync(&mut other, sunday(9, 15));
    let (from, until) = (on(-1, 9, 0), sunday(18, 0));
    pack(&mut s.keeper, &[s.one.staff()], from, until);
    pack(&mut other, &[s.two.staff()], from, until);
    s.relay.sync(&mut s.keeper, sunday(9, 31));
    s.relay.sync(&mut s.one, sunday(9, 32));
    let certain = s.one.run(sunday(10, 0), &hard(s.one_deal)).expect("free");
    assert!(certain.certain);
    s.relay.sync(&mut other, sunday(10, 1));
    s.relay.sync(&mut s.one, sunday(10, 2));
    let read = s.relay.vehicle(V1);
    assert_eq!(state_of(&read, certain.claim), ClaimState::Confirmed);
    s.relay.sync(&mut s.two, sunday(10, 3));
    assert!(s.two.plan(sunday(10, 4), &hard(s.two_deal)).is_err());
}

#[test]
fn o3_and_o12_a_wrong_clock_does_not_take_a_claim_out_of_its_pack() {
    let (minute, year) = (60_000, 365 * 24 * 3_600_000);
    for off_by in [20 * minute, -20 * minute, year, -year] {
        let (mut s, show) = packed();
        s.one.clock_off_by = off_by;
        let late = s
            .one
            .run(sunday(17, 20), &hard(s.one_deal))
            .expect("in the team");
        assert_eq!(late.certain, off_by.abs() < year, "as its clock says");
        let monday = |hour| on(1, hour, 0);
        s.keeper
            .run(monday(9), &release(show))
            .expect("a manager may");
        s.relay.sync(&mut s.keeper, monday(10));
        s.relay.sync(&mut s.two, monday(11));
        let lock = s.two.run(monday(12), &hard(s.two_deal)).expect("released");
        s.relay.sync(&mut s.two, monday(13));
        s.relay.sync(&mut s.one, on(2, 9, 0));
        let read = s.relay.vehicle(V1);
        assert_eq!(read.held_by, Some(late.claim), "off by {off_by}");
        assert!(state_of(&read, lock.claim) == ClaimState::Provisional);
        let case = double_vin::cases(&s.relay.read(vehicle(V1))).remove(0);
        assert_eq!(case.proposal.expect("a rule applies").rule, "pack");
    }
}

#[test]
fn a_clock_that_is_trusted_and_five_minutes_slow_keeps_what_it_was_promised() {
    let (mut s, show) = packed();
    s.one.clock_off_by = -5 * 60_000;
    s.relay.sync(&mut s.one, sunday(18, 2));
    let claim = s.one.run(sunday(18, 3), &hard(s.one_deal)).expect("in it");
    assert!(claim.certain, "its clock says 17:58");
    s.keeper
        .run(on(1, 9, 0), &release(show))
        .expect("a manager may");
    s.relay.sync(&mut s.keeper, on(1, 10, 0));
    s.relay.sync(&mut s.one, on(1, 11, 0));
    let read = s.relay.vehicle(V1);
    assert!(read.claims[0].pack.is_some());
}
