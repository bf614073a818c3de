//! What commands, views and codes are handed as text.

use std::collections::BTreeSet;

use client_core::{ReplicaError, command, view};
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use stories::chaos::Dice;
use stories::{Device, Network, Weather, group};
use sync_server::relay::{EnrolError, Enrolment};

use crate::made_up::{Ids, MadeUp};

/// How often each command and each view is tried: in every run, and in a long one.
const TIMES: [usize; 2] = [40, 2_000];

fn times() -> usize {
    TIMES[usize::from(std::env::var_os("FORECOURT_LONG").is_some())]
}

/// Who may work no longer after one of these syncs no longer either.
const SHUT_OUT: [&str; 3] = ["staff_left", "set_staff_roles", "set_staff_stores"];

/// Everybody's devices, and something of everything.
fn showroom() -> (Network, Vec<Device>, Ids) {
    let mut network = Network::found(5, Weather::Fair);
    let people = ["李娜", "王强", "陈刚", "周勇", "何建国", "马超"];
    let devices: Vec<_> = people.iter().map(|name| network.enrol(name)).collect();
    let [lina, _, chen, zhou, director, _] = devices.as_slice() else {
        unreachable!("six people");
    };
    let mut ids = Ids::default();
    for name in people {
        ids.add("staff", &group::staff(name).to_string());
        ids.add("owner", &group::staff(name).to_string());
    }
    for number in 1..=3 {
        ids.add("store", &group::store(number).to_string());
    }
    let mut run = |device: Device, command: &str, input: Json| {
        let output = network.run(device, command, input).output;
        ids.collect("", &output);
        output
    };
    let trim = json!({"brand": "启程", "series": "E7", "name": "长续航"});
    run(*director, "create_trim", trim);
    let stock = json!({"vin": "ZZZAB1C27RA000101", "store": group::store(1), "ext_color": "black",
                       "inspected": true, "date": "2026-04-20"});
    run(*zhou, "stock_in", stock);
    for (name, phone) in [("张伟", "13800000001"), ("刘洋", "13800000002")] {
        let card = json!({"name": name, "phone": phone});
        let customer = run(*lina, "create_customer", card)["customer"].clone();
        run(*lina, "open_deal", json!({"customer": customer}));
        let follow_up = json!({"customer": customer, "type": "call_out", "outcome": "reached",
                               "content": "看了S5"});
        run(*lina, "log_follow_up", follow_up);
    }
    let show = json!({"name": "车展", "store": group::store(1), "starts_at": 1_777_780_800_000_i64,
                      "ends_at": 1_777_880_800_000_i64, "team": [group::staff("李娜")]});
    run(*chen, "create_show", show);
    network.settle();
    (network, devices, ids)
}

#[test]
fn a_command_with_any_input_is_done_or_refused_with_a_sentence() {
    let (mut network, devices, mut ids) = showroom();
    let mut dice = Dice::new(21);
    let mut done = BTreeSet::new();
    for round in 0..times() {
        for entry in command::REGISTRY {
            if SHUT_OUT.contains(&entry.name) {
                continue;
            }
            let device = devices[dice.below(devices.len())];
            if tried(&mut network, device, entry, &mut ids, &mut dice) {
                done.insert(entry.name);
            }
        }
        if round % 20 == 19 {
            network.settle();
        }
    }
    network.check();
    let people = command::REGISTRY
        .iter()
        .filter(|entry| SHUT_OUT.contains(&entry.name));
    for entry in people {
        for device in &devices {
            tried(&mut network, *device, entry, &mut ids, &mut dice);
        }
    }
    println!("{} commands were done now and then: {done:?}", done.len());
    assert!(done.len() > command::REGISTRY.len() / 3, "{done:?}");
}

/// Tries a command on made-up input; says whether it was done.
fn tried(
    network: &mut Network,
    device: Device,
    entry: &'static command::Entry,
    ids: &mut Ids,
    dice: &mut Dice,
) -> bool {
    let schema = serde_json::to_value((entry.input)()).unwrap();
    let now = network.now().millis();
    let input = MadeUp { dice, ids, now }.value(&schema, &schema);
    match network.try_run(device, entry.name, input) {
        Ok(executed) => {
            ids.collect("", &executed.output);
            true
        }
        Err(
            error @ (ReplicaError::OwnChange { .. }
            | ReplicaError::Edit { .. }
            | ReplicaError::Store(_)
            | ReplicaError::Unreadable { .. }),
        ) => panic!("{} wrote what it may not: {error:?}", entry.name),
        Err(error) => {
            assert!(error.to_string().len() > 5, "{}", entry.name);
            false
        }
    }
}

#[test]
fn a_view_with_any_input_is_shown_or_refused_with_a_sentence() {
    let (network, devices, ids) = showroom();
    let mut network = network;
    let mut dice = Dice::new(22);
    let mut shown = BTreeSet::new();
    for _ in 0..4 * times() {
        for entry in view::REGISTRY {
            let schema = serde_json::to_value((entry.input)()).unwrap();
            let now = network.now();
            let mut made_up = MadeUp {
                dice: &mut dice,
                ids: &ids,
                now: now.millis(),
            };
            let input = made_up.value(&schema, &schema);
            let device = devices[dice.below(devices.len())];
            match network.replica(device).show(entry.name, input, now) {
                Ok(_) => {
                    shown.insert(entry.name);
                }
                Err(error @ ReplicaError::Store(_)) => panic!("{}: {error:?}", entry.name),
                Err(error) => assert!(error.to_string().len() > 5, "{}", entry.name),
            }
        }
    }
    assert_eq!(shown.len(), view::REGISTRY.len(), "{shown:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn no_text_that_was_not_handed_out_enrols_a_device(
        code in ".*", key: [u8; 32], device_name in ".*",
    ) {
        let mut network = Network::found(6, Weather::Fair);
        let now = network.now();
        let good = network.relay.issue_code(group::staff("李娜"), now.plus_hours(1)).unwrap();
        prop_assume!(code.to_ascii_uppercase() != good);
        let honest = SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes();
        for public_key in [key, honest] {
            let enrolment = Enrolment { code: &code, public_key, device_name: &device_name };
            let refused = network.relay.enrol(now, &enrolment);
            let is_refused = matches!(refused, Err(EnrolError::WrongCode | EnrolError::BadKey));
            prop_assert!(is_refused, "{refused:?}");
        }
        // A code bears a few wrong tries only by what begins as it does.
        let enrolment = Enrolment { code: &good, public_key: honest, device_name: &device_name };
        prop_assert!(network.relay.enrol(now, &enrolment).is_ok());
    }
}
