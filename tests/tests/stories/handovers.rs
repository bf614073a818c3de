//! Stories in which documents change hands, and devices gain and lose what they may see.

use client_core::ReplicaError;
use dealership::DocumentId;
use serde_json::{Value as Json, json};
use stories::{Device, Network, group};

use crate::{deal, open_cases, played, played_to};

#[test]
fn a_customer_who_is_handed_over_goes_with_all_that_was_said_and_late_edits_follow() {
    played(|network| {
        let lina = network.enrol("李娜");
        let zhao = network.enrol("赵敏");
        let chen = network.enrol("陈刚");
        network.clock(10, 0);
        let (customer, opened) = deal(network, lina, "张伟", "13800000001");
        say(network, lina, &customer, "看了S5");
        network.settle();
        assert_eq!(said(network, zhao, &customer), [""; 0]);

        // She does not know yet, and works on.
        network.clock(11, 0);
        say(network, lina, &customer, "约了周末");
        hand_over(network, chen, &customer, "赵敏", &[&opened]);
        network.sync(chen);
        network.clock(12, 0);
        network.settle();

        for device in [zhao, chen] {
            assert_eq!(said(network, device, &customer), ["约了周末", "看了S5"]);
            assert_eq!(reached(network, device, &customer), ["+8613800000001"]);
        }
        assert_eq!(
            said(network, lina, &customer),
            [""; 0],
            "she reads it no more"
        );
        assert_eq!(reached(network, lina, &customer), [""; 0]);
        let card = network.show(lina, "customer_detail", json!({"customer": customer}));
        assert_eq!(card["card"]["name"], "张伟", "the card is the store's");
        say(network, zhao, &customer, "交接后回访");
        network.settle();
        assert_eq!(said(network, chen, &customer).len(), 3);
    });
}

#[test]
fn what_is_written_after_one_knows_of_the_handover_is_refused_with_a_reason() {
    played_to(|network| {
        let lina = network.enrol("李娜");
        let zhao = network.enrol("赵敏");
        let chen = network.enrol("陈刚");
        let (customer, _) = deal(network, lina, "张伟", "13800000001");
        network.settle();
        hand_over(network, chen, &customer, "赵敏", &[]);
        network.settle();

        let tried = network.try_run(
            lina,
            "log_follow_up",
            json!({"customer": customer, "type": "call_out", "outcome": "reached",
                   "content": "我还想跟"}),
        );

        // Her device has nothing left to write to.
        assert!(
            matches!(
                &tried,
                Err(ReplicaError::Refused(_) | ReplicaError::NoSuchDocument(_))
            ),
            "{tried:?}"
        );
        network.check();
        assert_eq!(said(network, zhao, &customer), [""; 0]);
    });
}

#[test]
fn the_contact_follows_the_handover_in_force_and_then_the_ruling() {
    played(|network| {
        let lina = network.enrol("李娜");
        let zhao = network.enrol("赵敏");
        let chen = network.enrol("陈刚");
        let he = network.enrol("何建国");
        network.clock(10, 0);
        let (customer, _) = deal(network, lina, "张伟", "13800000001");
        say(network, lina, &customer, "看了S5");
        network.settle();

        // Two managers, apart: one gives the customer to a colleague, one takes them.
        network.clock(11, 0);
        hand_over(network, chen, &customer, "赵敏", &[]);
        network.later(5);
        hand_over(network, he, &customer, "陈刚", &[]);
        network.sync(chen);
        network.sync(he);
        network.settle();
        assert_eq!(
            said(network, zhao, &customer),
            ["看了S5"],
            "the first holds"
        );
        let open = open_cases(network, chen, "handover");
        assert_eq!(open.len(), 1);

        network.clock(12, 0);
        let case = &open[0];
        let sides = case["sides"].as_array().expect("sides");
        let to_chen = |side: &&Json| side["shows"]["to"] == json!(group::staff("陈刚"));
        let winner = sides.iter().find(to_chen).expect("his side");
        let ruling = json!({"case": case["id"], "documents": case["documents"],
                            "decision": "choose", "winner": winner["key"]});
        network.run(chen, "decide_case", ruling);
        say(network, zhao, &customer, "不知道改派");
        network.settle();

        assert_eq!(
            said(network, zhao, &customer),
            [""; 0],
            "the ruling took them away"
        );
        assert_eq!(said(network, lina, &customer), [""; 0]);
        for device in [chen, he] {
            assert_eq!(said(network, device, &customer), ["不知道改派", "看了S5"]);
            assert_eq!(open_cases(network, device, "handover"), [json!(null); 0]);
        }
        let contact = contact_of(network, chen, &customer);
        let place = network.relay.document(contact).unwrap().unwrap().space();
        let expected = format!("store/{}/contact/{}", group::store(1), group::staff("陈刚"));
        assert_eq!(place.to_string(), expected);
    });
}

