//! Merging customers and parting them.

use dealership::code::Coded;
use dealership::command::{
    Change, CreateCustomer, EditCustomer, EditTask, LogFollowUp, MergeCustomers, OptOut, PlanTask,
    UndoMerge,
};
use dealership::contact::{FollowUpType, TaskState};
use dealership::customer::{Gender, MarketingChannel};
use dealership::{Contact, Customer, CustomerId, Grade, MergeMap, merge};

use crate::carding::zhang_wei;
use crate::follow_ups::call;
use crate::world::{Device, Relay, on, store, sunday};

/// Two consultants carded one person, with two and three follow-ups; the manager sees both.
struct Twice {
    relay: Relay,
    li_na: Device,
    zhao_min: Device,
    manager: Device,
    first: CustomerId,
    second: CustomerId,
}

fn carded_twice() -> Twice {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut zhao_min = Device::consultant(2, store(1));
    let mut manager = Device::manager(9, store(1), &[1, 2]);
    let first = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    let again = CreateCustomer {
        name: "张先生".into(),
        gender: Some(Gender::Male),
        ..zhang_wei()
    };
    let second = zhao_min.run(sunday(10, 30), &again).unwrap().customer;
    for hour in [11, 13] {
        li_na.run(sunday(hour, 0), &call(first)).unwrap();
    }
    for hour in [12, 14, 15] {
        zhao_min.run(sunday(hour, 0), &call(second)).unwrap();
    }
    for device in [&mut li_na, &mut zhao_min, &mut manager] {
        relay.sync(device, sunday(16, 0));
    }
    relay.sync(&mut li_na, sunday(16, 1));
    Twice {
        relay,
        li_na,
        zhao_min,
        manager,
        first,
        second,
    }
}

fn merge_of(twice: &Twice) -> MergeCustomers {
    MergeCustomers {
        survivor: twice.first,
        absorbed: twice.second,
        take_from_absorbed: ["name".to_owned(), "gender".to_owned()].into(),
    }
}

/// The instants of all follow-ups that are shown on a customer.
fn timeline(device: &Device, root: CustomerId) -> Vec<dealership::Timestamp> {
    let documents = device.documents();
    let cards: Vec<_> = documents.iter().filter_map(Customer::read).collect();
    let shown = MergeMap::of(&cards).shown_as(root);
    let contacts: Vec<_> = documents
        .iter()
        .filter_map(Contact::read)
        .filter(|contact| shown.contains(&contact.customer))
        .collect();
    let timeline = merge::timeline(&contacts);
    timeline.iter().map(|follow_up| follow_up.at).collect()
}

#[test]
fn a_merge_shows_both_histories_in_the_order_of_time() {
    let mut twice = carded_twice();
    let merge = merge_of(&twice);
    twice.manager.run(sunday(17, 0), &merge).unwrap();

    let hours: Vec<_> = (11..16).map(|hour| sunday(hour, 0)).collect();
    assert_eq!(timeline(&twice.manager, twice.first), hours);
    let survivor = twice.manager.customer(twice.first);
    assert_eq!(survivor.name, "张先生");
    assert_eq!(survivor.gender.unwrap(), Gender::Male);
}

#[test]
fn a_follow_up_added_offline_to_the_absorbed_card_appears_on_the_survivor() {
    let mut twice = carded_twice();
    let merge = merge_of(&twice);
    twice.manager.run(on(1, 12, 0), &merge).unwrap();
    twice.relay.sync(&mut twice.manager, on(1, 12, 1));

    // 赵敏 is offline and does not know.
    let second = twice.second;
    twice.zhao_min.run(on(1, 13, 0), &call(second)).unwrap();
    twice.relay.sync(&mut twice.zhao_min, on(1, 15, 0));
    twice.relay.sync(&mut twice.manager, on(1, 15, 1));

    let shown = timeline(&twice.manager, twice.first);
    assert_eq!(shown.len(), 6);
    assert_eq!(shown.last(), Some(&on(1, 13, 0)));
}

