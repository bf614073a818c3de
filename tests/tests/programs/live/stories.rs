//! Stories that connections in memory play too, once with the real programs.

use serde_json::{Value as Json, json};
use stories::processes::{Showroom, Tablet};

const V1: &str = "ZZZAB1C27RA000101";
const V2: &str = "ZZZAB1C26SA000208";

fn deal(tablet: &Tablet, name: &str, phone: &str) -> Json {
    let card = json!({"name": name, "phone": phone});
    let customer = tablet.execute("create_customer", &card)["customer"].clone();
    tablet.execute("open_deal", &json!({"customer": customer}))["deal"].clone()
}

fn claim(tablet: &Tablet, vehicle: &Json, deal: &Json) -> Json {
    let claim = json!({"vehicle": vehicle, "deal": deal, "strength": "hard", "deposit": true});
    let claimed = tablet.execute("claim_vehicle", &claim);
    assert_eq!(claimed["certain"], false, "the relay has not confirmed it");
    claimed["claim"].clone()
}

fn vehicle(tablet: &Tablet, vehicle: &Json) -> Json {
    tablet.show("vehicle_detail", &json!({"vehicle": vehicle}))
}

fn open_cases(tablet: &Tablet, kind: &str) -> Json {
    tablet.show("cases", &json!({"kind": kind}))["rows"].clone()
}

/// Asks a device for its time until it shows a later second than that of a moment ago: claimed
/// times have no finer parts.
fn let_a_second_begin(tablet: &Tablet) {
    let second = || {
        let status = tablet.show("sync_status", &json!({}));
        status["at"].as_i64().unwrap() / 1_000
    };
    let before = second();
    while second() == before {}
}

#[test]
fn o1_two_shows_sell_the_same_car_and_the_earlier_order_is_proposed() {
    let showroom = Showroom::open(&["李娜", "王强", "陈刚", "孙莉", "周勇"]);
    let keeper = showroom.tablet("周勇");
    let stock = |vin, store: &Json| {
        let vehicle = json!({"vin": vin, "store": store, "ext_color": "black", "inspected": true,
                             "date": "2026-04-20"});
        keeper.execute("stock_in", &vehicle)["vehicle"].clone()
    };
    let v1 = stock(V1, &showroom.stores[0]);
    stock(V2, &showroom.stores[2]);
    keeper.sync();
    let tablets = ["李娜", "王强", "陈刚", "孙莉"].map(|name| showroom.tablet(name));
    let [lina, wang, ..] = &tablets;

    let deal_of_lina = deal(lina, "张伟", "13800000001");
    let first = claim(lina, &v1, &deal_of_lina);
    let_a_second_begin(lina);
    let deal_of_wang = deal(wang, "刘洋", "13800000002");
    let second = claim(wang, &v1, &deal_of_wang);
    for tablet in [lina, wang] {
        let shown = vehicle(tablet, &v1);
        assert_eq!(shown["vehicle"]["claims"][0]["state"], "provisional");
    }
    wang.sync();
    lina.sync();
    for tablet in tablets.iter().chain([&keeper]) {
        tablet.sync();
    }

    let cases = open_cases(lina, "double_vin");
    for tablet in tablets.iter().chain([&keeper]) {
        assert_eq!(
            open_cases(tablet, "double_vin"),
            cases,
            "the same everywhere"
        );
        let shown = vehicle(tablet, &v1);
        assert_eq!(shown["status"], "disputed");
        assert_eq!(shown["vehicle"]["claims"].as_array().unwrap().len(), 2);
    }
    let [case] = cases.as_array().unwrap().as_slice() else {
        panic!("{cases}");
    };
    assert_eq!(case["proposal"]["winner"], first, "not the first to sync");
    let sides = case["sides"].as_array().unwrap();
    let keys: Vec<_> = sides.iter().map(|side| &side["key"]).collect();
    assert!(keys.len() == 2 && keys.contains(&&first) && keys.contains(&&second));
    for (tablet, deal) in [(lina, &deal_of_lina), (wang, &deal_of_wang)] {
        let shown = tablet.show("deal_detail", &json!({"deal": deal}));
        assert_eq!(shown["row"]["state"], "open", "both deals stand");
    }
    let third = deal(lina, "赵云", "13800000003");
    let claim = json!({"vehicle": v1, "deal": third, "strength": "hard"});
    let refused = lina.try_execute("claim_vehicle", &claim);
    assert!(refused.is_err(), "a disputed car is sold to nobody else");
    let everyone: Vec<_> = tablets.iter().chain([&keeper]).collect();
    showroom.check(&everyone);
}

