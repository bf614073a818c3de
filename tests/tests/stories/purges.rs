//! Stories in which somebody has the right to be forgotten.

use dealership::DocumentId;
use serde_json::{Value as Json, json};
use stories::{Device, Network};
use sync_server::relay::purge_progress;

use crate::{deal, open_cases, played};

#[test]
fn a_device_that_comes_back_after_months_carries_a_purge_out_and_says_so() {
    played(|network| {
        let lina = network.enrol("李娜");
        let zhao = network.enrol("赵敏");
        let chen = network.enrol("陈刚");
        let (customer, _) = deal(network, lina, "赵磊", "13800000009");
        network.settle();
        network.clock(14, 0);
        purge(network, chen, &customer);
        assert_eq!(outstanding(network), [3, 3], "the card and the contact");

        network.sync(chen);
        network.sync(zhao);
        network.sync(zhao);
        assert_eq!(outstanding(network), [1, 1]);

        network.clock_on_day(90, 9, 0);
        network.settle();
        network.settle();
        assert_eq!(outstanding(network), [0, 0]);
        let status = purge_progress(network.relay.store()).expect("a status");
        let erased = &status[0].erased;
        assert_eq!(erased.len(), 3);
        assert!(erased.iter().all(|(_, at)| *at >= status[0].purged_at));
        let said_last = erased.iter().map(|(_, at)| *at).max();
        assert_eq!(said_last, Some(network.now()));
    });
}

#[test]
fn a_purge_reaches_those_who_had_the_customer_before_and_do_not_know_that_they_lost_them() {
    played(|network| {
        let lina = network.enrol("李娜");
        let zhao = network.enrol("赵敏");
        let chen = network.enrol("陈刚");
        let (customer, _) = deal(network, lina, "赵磊", "13800000009");
        network.settle();
        let handed = json!({"customer": customer, "to": stories::group::staff("赵敏")});
        network.run(chen, "transfer_owner", handed);
        network.sync(chen);
        network.sync(zhao);
        purge(network, chen, &customer);

        network.settle();
        network.settle();

        assert_eq!(outstanding(network), [0, 0]);
        for device in [lina, zhao, chen] {
            let states = network.replica(device).states().expect("read");
            assert!(!states.contains_key(&id(&customer)));
        }
    });
}

#[test]
fn a_case_between_two_stores_ends_when_one_of_the_two_cards_is_purged() {
    played(|network| {
        let lina = network.enrol("李娜");
        let wang = network.enrol("王强");
        let he = network.enrol("何建国");
        let (here, _) = deal(network, lina, "赵磊", "13800000009");
        let (_there, _) = deal(network, wang, "赵先生", "13800000009");
        network.settle();
        assert_eq!(open_cases(network, wang, "dup_customer").len(), 1);

        purge(network, he, &here);
        network.settle();

        for device in [wang, he] {
            let open = open_cases(network, device, "dup_customer");
            assert_eq!(open, [json!(null); 0]);
        }
    });
}

fn id(customer: &Json) -> DocumentId {
    customer.as_str().expect("an id").parse().expect("an id")
}

/// Purges a card and its contact, as an administrator does who is told both by a manager.
fn purge(network: &mut Network, manager: Device, customer: &Json) {
    let shown = network.show(manager, "customer_detail", json!({"customer": customer}));
    let documents = [customer, &shown["contacts"][0]["id"]].map(id);
    let now = network.now();
    network
        .relay
        .purge(now, &documents)
        .expect("a card is purged");
}

/// How many devices still have to say that they carried each purge out.
fn outstanding(network: &Network) -> Vec<usize> {
    let purges = purge_progress(network.relay.store()).expect("a status");
    purges.iter().map(|purge| purge.outstanding.len()).collect()
}
