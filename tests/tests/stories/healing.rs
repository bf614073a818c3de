//! A relay that lost what it had accepted, and the devices that still have it.

use std::collections::BTreeSet;

use change_gate::Hash;
use dealership::{DocumentId, Seq};
use serde_json::{Value as Json, json};
use stories::{Device, Network, Weather};
use sync_server::store::{MemoryStore, ReadStore};

use crate::{deal, played};

#[test]
fn what_a_restored_relay_has_lost_comes_back_from_whoever_has_seen_it() {
    played(|network| {
        let lina = network.enrol("李娜");
        let zhao = network.enrol("赵敏");
        let chen = network.enrol("陈刚");
        let phone = network.enrol("陈刚");
        let (early, _) = deal(network, lina, "张伟", "13800000001");
        network.settle();
        let backup = network.back_up();

        network.clock_on_day(1, 10, 0);
        let (late, late_deal) = deal(network, lina, "王芳", "13800000002");
        for content in ["看了S5", "问价格", "约周末", "要试驾", "带家人来"] {
            follow_up(network, lina, &early, content);
            follow_up(network, lina, &late, content);
        }
        network.sync(lina);
        network.sync(phone);
        follow_up(network, phone, &early, "经理回访");
        network.sync(phone);
        network.sync(zhao);
        network.sync(chen);
        let accepted = accepted(network.relay.store());
        let epoch = network.relay.group().epoch;
        network.lose(lina);
        network.lose(phone);

        network.clock_on_day(1, 18, 0);
        network.restore(backup);
        assert_ne!(network.relay.group().epoch, epoch);
        assert_ne!(lacking(network, &accepted), [], "the backup is older");
        network.sync(chen);

        assert_eq!(lacking(network, &accepted), [], "all of it is back");
        let head = network.relay.head().seq;
        network.sync(zhao);
        network.sync(chen);
        assert_eq!(network.relay.head().seq, head, "nothing is there twice");
        // Somebody who never saw the old log has it too.
        let new = network.enrol("陈刚");
        network.sync(chen);
        for device in [chen, new] {
            let cursor = network.replica(device).cursor().unwrap().unwrap();
            let (epoch, head) = (network.relay.group().epoch, network.relay.head().seq);
            assert_eq!((cursor.epoch, cursor.seq.0), (epoch, head.0));
            assert_eq!(said(network, device, &early), 6);
            assert_eq!(said(network, device, &late), 5);
            let shown = network.show(device, "deal_detail", json!({"deal": late_deal}));
            assert_eq!(shown["deal"]["id"], late_deal);
        }
    });
}

#[test]
fn a_relay_that_went_back_unnoticed_gets_back_what_it_lost() {
    played(|network| {
        let lina = network.enrol("李娜");
        let chen = network.enrol("陈刚");
        let (customer, _) = deal(network, lina, "张伟", "13800000001");
        network.settle();
        let backup = network.back_up();
        network.later(60);
        for content in ["看了S5", "问价格"] {
            follow_up(network, lina, &customer, content);
        }
        network.sync(lina);
        network.sync(chen);
        let accepted = accepted(network.relay.store());
        network.lose(lina);

        network.roll_back(backup);
        // The first connection proves the loss, and is sent away.
        network.try_sync(chen);
        network.sync(chen);

        assert_eq!(lacking(network, &accepted), []);
        assert_eq!(said(network, chen, &customer), 2);
    });
}

#[test]
fn what_was_written_after_the_restore_stands_beside_what_comes_back() {
    played(|network| {
        let lina = network.enrol("李娜");
        let phone = network.enrol("陈刚");
        let chen = network.enrol("陈刚");
        let (customer, _) = deal(network, lina, "张伟", "13800000001");
        network.settle();
        let backup = network.back_up();
        network.later(60);
        follow_up(network, lina, &customer, "看了S5");
        network.sync(lina);
        network.sync(chen);
        network.lose(lina);

        network.restore(backup);
        follow_up(network, phone, &customer, "来电问价");
        network.sync(phone);
        follow_up(network, chen, &customer, "经理回访");
        // Hers builds on what is lost, and waits a second for that to be back.
        network.try_sync(chen);
        network.later(1);
        network.settle();

        for device in [phone, chen] {
            assert_eq!(said(network, device, &customer), 3);
        }
    });
}

