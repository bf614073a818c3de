//! Lost customers, corrected follow-ups, closed deals.

use dealership::command::{
    CloseDeal, ConfirmLost, CorrectFollowUp, LogFollowUp, RequestLost, ReviveDeal, SetGrade,
};
use dealership::contact::{FollowUpType, Outcome, TaskState};
use dealership::customer::{LifeCycle, LostDecision, LostReason};
use dealership::deal::{ClosingOutcome, DealState, Stage};
use dealership::{CustomerId, Grade};

use crate::carding::zhang_wei;
use crate::deals::{deal_with, done};
use crate::follow_ups::call;
use crate::world::{Device, Relay, on, store, sunday};

fn give_up(customer: CustomerId, reason: LostReason) -> RequestLost {
    RequestLost {
        customer,
        reasons: [reason].into(),
        competitor: None,
        note: None,
    }
}

#[test]
fn out_of_reach_needs_three_days_and_lost_needs_the_manager() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut manager = Device::manager(9, store(1), &[1]);
    let customer = li_na.run(sunday(9, 0), &zhang_wei()).unwrap().customer;
    for day in 0..3 {
        let request = give_up(customer, LostReason::Unreachable);
        assert_eq!(
            li_na.run(on(day, 9, 1), &request).unwrap_err().code(),
            "invalid"
        );
        let unanswered = LogFollowUp {
            outcome: Outcome::NoAnswer,
            ..call(customer)
        };
        li_na.run(on(day, 10, 0), &unanswered).unwrap();
        li_na.run(on(day, 11, 0), &unanswered).unwrap();
    }
    assert_eq!(li_na.contact(customer).last_reached_at(), None);
    let request = li_na
        .run(on(3, 9, 0), &give_up(customer, LostReason::Unreachable))
        .unwrap()
        .request;
    let confirm = ConfirmLost {
        customer,
        request,
        decision: LostDecision::Confirmed,
    };
    assert_eq!(
        li_na.run(on(3, 9, 1), &confirm).unwrap_err().code(),
        "forbidden"
    );
    assert_ne!(li_na.customer(customer).graded(), Grade::F);

    relay.sync(&mut li_na, on(3, 10, 0));
    relay.sync(&mut manager, on(3, 10, 0));
    manager.run(on(3, 11, 0), &confirm).unwrap();
    let card = manager.customer(customer);
    assert_eq!(card.graded(), Grade::F);
    assert_eq!(LifeCycle::of(&card, &[], on(3, 12, 0)), LifeCycle::Lost);

    // The customer comes again.
    let again = SetGrade {
        customer,
        grade: Grade::H,
        reason: "又来店".into(),
        as_suggested: false,
    };
    manager.run(on(40, 9, 0), &again).unwrap();
    let card = manager.customer(customer);
    assert_eq!(LifeCycle::of(&card, &[], on(40, 10, 0)), LifeCycle::Intent);
}

#[test]
fn of_two_words_on_one_request_the_refusal_holds_until_a_manager_speaks_again() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut one = Device::manager(8, store(1), &[1]);
    let mut other = Device::manager(9, store(1), &[1]);
    let customer = li_na.run(sunday(9, 0), &zhang_wei()).unwrap().customer;
    let request = give_up(customer, LostReason::Price);
    let request = li_na.run(sunday(9, 1), &request).unwrap().request;
    for device in [&mut li_na, &mut one, &mut other] {
        relay.sync(device, sunday(10, 0));
    }
    let word = |decision| ConfirmLost {
        customer,
        request,
        decision,
    };
    one.run(sunday(11, 0), &word(LostDecision::Refused))
        .unwrap();
    other
        .run(sunday(12, 0), &word(LostDecision::Confirmed))
        .unwrap();
    assert_eq!(other.customer(customer).graded(), Grade::F);
    relay.sync(&mut one, sunday(13, 0));
    relay.sync(&mut other, sunday(13, 0));
    relay.sync(&mut one, sunday(13, 1));

    for device in [&one, &other] {
        let card = device.customer(customer);
        assert!(card.lost[0].contradicted);
        assert!(!card.lost[0].review.as_ref().unwrap().confirms());
        assert_eq!(card.graded(), Grade::N, "lost by nobody's undisputed word");
    }

    one.run(sunday(14, 0), &word(LostDecision::Confirmed))
        .unwrap();
    let card = one.customer(customer);
    assert!(!card.lost[0].contradicted);
    assert_eq!(card.graded(), Grade::F);
    let again = one.run(sunday(14, 1), &word(LostDecision::Refused));
    assert_eq!(again.unwrap_err().code(), "state");
}

#[test]
fn a_competitor_has_a_name() {
    let mut li_na = Device::consultant(1, store(1));
    let customer = li_na.run(sunday(9, 0), &zhang_wei()).unwrap().customer;
    let request = give_up(customer, LostReason::Competitor);
    assert_eq!(
        li_na.run(sunday(9, 1), &request).unwrap_err().code(),
        "invalid"
    );
    let named = RequestLost {
        competitor: Some("竞品甲".into()),
        note: Some("对方优惠两万".into()),
        ..request
    };
    let request = li_na.run(sunday(9, 2), &named).unwrap().request;
    let notes = li_na.contact(customer).notes;
    assert_eq!(notes[0].about, Some(request), "why stands in the contact");
}

