//! A vehicle's life from the factory to its keys, and what stands in its way.

use dealership::claim::ClaimEndReason;
use dealership::command::{
    Change, DeliverVehicle, EditVehicle, FinaliseClaim, FreezeVehicle, MoveVehicle, NoteDamage,
    RecordPdi, ReleaseClaim, SetCustody, StockIn, UnfreezeVehicle, VoidVehicle,
};
use dealership::edit;
use dealership::refusal::Refusal;
use dealership::vehicle::{Custody, FreezeReason, MoveReason, PdiResult, PlaceKind, VehicleStatus};
use dealership::{Role, StoreId};

use crate::claims::{Story, hard, stock_in, story};
use crate::world::{Device, V1, V2, on, store, sunday, vehicle};

fn moved(reason: MoveReason, to: PlaceKind, at: Option<StoreId>) -> MoveVehicle {
    MoveVehicle {
        vehicle: vehicle(V1),
        reason,
        to,
        store: at,
        show: None,
        slot: Some("B-12".into()),
        date: None,
    }
}

fn pdi(result: PdiResult) -> RecordPdi {
    RecordPdi {
        vehicle: vehicle(V1),
        result,
    }
}

/// V1 is claimed, inspected, confirmed and invoiced for the first consultant's deal.
fn invoiced() -> (Story, Device) {
    let mut s = story();
    let mut finance = Device::new(6, &[Role::Finance], &[store(1)]);
    let claim = s
        .one
        .run(sunday(10, 0), &hard(s.one_deal))
        .expect("free")
        .claim;
    s.one
        .run(sunday(10, 0), &pdi(PdiResult::Passed))
        .expect("may");
    s.relay.sync(&mut s.one, sunday(10, 1));
    finance.fetch(&mut s.relay);
    let finalise = FinaliseClaim {
        vehicle: vehicle(V1),
        claim,
    };
    finance.run(sunday(11, 0), &finalise).expect("confirmed");
    assert!(
        finance.plan(sunday(11, 1), &finalise).is_err(),
        "one invoice waits for the relay already"
    );
    s.relay.sync(&mut finance, sunday(11, 1));
    (s, finance)
}

#[test]
fn a_vehicle_is_delivered_once_it_is_invoiced_and_its_certificate_is_in_the_house() {
    let (mut s, mut finance) = invoiced();
    let deliver = DeliverVehicle {
        vehicle: vehicle(V1),
        deal: s.one_deal,
    };
    s.one.fetch(&mut s.relay);
    assert!(
        s.one.plan(sunday(12, 0), &deliver).is_err(),
        "nobody knows where the certificate is"
    );
    let custody = |state| SetCustody {
        vehicle: vehicle(V1),
        state,
    };
    assert!(
        finance
            .plan(sunday(12, 1), &custody(Custody::Handed))
            .is_err()
    );
    finance
        .run(sunday(12, 2), &custody(Custody::InHouse))
        .expect("may");
    s.relay.sync(&mut finance, sunday(12, 3));
    s.one.fetch(&mut s.relay);
    let wrong = DeliverVehicle {
        deal: s.two_deal,
        ..deliver.clone()
    };
    assert!(s.one.plan(sunday(12, 4), &wrong).is_err());

    let damage = NoteDamage {
        vehicle: vehicle(V1),
        part: "door_left_front".into(),
        severity: "dent".into(),
        photo: None,
        stops_sale: true,
    };
    for spoils in [
        s.one.plan(sunday(12, 4), &damage).map(|plan| plan.edits),
        s.one
            .plan(sunday(12, 4), &pdi(PdiResult::Rework))
            .map(|plan| plan.edits),
    ] {
        let mut other = Device::consultant(4, store(1));
        other.fetch(&mut s.relay);
        other.write(sunday(12, 4), "found", &spoils.expect("may"));
        assert!(other.plan(sunday(12, 4), &deliver).is_err());
    }
    assert!(
        s.one.plan(on(8, 12, 0), &deliver).is_err(),
        "the inspection is good for a week"
    );
    let plan = s.one.plan(sunday(12, 4), &deliver).expect("all is there");
    assert!(
        plan.notices
            .iter()
            .any(|notice| notice.code == "certificate_to_be_handed")
    );
    s.one.run(sunday(12, 5), &deliver).expect("all is there");
    s.relay.sync(&mut s.one, sunday(12, 6));
    let read = s.relay.vehicle(V1);
    assert_eq!(read.status(sunday(12, 7)), VehicleStatus::Delivered);
    s.two.fetch(&mut s.relay);
    assert!(s.two.plan(sunday(12, 8), &hard(s.two_deal)).is_err());
}

