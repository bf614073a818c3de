//! Places: one vehicle, typed or moved twice.

use dealership::case::{CaseKind, place};
use dealership::command::{MoveVehicle, RuleOnVehicle};
use dealership::vehicle::{MoveReason, PlaceKind, VehicleStatus};
use dealership::{Role, StoreId};

use crate::claims::stock_in;
use crate::world::{Device, Relay, V4, store, sunday, vehicle};

fn keeper(number: u64, at: StoreId) -> Device {
    Device::new(number, &[Role::StockKeeper, Role::Manager], &[at])
}

/// V4 is scanned into store 1 and typed into store 3, neither knowing of the other.
fn typed_twice() -> (Relay, Device, Device) {
    let mut relay = Relay::default();
    let (mut one, mut three) = (keeper(1, store(1)), keeper(3, store(3)));
    one.run(sunday(9, 0), &stock_in(V4, store(1))).expect("new");
    let mut white = stock_in(V4, store(3));
    white.ext_color = Some("白".into());
    three
        .run(sunday(10, 0), &white)
        .expect("new as far as it knew");
    relay.sync(&mut three, sunday(12, 0));
    relay.sync(&mut one, sunday(13, 0));
    three.fetch(&mut relay);
    (relay, one, three)
}

#[test]
fn o20_the_same_vin_typed_twice_is_one_vehicle_with_both_colours_and_a_case_of_places() {
    let (relay, one, three) = typed_twice();
    let mut ids = Vec::new();
    for document in [
        relay.read(vehicle(V4)),
        one.read(vehicle(V4)),
        three.read(vehicle(V4)),
    ] {
        assert_eq!(document.text("vin"), Some(V4));
        let colours: Vec<_> = document
            .rivals("ext_color")
            .into_iter()
            .filter_map(|rival| rival.value.as_text().map(str::to_owned))
            .collect();
        assert_eq!(colours.len(), 2);
        assert!(
            ["曜石黑", "白"]
                .iter()
                .all(|colour| colours.contains(&(*colour).to_owned()))
        );
        let cases = place::cases(&document);
        assert_eq!(cases.len(), 1);
        assert_eq!(cases[0].kind, CaseKind::Place);
        let stores: Vec<_> = cases[0].sides.iter().map(|side| side.store).collect();
        assert_eq!(stores, [Some(store(3)), Some(store(1))], "the later first");
        ids.push(cases[0].id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    let read = relay.vehicle(V4);
    assert!(read.place_disputed);
    assert_eq!(read.status(sunday(14, 0)), VehicleStatus::Available);
}

#[test]
fn a_ruling_says_where_a_vehicle_is() {
    let (mut relay, mut one, mut three) = typed_twice();
    let case = place::cases(&one.read(vehicle(V4))).remove(0);
    let ruling = RuleOnVehicle {
        vehicle: vehicle(V4),
        case: case.id,
        winner: case.sides[1].key.clone(),
        reason: "现场核对".into(),
    };
    one.run(sunday(14, 0), &ruling).expect("a manager may");
    relay.sync(&mut one, sunday(14, 1));
    relay.sync(&mut three, sunday(14, 2));
    let read = three.vehicle(V4);
    assert!(!read.place_disputed);
    assert_eq!(read.place.and_then(|place| place.store), Some(store(1)));
    let cases = place::cases(&three.read(vehicle(V4)));
    assert_eq!((cases.len(), cases[0].id), (1, case.id));
    assert!(!cases[0].is_open());
}

#[test]
fn rulings_for_different_places_leave_the_case_open() {
    let (mut relay, mut one, mut three) = typed_twice();
    let case = place::cases(&one.read(vehicle(V4))).remove(0);
    for (device, side) in [(&mut one, 0), (&mut three, 1)] {
        let ruling = RuleOnVehicle {
            vehicle: vehicle(V4),
            case: case.id,
            winner: case.sides[side].key.clone(),
            reason: "现场核对".into(),
        };
        device.run(sunday(14, 0), &ruling).expect("a manager may");
    }
    relay.sync(&mut one, sunday(14, 1));
    relay.sync(&mut three, sunday(14, 2));
    let cases = place::cases(&relay.read(vehicle(V4)));
    assert!(cases[0].is_open());
    assert_eq!(cases[0].id, case.id);
    assert_eq!(cases[0].decider, Role::GeneralManager);
}

#[test]
fn the_same_vin_does_not_come_in_twice_where_it_is_known() {
    let (mut relay, _, mut three) = typed_twice();
    relay.sync(&mut three, sunday(15, 0));
    assert!(three.plan(sunday(15, 1), &stock_in(V4, store(3))).is_err());
}

fn moved(reason: MoveReason, to: PlaceKind, at: StoreId) -> MoveVehicle {
    MoveVehicle {
        vehicle: vehicle(V4),
        reason,
        to,
        store: Some(at),
        show: None,
        slot: None,
        date: None,
    }
}

/// V4 is in store 1, and store 3 notes that it came in there by a transfer.
fn came_in_unsent() -> (Relay, Device, Device) {
    let mut relay = Relay::default();
    let (mut one, mut three) = (keeper(1, store(1)), keeper(3, store(3)));
    one.run(sunday(9, 0), &stock_in(V4, store(1))).expect("new");
    relay.sync(&mut one, sunday(9, 1));
    relay.sync(&mut three, sunday(9, 2));
    let arrival = moved(MoveReason::TransferIn, PlaceKind::Store, store(3));
    let plan = three.plan(sunday(11, 0), &arrival).expect("it is there");
    assert_eq!(plan.notices[0].code, "nobody_sent_it");
    three.run(sunday(11, 0), &arrival).expect("it is there");
    (relay, one, three)
}

#[test]
fn a_vehicle_that_comes_in_though_nobody_sent_it_is_a_case_of_places() {
    let (mut relay, mut one, mut three) = came_in_unsent();
    relay.sync(&mut three, sunday(11, 1));
    relay.sync(&mut one, sunday(11, 2));
    let cases = place::cases(&one.read(vehicle(V4)));
    let stores: Vec<_> = cases[0].sides.iter().map(|side| side.store).collect();
    assert_eq!(stores, [Some(store(3)), Some(store(1))]);
    let ruling = RuleOnVehicle {
        vehicle: vehicle(V4),
        case: cases[0].id,
        winner: cases[0].sides[1].key.clone(),
        reason: "车在城东".into(),
    };
    one.run(sunday(12, 0), &ruling).expect("a manager may");
    let read = one.vehicle(V4);
    assert!(!read.place_disputed);
    assert_eq!(read.place.and_then(|place| place.store), Some(store(1)));
}

#[test]
fn o11_the_note_that_it_was_sent_may_come_after_the_arrival() {
    let (mut relay, mut one, mut three) = came_in_unsent();
    let sent = moved(MoveReason::TransferOut, PlaceKind::Transit, store(3));
    one.run(sunday(9, 0), &sent).expect("it is here");
    relay.sync(&mut three, sunday(11, 1));
    relay.sync(&mut one, sunday(18, 0));
    let read = relay.vehicle(V4);
    assert!(!read.place_disputed);
    assert_eq!(read.place.map(|place| place.kind), Some(PlaceKind::Store));
    assert_eq!(read.place.and_then(|place| place.store), Some(store(3)));
    assert!(place::cases(&relay.read(vehicle(V4))).is_empty());
}
