//! Following customers up.

use dealership::Grade;
use dealership::command::{
    CreateCustomer, FollowUpLogged, IntentInput, LogFollowUp, Next, NextPlanInput, PlanTask,
    SetGrade,
};
use dealership::contact::{FollowUpType, Outcome, PlateQuota, TaskState};
use dealership::customer::GradeOrigin;
use dealership::deal::Stage;
use dealership::grade::{GradeSignals, suggest_grade};
use dealership::{CustomerId, Fen};

use crate::carding::zhang_wei;
use crate::deals::{deal_with, done};
use crate::world::{Device, Relay, on, store, sunday};

pub(crate) fn call(customer: CustomerId) -> LogFollowUp {
    LogFollowUp {
        customer,
        follow_up_type: FollowUpType::CallOut,
        outcome: Outcome::Reached,
        at: None,
        duration_s: Some(120),
        content: Some("客户关注续航".into()),
        feedback: None,
        feedback_kind: None,
        grade: None,
        grade_reason: None,
        next: Next::ByGrade,
        tasks: None,
        deal: None,
        place: None,
        attachments: [].into(),
    }
}

#[test]
fn the_grade_proposes_the_next_day_and_the_next_follow_up_does_the_task() {
    let mut li_na = Device::consultant(1, store(1));
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;

    let first: FollowUpLogged = li_na
        .run(
            sunday(11, 0),
            &LogFollowUp {
                grade: Some(Grade::A),
                ..call(customer)
            },
        )
        .unwrap();

    let due = "2026-05-07".parse().unwrap();
    assert_eq!(first.next_date, Some(due));
    let contact = li_na.contact(customer);
    assert_eq!(contact.next_follow_up(), Some(due));
    assert_eq!(
        contact.overdue_tasks("2026-05-07".parse().unwrap()).count(),
        0
    );
    assert_eq!(
        contact.overdue_tasks("2026-05-08".parse().unwrap()).count(),
        1
    );
    let card = li_na.customer(customer);
    assert_eq!(card.graded(), Grade::A);
    assert_eq!(
        card.grades[0].origin.as_ref().unwrap(),
        &GradeOrigin::Manual
    );

    let second = li_na.run(on(4, 9, 0), &call(customer)).unwrap();

    assert_eq!(second.tasks_done, [first.next_task.unwrap()].into());
    let contact = li_na.contact(customer);
    assert_eq!(contact.tasks.len(), 2);
    assert_eq!(contact.tasks[0].state, TaskState::Done);
    assert_eq!(contact.open_tasks().count(), 1);
    assert_eq!(contact.last_follow_up_at(), Some(on(4, 9, 0)));
}

#[test]
fn the_signs_in_the_documents_suggest_a_grade() {
    let mut li_na = Device::consultant(1, store(1));
    let card = CreateCustomer {
        intent: Some(IntentInput {
            horizon_days: Some(12),
            plate_quota: Some(PlateQuota::Has),
            budget_max: Fen::from_yuan(160_000),
            ..IntentInput::default()
        }),
        ..zhang_wei()
    };
    let customer = li_na.run(sunday(10, 0), &card).unwrap().customer;
    let visit = LogFollowUp {
        follow_up_type: FollowUpType::Showroom,
        ..call(customer)
    };
    li_na.run(sunday(11, 0), &visit).unwrap();
    let suggested = |device: &Device| {
        let price = Fen::from_yuan(150_000);
        suggest_grade(&GradeSignals::read([&device.contact(customer)], [], price))
    };
    assert_eq!(suggested(&li_na).grade, Grade::A);
    assert_eq!(suggested(&li_na).points, 2);

    li_na.run(on(1, 11, 0), &visit).unwrap();
    let drive = LogFollowUp {
        follow_up_type: FollowUpType::TestDrive,
        ..call(customer)
    };
    li_na.run(on(1, 12, 0), &drive).unwrap();
    let lifted = suggested(&li_na);
    assert_eq!((lifted.points, lifted.grade), (7, Grade::H));

    for minute in [0, 1] {
        let unanswered = LogFollowUp {
            outcome: Outcome::NoAnswer,
            ..call(customer)
        };
        li_na.run(on(3, 9, minute), &unanswered).unwrap();
    }
    assert_eq!(suggested(&li_na).points, 5);
}

