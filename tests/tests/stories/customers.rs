//! Stories about customers and colleagues.

use client_core::ReplicaError;
use serde_json::json;
use stories::{Device, Network, group};

use crate::{deal, open_cases, played, played_to};

#[test]
fn o5_one_person_carded_twice_offline_is_one_case_and_one_history_after_the_merge() {
    played(|network| {
        let lina = network.enrol("李娜");
        let zhao = network.enrol("赵敏");
        let chen = network.enrol("陈刚");
        network.clock(10, 0);
        let card = |network: &mut Network, device: Device, name: &str, said: &[&str]| {
            let carded = network.run(
                device,
                "create_customer",
                json!({"name": name, "phone": "13800000001"}),
            );
            let customer = carded.output["customer"].clone();
            for content in said {
                network.run(
                    device,
                    "log_follow_up",
                    json!({"customer": customer, "type": "call_out", "outcome": "reached",
                           "content": content}),
                );
            }
            customer
        };
        let first = card(network, lina, "张伟", &["看了S5", "问价格"]);
        network.clock(10, 30);
        let second = card(network, zhao, "张先生", &["来电", "要试驾", "约周末"]);
        network.clock(18, 0);
        network.settle();

        let cases: Vec<_> = [lina, zhao, chen]
            .into_iter()
            .map(|device| open_cases(network, device, "dup_customer"))
            .collect();
        assert!(
            cases.iter().all(|case| *case == cases[0]),
            "the same on every replica"
        );
        assert_eq!(cases[0].len(), 1, "one case");

        network.run(
            chen,
            "merge_customers",
            json!({"survivor": first, "absorbed": second}),
        );
        network.settle();
        let shown = network.show(chen, "customer_detail", json!({"customer": first}));
        let said: Vec<_> = shown["timeline"]
            .as_array()
            .expect("a time line")
            .iter()
            .map(|entry| entry["content"].as_str().expect("text").to_owned())
            .collect();
        assert_eq!(said.len(), 5, "five follow-ups in one history");
        assert!(
            open_cases(network, lina, "dup_customer").is_empty(),
            "the merge settles the case"
        );

        let merge = shown["merged"][0]["merges"][0]["id"].clone();
        network.run(
            chen,
            "undo_merge",
            json!({"absorbed": second, "merge": merge}),
        );
        network.settle();
        let shown = network.show(chen, "customer_detail", json!({"customer": first}));
        assert_eq!(
            shown["timeline"].as_array().expect("a time line").len(),
            2,
            "undone"
        );
    });
}

#[test]
fn o6_a_follow_up_on_a_card_that_was_merged_meanwhile_appears_on_the_survivor() {
    played(|network| {
        let lina = network.enrol("李娜");
        let zhao = network.enrol("赵敏");
        let chen = network.enrol("陈刚");
        let card = |network: &mut Network, device: Device, name: &str| {
            let carded = network.run(
                device,
                "create_customer",
                json!({"name": name, "phone": "13800000001"}),
            );
            carded.output["customer"].clone()
        };
        let first = card(network, lina, "张伟");
        let second = card(network, zhao, "张先生");
        network.settle();
        network.clock(12, 0);
        network.run(
            chen,
            "merge_customers",
            json!({"survivor": first, "absorbed": second}),
        );
        network.sync(chen);
        network.clock(13, 0);
        network.run(
            zhao,
            "log_follow_up",
            json!({"customer": second, "type": "call_out", "outcome": "reached",
                   "content": "周六来"}),
        );
        network.clock(15, 0);
        network.settle();
        let shown = network.show(chen, "customer_detail", json!({"customer": first}));
        let timeline = shown["timeline"].as_array().expect("a time line");
        assert!(
            timeline.iter().any(|entry| entry["content"] == "周六来"),
            "no orphan"
        );

        // What is said of the absorbed card is said of the customer, on every screen.
        network.run(
            zhao,
            "opt_out",
            json!({"customer": second, "channels": ["call"]}),
        );
        network.settle();
        for device in [lina, chen] {
            let list = network.show(device, "customer_list", json!({}));
            let rows = list["rows"].as_array().expect("rows");
            assert_eq!(rows.len(), 1, "one person, one row");
            assert_eq!(rows[0]["customer"], first);
            assert_eq!(rows[0]["opted_out"], json!(["call"]));
            let found = network.show(device, "customer_search", json!({"query": "张先生"}));
            assert_eq!(found.as_array().expect("rows").len(), 1);
            assert_eq!(found[0]["customer"], first, "under either name");
        }
    });
}

