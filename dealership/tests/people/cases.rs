//! Cases about people and fields.

use dealership::Role;
use dealership::case::{Case, clock, register};
use dealership::command::{AddPhone, DecideCase, EditCustomer, SetPrimaryPhone};

use crate::carding::zhang_wei;
use crate::follow_ups::call;
use crate::world::{Device, Relay, store, sunday};

/// The decision of a case.
pub(crate) fn decide(case: &Case, decision: &str, winner: Option<&str>) -> DecideCase {
    DecideCase {
        case: case.id,
        documents: case.documents.clone(),
        decision: decision.into(),
        winner: winner.map(str::to_owned),
        reason: Some("核实过".into()),
    }
}

#[test]
fn two_names_given_apart_are_a_case_until_somebody_chooses() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut manager = Device::manager(9, store(1), &[1]);
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    relay.sync(&mut li_na, sunday(10, 1));
    relay.sync(&mut manager, sunday(10, 1));
    let named = |name: &str| EditCustomer {
        name: Some(name.into()),
        ..EditCustomer::of(customer)
    };
    li_na.run(sunday(11, 0), &named("张维")).unwrap();
    manager.run(sunday(11, 30), &named("章伟")).unwrap();
    relay.sync(&mut li_na, sunday(12, 0));
    relay.sync(&mut manager, sunday(12, 0));
    relay.sync(&mut li_na, sunday(12, 1));

    let cases = register::cases(&manager.read(customer));
    assert_eq!(cases.len(), 1);
    assert_eq!(register::cases(&li_na.read(customer)), cases);
    assert!(manager.customer(customer).contested.contains("name"));
    let side = &cases[0].sides[0];
    assert_eq!(side.shows["name"].as_text(), Some("张维"));

    let ruling = decide(&cases[0], "choose", Some(&side.key));
    manager.run(sunday(13, 0), &ruling).unwrap();

    assert_eq!(manager.customer(customer).name, "张维");
    assert_eq!(register::cases(&manager.read(customer)), []);
}

#[test]
fn equal_values_written_apart_are_no_case() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut manager = Device::manager(9, store(1), &[1]);
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    relay.sync(&mut li_na, sunday(10, 1));
    relay.sync(&mut manager, sunday(10, 1));
    let named = EditCustomer {
        name: Some("张维".into()),
        ..EditCustomer::of(customer)
    };
    li_na.run(sunday(11, 0), &named).unwrap();
    manager.run(sunday(11, 30), &named).unwrap();
    relay.sync(&mut li_na, sunday(12, 0));
    relay.sync(&mut manager, sunday(12, 0));

    assert_eq!(register::cases(&manager.read(customer)), []);
}

#[test]
fn two_primary_numbers_chosen_apart_are_for_the_consultant_to_settle() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut manager = Device::manager(9, store(1), &[1]);
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    relay.sync(&mut li_na, sunday(10, 1));
    relay.sync(&mut manager, sunday(10, 1));
    for (device, phone) in [(&mut li_na, "13900000002"), (&mut manager, "13900000003")] {
        let add = AddPhone {
            customer,
            phone: phone.into(),
            label: None,
            primary: true,
        };
        device.run(sunday(11, 0), &add).unwrap();
        relay.sync(device, sunday(11, 1));
    }
    relay.sync(&mut li_na, sunday(11, 2));
    let contact = li_na.contact(customer);
    assert_eq!(contact.phones.len(), 3);
    let document = li_na.read(contact.id);
    let cases = register::cases(&document);
    // The manager had not seen the consultant's number, nor the other way round.
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0].decider, Role::Consultant);

    let settle = SetPrimaryPhone {
        customer,
        phone: contact.phone().unwrap().ids[0],
    };
    li_na.run(sunday(12, 0), &settle).unwrap();
    assert_eq!(register::cases(&li_na.read(contact.id)), []);
}

#[test]
fn a_wrong_clock_is_a_case_until_it_is_noted_and_again_when_more_comes() {
    let mut relay = Relay::new();
    let mut wang_qiang = Device::consultant(2, store(1));
    let mut manager = Device::manager(9, store(1), &[2]);
    wang_qiang.clock_off_by = 365 * 24 * 3_600_000;
    let customer = wang_qiang
        .run(sunday(10, 0), &zhang_wei())
        .unwrap()
        .customer;
    relay.sync(&mut wang_qiang, sunday(11, 0));
    relay.sync(&mut manager, sunday(11, 1));
    let case = clock::cases(&manager.read(customer)).remove(0);
    assert!(case.is_open());
    assert_eq!(case.sides[0].device.0, 2);

    manager
        .run(sunday(12, 0), &decide(&case, "noted", None))
        .unwrap();
    assert!(!clock::cases(&manager.read(customer))[0].is_open());

    wang_qiang.run(sunday(13, 0), &call(customer)).unwrap();
    relay.sync(&mut wang_qiang, sunday(14, 0));
    relay.sync(&mut manager, sunday(14, 1));
    let again = clock::cases(&manager.read(customer)).remove(0);
    assert_eq!(again.id, case.id);
    assert!(again.is_open());
}