#[test]
fn a_customer_nobody_calls_goes_down_to_the_pool() {
    let mut li_na = Device::consultant(1, store(1));
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    li_na
        .run(
            sunday(11, 0),
            &LogFollowUp {
                grade: Some(Grade::B),
                ..call(customer)
            },
        )
        .unwrap();

    let steps = li_na.customer(customer).grade_steps([]);

    let shown: Vec<_> = steps
        .iter()
        .map(|step| (step.grade, step.is_dormant, step.from))
        .collect();
    assert_eq!(
        shown,
        [
            (Grade::B, false, sunday(11, 0)),
            (Grade::C, false, on(30, 0, 0)),
            (Grade::C, true, on(120, 0, 0)),
        ]
    );
    assert_eq!(steps[0].follow_up_due, Some("2026-05-10".parse().unwrap()));
}

#[test]
fn a_plan_that_is_there_is_not_planned_twice() {
    let mut li_na = Device::consultant(1, store(1));
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    let planned = LogFollowUp {
        next: Next::Plan(NextPlanInput {
            date: "2026-05-04".parse().unwrap(),
            slot: None,
            way: Some(FollowUpType::Showroom),
            goal: Some("试驾".into()),
        }),
        ..call(customer)
    };
    li_na.run(sunday(11, 0), &planned).unwrap();

    let next = li_na.run(sunday(12, 0), &call(customer)).unwrap();

    assert_eq!(next.next_task, None);
    assert_eq!(li_na.contact(customer).open_tasks().count(), 1);
}

#[test]
fn two_devices_that_do_one_task_leave_two_follow_ups_and_one_done_task() {
    let mut relay = Relay::new();
    let mut phone = Device::consultant(1, store(1));
    let mut manager = Device::manager(9, store(1), &[1]);
    let customer = phone.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    phone.run(sunday(10, 5), &call(customer)).unwrap();
    relay.sync(&mut phone, sunday(10, 10));
    relay.sync(&mut manager, sunday(10, 10));

    let done = phone.run(on(1, 9, 0), &call(customer)).unwrap();
    let same = LogFollowUp {
        tasks: Some(done.tasks_done),
        ..call(customer)
    };
    manager.run(on(1, 9, 30), &same).unwrap();
    relay.sync(&mut phone, on(1, 10, 0));
    relay.sync(&mut manager, on(1, 10, 0));
    relay.sync(&mut phone, on(1, 10, 1));

    for device in [&phone, &manager] {
        let contact = device.contact(customer);
        assert_eq!(contact.follow_ups.len(), 3);
        let done: Vec<_> = contact
            .tasks
            .iter()
            .filter(|task| task.state == TaskState::Done)
            .collect();
        assert_eq!(done.len(), 1);
        assert_eq!(done[0].done_by.len(), 2);
        assert_eq!(device.customer(customer).contacted.len(), 3);
    }
}

#[test]
fn what_is_still_to_come_is_no_follow_up() {
    let mut li_na = Device::consultant(1, store(1));
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    let tomorrow = LogFollowUp {
        at: Some(on(1, 0, 0)),
        ..call(customer)
    };
    assert_eq!(
        li_na.run(sunday(10, 0), &tomorrow).unwrap_err().code(),
        "invalid"
    );
}

#[test]
fn a_clock_that_is_a_year_ahead_does_not_make_the_last_contact_a_year_late() {
    let mut relay = Relay::new();
    let mut wang_qiang = Device::consultant(2, store(1));
    wang_qiang.clock_off_by = 365 * 24 * 3_600_000;
    let customer = wang_qiang
        .run(sunday(10, 0), &zhang_wei())
        .unwrap()
        .customer;
    wang_qiang.run(sunday(10, 30), &call(customer)).unwrap();

    relay.sync(&mut wang_qiang, sunday(12, 0));

    let card = wang_qiang.customer(customer);
    assert_eq!(card.last_contact_at(), sunday(12, 0));
    assert_eq!(card.created_at, sunday(12, 0));
    assert_eq!(
        wang_qiang.contact(customer).last_follow_up_at(),
        Some(sunday(12, 0))
    );
}

#[test]
fn a_call_that_nobody_answered_does_nothing_that_was_due() {
    let mut li_na = Device::consultant(1, store(1));
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    li_na.run(sunday(11, 0), &call(customer)).unwrap();
    let unanswered = LogFollowUp {
        outcome: Outcome::NoAnswer,
        ..call(customer)
    };

    let logged = li_na.run(on(1, 9, 0), &unanswered).unwrap();

    assert_eq!(logged.tasks_done, [].into());
    assert_eq!(logged.next_task, None, "it is still due");
    assert_eq!(li_na.contact(customer).open_tasks().count(), 1);
}

