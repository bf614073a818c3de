//! What is found on a vehicle and done to it.

use dealership::command::{
    InspectVehicle, NoteDamage, NoteOdometer, NoteRepair, ReadBattery, RecordPdi,
};
use dealership::vehicle::{PdiResult, VehicleStatus};

use crate::claims::{hard, stock_in, story};
use crate::world::{V1, V2, on, store, sunday, vehicle};

#[test]
fn a_vehicle_is_for_sale_once_it_is_inspected_and_its_damage_repaired() {
    let mut s = story();
    let mut entry = stock_in(V2, store(1));
    entry.inspected = false;
    s.keeper.run(sunday(9, 0), &entry).expect("new");
    let status = |s: &crate::claims::Story| s.keeper.vehicle(V2).status(sunday(12, 0));
    assert_eq!(status(&s), VehicleStatus::Arrived);
    let passed = InspectVehicle {
        vehicle: vehicle(V2),
        passed: true,
    };
    s.keeper.run(sunday(9, 10), &passed).expect("may");
    assert_eq!(status(&s), VehicleStatus::Available);
    let damage = NoteDamage {
        vehicle: vehicle(V2),
        part: "door_left_front".into(),
        severity: "dent".into(),
        photo: Some("ab".repeat(32)),
        stops_sale: true,
    };
    let fact = s.keeper.run(sunday(9, 20), &damage).expect("may").fact;
    assert_eq!(status(&s), VehicleStatus::DamagedHold);
    let repair = NoteRepair {
        vehicle: vehicle(V2),
        damage: fact,
        photo: None,
    };
    s.keeper.run(sunday(9, 30), &repair).expect("may");
    assert_eq!(status(&s), VehicleStatus::Available);
    assert!(
        s.keeper.vehicle(V2).damages[0].repaired,
        "it stays disclosed"
    );
    assert!(s.keeper.plan(sunday(9, 31), &repair).is_err());
    let nameless = NoteDamage {
        photo: Some("../photo.jpg".into()),
        ..damage
    };
    assert!(s.keeper.plan(sunday(9, 32), &nameless).is_err());
}

#[test]
fn a_locked_vehicle_is_ready_for_a_week_after_its_inspection() {
    let mut s = story();
    s.one.run(sunday(10, 0), &hard(s.one_deal)).expect("free");
    let pdi = |result| RecordPdi {
        vehicle: vehicle(V1),
        result,
    };
    s.one
        .run(sunday(11, 0), &pdi(PdiResult::Passed))
        .expect("may");
    let read = s.one.vehicle(V1);
    assert_eq!(read.status(on(6, 11, 0)), VehicleStatus::Ready);
    assert_eq!(read.status(on(7, 11, 0)), VehicleStatus::Locked);
    s.one
        .run(sunday(12, 0), &pdi(PdiResult::Failed))
        .expect("may");
    let read = s.one.vehicle(V1);
    assert_eq!(read.status(sunday(12, 1)), VehicleStatus::Locked);
}

#[test]
fn a_reading_lower_than_the_last_is_kept_and_pointed_out() {
    let mut s = story();
    let reading = |km| NoteOdometer {
        vehicle: vehicle(V1),
        km,
    };
    s.keeper.run(sunday(9, 0), &reading(12)).expect("may");
    let lower = s.keeper.plan(sunday(9, 1), &reading(10)).expect("may");
    assert_eq!(lower.notices[0].code, "odometer_lower");
    assert!(s.keeper.plan(sunday(9, 2), &reading(-1)).is_err());
    let battery = ReadBattery {
        vehicle: vehicle(V1),
        soh_percent: Some(101),
        soc_percent: None,
        charged: false,
    };
    assert!(s.keeper.plan(sunday(9, 3), &battery).is_err());
}

#[test]
fn a_correction_counts_even_when_the_clock_was_set_back_in_between() {
    let mut s = story();
    let reading = |km| NoteOdometer {
        vehicle: vehicle(V1),
        km,
    };
    s.keeper.run(sunday(9, 30), &reading(1200)).expect("may");
    s.keeper.clock_off_by = -3_600_000;
    s.keeper.run(sunday(9, 31), &reading(12)).expect("may");
    assert_eq!(s.keeper.vehicle(V1).odometer_km, Some(12));
}

#[test]
fn of_two_inspections_that_knew_nothing_of_each_other_the_one_that_found_something_counts() {
    let mut s = story();
    s.one.run(sunday(10, 0), &hard(s.one_deal)).expect("free");
    s.relay.sync(&mut s.one, sunday(10, 1));
    s.two.fetch(&mut s.relay);
    let pdi = |result| RecordPdi {
        vehicle: vehicle(V1),
        result,
    };
    s.two
        .run(sunday(11, 0), &pdi(PdiResult::Rework))
        .expect("may");
    s.one
        .run(sunday(12, 0), &pdi(PdiResult::Passed))
        .expect("may");
    s.relay.sync(&mut s.two, sunday(13, 0));
    s.relay.sync(&mut s.one, sunday(13, 1));
    let read = s.relay.vehicle(V1);
    assert_eq!(read.pdi_passed, None);
    assert_eq!(read.status(sunday(13, 2)), VehicleStatus::Locked);
    s.one
        .run(sunday(14, 0), &pdi(PdiResult::Passed))
        .expect("it was put right");
    assert!(s.one.vehicle(V1).is_ready(sunday(14, 1)));
}
