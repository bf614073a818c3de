//! The offline stories of the trade, in fair weather and in foul: connections that break at any
//! message, replayed frames, and every order of syncing that a seed gives.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a harness of tests fails by panicking"
)]

use dealership::DeviceNumber;
use serde_json::{Value as Json, json};
use stories::{Device, Network, Weather, group};

const V1: &str = "ZZZAB1C27RA000101";
const V4: &str = "ZZZAB1C20TA000013";

/// Plays a story under several seeds.
fn played(story: impl Fn(&mut Network)) {
    for weather in [Weather::Fair, Weather::Foul] {
        for seed in 0..8 {
            let mut network = Network::found(seed, weather);
            story(&mut network);
            network.check();
        }
    }
}

fn stock_in(network: &mut Network, keeper: Device, vin: &str, store: usize, color: &str) -> Json {
    let stocked = network.run(
        keeper,
        "stock_in",
        json!({"vin": vin, "store": group::store(store), "ext_color": color, "inspected": true,
               "date": "2026-04-20"}),
    );
    stocked.output["vehicle"].clone()
}

fn deal(network: &mut Network, device: Device, name: &str, phone: &str) -> (Json, Json) {
    let carded = network.run(
        device,
        "create_customer",
        json!({"name": name, "phone": phone}),
    );
    let customer = carded.output["customer"].clone();
    let opened = network.run(device, "open_deal", json!({"customer": customer}));
    (customer, opened.output["deal"].clone())
}

fn claim_hard(network: &mut Network, device: Device, vehicle: &Json, deal: &Json) -> Json {
    let claimed = network.run(
        device,
        "claim_vehicle",
        json!({"vehicle": vehicle, "deal": deal, "strength": "hard", "deposit": true}),
    );
    claimed.output["claim"].clone()
}

fn open_cases(network: &Network, device: Device, kind: &str) -> Vec<Json> {
    let cases = network.show(device, "cases", json!({"kind": kind}));
    cases.as_array().expect("a list").clone()
}

fn vehicle(network: &Network, device: Device, vehicle: &Json) -> Json {
    network.show(device, "vehicle_detail", json!({"vehicle": vehicle}))
}

#[test]
fn o1_two_shows_sell_the_same_car_and_the_earlier_order_is_proposed() {
    played(|network| {
        let keeper = network.enrol("周勇");
        let v1 = stock_in(network, keeper, V1, 1, "black");
        network.sync(keeper);
        let lina = network.enrol("李娜");
        let wang = network.enrol("王强");
        let chen = network.enrol("陈刚");

        network.clock(10, 5);
        let (_, deal_of_lina) = deal(network, lina, "张伟", "13800000001");
        let first = claim_hard(network, lina, &v1, &deal_of_lina);
        assert_eq!(
            vehicle(network, lina, &v1)["vehicle"]["claims"][0]["state"],
            "provisional"
        );
        network.clock(10, 20);
        let (_, deal_of_wang) = deal(network, wang, "刘洋", "13800000002");
        let second = claim_hard(network, wang, &v1, &deal_of_wang);
        assert_eq!(
            vehicle(network, wang, &v1)["vehicle"]["claims"][0]["state"],
            "provisional"
        );
        network.clock(18, 0);
        network.sync(wang);
        network.clock(18, 30);
        network.sync(lina);
        network.settle();

        let everywhere: Vec<_> = [lina, wang, chen, keeper]
            .into_iter()
            .map(|device| open_cases(network, device, "double_vin"))
            .collect();
        assert!(
            everywhere.iter().all(|cases| *cases == everywhere[0]),
            "one case, the same everywhere"
        );
        assert_eq!(everywhere[0].len(), 1);
        let case = &everywhere[0][0];
        assert_eq!(
            case["proposal"]["winner"], first,
            "the earlier order, not the first to sync"
        );
        let sides = case["sides"].as_array().expect("sides");
        let keys: Vec<_> = sides.iter().map(|side| side["key"].clone()).collect();
        assert_eq!(keys.len(), 2);
        assert!(keys.contains(&first) && keys.contains(&second));
        for device in [lina, wang, chen] {
            let shown = vehicle(network, device, &v1);
            assert_eq!(shown["status"], "disputed");
            assert_eq!(
                shown["vehicle"]["claims"].as_array().expect("claims").len(),
                2
            );
        }
        for (device, deal) in [(lina, &deal_of_lina), (wang, &deal_of_wang)] {
            let shown = network.show(device, "deal_detail", json!({"deal": deal}));
            assert_eq!(shown["row"]["state"], "open", "both deals stand");
        }
        let third = deal(network, lina, "赵云", "13800000003").1;
        let refused = network.try_run(
            lina,
            "claim_vehicle",
            json!({"vehicle": v1, "deal": third, "strength": "hard"}),
        );
        assert!(refused.is_err(), "a disputed car is sold to nobody else");
    });
}

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
    });
}

#[test]
fn o12_a_clock_that_is_a_year_ahead_wins_no_order_and_is_shown() {
    const YEAR: i64 = 365 * 24 * 3_600_000;
    played(|network| {
        let keeper = network.enrol("周勇");
        let v4 = stock_in(network, keeper, V4, 1, "black");
        network.sync(keeper);
        let lina = network.enrol("李娜");
        let wang = network.enrol("王强");
        network.clock(10, 0);
        // A clock that is behind would win if claimed times were believed.
        network.set_clock_ahead(wang, -YEAR);
        let deal_of_lina = deal(network, lina, "张伟", "13800000001").1;
        let first = claim_hard(network, lina, &v4, &deal_of_lina);
        network.sync(lina);
        network.clock(11, 0);
        let deal_of_wang = deal(network, wang, "刘洋", "13800000002").1;
        claim_hard(network, wang, &v4, &deal_of_wang);
        network.clock(12, 0);
        network.settle();

        let cases = open_cases(network, lina, "double_vin");
        assert_eq!(cases.len(), 1);
        assert_eq!(
            cases[0]["proposal"]["winner"], first,
            "a wrong clock gains nothing"
        );
        let device = network.replica(wang).identity().device;
        assert_ne!(device, DeviceNumber::RELAY);
        assert!(
            !open_cases(network, wang, "clock").is_empty(),
            "the wrong clock is shown"
        );
    });
}

#[test]
fn o20_the_same_vin_typed_in_two_stores_is_one_car_with_its_conflicts_shown() {
    played(|network| {
        let zhou = network.enrol("周勇");
        let qian = network.enrol("钱进");
        network.clock(10, 0);
        let one = stock_in(network, zhou, V4, 1, "black");
        let other = stock_in(network, qian, V4, 3, "white");
        assert_eq!(one, other, "one document");
        network.clock(12, 0);
        network.settle();
        for device in [zhou, qian] {
            let list = network.show(device, "vehicle_list", json!({}));
            assert_eq!(list["rows"].as_array().expect("rows").len(), 1);
            assert_eq!(open_cases(network, device, "place").len(), 1, "two places");
            let colors = open_cases(network, device, "register");
            assert_eq!(colors.len(), 1, "two colours");
        }
    });
}
