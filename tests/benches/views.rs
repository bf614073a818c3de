//! What screens wait for: every list, search and board over a group of each size.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a benchmark stops at the first surprise"
)]

use client_core::Replica;
use dealership::Timestamp;
use serde_json::{Value as Json, json};
use stories::bench::{GroupOfSize, Spread, say, say_bound, sizes};

/// How often each view is read.
const TIMES: usize = 200;

/// Noon of the day after the demo's year.
const NOW: Timestamp = Timestamp::from_millis(1_777_608_000_000);

fn main() {
    for documents in sizes() {
        let group = GroupOfSize::of(documents);
        let copy = group.copy();
        let replica = copy.replica(None);
        let held = show(&replica, "sync_status", json!({}))["documents"].clone();
        say(
            &format!("documents/{documents}"),
            held.as_f64().expect("a number"),
            "documents",
        );
        let (mut list, mut search) = (Slowest::default(), Slowest::default());
        for (view, label, input) in questions(&replica) {
            let spread = Spread::of(TIMES, |_| {
                show(&replica, view, input.clone());
            });
            let p99 = spread.say(&format!("{view}/{label}/{documents}"));
            match view {
                "customer_search" | "vehicle_search" => search.take(p99, view, label),
                "customer_detail" | "deal_detail" | "vehicle_detail" => {}
                _ => list.take(p99, view, label),
            }
        }
        say_bound(&format!("list/{documents}"), list.p99, "ms", &list.of_what);
        say_bound(
            &format!("search/{documents}"),
            search.p99,
            "ms",
            &search.of_what,
        );
    }
}

#[derive(Default)]
struct Slowest {
    p99: f64,
    of_what: String,
}

impl Slowest {
    fn take(&mut self, p99: f64, view: &str, label: &str) {
        if p99 > self.p99 {
            self.p99 = p99;
            self.of_what = format!("p99 of {view}, {label}");
        }
    }
}

fn show(replica: &Replica, view: &str, input: Json) -> Json {
    match replica.show(view, input, NOW) {
        Ok(shown) => shown,
        Err(error) => panic!("{view}: {error:?}"),
    }
}

/// What is asked, by view, with a label; the values are of what is there.
fn questions(replica: &Replica) -> Vec<(&'static str, &'static str, Json)> {
    let customers = show(replica, "customer_list", json!({}));
    let (next, customer) = (customers["next"].clone(), customers["rows"][7].clone());
    let deals = show(replica, "deal_list", json!({}));
    let deal = deals["rows"][7].clone();
    let vehicle = show(replica, "vehicle_list", json!({}))["rows"][7].clone();
    let (owner, store) = (customer["owner"].clone(), customer["store"].clone());
    let name = customer["name"].as_str().expect("a name").to_owned();
    let surname: String = name.chars().take(1).collect();
    let phone = customer["phone"].as_str().unwrap_or_default().to_owned();
    let phone = phone.trim_start_matches("+86").to_owned();
    let tail = phone
        .get(phone.len().saturating_sub(4)..)
        .unwrap_or_default()
        .to_owned();
    let vin = vehicle["vin"].as_str().expect("a VIN").to_owned();
    vec![
        ("customer_list", "first_page", json!({})),
        ("customer_list", "second_page", json!({"after": next})),
        (
            "customer_list",
            "by_contact",
            json!({"order": "last_contact"}),
        ),
        ("customer_list", "of_owner", json!({"owner": owner})),
        (
            "customer_list",
            "of_store",
            json!({"store": store, "order": "last_contact"}),
        ),
        ("customer_list", "grade_h", json!({"grade": "H"})),
        ("customer_list", "grade_t", json!({"grade": "T"})),
        (
            "customer_list",
            "grade_c_of_owner",
            json!({"grade": "C", "owner": owner}),
        ),
        (
            "customer_list",
            "of_source",
            json!({"source": "referral", "store": store}),
        ),
        (
            "customer_list",
            "of_source_without_any",
            json!({"source": "nothing"}),
        ),
        ("customer_search", "one_letter", json!({"query": "z"})),
        ("customer_search", "initials", json!({"query": "zw"})),
        ("customer_search", "pinyin", json!({"query": "zhangwei"})),
        ("customer_search", "surname", json!({"query": surname})),
        ("customer_search", "name", json!({"query": name})),
        (
            "customer_search",
            "phone_beginning",
            json!({"query": "199"}),
        ),
        ("customer_search", "phone_tail", json!({"query": tail})),
        ("customer_search", "phone", json!({"query": phone})),
        (
            "customer_search",
            "letter_and_tail",
            json!({"query": format!("z {tail}")}),
        ),
        ("customer_search", "nobody", json!({"query": "qqqq"})),
        (
            "customer_detail",
            "one",
            json!({"customer": customer["customer"]}),
        ),
        ("deal_list", "first_page", json!({})),
        ("deal_list", "of_owner", json!({"owner": owner})),
        ("deal_list", "of_store", json!({"store": store})),
        ("deal_list", "at_stage", json!({"stage": "quote"})),
        ("deal_list", "delivered", json!({"state": "delivered"})),
        ("deal_board", "all", json!({})),
        ("deal_board", "of_store", json!({"store": store})),
        ("deal_detail", "one", json!({"deal": deal["deal"]})),
        ("vehicle_list", "first_page", json!({})),
        ("vehicle_list", "of_store", json!({"store": store})),
        (
            "vehicle_list",
            "of_series",
            json!({"series": vehicle["series"]}),
        ),
        (
            "vehicle_list",
            "delivered",
            json!({"status": ["delivered"]}),
        ),
        ("vehicle_search", "vin_tail", json!({"query": &vin[11..]})),
        (
            "vehicle_search",
            "four_of_vin",
            json!({"query": &vin[13..]}),
        ),
        ("vehicle_search", "maker", json!({"query": "zzz"})),
        ("vehicle_matrix", "all", json!({})),
        (
            "vehicle_detail",
            "one",
            json!({"vehicle": vehicle["vehicle"]}),
        ),
        ("today", "mine", json!({})),
        ("today", "of_consultant", json!({"staff": owner})),
        ("cases", "open", json!({})),
        ("sync_status", "all", json!({})),
    ]
}