#[test]
fn a_customer_who_comes_back_to_whom_they_were_taken_from_is_whole_again() {
    played(|network| {
        let lina = network.enrol("李娜");
        let zhao = network.enrol("赵敏");
        let chen = network.enrol("陈刚");
        let (customer, _) = deal(network, lina, "张伟", "13800000001");
        say(network, lina, &customer, "看了S5");
        network.settle();
        // She is away for the whole of it, with something unsent.
        say(network, lina, &customer, "路上说的");
        for to in ["赵敏", "李娜"] {
            network.later(10);
            hand_over(network, chen, &customer, to, &[]);
            network.sync(chen);
            network.sync(zhao);
        }
        network.settle();

        assert_eq!(said(network, lina, &customer), ["路上说的", "看了S5"]);
        assert_eq!(said(network, zhao, &customer), [""; 0]);
    });
}

#[test]
fn a_restored_relay_is_told_of_the_move_and_puts_nothing_back() {
    played(|network| {
        let lina = network.enrol("李娜");
        let zhao = network.enrol("赵敏");
        let chen = network.enrol("陈刚");
        let (customer, _) = deal(network, lina, "张伟", "13800000001");
        say(network, lina, &customer, "看了S5");
        network.settle();
        let backup = network.back_up();
        network.later(60);
        hand_over(network, chen, &customer, "赵敏", &[]);
        network.settle();
        say(network, zhao, &customer, "交接后回访");
        network.settle();
        network.lose(chen);
        network.restore(backup);

        network.later(1);
        network.sync(zhao);
        network.later(1);
        network.settle();

        assert_eq!(said(network, zhao, &customer), ["交接后回访", "看了S5"]);
        assert_eq!(said(network, lina, &customer), [""; 0]);
    });
}

#[test]
fn who_goes_to_another_store_leaves_their_customers_and_keeps_what_was_not_sent() {
    played_to(|network| {
        let zhao = network.enrol("赵敏");
        let chen = network.enrol("陈刚");
        let sun = network.enrol("孙莉");
        let chief = network.enrol("马超");
        let (customer, _) = deal(network, zhao, "张伟", "13800000001");
        let (there, _) = deal(network, sun, "刘洋", "13800000002");
        say(network, zhao, &customer, "看了S5");
        network.settle();

        // She does not know yet, and works on.
        say(network, zhao, &customer, "最后一次");
        let stores = json!({"staff": group::staff("赵敏"), "stores": [group::store(2)]});
        network.run(chief, "set_staff_stores", stores);
        network.sync(chief);
        network.settle();

        let shown = network.show(zhao, "customer_list", json!({}));
        let rows = shown["rows"].as_array().expect("rows");
        let customers: Vec<&Json> = rows.iter().map(|row| &row["customer"]).collect();
        assert_eq!(
            customers,
            [&there],
            "the cards of the store that she is in now"
        );
        let status = network.show(zhao, "sync_status", json!({}));
        assert_eq!(status["unsent"], 0);
        let kept = &status["quarantine"][0];
        assert_eq!(kept["code"], "wrong_space");
        assert_eq!(kept["input"]["content"], "最后一次");
        let reason = kept["reason"].as_str().expect("a sentence");
        assert!(reason.contains("ask your manager"), "{reason}");
        // Whoever answers for the store still reads what she knew of its customers.
        assert_eq!(said(network, chen, &customer), ["看了S5"]);
        hand_over(network, chen, &customer, "李娜", &[]);
        network.settle();
        assert_eq!(said(network, chen, &customer), ["看了S5"]);
    });
}

fn hand_over(network: &mut Network, manager: Device, customer: &Json, to: &str, deals: &[&Json]) {
    let input = json!({"customer": customer, "to": group::staff(to), "deals": deals});
    network.run(manager, "transfer_owner", input);
}

fn say(network: &mut Network, device: Device, customer: &Json, content: &str) {
    network.later(1);
    let input = json!({"customer": customer, "type": "call_out", "outcome": "reached",
                       "content": content});
    network.run(device, "log_follow_up", input);
}

/// What a device shows that was said, the newest first.
fn said(network: &Network, device: Device, customer: &Json) -> Vec<String> {
    let shown = network.show(device, "customer_detail", json!({"customer": customer}));
    let timeline = shown["timeline"].as_array().expect("a time line");
    let content = |entry: &Json| entry["content"].as_str().map(str::to_owned);
    timeline.iter().filter_map(content).collect()
}

/// The numbers that a device shows.
fn reached(network: &Network, device: Device, customer: &Json) -> Vec<String> {
    let shown = network.show(device, "customer_detail", json!({"customer": customer}));
    let contacts = shown["contacts"].as_array().expect("contacts").clone();
    let phones = contacts.iter().flat_map(|contact| {
        let phones = contact["phones"].as_array().cloned();
        phones.unwrap_or_default()
    });
    let number = |phone: Json| phone["number"].as_str().map(str::to_owned);
    phones.filter_map(number).collect()
}

fn contact_of(network: &Network, device: Device, customer: &Json) -> DocumentId {
    let shown = network.show(device, "customer_detail", json!({"customer": customer}));
    let id = shown["contacts"][0]["id"].as_str().expect("an id");
    id.parse().expect("an id")
}