#[test]
fn the_survivor_is_all_that_both_cards_tell() {
    let mut twice = carded_twice();
    let (first, second) = (twice.first, twice.second);
    let opt_out = OptOut {
        customer: second,
        channels: [MarketingChannel::Call].into(),
    };
    twice.zhao_min.run(sunday(16, 5), &opt_out).unwrap();
    let tagged = EditCustomer {
        add_tags: ["cash".to_owned()].into(),
        ..EditCustomer::of(second)
    };
    twice.zhao_min.run(sunday(16, 6), &tagged).unwrap();
    let judged = LogFollowUp {
        grade: Some(Grade::A),
        ..call(second)
    };
    twice.zhao_min.run(on(2, 9, 0), &judged).unwrap();
    twice.relay.sync(&mut twice.zhao_min, on(2, 10, 0));
    twice.relay.sync(&mut twice.manager, on(2, 10, 0));
    let merge = merge_of(&twice);
    twice.manager.run(on(2, 11, 0), &merge).unwrap();

    for id in [first, second] {
        let whole = twice.manager.whole(id);
        assert_eq!(whole.id, first);
        assert!(
            whole
                .opted_out
                .contains(&Coded::Known(MarketingChannel::Call))
        );
        assert!(whole.tags.contains("cash"));
        assert_eq!(whole.graded(), Grade::A);
        assert_eq!(whole.contacted.len(), 6);
        assert_eq!(whole.last_contact_at(), on(2, 9, 0));
        assert_eq!(whole.created_at, sunday(10, 0));
        assert_eq!(whole.owner, Some(twice.li_na.staff()));
    }
    let untagged = EditCustomer {
        remove_tags: ["cash".to_owned()].into(),
        ..EditCustomer::of(first)
    };
    twice.manager.run(on(2, 12, 0), &untagged).unwrap();
    assert!(!twice.manager.whole(first).tags.contains("cash"));
}

#[test]
fn a_follow_up_on_the_survivor_does_what_was_planned_on_the_other_card() {
    let mut twice = carded_twice();
    let (first, second) = (twice.first, twice.second);
    let planned = PlanTask {
        customer: second,
        due: "2026-05-04".parse().unwrap(),
        slot: None,
        way: FollowUpType::CallOut,
        goal: None,
        assignee: Some(twice.manager.staff()),
        priority: None,
        origin: None,
        deal: None,
    };
    let task = twice.manager.run(sunday(16, 30), &planned).unwrap().task;
    let merge = merge_of(&twice);
    twice.manager.run(sunday(17, 0), &merge).unwrap();

    let later = EditTask {
        customer: first,
        task,
        due: Some("2026-05-05".parse().unwrap()),
        slot: None,
        way: None,
        goal: None,
        assignee: None,
        priority: None,
    };
    twice.manager.run(sunday(17, 1), &later).unwrap();
    let logged = twice.manager.run(on(2, 9, 0), &call(first)).unwrap();

    assert_eq!(logged.tasks_done, [task].into());
    let contacts = [first, second].map(|id| twice.manager.contact(id));
    let tasks = merge::tasks(&contacts);
    let done = tasks.iter().find(|known| known.id == task).unwrap();
    assert_eq!(done.state, TaskState::Done);
    assert_eq!(done.done_by, [logged.follow_up]);
}

#[test]
fn the_survivors_consultant_gets_the_other_card_and_undoing_gives_it_back() {
    let mut twice = carded_twice();
    let command = merge_of(&twice);
    let merged = twice.manager.run(sunday(17, 0), &command).unwrap();
    let absorbed = twice.manager.customer(twice.second);
    assert_eq!(absorbed.owner, Some(twice.li_na.staff()));
    let later = twice
        .manager
        .run(sunday(18, 0), &call(twice.first))
        .unwrap();

    let undo = UndoMerge {
        absorbed: twice.second,
        merge: merged.merge,
    };
    let undone = twice.manager.run(sunday(19, 0), &undo).unwrap();

    let absorbed = twice.manager.customer(twice.second);
    assert_eq!(absorbed.owner, Some(twice.zhao_min.staff()));
    let names: Vec<_> = undone
        .later
        .iter()
        .map(|entry| (entry.name.as_str(), entry.fact))
        .collect();
    assert_eq!(names, [("follow_up", later.follow_up)]);
}

#[test]
fn a_name_that_people_differ_about_is_decided_before_a_merge_writes_it() {
    let mut twice = carded_twice();
    let named = |name: &str, customer| EditCustomer {
        name: Some(name.into()),
        ..EditCustomer::of(customer)
    };
    let first = twice.first;
    twice
        .li_na
        .run(sunday(16, 5), &named("张维", first))
        .unwrap();
    twice
        .manager
        .run(sunday(16, 6), &named("章伟", first))
        .unwrap();
    twice.relay.sync(&mut twice.li_na, sunday(16, 7));
    twice.relay.sync(&mut twice.manager, sunday(16, 8));
    let merge = merge_of(&twice);
    let refusal = twice.manager.run(sunday(17, 0), &merge).unwrap_err();
    assert_eq!(refusal.code(), "state");

    let without = MergeCustomers {
        take_from_absorbed: ["gender".to_owned()].into(),
        ..merge
    };
    twice.manager.run(sunday(17, 1), &without).unwrap();
    assert!(twice.manager.customer(first).contested.contains("name"));
}

