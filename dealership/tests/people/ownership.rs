//! Whose customer it is, and who graded them last.

use dealership::case::handover;
use dealership::command::{
    CreateStaff, CreateStore, DecideCase, PlanTask, SetGrade, TransferOwner,
};
use dealership::contact::FollowUpType;
use dealership::{CustomerId, Grade, Role, StaffId, StoreId};

use crate::carding::zhang_wei;
use crate::deals::deal_with;
use crate::world::{Device, Relay, on, sunday};

/// A store of two consultants and two managers, who are staff and hold devices.
struct House {
    relay: Relay,
    store: StoreId,
    zhao_min: StaffId,
    wu_di: StaffId,
}

fn house() -> House {
    let mut relay = Relay::new();
    let mut admin = Device::new(100, &[Role::GeneralManager], &[], &[]);
    let create = CreateStore {
        name: "城东店".into(),
        code: "CD".into(),
        region: None,
        address: None,
        phone: None,
    };
    let store = admin.run(sunday(8, 0), &create).unwrap().store;
    let mut engage = |name: &str| {
        let create = CreateStaff {
            name: name.into(),
            roles: [Role::Consultant].into(),
            stores: [store].into(),
            status: None,
            hired: None,
        };
        admin.run(sunday(8, 0), &create).unwrap().staff
    };
    let (zhao_min, wu_di) = (engage("赵敏"), engage("吴迪"));
    relay.sync(&mut admin, sunday(8, 1));
    House {
        relay,
        store,
        zhao_min,
        wu_di,
    }
}

fn hand(customer: CustomerId, to: StaffId) -> TransferOwner {
    TransferOwner {
        customer,
        to,
        reason: Some("李娜休假".into()),
        deals: [].into(),
    }
}

fn grade(customer: CustomerId, grade: Grade) -> SetGrade {
    SetGrade {
        customer,
        grade,
        reason: "客户说月底前定".into(),
        as_suggested: false,
    }
}

#[test]
fn a_handover_by_a_manager_beats_time_and_both_grades_stay_in_the_log() {
    let mut house = house();
    let mut li_na = Device::consultant(1, house.store);
    let mut manager = Device::manager(9, house.store, &[1]);
    let customer = li_na.run(sunday(9, 0), &zhang_wei()).unwrap().customer;
    for device in [&mut li_na, &mut manager] {
        house.relay.sync(device, sunday(9, 30));
    }

    // Both offline: the consultant grades and plans, the manager grades and hands over.
    li_na
        .run(sunday(11, 0), &grade(customer, Grade::H))
        .unwrap();
    let tomorrow = PlanTask {
        customer,
        due: "2026-05-04".parse().unwrap(),
        slot: None,
        way: FollowUpType::CallOut,
        goal: None,
        assignee: None,
        priority: None,
        origin: None,
        deal: None,
    };
    li_na.run(sunday(11, 1), &tomorrow).unwrap();
    manager
        .run(sunday(10, 0), &grade(customer, Grade::A))
        .unwrap();
    manager
        .run(sunday(10, 1), &hand(customer, house.zhao_min))
        .unwrap();
    let planned = PlanTask {
        assignee: Some(house.zhao_min),
        ..tomorrow
    };
    manager.run(sunday(10, 2), &planned).unwrap();
    house.relay.sync(&mut manager, sunday(12, 0));
    house.relay.sync(&mut li_na, sunday(12, 0));
    house.relay.sync(&mut manager, sunday(12, 1));

    for device in [&li_na, &manager] {
        let card = device.customer(customer);
        assert_eq!(card.grades.len(), 2);
        assert_eq!(card.graded(), Grade::H, "the later judgement holds");
        assert_eq!(card.owner, Some(house.zhao_min));
        assert_eq!(card.first_owner, Some(li_na.staff()));
        let contact = device.contact(customer);
        let marked: Vec<_> = contact
            .open_tasks()
            .map(|task| task.is_of_former_owner(card.owner))
            .collect();
        assert_eq!(marked.iter().filter(|marked| **marked).count(), 1);
        assert_eq!(marked.len(), 2);
        assert_eq!(contact.notes.len(), 2, "both say why");
    }
}

#[test]
fn of_two_handovers_made_apart_the_earlier_holds_until_a_manager_has_seen_both() {
    let mut house = house();
    let mut li_na = Device::consultant(1, house.store);
    let mut one = Device::manager(8, house.store, &[1]);
    let mut other = Device::manager(9, house.store, &[1]);
    let customer = li_na.run(sunday(9, 0), &zhang_wei()).unwrap().customer;
    let deal = li_na.run(sunday(9, 1), &deal_with(customer)).unwrap().deal;
    for device in [&mut li_na, &mut one, &mut other] {
        house.relay.sync(device, sunday(9, 30));
    }
    let with_deal = TransferOwner {
        deals: [deal].into(),
        ..hand(customer, house.wu_di)
    };
    one.run(sunday(11, 0), &hand(customer, house.zhao_min))
        .unwrap();
    other.run(sunday(10, 0), &with_deal).unwrap();
    house.relay.sync(&mut one, sunday(12, 0));
    house.relay.sync(&mut other, sunday(12, 0));
    house.relay.sync(&mut one, sunday(12, 1));

    assert_eq!(one.customer(customer).owner, Some(house.wu_di));
    assert_eq!(other.customer(customer).owner, Some(house.wu_di));
    assert_eq!(one.deal(deal).owner, Some(house.wu_di));

    // Both managers are told, and either may confirm what holds or change it.
    let cases = handover::cases(&one.read(customer));
    assert_eq!(handover::cases(&other.read(customer)), cases);
    let [case] = cases.as_slice() else {
        panic!("{} cases", cases.len());
    };
    assert_eq!(case.decider, Role::Manager);
    let proposal = case.proposal.as_ref().unwrap();
    let proposed = case.sides.iter().find(|side| side.key == proposal.winner);
    assert_eq!(
        proposed.unwrap().shows["to"].as_text(),
        Some(house.wu_di.to_string().as_str())
    );
    assert_eq!(handover::cases(&one.read(deal)), []);
    other
        .run(on(1, 8, 0), &hand(customer, house.wu_di))
        .unwrap();
    assert_eq!(handover::cases(&other.read(customer)), []);

    let choose = DecideCase {
        case: case.id,
        documents: case.documents.clone(),
        decision: "choose".into(),
        winner: case
            .sides
            .iter()
            .map(|side| side.key.clone())
            .find(|key| *key != proposal.winner),
        reason: None,
    };
    one.run(on(1, 9, 0), &choose).unwrap();
    assert_eq!(one.customer(customer).owner, Some(house.zhao_min));
    assert_eq!(handover::cases(&one.read(customer)), []);
}

#[test]
fn a_consultant_hands_nobody_over() {
    let mut house = house();
    let mut li_na = Device::consultant(1, house.store);
    house.relay.sync(&mut li_na, sunday(8, 30));
    let customer = li_na.run(sunday(9, 0), &zhang_wei()).unwrap().customer;
    let refusal = li_na
        .run(sunday(9, 1), &hand(customer, house.zhao_min))
        .unwrap_err();
    assert_eq!(refusal.code(), "forbidden");
}
