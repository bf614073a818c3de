//! New devices, and devices that gain spaces: by segments, by the log, and by both in turn.

use serde_json::json;
use stories::{Device, Network, Weather, group};
use sync_protocol::Versions;

use crate::deal;

const OLD: Versions = Versions::only(1);

/// A group with some customers, all synced.
fn showroom(seed: u64, weather: Weather) -> (Network, Device) {
    let mut network = Network::found(seed, weather);
    let zhao = network.enrol("赵敏");
    network.clock(10, 0);
    for number in 0..6 {
        let phone = format!("1380000000{number}");
        deal(&mut network, zhao, "张伟", &phone);
    }
    network.settle();
    (network, zhao)
}

#[test]
fn a_new_device_is_whole_wherever_its_connection_breaks() {
    for messages in 1..20 {
        let (mut network, zhao) = showroom(messages as u64, Weather::Fair);
        let manager = network.join("陈刚");
        network.sync_and_break(manager, messages);
        // Somebody works on meanwhile.
        deal(&mut network, zhao, "王芳", "13900000001");
        network.sync(zhao);
        network.sync_and_break(manager, messages);
        network.check();
    }
}

#[test]
fn what_is_purged_while_a_device_fetches_is_not_there_when_it_is_whole() {
    for messages in 1..20 {
        let (mut network, zhao) = showroom(messages as u64, Weather::Fair);
        let (customer, deal) = deal(&mut network, zhao, "王芳", "13900000001");
        network.settle();
        let manager = network.join("陈刚");
        network.sync_and_break(manager, messages);
        let now = network.now();
        let documents = [customer, deal].map(|id| {
            let text = id.as_str().expect("an id");
            text.parse().expect("an id")
        });
        network.relay.purge(now, &documents).expect("two documents");
        network.check();
        for document in documents {
            let states = network.replica(manager).states().expect("read");
            assert!(!states.contains_key(&document), "after {messages} messages");
        }
    }
}

#[test]
fn each_end_may_be_upgraded_first() {
    let new = Versions::SPOKEN;
    for (devices, relay) in [(OLD, OLD), (OLD, new), (new, OLD), (new, new)] {
        for seed in 0..3 {
            let (mut network, zhao) = showroom(seed, Weather::Foul);
            network.speak(devices, relay);
            let manager = network.enrol("陈刚");
            deal(&mut network, zhao, "刘洋", "13700000001");
            network.check();
            // Half-way through, the other version.
            let late = network.join("何建国");
            network.sync_and_break(late, 5);
            network.speak(new, new);
            network.sync_and_break(late, 7);
            network.speak(relay, devices);
            network.sync(manager);
            network.check();
        }
    }
}

#[test]
fn a_device_that_gains_spaces_gets_them_whichever_version_it_speaks() {
    for versions in [OLD, Versions::SPOKEN] {
        for messages in 1..16 {
            let (mut network, zhao) = showroom(messages as u64, Weather::Fair);
            network.speak(versions, versions);
            let lina = network.enrol("李娜");
            let chief = network.enrol("马超");
            deal(&mut network, zhao, "刘洋", "13700000001");
            network.settle();
            let roles = json!({"staff": group::staff("李娜"), "roles": ["manager"]});
            network.run(chief, "set_staff_roles", roles);
            network.sync(chief);
            network.sync_and_break(lina, messages);
            network.check();
            let (hers, theirs) = (
                network.replica(lina).states().expect("read"),
                network.replica(zhao).states().expect("read"),
            );
            assert!(theirs.keys().all(|document| hers.contains_key(document)));
        }
    }
}
