//! Carding customers.

use dealership::command::{AddPhone, CreateCustomer, FirstMeeting, IfDuplicate, MarkPhoneInvalid};
use dealership::contact::{FollowUpType, InvalidReason, PhoneLabel};
use dealership::refusal::Refusal;
use dealership::{Grade, Space};

use crate::world::{Device, Relay, store, sunday};

pub(crate) fn zhang_wei() -> CreateCustomer {
    CreateCustomer {
        name: "张伟".into(),
        phone: Some("138 0000 0001".into()),
        ..CreateCustomer::default()
    }
}

#[test]
fn a_card_bears_no_phone_and_the_contact_bears_it_normalised() {
    let mut li_na = Device::consultant(1, store(1));

    let made = li_na.run(sunday(10, 0), &zhang_wei()).unwrap();

    let card = li_na.read(made.customer);
    assert_eq!(card.space(), Space::Store(store(1)));
    assert!(
        card.registers()
            .all(|(key, register)| !format!("{key}{}", register.value).contains("13800000001"))
    );
    let customer = li_na.customer(made.customer);
    assert_eq!(customer.phones.values().collect::<Vec<_>>(), ["0001"]);
    assert_eq!(customer.owner, Some(li_na.staff()));
    let contact = li_na.contact(made.customer);
    assert_eq!(contact.phone().unwrap().number, "+8613800000001");
    assert!(contact.phone().unwrap().is_primary);
    let space = li_na.read(made.contact).space();
    assert_eq!(space, Space::Contact(store(1), li_na.staff()));
}

#[test]
fn a_number_that_is_carded_already_is_told_with_owner_and_day() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut zhao_min = Device::consultant(2, store(1));
    let first = li_na.run(sunday(10, 0), &zhang_wei()).unwrap();
    relay.sync(&mut li_na, sunday(11, 0));
    relay.sync(&mut zhao_min, sunday(11, 0));

    let again = CreateCustomer {
        name: "张先生".into(),
        phone: Some("+86-13800000001".into()),
        ..CreateCustomer::default()
    };
    let plan = zhao_min.plan(sunday(12, 0), &again).unwrap();

    let [carded] = plan.output.duplicates.as_slice() else {
        panic!("one card bears the number");
    };
    assert_eq!(carded.customer, first.customer);
    assert_eq!(carded.owner, Some(li_na.staff()));
    assert_eq!(carded.created_at, sunday(10, 0));
    assert_eq!(plan.notices.len(), 1);
    assert!(plan.notices[0].text.contains("2026-05-03"));

    let refuse = CreateCustomer {
        if_duplicate: IfDuplicate::Refuse,
        ..again
    };
    let refusal = zhao_min.run(sunday(12, 1), &refuse).unwrap_err();
    assert!(matches!(refusal, Refusal::AlreadyCarded { cards } if cards.len() == 2));
}

#[test]
fn a_customer_without_a_number_needs_the_reason() {
    let mut li_na = Device::consultant(1, store(1));
    let nameless = CreateCustomer {
        phone: None,
        ..zhang_wei()
    };
    let refusal = li_na.run(sunday(10, 0), &nameless).unwrap_err();
    assert_eq!(refusal.code(), "invalid");
    for phone in ["1380000000", "1.38E+10", "not a phone"] {
        let card = CreateCustomer {
            phone: Some(phone.into()),
            ..zhang_wei()
        };
        assert_eq!(
            li_na.run(sunday(10, 0), &card).unwrap_err().code(),
            "invalid"
        );
    }
}

#[test]
fn nobody_cards_a_customer_into_a_contact_space_that_they_do_not_hold() {
    let mut li_na = Device::consultant(1, store(1));
    let for_another = CreateCustomer {
        owner: Some(crate::world::staff(2)),
        ..zhang_wei()
    };
    let refusal = li_na.run(sunday(10, 0), &for_another).unwrap_err();
    assert_eq!(refusal.code(), "forbidden");

    let mut chen_gang = Device::manager(9, store(1), &[1, 2]);
    let made = chen_gang.run(sunday(10, 0), &for_another).unwrap();
    let customer = chen_gang.customer(made.customer);
    assert_eq!(customer.owner, Some(crate::world::staff(2)));
}