#[test]
fn undoing_gives_both_back_and_what_nobody_wrote_since() {
    let mut twice = carded_twice();
    let command = merge_of(&twice);
    let merged = twice.manager.run(sunday(17, 0), &command).unwrap();
    let renamed = EditCustomer {
        name: Some("张伟先生".into()),
        ..EditCustomer::of(twice.first)
    };
    twice.manager.run(sunday(18, 0), &renamed).unwrap();
    let second = twice.second;
    twice.manager.run(sunday(18, 30), &call(second)).unwrap();

    let undo = UndoMerge {
        absorbed: twice.second,
        merge: merged.merge,
    };
    twice.manager.run(sunday(19, 0), &undo).unwrap();

    let survivor = twice.manager.customer(twice.first);
    assert_eq!(survivor.name, "张伟先生", "somebody wrote it since");
    assert_eq!(survivor.gender, None, "nobody wrote it since");
    assert_eq!(timeline(&twice.manager, twice.first).len(), 2);
    assert_eq!(timeline(&twice.manager, twice.second).len(), 4);
    assert_eq!(
        twice.manager.run(sunday(19, 1), &undo).unwrap_err().code(),
        "state"
    );
}

#[test]
fn only_a_manager_merges_and_nobody_merges_twice() {
    let mut twice = carded_twice();
    let merge = merge_of(&twice);
    let mut li_na = twice.li_na;
    assert_eq!(
        li_na.run(sunday(17, 0), &merge).unwrap_err().code(),
        "forbidden"
    );
    twice.manager.run(sunday(17, 0), &merge).unwrap();
    assert_eq!(
        twice.manager.run(sunday(17, 1), &merge).unwrap_err().code(),
        "state"
    );
    let back = MergeCustomers {
        survivor: merge.absorbed,
        absorbed: merge.survivor,
        take_from_absorbed: [].into(),
    };
    assert_eq!(
        twice.manager.run(sunday(17, 2), &back).unwrap_err().code(),
        "state"
    );
}

#[test]
fn two_managers_who_absorb_each_other_apart_agree_on_the_root() {
    let mut twice = carded_twice();
    let mut other = Device::manager(8, store(1), &[1, 2]);
    twice.relay.sync(&mut other, sunday(16, 30));
    let one_way = merge_of(&twice);
    let other_way = MergeCustomers {
        survivor: twice.second,
        absorbed: twice.first,
        take_from_absorbed: [].into(),
    };
    twice.manager.run(sunday(17, 0), &one_way).unwrap();
    other.run(sunday(17, 0), &other_way).unwrap();
    twice.relay.sync(&mut twice.manager, sunday(18, 0));
    twice.relay.sync(&mut other, sunday(18, 0));
    twice.relay.sync(&mut twice.manager, sunday(18, 1));

    for device in [&twice.manager, &other] {
        let documents = device.documents();
        let cards: Vec<_> = documents.iter().filter_map(Customer::read).collect();
        let map = MergeMap::of(&cards);
        let smaller = twice.first.min(twice.second);
        assert_eq!(map.root(twice.first), smaller);
        assert_eq!(map.root(twice.second), smaller);
    }
}

#[test]
fn an_edit_writes_only_what_changes() {
    let mut li_na = Device::consultant(1, store(1));
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    let edit = EditCustomer {
        name: Some("张伟".into()),
        region: Change::Set("440300".into()),
        add_tags: ["first".to_owned()].into(),
        wechat: Change::Set("zw-138".into()),
        ..EditCustomer::of(customer)
    };
    let plan = li_na.plan(sunday(11, 0), &edit).unwrap();
    let written: usize = plan.edits.by_document().map(|(_, edits)| edits.len()).sum();
    assert_eq!(written, 3, "the name stands already");
    assert_eq!(li_na.contact(customer).wechat.as_deref(), Some("zw-138"));
    let clear = EditCustomer {
        region: Change::Clear,
        remove_tags: ["first".to_owned()].into(),
        ..EditCustomer::of(customer)
    };
    li_na.run(sunday(12, 0), &clear).unwrap();
    let card = li_na.customer(customer);
    assert_eq!((card.region, card.tags.len()), (None, 0));
    assert!(li_na.plan(sunday(12, 1), &clear).unwrap().edits.is_empty());
}