#[test]
fn o15_an_erasure_wins_over_a_follow_up_and_its_text_is_nowhere() {
    played_to(|network| {
        let lina = network.enrol("李娜");
        let chen = network.enrol("陈刚");
        let (customer, _) = deal(network, lina, "赵磊", "13800000009");
        network.settle();
        network.clock(14, 0);
        let card = network.show(chen, "customer_detail", json!({"customer": customer}));
        let erased = [&customer, &card["contacts"][0]["id"]]
            .map(|id| id.as_str().expect("an id").parse().expect("an id"));
        let now = network.now();
        network.relay.purge(now, &erased).expect("a card is purged");
        network.clock(14, 10);
        for content in ["不买了", "电话里说的"] {
            network.run(
                lina,
                "log_follow_up",
                json!({"customer": customer, "type": "call_out", "outcome": "reached",
                       "content": content}),
            );
        }
        network.clock(15, 0);
        network.settle();

        let status = network.show(lina, "sync_status", json!({}));
        assert_eq!(status["unsent"], 0);
        let refused = status["quarantine"].as_array().expect("a list");
        assert_eq!(refused.len(), 2, "she is told of both: {refused:?}");
        assert_eq!(refused[0]["code"], "gone");
        for (name, device) in [("李娜", lina), ("陈刚", chen)] {
            let shown = network.replica(device).show(
                "customer_detail",
                json!({"customer": customer}),
                now.plus_hours(2),
            );
            assert!(
                matches!(shown, Err(ReplicaError::NoSuchDocument(_))),
                "{name}: {shown:?}"
            );
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("replica");
            network
                .replica(device)
                .backup(&file, &mut |_| {})
                .expect("a copy");
            let bytes = std::fs::read(&file).expect("the copy");
            for text in ["不买了", "电话里说的", "赵磊"] {
                let is_there = bytes
                    .windows(text.len())
                    .any(|window| window == text.as_bytes());
                assert!(!is_there, "{text} is on the disk of {name}");
            }
        }
    });
}

#[test]
fn two_people_of_one_name_who_are_engaged_within_a_second_are_two() {
    played(|network| {
        let office = network.enrol("马超");
        let lina = network.enrol("李娜");
        let engage = |network: &mut Network| {
            let person = json!({"name": "张伟", "roles": ["consultant"],
                                "stores": [group::store(1)]});
            network.run(office, "create_staff", person).output["staff"].clone()
        };
        let (first, second) = (engage(network), engage(network));
        assert_ne!(first, second);
        network.settle();
        for device in [office, lina] {
            for person in [&first, &second] {
                let history = network.show(device, "history", json!({"document": person}));
                assert_eq!(history.as_array().expect("a list").len(), 1, "{history}");
            }
        }
    });
}

#[test]
fn a_card_that_was_kept_after_its_deletion_shows_the_same_case_however_its_tables_were_made() {
    played(|network| {
        let lina = network.enrol("李娜");
        let chen = network.enrol("陈刚");
        network.clock(10, 0);
        let card = json!({"name": "张伟", "phone": "13800000001"});
        let carded = network.run(lina, "create_customer", card);
        let customer = carded.output["customer"].clone();
        network.settle();
        // One deletes the card while the other, who does not know, works on.
        let deletion = json!({"customer": customer, "reason": "test"});
        network.run(chen, "delete_customer", deletion);
        network.run(lina, "open_deal", json!({"customer": customer}));
        network.settle();
        let open = open_cases(network, chen, "delete_vs_edit");
        assert_eq!(open.len(), 1, "one case");

        let kept = json!({"case": open[0]["id"], "documents": open[0]["documents"],
                          "decision": "keep", "winner": null});
        network.run(chen, "decide_case", kept);
        network.settle();

        for device in [lina, chen] {
            assert_eq!(
                open_cases(network, device, "delete_vs_edit"),
                [json!(null); 0]
            );
        }
    });
}