#[test]
fn a_corrected_follow_up_is_struck_through_and_counts_once() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut manager = Device::manager(9, store(1), &[1]);
    let customer = li_na.run(sunday(9, 0), &zhang_wei()).unwrap().customer;
    li_na.run(sunday(10, 0), &call(customer)).unwrap();
    let wrong = li_na.run(on(1, 10, 0), &call(customer)).unwrap();
    assert_eq!(wrong.tasks_done.len(), 1);
    relay.sync(&mut li_na, on(1, 11, 0));
    relay.sync(&mut manager, on(1, 11, 0));
    let correct = |outcome| CorrectFollowUp {
        customer,
        follow_up: wrong.follow_up,
        follow_up_type: Some(FollowUpType::CallIn),
        outcome: Some(outcome),
        at: None,
        content: None,
        feedback: None,
        feedback_kind: None,
    };
    // Both correct it, apart.
    manager
        .run(on(1, 12, 0), &correct(Outcome::Refused))
        .unwrap();
    let last = li_na
        .run(on(1, 13, 0), &correct(Outcome::Appointment))
        .unwrap();
    relay.sync(&mut li_na, on(1, 14, 0));
    relay.sync(&mut manager, on(1, 14, 0));
    relay.sync(&mut li_na, on(1, 14, 1));

    for device in [&li_na, &manager] {
        let contact = device.contact(customer);
        assert_eq!(contact.follow_ups.len(), 4, "nothing is lost");
        let standing: Vec<_> = contact.standing_follow_ups().collect();
        assert_eq!(standing.len(), 2);
        assert_eq!(standing[1].id, last.follow_up);
        assert_eq!(standing[1].content.as_deref(), Some("客户关注续航"));
        assert_eq!(standing[1].at, on(1, 10, 0));
        assert_eq!(contact.tasks[0].state, TaskState::Done);
        let card = device.customer(customer);
        let counted = card.contacted.iter().filter(|c| c.corrected_by.is_none());
        assert_eq!(counted.count(), 2);
    }
    let again = li_na
        .run(on(1, 15, 0), &correct(Outcome::Reached))
        .unwrap_err();
    assert_eq!(again.code(), "invalid");
}

#[test]
fn a_deal_is_lost_before_the_contract_and_cancelled_after_it() {
    let mut li_na = Device::consultant(1, store(1));
    let customer = li_na.run(sunday(9, 0), &zhang_wei()).unwrap().customer;
    let deal = li_na.run(sunday(9, 1), &deal_with(customer)).unwrap().deal;
    let close = |outcome| CloseDeal {
        deal,
        outcome,
        reasons: [LostReason::Price].into(),
        competitor: None,
    };
    assert!(
        li_na
            .run(sunday(10, 0), &close(ClosingOutcome::Cancelled))
            .is_err()
    );
    li_na
        .run(sunday(10, 0), &close(ClosingOutcome::Lost))
        .unwrap();
    assert_eq!(li_na.deal(deal).state(), DealState::Lost);
    assert!(li_na.run(sunday(10, 1), &done(deal, Stage::Quote)).is_err());

    let back = ReviveDeal {
        deal,
        reason: "客户回来".into(),
    };
    li_na.run(on(1, 9, 0), &back).unwrap();
    li_na.run(on(1, 10, 0), &done(deal, Stage::Quote)).unwrap();
    li_na
        .run(on(1, 11, 0), &done(deal, Stage::Contract))
        .unwrap();
    let read = li_na.deal(deal);
    let card = li_na.customer(customer);
    assert_eq!(card.grade_at([&read], on(1, 12, 0)), Grade::O);
    assert_eq!(
        LifeCycle::of(&card, &[&read], on(1, 12, 0)),
        LifeCycle::Ordered
    );

    assert!(
        li_na
            .run(on(2, 9, 0), &close(ClosingOutcome::Lost))
            .is_err()
    );
    li_na
        .run(on(2, 9, 0), &close(ClosingOutcome::Cancelled))
        .unwrap();
    let read = li_na.deal(deal);
    assert_eq!(read.state(), DealState::Cancelled);
    assert_eq!(card.grade_at([&read], on(2, 10, 0)), Grade::T);
}

#[test]
fn delivered_beats_a_cancellation_made_apart() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut manager = Device::manager(9, store(1), &[1]);
    let customer = li_na.run(sunday(9, 0), &zhang_wei()).unwrap().customer;
    let deal = li_na.run(sunday(9, 1), &deal_with(customer)).unwrap().deal;
    for stage in [Stage::Quote, Stage::Contract, Stage::Invoice, Stage::Pdi] {
        li_na.run(sunday(10, 0), &done(deal, stage)).unwrap();
    }
    relay.sync(&mut li_na, sunday(11, 0));
    relay.sync(&mut manager, sunday(11, 0));
    li_na
        .run(sunday(12, 0), &done(deal, Stage::Acceptance))
        .unwrap();
    let cancel = CloseDeal {
        deal,
        outcome: ClosingOutcome::Cancelled,
        reasons: [LostReason::Finance].into(),
        competitor: None,
    };
    manager.run(sunday(12, 30), &cancel).unwrap();
    relay.sync(&mut manager, sunday(13, 0));
    relay.sync(&mut li_na, sunday(13, 0));
    relay.sync(&mut manager, sunday(13, 1));

    for device in [&li_na, &manager] {
        let read = device.deal(deal);
        assert_eq!(read.state(), DealState::Delivered);
        assert_eq!(read.delivered_at(), Some(sunday(12, 0)));
        let card = device.customer(customer);
        assert_eq!(
            LifeCycle::of(&card, &[&read], on(3, 0, 0)),
            LifeCycle::Owner
        );
        assert_eq!(
            LifeCycle::of(&card, &[&read], on(370, 0, 0)),
            LifeCycle::Lapsed
        );
    }
}
