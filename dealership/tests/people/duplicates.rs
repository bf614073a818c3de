//! One person on two cards.

use dealership::case::{Case, CaseKind, duplicate};
use dealership::command::{
    CreateCustomer, DeleteCustomer, DeleteReason, MergeCustomers, RestoreCustomer,
};
use dealership::duty;
use dealership::{Author, CustomerId, Document, DocumentId, Role};

use crate::carding::zhang_wei;
use crate::cases::decide;
use crate::world::{Device, Relay, store, sunday};

fn duplicates(documents: &[Document]) -> Vec<Case> {
    duplicate::within_store(documents)
}

#[test]
fn one_phone_carded_twice_is_one_case_on_every_replica_until_they_are_merged() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut zhao_min = Device::consultant(2, store(1));
    let mut manager = Device::manager(9, store(1), &[1, 2]);
    let first = li_na.run(sunday(10, 5), &zhang_wei()).unwrap().customer;
    let again = CreateCustomer {
        name: "张先生".into(),
        ..zhang_wei()
    };
    let second = zhao_min.run(sunday(10, 20), &again).unwrap().customer;
    // Who syncs first has not carded first.
    relay.sync(&mut zhao_min, sunday(18, 0));
    relay.sync(&mut li_na, sunday(18, 30));
    relay.sync(&mut zhao_min, sunday(18, 31));
    relay.sync(&mut manager, sunday(18, 31));

    let cases = duplicates(&li_na.documents());
    let [case] = cases.as_slice() else {
        panic!("{} cases", cases.len());
    };
    assert_eq!(case.kind, CaseKind::DupCustomer);
    assert_eq!(case.sides.len(), 2);
    assert_eq!(case.decider, Role::Manager);
    let proposal = case.proposal.as_ref().unwrap();
    assert_eq!(
        proposal.winner,
        first.to_string(),
        "carded first, synced last"
    );
    for device in [&zhao_min, &manager] {
        assert_eq!(duplicates(&device.documents()), cases);
    }
    assert_eq!(duplicates(&relay.documents()), cases);

    let merge = MergeCustomers {
        survivor: first,
        absorbed: second,
        take_from_absorbed: [].into(),
    };
    manager.run(sunday(19, 0), &merge).unwrap();
    assert_eq!(duplicates(&manager.documents()), []);
}

#[test]
fn different_people_with_one_phone_are_ruled_so_and_stay_apart() {
    let mut relay = Relay::new();
    let mut manager = Device::manager(9, store(1), &[]);
    let first = manager.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    let wife = CreateCustomer {
        name: "王芳".into(),
        ..zhang_wei()
    };
    let second = manager.run(sunday(10, 1), &wife).unwrap().customer;
    let case = duplicates(&manager.documents()).remove(0);

    let ruling = decide(&case, duplicate::DIFFERENT_PEOPLE, None);
    manager.run(sunday(11, 0), &ruling).unwrap();

    let cases = duplicates(&manager.documents());
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0].id, case.id);
    assert_eq!(
        cases[0].outcome.as_ref().unwrap().decision,
        "different_people"
    );
    assert_eq!(
        manager.run(sunday(11, 1), &ruling).unwrap_err().code(),
        "invalid"
    );
    // A third card with the number is compared with the first.
    let son = CreateCustomer {
        name: "张小".into(),
        ..zhang_wei()
    };
    manager.run(sunday(12, 0), &son).unwrap();
    relay.sync(&mut manager, sunday(13, 0));
    let open: Vec<_> = duplicates(&relay.documents())
        .into_iter()
        .filter(Case::is_open)
        .collect();
    assert_eq!(open.len(), 1);
    assert!(open[0].documents.contains(&DocumentId::from(first)));
    assert!(!open[0].documents.contains(&DocumentId::from(second)));
}

#[test]
fn one_name_with_one_tail_is_the_weaker_match() {
    let mut manager = Device::manager(9, store(1), &[]);
    manager.run(sunday(10, 0), &zhang_wei()).unwrap();
    for (name, phone, cases) in [
        ("章维", "13900010001", 1),
        ("王强", "13900020001", 1),
        ("张伟", "13900010002", 1),
    ] {
        let card = CreateCustomer {
            name: name.into(),
            phone: Some(phone.into()),
            ..CreateCustomer::default()
        };
        manager.run(sunday(10, 1), &card).unwrap();
        assert_eq!(
            duplicates(&manager.documents()).len(),
            cases,
            "{name} {phone}"
        );
    }
}