#[test]
fn a_returned_vehicle_is_delivered_no_longer() {
    let (mut s, mut finance) = invoiced();
    let in_house = SetCustody {
        vehicle: vehicle(V1),
        state: Custody::InHouse,
    };
    finance.run(sunday(12, 0), &in_house).expect("may");
    s.relay.sync(&mut finance, sunday(12, 1));
    s.keeper.fetch(&mut s.relay);
    let back = moved(MoveReason::Return, PlaceKind::Warehouse, Some(store(1)));
    assert!(
        s.keeper.plan(sunday(12, 2), &back).is_err(),
        "it has not left"
    );
    let deliver = DeliverVehicle {
        vehicle: vehicle(V1),
        deal: s.one_deal,
    };
    s.keeper.run(sunday(12, 3), &deliver).expect("all is there");
    assert_eq!(s.keeper.vehicle(V1).custody, Some(Custody::Handed));
    assert!(
        s.keeper.plan(on(3, 9, 0), &stock_in(V1, store(1))).is_err(),
        "a return brings it back"
    );
    s.keeper.run(on(3, 9, 0), &back).expect("it comes back");
    s.relay.sync(&mut s.keeper, on(3, 9, 1));
    let read = s.relay.vehicle(V1);
    assert_eq!(read.delivered, None);
    assert_eq!(
        read.status(on(3, 9, 2)),
        VehicleStatus::Invoiced,
        "until finance reverses the invoice"
    );
}

#[test]
fn moves_lead_where_their_reason_says_and_age_counts_from_the_first() {
    let mut s = story();
    let away = moved(MoveReason::TransferOut, PlaceKind::Store, Some(store(2)));
    assert!(matches!(
        s.keeper.plan(sunday(9, 0), &away),
        Err(Refusal::Invalid { field: "to", .. })
    ));
    let away = moved(MoveReason::TransferOut, PlaceKind::Transit, Some(store(2)));
    s.keeper.run(sunday(9, 1), &away).expect("it is here");
    let read = s.keeper.vehicle(V1);
    assert_eq!(read.status(sunday(9, 2)), VehicleStatus::Transferring);
    let there = moved(MoveReason::TransferIn, PlaceKind::Store, None);
    s.keeper.run(on(2, 9, 0), &there).expect("it arrives");
    let read = s.keeper.vehicle(V1);
    assert_eq!(read.place.and_then(|place| place.store), Some(store(2)));
    assert_eq!(read.slot.as_deref(), Some("B-12"));
    assert_eq!(read.stocked_in, "2026-05-03".parse().ok());
    assert!(!read.place_disputed);
    for (reason, to) in [
        (MoveReason::TransferIn, PlaceKind::Nowhere),
        (MoveReason::Purchase, PlaceKind::Store),
        (MoveReason::Shipped, PlaceKind::Transit),
        (MoveReason::ShowBack, PlaceKind::Store),
        (MoveReason::Return, PlaceKind::Store),
    ] {
        assert!(
            s.keeper
                .plan(on(2, 9, 30), &moved(reason, to, None))
                .is_err(),
            "{reason}"
        );
    }
    let elsewhere = moved(MoveReason::Shift, PlaceKind::Store, Some(store(1)));
    assert!(
        s.keeper.plan(on(2, 9, 30), &elsewhere).is_err(),
        "that is a transfer"
    );
    let lost = moved(MoveReason::Loss, PlaceKind::Nowhere, None);
    s.keeper.run(on(2, 10, 0), &lost).expect("it is not found");
    let read = s.keeper.vehicle(V1);
    assert_eq!(read.status(on(2, 10, 1)), VehicleStatus::Missing);
}

