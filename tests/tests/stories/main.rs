//! The offline stories of the trade, in fair weather and in foul: connections that break at any
//! message, replayed frames, and every order of syncing that a seed gives.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a harness of tests fails by panicking"
)]

mod cars;
mod connections;
mod customers;
mod handovers;
mod heads;
mod healing;
mod limits;
mod long_offline;
mod purges;
mod segments;

use serde_json::{Value as Json, json};
use stories::{Device, Network, Weather};

/// Plays a story under several seeds.
pub(crate) fn played(story: impl Fn(&mut Network)) {
    for weather in [Weather::Fair, Weather::Foul] {
        for seed in 0..8 {
            let mut network = Network::found(seed, weather);
            story(&mut network);
            network.check();
        }
    }
}

/// Plays a story that ends with something refused, so that it checks its end itself.
pub(crate) fn played_to(story: impl Fn(&mut Network)) {
    for weather in [Weather::Fair, Weather::Foul] {
        for seed in 0..8 {
            story(&mut Network::found(seed, weather));
        }
    }
}

pub(crate) fn deal(network: &mut Network, device: Device, name: &str, phone: &str) -> (Json, Json) {
    let carded = network.run(
        device,
        "create_customer",
        json!({"name": name, "phone": phone}),
    );
    let customer = carded.output["customer"].clone();
    let opened = network.run(device, "open_deal", json!({"customer": customer}));
    (customer, opened.output["deal"].clone())
}

pub(crate) fn open_cases(network: &Network, device: Device, kind: &str) -> Vec<Json> {
    let cases = network.show(device, "cases", json!({"kind": kind}));
    cases["rows"].as_array().expect("a page").clone()
}