#[test]
fn a_first_meeting_is_the_first_follow_up_and_the_grade_falls_with_time() {
    let mut li_na = Device::consultant(1, store(1));
    let made = li_na
        .run(
            sunday(10, 0),
            &CreateCustomer {
                grade: Some(Grade::H),
                met: Some(FirstMeeting {
                    follow_up_type: FollowUpType::Showroom,
                    content: Some("看 E7".into()),
                }),
                ..zhang_wei()
            },
        )
        .unwrap();

    let customer = li_na.customer(made.customer);
    assert_eq!(customer.contacted.len(), 1);
    assert_eq!(li_na.contact(made.customer).follow_ups.len(), 1);
    assert_eq!(customer.grade_at([], sunday(10, 1)), Grade::H);
    assert_eq!(
        customer.grade_at([], sunday(10, 0).plus_hours(7 * 24)),
        Grade::A
    );
    assert_eq!(
        customer.grade_at([], sunday(10, 0).plus_hours(22 * 24)),
        Grade::B
    );
    assert_eq!(
        customer.grade_at([], sunday(10, 0).plus_hours(52 * 24)),
        Grade::C
    );
}

#[test]
fn nobody_is_carded_as_lost_ordered_delivered_or_cancelled() {
    let mut li_na = Device::consultant(1, store(1));
    for grade in [Grade::F, Grade::O, Grade::D, Grade::T] {
        let card = CreateCustomer {
            grade: Some(grade),
            ..zhang_wei()
        };
        let refusal = li_na.run(sunday(10, 0), &card).unwrap_err();
        assert_eq!(refusal.code(), "invalid", "{grade}");
    }
}

#[test]
fn a_landline_keeps_its_extension_and_is_no_mobile() {
    let mut li_na = Device::consultant(1, store(1));
    for (typed, label, extension) in [
        ("0755-8888 6666 转 802", PhoneLabel::Work, Some("802")),
        ("0755-88886666", PhoneLabel::Home, None),
        ("400-820-8820", PhoneLabel::Work, None),
        ("13800000001", PhoneLabel::Mobile, None),
    ] {
        let card = CreateCustomer {
            phone: Some(typed.into()),
            ..zhang_wei()
        };
        let customer = li_na.run(sunday(10, 0), &card).unwrap().customer;
        let contact = li_na.contact(customer);
        let phone = contact.phone().unwrap();
        assert_eq!(phone.label.as_ref().unwrap(), &label, "{typed}");
        assert_eq!(phone.extension.as_deref(), extension, "{typed}");
    }
}

#[test]
fn a_wrong_number_finds_nobody_until_it_is_said_again() {
    let mut li_na = Device::consultant(1, store(1));
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    let phone = li_na.contact(customer).phones[0].ids[0];
    let mark = |reason| MarkPhoneInvalid {
        customer,
        phone,
        reason,
    };
    let wrong = mark(InvalidReason::WrongNumber);
    li_na.run(sunday(11, 0), &wrong).unwrap();
    assert!(li_na.customer(customer).phones.is_empty());
    let theirs = li_na.run(sunday(12, 0), &zhang_wei()).unwrap();
    assert_eq!(theirs.duplicates, []);

    let again = AddPhone {
        customer,
        phone: "13800000001".into(),
        label: None,
        primary: false,
    };
    li_na.run(sunday(13, 0), &again).unwrap();
    assert_eq!(li_na.customer(customer).phones.len(), 1);

    let phone = li_na.contact(customer).phones[0].ids[0];
    let suspended = MarkPhoneInvalid {
        phone,
        ..mark(InvalidReason::Suspended)
    };
    li_na.run(sunday(14, 0), &suspended).unwrap();
    assert_eq!(li_na.customer(customer).phones.len(), 1, "still theirs");
}
