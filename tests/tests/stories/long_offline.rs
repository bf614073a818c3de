//! Stories in which somebody, or the relay itself, is away for long.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use stories::{Device, Network, group};

use crate::{deal, open_cases, played};

const V1: &str = "ZZZAB1C27RA000101";

/// How many customers are carded at county shows; the story has 160.
const CARDED: usize = 8;

#[test]
fn o23_three_weeks_at_county_shows_come_home_in_pieces_and_lose_nothing() {
    played(|network| {
        let wang = network.enrol("王强");
        let sun = network.enrol("孙莉");
        let keeper = network.enrol("周勇");
        let stocked = json!({"vin": V1, "store": group::store(1), "ext_color": "black",
                             "inspected": true, "date": "2026-04-20"});
        let vehicle = network.run(keeper, "stock_in", stocked).output["vehicle"].clone();
        network.settle();

        // He is away; the dealership goes on.
        let mut his = Vec::new();
        let mut theirs = Vec::new();
        for number in 0..CARDED {
            let day = i64::try_from(number * 2 + 1).expect("a day");
            network.clock_on_day(day, 10, 0);
            let phone = format!("1380000010{number}");
            his.push(deal(network, wang, &format!("张{number}"), &phone));
            // Of every four one goes to the store as well.
            let phone = if number % 4 == 0 {
                phone
            } else {
                format!("1390000010{number}")
            };
            theirs.push(deal(network, sun, &format!("刘{number}"), &phone));
            for _ in 0..2 {
                say(network, wang, &his[number].0, "展会上说的");
                say(network, sun, &theirs[number].0, "到店说的");
            }
            network.sync(sun);
        }
        claim(network, wang, &vehicle, &his[0].1);
        network.clock_on_day(20, 10, 0);
        claim(network, sun, &vehicle, &theirs[1].1);
        network.sync(sun);

        network.clock_on_day(21, 9, 0);
        for messages in [2, 5, 9, 14] {
            network.sync_and_break(wang, messages);
            // What he has is there to be worked with, wherever it broke.
            assert_eq!(said(network, wang, &his[0].0), 2);
        }
        network.settle();

        for device in [wang, sun] {
            assert_eq!(open_cases(network, device, "double_vin").len(), 1);
            assert_eq!(
                open_cases(network, device, "dup_customer").len(),
                CARDED / 4
            );
        }
        for (customer, _) in his.iter().chain(&theirs) {
            assert_eq!(
                said(network, sun, customer),
                2,
                "nothing is lost or there twice"
            );
        }
        let all = network.show(sun, "cases", json!({}));
        let kinds: Vec<&str> = all["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .filter_map(|case| case["kind"].as_str())
            .collect();
        assert_eq!(kinds.first(), Some(&"double_vin"), "{kinds:?}");
    });
}

#[test]
fn o31_three_stores_work_for_a_day_without_a_relay_and_nothing_is_there_twice() {
    played(|network| {
        let people = ["李娜", "赵敏", "王强", "陈刚", "孙莉", "钱进", "何建国"];
        let devices: Vec<Device> = people.into_iter().map(|name| network.enrol(name)).collect();
        let (shared, _) = deal(network, devices[0], "张伟", "13800000001");
        network.settle();

        // The relay is down: nobody syncs, everybody works.
        let mut made = BTreeSet::new();
        for hour in 9..17 {
            network.clock_on_day(1, hour, 0);
            for (number, device) in devices.iter().enumerate().take(5) {
                let phone = format!("13800{hour:02}000{number}");
                let (customer, _) = deal(network, *device, &format!("客{hour}{number}"), &phone);
                made.insert(customer.to_string());
            }
            say(network, devices[0], &shared, &format!("{hour}点"));
            say(network, devices[3], &shared, &format!("经理{hour}点"));
        }
        let stocked = json!({"vin": V1, "store": group::store(3), "ext_color": "black",
                             "inspected": true, "date": "2026-04-20"});
        network.run(devices[5], "stock_in", stocked);
        network.clock_on_day(2, 8, 0);
        network.settle();

        let general = devices[6];
        assert_eq!(said(network, general, &shared), 16);
        assert_eq!(carded(network, general).len(), made.len() + 1);
        assert!(carded(network, general).is_superset(&made));
        assert_eq!(
            open_cases(network, general, "dup_customer"),
            [json!(null); 0]
        );
        let cars = network.show(general, "vehicle_list", json!({}));
        assert_eq!(cars["rows"].as_array().map(Vec::len), Some(1));
    });
}

fn claim(network: &mut Network, device: Device, vehicle: &Json, deal: &Json) {
    let claim = json!({"vehicle": vehicle, "deal": deal, "strength": "hard", "deposit": true});
    network.run(device, "claim_vehicle", claim);
}

fn say(network: &mut Network, device: Device, customer: &Json, content: &str) {
    let input = json!({"customer": customer, "type": "call_out", "outcome": "reached",
                       "content": content});
    network.run(device, "log_follow_up", input);
}

/// How many follow-ups a device shows of a customer.
fn said(network: &Network, device: Device, customer: &Json) -> usize {
    let shown = network.show(device, "customer_detail", json!({"customer": customer}));
    shown["timeline"].as_array().expect("a time line").len()
}

/// Every customer that a device lists.
fn carded(network: &Network, device: Device) -> BTreeSet<String> {
    let mut customers = BTreeSet::new();
    let mut input = json!({});
    loop {
        let page = network.show(device, "customer_list", input.clone());
        for row in page["rows"].as_array().expect("rows") {
            customers.insert(row["customer"].to_string());
        }
        match &page["next"] {
            Json::Null => return customers,
            next => input["after"] = next.clone(),
        }
    }
}