#[test]
fn a_frozen_vehicle_is_not_claimed_until_every_freeze_is_lifted() {
    let mut s = story();
    let freeze = |reason| FreezeVehicle {
        vehicle: vehicle(V1),
        reason,
        note: None,
    };
    let first = s
        .keeper
        .run(sunday(9, 0), &freeze(FreezeReason::Recall))
        .expect("may");
    let second = s
        .keeper
        .run(sunday(9, 1), &freeze(FreezeReason::QualityHold))
        .expect("may");
    assert!(
        s.keeper
            .plan(sunday(9, 2), &freeze(FreezeReason::Recall))
            .is_err()
    );
    let another_defect = FreezeVehicle {
        note: Some("变速箱异响".into()),
        ..freeze(FreezeReason::QualityHold)
    };
    assert!(s.keeper.plan(sunday(9, 2), &another_defect).is_ok());
    s.relay.sync(&mut s.keeper, sunday(9, 3));
    s.relay.sync(&mut s.one, sunday(9, 4));
    assert!(s.one.plan(sunday(9, 5), &hard(s.one_deal)).is_err());
    assert_eq!(
        s.one.vehicle(V1).status(sunday(9, 5)),
        VehicleStatus::Frozen
    );
    for fact in [first.fact, second.fact] {
        assert!(s.one.plan(sunday(9, 6), &hard(s.one_deal)).is_err());
        let lift = UnfreezeVehicle {
            vehicle: vehicle(V1),
            freeze: fact,
        };
        s.keeper.run(sunday(9, 6), &lift).expect("may");
        s.relay.sync(&mut s.keeper, sunday(9, 7));
        s.relay.sync(&mut s.one, sunday(9, 8));
    }
    assert!(s.one.plan(sunday(9, 9), &hard(s.one_deal)).is_ok());
}

#[test]
fn a_mistyped_vin_is_voided_unless_somebody_holds_the_vehicle() {
    let mut s = story();
    let claim = s
        .one
        .run(sunday(10, 0), &hard(s.one_deal))
        .expect("free")
        .claim;
    s.relay.sync(&mut s.one, sunday(10, 1));
    s.keeper.fetch(&mut s.relay);
    let void = VoidVehicle {
        vehicle: vehicle(V1),
        reason: "车架号录错".into(),
    };
    assert!(matches!(
        s.keeper.plan(sunday(10, 2), &void),
        Err(Refusal::VehicleHeld { .. })
    ));
    let release = ReleaseClaim {
        vehicle: vehicle(V1),
        claim,
        reason: ClaimEndReason::Exchanged,
    };
    s.one.run(sunday(10, 3), &release).expect("one's own");
    s.relay.sync(&mut s.one, sunday(10, 4));
    s.keeper.fetch(&mut s.relay);
    s.keeper.run(sunday(10, 5), &void).expect("free");
    s.relay.sync(&mut s.keeper, sunday(10, 6));
    let read = s.relay.vehicle(V1);
    assert_eq!(read.status(sunday(10, 7)), VehicleStatus::Void);
    assert!(
        s.keeper
            .plan(sunday(10, 8), &stock_in(V1, store(1)))
            .is_err()
    );
    s.two.fetch(&mut s.relay);
    assert!(s.two.plan(sunday(10, 9), &hard(s.two_deal)).is_err());
}

#[test]
fn what_is_said_of_a_vehicle_is_corrected_but_it_cannot_come_in_before_it_was_made() {
    let mut s = story();
    let edit = |json: serde_json::Value| -> EditVehicle {
        let mut json = json;
        json["vehicle"] = serde_json::json!(vehicle(V1));
        serde_json::from_value(json).expect("a command")
    };
    let correction = edit(serde_json::json!({
        "ext_color": null, "engine_no": " E123 ", "usage": "demo", "with_options": ["sunroof"],
    }));
    assert_eq!(correction.ext_color, Change::Clear);
    s.keeper.run(sunday(9, 0), &correction).expect("may");
    let read = s.keeper.vehicle(V1);
    assert_eq!(read.ext_color, None);
    assert_eq!(read.engine_no.as_deref(), Some("E123"));
    assert!(read.options.contains("sunroof"));
    let late = edit(serde_json::json!({ "prod_date": "2026-05-04" }));
    assert!(matches!(
        s.keeper.plan(sunday(9, 1), &late),
        Err(Refusal::Invalid {
            field: "prod_date",
            ..
        })
    ));
}