#[test]
fn one_phone_in_two_stores_is_raised_by_the_relay_once_in_each_card() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut wang_qiang = Device::consultant(2, store(2));
    let first = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    let second = wang_qiang
        .run(sunday(10, 30), &zhang_wei())
        .unwrap()
        .customer;
    relay.sync(&mut li_na, sunday(11, 0));
    relay.sync(&mut wang_qiang, sunday(11, 0));
    assert_eq!(duplicates(&relay.documents()), []);

    let raised = duty::duplicates_across_stores(second, &relay.documents(), sunday(11, 1));
    assert_eq!(raised.by_document().count(), 2);
    relay.write(sunday(11, 1), duty::RAISE, &raised);
    let again = duty::duplicates_across_stores(second, &relay.documents(), sunday(11, 2));
    assert!(again.is_empty());

    relay.sync(&mut li_na, sunday(12, 0));
    relay.sync(&mut wang_qiang, sunday(12, 0));
    assert!(!li_na.has(second), "no store sees the other's card");
    let here = duplicate::elsewhere(&li_na.read(first)).remove(0);
    let there = duplicate::elsewhere(&wang_qiang.read(second)).remove(0);
    assert_eq!(here.id, there.id);
    assert_eq!(here.decider, Role::GeneralManager);
    for case in [&here, &there] {
        assert_eq!(case.proposal.as_ref().unwrap().winner, first.to_string());
        assert!(case.is_open());
    }
    assert!(Author::relay().is_relay());
}

#[test]
fn a_duplicate_is_a_case_between_those_as_whom_the_two_are_shown() {
    let mut manager = Device::manager(9, store(1), &[]);
    let mut card = |minute: i64, name: &str, phone: &str| {
        let card = CreateCustomer {
            name: name.into(),
            phone: Some(phone.into()),
            ..CreateCustomer::default()
        };
        manager.run(sunday(10, minute), &card).unwrap().customer
    };
    let absorbed = card(0, "张伟", "13800000001");
    let between = card(1, "李娜", "13900000002");
    let survivor = card(2, "王强", "13700000003");
    let again = card(3, "赵敏", "13800000001");
    let other = card(4, "孙丽", "13800000001");
    for (absorbed, survivor) in [(absorbed, between), (between, survivor)] {
        let merge = MergeCustomers {
            survivor,
            absorbed,
            take_from_absorbed: [].into(),
        };
        manager.run(sunday(11, 0), &merge).unwrap();
    }

    // The survivor bears another number: the cards merged into them bear this one.
    let cases = duplicates(&manager.documents());
    assert_eq!(cases.len(), 2);
    let mut documents = [DocumentId::from(survivor), again.into()];
    documents.sort();
    let case = cases
        .iter()
        .find(|case| case.documents == documents)
        .unwrap();

    let ruling = decide(case, duplicate::DIFFERENT_PEOPLE, None);
    manager.run(sunday(12, 0), &ruling).unwrap();
    for rest in duplicates(&manager.documents()) {
        if rest.is_open() {
            let merge = MergeCustomers {
                survivor,
                absorbed: other,
                take_from_absorbed: [].into(),
            };
            manager.run(sunday(13, 0), &merge).unwrap();
        }
    }
    let open = duplicates(&manager.documents());
    assert!(open.iter().all(|case| !case.is_open()), "{open:#?}");
}

#[test]
fn what_the_relay_raised_across_stores_ends_when_the_two_are_merged_deleted_or_differ() {
    let raise = |relay: &mut Relay, at| {
        for again in [false, true] {
            for changed in relay.customers() {
                let documents = relay.documents();
                let facts = duty::duplicates_across_stores(changed.id, &documents, at);
                assert!(!again || facts.is_empty(), "said once");
                if !facts.is_empty() {
                    relay.write(at, duty::RAISE, &facts);
                }
            }
        }
    };
    let open = |relay: &Relay, customer: CustomerId| duplicate::elsewhere(&relay.read(customer));
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut general = Device::new(7, &[Role::GeneralManager], &[store(1), store(2)], &[1, 2]);
    let mut wang_qiang = Device::consultant(2, store(2));
    let first = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    let made = wang_qiang.run(sunday(10, 30), &zhang_wei()).unwrap();
    let second = made.customer;
    for device in [&mut li_na, &mut wang_qiang] {
        relay.sync(device, sunday(11, 0));
    }
    raise(&mut relay, sunday(11, 1));
    let here = open(&relay, first).remove(0);
    let there = here
        .sides
        .iter()
        .find(|side| side.key == second.to_string());
    let there = there.unwrap();
    assert_eq!((there.staff, there.device.0), (wang_qiang.staff(), 2));

    relay.sync(&mut general, sunday(11, 2));
    let gone = DeleteCustomer {
        customer: second,
        reason: DeleteReason::Error,
    };
    general.run(sunday(12, 0), &gone).unwrap();
    relay.sync(&mut general, sunday(12, 1));
    raise(&mut relay, sunday(12, 2));
    assert_eq!(open(&relay, first), []);

    // Taken back, it is raised anew.
    relay.sync(&mut general, sunday(12, 3));
    let back = RestoreCustomer { customer: second };
    general.run(sunday(13, 0), &back).unwrap();
    relay.sync(&mut general, sunday(13, 1));
    raise(&mut relay, sunday(13, 2));
    assert_eq!(open(&relay, first).len(), 1);
    assert_eq!(open(&relay, second).len(), 1);

    relay.sync(&mut general, sunday(13, 3));
    let merge = MergeCustomers {
        survivor: first,
        absorbed: second,
        take_from_absorbed: [].into(),
    };
    general.run(sunday(14, 0), &merge).unwrap();
    relay.sync(&mut general, sunday(14, 1));
    raise(&mut relay, sunday(14, 2));
    assert_eq!(open(&relay, first), [], "the survivor too");
}