#[test]
fn o5_one_person_carded_twice_offline_is_one_case_and_one_history_after_the_merge() {
    let showroom = Showroom::open(&["李娜", "赵敏", "陈刚"]);
    let tablets = ["李娜", "赵敏", "陈刚"].map(|name| showroom.tablet(name));
    let [lina, zhao, chen] = &tablets;
    let card = |tablet: &Tablet, name: &str, said: &[&str]| {
        let card = json!({"name": name, "phone": "13800000001"});
        let customer = tablet.execute("create_customer", &card)["customer"].clone();
        for content in said {
            let follow_up = json!({"customer": customer, "type": "call_out",
                                   "outcome": "reached", "content": content});
            tablet.execute("log_follow_up", &follow_up);
        }
        customer
    };
    let sync = || {
        for tablet in tablets.iter().chain(&tablets) {
            tablet.sync();
        }
    };
    let timeline = |tablet: &Tablet, customer: &Json| {
        let shown = tablet.show("customer_detail", &json!({"customer": customer}));
        let entries = shown["timeline"].as_array().unwrap().clone();
        let content = |entry: &Json| entry["content"].as_str().unwrap().to_owned();
        (entries.iter().map(content).collect::<Vec<_>>(), shown)
    };
    let first = card(lina, "张伟", &["看了S5", "问价格"]);
    let second = card(zhao, "张先生", &["来电", "要试驾", "约周末"]);
    sync();

    let cases = open_cases(lina, "dup_customer");
    assert_eq!(cases.as_array().unwrap().len(), 1, "one case");
    for tablet in [zhao, chen] {
        assert_eq!(
            open_cases(tablet, "dup_customer"),
            cases,
            "the same everywhere"
        );
    }

    chen.execute(
        "merge_customers",
        &json!({"survivor": first, "absorbed": second}),
    );
    sync();
    let (mut said, shown) = timeline(chen, &first);
    said.sort();
    let mut expected = ["看了S5", "问价格", "来电", "要试驾", "约周末"];
    expected.sort_unstable();
    assert_eq!(said, expected, "five follow-ups in one history");
    assert_eq!(open_cases(lina, "dup_customer"), json!([]), "settled");

    let merge = &shown["merged"][0]["merges"][0]["id"];
    chen.execute("undo_merge", &json!({"absorbed": second, "merge": merge}));
    sync();
    assert_eq!(timeline(chen, &first).0.len(), 2, "undone");
    showroom.check(&[lina, zhao, chen]);
}

#[test]
fn a_customer_changes_hands_and_is_forgotten_on_every_device() {
    let mut showroom = Showroom::open(&["李娜", "赵敏", "陈刚"]);
    let tablets = ["李娜", "赵敏", "陈刚"].map(|name| showroom.tablet(name));
    let [lina, zhao, chen] = &tablets;
    let card = |tablet: &Tablet, name: &str, phone: &str| {
        let card = json!({"name": name, "phone": phone});
        tablet.execute("create_customer", &card)["customer"].clone()
    };
    let detail = |tablet: &Tablet, customer: &Json| {
        tablet.show("customer_detail", &json!({"customer": customer}))
    };
    let customer = card(lina, "张伟", "13800000001");
    let hers = card(zhao, "刘洋", "13800000002");
    let to = detail(zhao, &hers)["card"]["owner"].clone();
    for tablet in &tablets {
        tablet.sync();
    }
    chen.sync();

    // She works on, and does not know yet.
    let said = json!({"customer": customer, "type": "call_out", "outcome": "reached",
                      "content": "约了周末"});
    chen.execute("transfer_owner", &json!({"customer": customer, "to": to}));
    lina.execute("log_follow_up", &said);
    chen.sync();
    lina.sync();
    zhao.sync();

    assert_eq!(detail(lina, &customer)["contacts"], json!([]));
    let shown = detail(zhao, &customer);
    assert_eq!(shown["timeline"][0]["content"], "约了周末");
    showroom.check(&[lina, zhao, chen]);

    let contact = shown["contacts"][0]["id"].clone();
    showroom.relay.killer().kill();
    showroom.relay.wait();
    let ids = [&customer, &contact].map(|id| id.as_str().unwrap());
    showroom.site.administer(&["purge", ids[0], ids[1]]);
    showroom.relay = showroom.site.serve();
    zhao.sync();
    let status = || {
        let said = showroom.site.administer(&["purge", "--status", "--json"]);
        serde_json::from_str::<Json>(&said).unwrap()
    };
    let purges = status()["purges"].clone();
    assert_eq!(purges[0]["document"], customer);
    assert!(!purges[0]["outstanding"].as_array().unwrap().is_empty());
    for _ in 0..2 {
        for tablet in &tablets {
            tablet.sync();
        }
    }
    // The tablet of the office, which founded the group, has not come since.
    let purges = status()["purges"].clone();
    for purge in purges.as_array().unwrap() {
        assert_eq!(purge["erased"].as_array().unwrap().len(), 3, "{purge}");
        assert_eq!(purge["outstanding"].as_array().unwrap().len(), 1, "{purge}");
    }
}