#[test]
fn what_a_colleague_plans_is_left_to_them_unless_it_is_named() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut manager = Device::manager(9, store(1), &[1]);
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    relay.sync(&mut li_na, sunday(10, 1));
    relay.sync(&mut manager, sunday(10, 1));
    let plan = PlanTask {
        customer,
        due: "2026-05-03".parse().unwrap(),
        slot: None,
        way: FollowUpType::CallOut,
        goal: Some("回访满意度".into()),
        assignee: Some(manager.staff()),
        priority: None,
        origin: None,
        deal: None,
    };
    let task = manager.run(sunday(10, 2), &plan).unwrap().task;
    relay.sync(&mut manager, sunday(10, 3));
    relay.sync(&mut li_na, sunday(10, 3));

    let logged = li_na.run(sunday(11, 0), &call(customer)).unwrap();
    assert_eq!(logged.tasks_done, [].into());

    let named = LogFollowUp {
        tasks: Some([task].into()),
        ..call(customer)
    };
    let logged = li_na.run(sunday(12, 0), &named).unwrap();
    assert_eq!(logged.tasks_done, [task].into());
}

#[test]
fn a_fallen_grade_stays_down_whoever_calls_until_somebody_judges() {
    let mut li_na = Device::consultant(1, store(1));
    let card = CreateCustomer {
        grade: Some(Grade::H),
        ..zhang_wei()
    };
    let customer = li_na.run(sunday(10, 0), &card).unwrap().customer;
    for (day, outcome) in [(23, Outcome::NoAnswer), (30, Outcome::Reached)] {
        let logged = LogFollowUp {
            outcome,
            ..call(customer)
        };
        let id = li_na.run(on(day, 10, 0), &logged).unwrap().follow_up;
        let contact = li_na.contact(customer);
        let said = contact.follow_ups.iter().find(|said| said.id == id);
        let before = said.unwrap().grade_before.as_ref().unwrap();
        assert_eq!(before, &Grade::B, "day {day}");
        assert_eq!(
            li_na.customer(customer).grade_at([], on(day, 11, 0)),
            Grade::B
        );
    }
    // The call that was answered wound the clock of B up again, the other did not.
    let card = li_na.customer(customer);
    assert_eq!(card.grade_at([], on(59, 12, 0)), Grade::B);
    assert_eq!(card.grade_at([], on(60, 12, 0)), Grade::C);

    let judged = LogFollowUp {
        grade: Some(Grade::H),
        ..call(customer)
    };
    li_na.run(on(61, 10, 0), &judged).unwrap();
    let card = li_na.customer(customer);
    assert_eq!(card.grade_at([], on(61, 11, 0)), Grade::H);
}

#[test]
fn who_is_just_met_becomes_c_after_a_week_contact_or_not() {
    let mut li_na = Device::consultant(1, store(1));
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    li_na.run(on(5, 10, 0), &call(customer)).unwrap();

    let card = li_na.customer(customer);
    assert_eq!(card.grade_at([], on(6, 12, 0)), Grade::N);
    assert_eq!(card.grade_at([], on(7, 12, 0)), Grade::C);
}

#[test]
fn whoever_has_ordered_is_followed_up_as_such() {
    let mut li_na = Device::consultant(1, store(1));
    let customer = li_na.run(sunday(9, 0), &zhang_wei()).unwrap().customer;
    let deal = li_na.run(sunday(9, 1), &deal_with(customer)).unwrap().deal;
    for stage in [Stage::Quote, Stage::Contract] {
        li_na.run(sunday(10, 0), &done(deal, stage)).unwrap();
    }

    let logged = li_na.run(sunday(11, 0), &call(customer)).unwrap();

    let said = &li_na.contact(customer).follow_ups[0];
    assert_eq!(said.grade_before.as_ref().unwrap(), &Grade::O);
    assert_eq!(logged.next_date, Some("2026-05-10".parse().unwrap()));
    let graded = SetGrade {
        customer,
        grade: Grade::A,
        reason: "再买一台".into(),
        as_suggested: false,
    };
    assert_eq!(li_na.run(sunday(12, 0), &graded).unwrap().before, Grade::O);
}