#[test]
fn vehicles_of_one_specification_are_alternatives_for_each_other() {
    let mut s = story();
    let trim = dealership::TrimId::from_bytes([5; 16]);
    for vin in [V1, V2] {
        let mut entry: StockIn = stock_in(vin, store(1));
        entry.trim = Some(trim);
        let mut other = Device::new(30, &[Role::StockKeeper], &[store(3)]);
        assert!(
            other.plan(sunday(9, 0), &entry).is_err(),
            "nobody made such a trim"
        );
        let (kind, space) = (dealership::Kind::Trim, dealership::Space::Group);
        other.make_as(trim.into(), sunday(8, 0), kind, space, edit::fields([]));
        let bare = other.run(sunday(9, 0), &entry).expect("new");
        s.relay.sync(&mut other, sunday(9, 1));
        assert_eq!(bare.vehicle, vehicle(vin));
    }
    let same = s.relay.vehicle(V1).specification();
    assert!(same.is_some());
    assert_eq!(same, s.relay.vehicle(V2).specification());
}

#[test]
fn what_is_typed_at_stock_in_is_cleaned_like_what_is_typed_later() {
    let s = story();
    let mut entry = stock_in(V2, store(1));
    entry.ext_color = Some(" 白 ".into());
    entry.int_color = Some("  ".into());
    let mut keeper = s.keeper;
    keeper.run(sunday(9, 0), &entry).expect("new");
    let read = keeper.vehicle(V2);
    assert_eq!(read.ext_color.as_deref(), Some("白"));
    assert_eq!(read.int_color, None);
    let mut long = stock_in("ZZZAB1C2XTA000004", store(1));
    long.engine_no = Some("E".repeat(40));
    assert!(matches!(
        keeper.plan(sunday(9, 1), &long),
        Err(Refusal::Invalid {
            field: "engine_no",
            ..
        })
    ));
    let nowhere = stock_in("ZZZAB1C2XTA000004", StoreId::from_bytes([0xab; 16]));
    assert!(matches!(
        keeper.plan(sunday(9, 2), &nowhere),
        Err(Refusal::NotHere { .. })
    ));
}

#[test]
fn saving_an_unchanged_form_does_not_contradict_a_colleagues_correction() {
    let mut s = story();
    let mut colleague = Device::new(8, &[Role::StockKeeper], &[store(1)]);
    colleague.fetch(&mut s.relay);
    let colour = |colour: &str| -> EditVehicle {
        serde_json::from_value(serde_json::json!({ "vehicle": vehicle(V1), "ext_color": colour }))
            .expect("a command")
    };
    let unchanged = s.keeper.plan(sunday(9, 0), &colour("曜石黑")).expect("may");
    assert!(unchanged.edits.is_empty());
    s.keeper.run(sunday(9, 0), &colour("曜石黑")).expect("may");
    colleague.run(sunday(9, 0), &colour("白")).expect("may");
    s.relay.sync(&mut colleague, sunday(9, 1));
    s.relay.sync(&mut s.keeper, sunday(9, 2));
    let document = s.relay.read(vehicle(V1));
    assert!(dealership::case::register::cases(&document).is_empty());
    assert_eq!(document.text("ext_color"), Some("白"));
}

#[test]
fn the_owner_of_a_claim_neither_converts_nor_revokes_it_by_hand() {
    let mut s = story();
    let claim = s
        .one
        .run(sunday(10, 0), &hard(s.one_deal))
        .expect("free")
        .claim;
    for reason in [ClaimEndReason::Converted, ClaimEndReason::Revoked] {
        let release = ReleaseClaim {
            vehicle: vehicle(V1),
            claim,
            reason,
        };
        assert!(matches!(
            s.one.plan(sunday(10, 1), &release),
            Err(Refusal::Invalid {
                field: "reason",
                ..
            })
        ));
    }
}