#[test]
fn a_long_history_comes_back_from_a_device_that_was_away_while_it_was_made() {
    let mut network = Network::found(5, Weather::Fair);
    let lina = network.enrol("李娜");
    let chen = network.enrol("陈刚");
    network.settle();
    let backup = network.back_up();
    let (customer, _) = deal(&mut network, lina, "张伟", "13800000001");
    for number in 0..150 {
        follow_up(&mut network, lina, &customer, &format!("第{number}次"));
    }
    network.sync(lina);
    // It gets the documents whole, and a tag for the end of each only.
    network.sync(chen);
    let accepted = accepted(network.relay.store());
    network.lose(lina);
    network.restore(backup);

    // What lacks something is pushed again a second later.
    for _ in 0..6 {
        network.try_sync(chen);
        network.later(1);
    }
    network.check();

    assert_eq!(lacking(&network, &accepted), []);
    assert_eq!(said(&network, chen, &customer), 150);
}

#[test]
fn a_document_that_is_purged_after_the_restore_does_not_come_back() {
    let mut network = Network::found(7, Weather::Fair);
    let lina = network.enrol("李娜");
    let chen = network.enrol("陈刚");
    let (customer, _) = deal(&mut network, lina, "张伟", "13800000001");
    network.settle();
    let backup = network.back_up();
    follow_up(&mut network, lina, &customer, "看了S5");
    network.settle();
    network.restore(backup);
    let id: DocumentId = customer.as_str().unwrap().parse().unwrap();
    let now = network.now();
    network.relay.purge(now, &[id]).unwrap();

    network.check();

    assert!(network.relay.document(id).unwrap().is_none());
    let states = network.replica(chen).states().unwrap();
    assert!(!states.contains_key(&id));
}

#[test]
fn a_purge_that_a_restored_relay_has_lost_holds() {
    played(|network| {
        let lina = network.enrol("李娜");
        let chen = network.enrol("陈刚");
        let (customer, _) = deal(network, lina, "张伟", "13800000001");
        network.settle();
        let backup = network.back_up();
        network.later(60);
        let id: DocumentId = customer.as_str().unwrap().parse().unwrap();
        let now = network.now();
        network.relay.purge(now, &[id]).unwrap();
        network.sync(chen);
        network.restore(backup);
        assert!(network.relay.document(id).unwrap().is_some());

        network.sync(chen);
        network.settle();

        assert!(network.relay.document(id).unwrap().is_none());
        for device in [lina, chen] {
            let states = network.replica(device).states().unwrap();
            assert!(!states.contains_key(&id));
        }
    });
}

#[test]
fn it_makes_no_difference_where_connections_break_while_a_relay_is_healed() {
    for messages in 1..14 {
        let mut network = Network::found(messages as u64, Weather::Fair);
        let lina = network.enrol("李娜");
        let chen = network.enrol("陈刚");
        network.settle();
        let backup = network.back_up();
        let customers: Vec<Json> = (0..3)
            .map(|number| {
                let phone = format!("1380000000{number}");
                deal(&mut network, lina, "张伟", &phone).0
            })
            .collect();
        for customer in &customers {
            follow_up(&mut network, lina, customer, "看了S5");
        }
        network.sync(lina);
        network.sync(chen);
        let accepted = accepted(network.relay.store());
        network.lose(lina);
        network.restore(backup);

        network.sync_and_break(chen, messages);
        network.sync_and_break(chen, messages + 3);
        network.check();

        assert_eq!(
            lacking(&network, &accepted),
            [],
            "after {messages} messages"
        );
    }
}

fn follow_up(network: &mut Network, device: Device, customer: &Json, content: &str) {
    let input = json!({"customer": customer, "type": "call_out", "outcome": "reached",
                       "content": content});
    network.run(device, "log_follow_up", input);
}

/// How many follow-ups a device shows of a customer.
fn said(network: &Network, device: Device, customer: &Json) -> usize {
    let shown = network.show(device, "customer_detail", json!({"customer": customer}));
    let timeline = shown["timeline"].as_array().expect("a time line");
    timeline
        .iter()
        .filter(|entry| entry["content"].is_string())
        .count()
}

/// Every change in a log.
fn accepted(store: &MemoryStore) -> BTreeSet<(DocumentId, Hash)> {
    let end = store.head().unwrap().seq.0;
    let rows = (1..=end).filter_map(|seq| store.log_row(Seq(seq)).unwrap());
    rows.filter_map(|row| Some((row.document, row.change()?.0.hash)))
        .collect()
}

/// The changes among these that are not in the relay's log.
fn lacking(network: &Network, accepted: &BTreeSet<(DocumentId, Hash)>) -> Vec<(DocumentId, Hash)> {
    let store = network.relay.store();
    let is_lost = |(document, hash): &&(DocumentId, Hash)| {
        store.seq_of_change(*document, hash).unwrap().is_none()
    };
    accepted.iter().filter(is_lost).copied().collect()
}
