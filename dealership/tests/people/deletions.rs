//! A card deleted while somebody worked on it.

use dealership::case::{Case, delete};
use dealership::command::{AddNote, DeleteCustomer, DeleteReason, RestoreCustomer};
use dealership::{Contact, CustomerId, Deal, Document, Role};

use crate::carding::zhang_wei;
use crate::cases::decide;
use crate::deals::deal_with;
use crate::follow_ups::call;
use crate::world::{Device, Relay, on, store, sunday};

fn deletions(device: &Device, customer: CustomerId) -> Vec<Case> {
    let beside: Vec<Document> = device
        .documents()
        .into_iter()
        .filter(|document| {
            Contact::read(document).is_some_and(|contact| contact.customer == customer)
                || Deal::read(document).is_some_and(|deal| deal.customer == customer)
        })
        .collect();
    delete::cases(&device.read(customer), &beside)
}

#[test]
fn a_card_deleted_while_somebody_worked_on_it_is_kept_when_the_manager_says_so() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut manager = Device::manager(9, store(1), &[1]);
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    relay.sync(&mut li_na, sunday(10, 1));
    relay.sync(&mut manager, sunday(10, 1));
    let gone = DeleteCustomer {
        customer,
        reason: DeleteReason::Error,
    };
    manager.run(sunday(14, 0), &gone).unwrap();
    assert_eq!(deletions(&manager, customer), []);
    li_na.run(sunday(14, 10), &call(customer)).unwrap();
    relay.sync(&mut manager, sunday(15, 0));
    relay.sync(&mut li_na, sunday(15, 0));
    relay.sync(&mut manager, sunday(15, 1));

    let cases = deletions(&manager, customer);
    assert_eq!(deletions(&li_na, customer), cases);
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0].sides.len(), 2);
    assert!(manager.customer(customer).voided.is_some());
    assert_eq!(
        li_na
            .run(sunday(15, 2), &call(customer))
            .unwrap_err()
            .code(),
        "state"
    );

    manager
        .run(sunday(16, 0), &decide(&cases[0], delete::KEEP, None))
        .unwrap();

    assert!(manager.customer(customer).voided.is_none());
    assert_eq!(manager.contact(customer).follow_ups.len(), 1);
    assert!(!deletions(&manager, customer)[0].is_open());
    relay.sync(&mut manager, sunday(16, 1));
    relay.sync(&mut li_na, sunday(16, 1));
    assert!(li_na.run(sunday(16, 2), &call(customer)).is_ok());
}

#[test]
fn rulings_that_contradict_each_other_go_up_a_level() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut one = Device::manager(8, store(1), &[1]);
    let mut other = Device::manager(9, store(1), &[1]);
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    for device in [&mut li_na, &mut one] {
        relay.sync(device, sunday(10, 1));
    }
    let gone = DeleteCustomer {
        customer,
        reason: DeleteReason::Error,
    };
    one.run(sunday(11, 0), &gone).unwrap();
    li_na.run(sunday(11, 0), &call(customer)).unwrap();
    for device in [&mut li_na, &mut one, &mut other] {
        relay.sync(device, sunday(12, 0));
    }
    relay.sync(&mut one, sunday(12, 1));
    let case = deletions(&one, customer).remove(0);

    one.run(on(1, 9, 0), &decide(&case, delete::DELETE, None))
        .unwrap();
    other
        .run(on(1, 9, 0), &decide(&case, delete::KEEP, None))
        .unwrap();
    relay.sync(&mut one, on(1, 10, 0));
    relay.sync(&mut other, on(1, 10, 0));

    let case = deletions(&other, customer).remove(0);
    assert!(case.is_open());
    assert_eq!(case.decider, Role::GeneralManager);
    assert!(other.customer(customer).voided.is_none(), "kept until then");

    let mut general = Device::new(7, &[Role::GeneralManager], &[store(1)], &[1]);
    relay.sync(&mut general, on(1, 11, 0));
    general
        .run(on(1, 12, 0), &decide(&case, delete::DELETE, None))
        .unwrap();
    assert!(general.customer(customer).voided.is_some());
    assert!(
        deletions(&general, customer)
            .iter()
            .all(|case| !case.is_open())
    );
}

#[test]
fn an_hour_of_work_beside_a_deleted_card_is_a_case_whatever_it_was() {
    for with_deal in [false, true] {
        let mut relay = Relay::new();
        let mut li_na = Device::consultant(1, store(1));
        let mut manager = Device::manager(9, store(1), &[1]);
        let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
        relay.sync(&mut li_na, sunday(10, 1));
        relay.sync(&mut manager, sunday(10, 1));
        let gone = DeleteCustomer {
            customer,
            reason: DeleteReason::Error,
        };
        manager.run(sunday(14, 0), &gone).unwrap();
        // Neither writes to the card.
        let command = if with_deal {
            li_na.run(sunday(14, 10), &deal_with(customer)).unwrap();
            "open_deal"
        } else {
            let note = AddNote {
                customer,
                text: "周末带家人再来".into(),
            };
            li_na.run(sunday(14, 10), &note).unwrap();
            "add_note"
        };
        relay.sync(&mut manager, sunday(15, 0));
        relay.sync(&mut li_na, sunday(15, 0));
        relay.sync(&mut manager, sunday(15, 1));

        let cases = deletions(&manager, customer);
        assert_eq!(deletions(&li_na, customer), cases);
        let [case] = cases.as_slice() else {
            panic!("{} cases", cases.len());
        };
        let shows = &case.sides[1].shows["command"];
        assert_eq!(shows.as_text(), Some(command));

        manager
            .run(sunday(16, 0), &decide(case, delete::KEEP, None))
            .unwrap();
        assert!(manager.customer(customer).voided.is_none());
        assert!(!deletions(&manager, customer)[0].is_open());
    }
}

#[test]
fn a_deletion_by_somebody_who_knew_the_work_is_no_case() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut manager = Device::manager(9, store(1), &[1]);
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    li_na.run(sunday(10, 5), &deal_with(customer)).unwrap();
    li_na.run(sunday(10, 6), &call(customer)).unwrap();
    relay.sync(&mut li_na, sunday(11, 0));
    relay.sync(&mut manager, sunday(11, 0));
    let gone = DeleteCustomer {
        customer,
        reason: DeleteReason::Test,
    };
    manager.run(sunday(12, 0), &gone).unwrap();
    manager
        .run(sunday(12, 30), &RestoreCustomer { customer })
        .unwrap();
    relay.sync(&mut manager, sunday(13, 0));
    relay.sync(&mut li_na, sunday(13, 0));
    li_na.run(sunday(14, 0), &call(customer)).unwrap();
    relay.sync(&mut li_na, sunday(15, 0));

    assert_eq!(deletions(&li_na, customer), []);
}
