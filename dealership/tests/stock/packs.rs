//! Packs: what only a team may claim, offline and with certainty.

use std::collections::BTreeSet;

use dealership::case::double_vin;
use dealership::claim::{ClaimState, Strength};
use dealership::command::{ClaimVehicle, PackVehicles, ReleasePack};
use dealership::pack::PackState;
use dealership::refusal::Refusal;
use dealership::vehicle::VehicleStatus;
use dealership::{ShowId, Timestamp};

use crate::claims::{Story, hard, state_of, story};
use crate::world::{V1, on, sunday, vehicle};

fn vehicles() -> BTreeSet<dealership::VehicleId> {
    BTreeSet::from([vehicle(V1)])
}

/// V1 is packed for a show from Saturday to Sunday 18:00 with the first consultant as its team;
/// everybody knows.
fn packed() -> (Story, ShowId) {
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
    s.keeper.run(sunday(9, 30), &pack).expect("it is free");
    s.relay.sync(&mut s.keeper, sunday(9, 31));
    s.relay.sync(&mut s.one, sunday(9, 40));
    s.relay.sync(&mut s.two, sunday(9, 40));
    (s, show)
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
    let mut other =
        crate::world::Device::new(8, &[dealership::Role::Manager], &[crate::world::store(2)]);
    s.relay.sync(&mut other, sunday(9, 15));
    let pack = |device: &mut crate::world::Device, team| {
        let show = device.new_show(sunday(9, 20), on(-1, 9, 0), sunday(18, 0), &[team]);
        let pack = PackVehicles {
            show,
            vehicles: vehicles(),
            from: None,
            until: None,
        };
        device.run(sunday(9, 30), &pack).expect("free").facts[0]
    };
    let first = pack(&mut other, s.two.staff());
    let second = pack(&mut s.keeper, s.one.staff());
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
