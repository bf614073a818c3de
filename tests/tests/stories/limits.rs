//! What people do at most in one action stays within what one change and one batch may be.

use serde_json::{Map, json};
use stories::{Network, Weather, group};

/// The most trims of a price list.
const TRIMS: usize = 300;

/// The most vehicles of a pack.
const VEHICLES: usize = 60;

#[test]
fn the_longest_commands_pass_the_gate_here_and_at_the_relay() {
    let mut network = Network::found(1, Weather::Fair);
    let (chen, director) = (network.enrol("陈刚"), network.enrol("何建国"));
    let mut rows = Map::new();
    for number in 0..TRIMS {
        let trim = json!({"brand": "启程", "series": "E7", "name": format!("长续航{number}"),
                          "model_year": 2026, "energy": "bev", "seats": 5});
        let trim = network.run(director, "create_trim", trim).output["trim"].clone();
        let row = json!({"msrp": 15_980_000, "floor": 14_800_000,
                         "authority": {"consultant": 300_000, "manager": 800_000},
                         "cash_discount": 600_000, "gift": "行车记录仪"});
        rows.insert(trim.as_str().expect("an id").to_owned(), row);
    }
    let stores = [1, 2, 3].map(group::store);
    let list = json!({"effective_from": "2026-05-01", "effective_to": "2026-05-31",
                      "stores": stores, "rows": rows});
    network.run(director, "publish_price_list", list);

    let vehicles: Vec<_> = (0..VEHICLES)
        .map(|number| {
            let vehicle = json!({"vin": vin(number), "store": group::store(1), "ext_color": "black",
                                 "inspected": true, "date": "2026-04-20"});
            network.run(chen, "stock_in", vehicle).output["vehicle"].clone()
        })
        .collect();
    let starts_at = network.now();
    let team: Vec<_> = group::CAST
        .iter()
        .map(|(name, ..)| group::staff(name))
        .collect();
    let show = json!({"name": "车展", "store": group::store(1), "starts_at": starts_at,
                      "ends_at": starts_at.plus_hours(9), "team": team});
    let show = network.run(chen, "create_show", show).output["show"].clone();
    network.run(
        chen,
        "pack_vehicles",
        json!({"show": show, "vehicles": vehicles}),
    );
    network.check();
}

/// A VIN with a right check digit.
fn vin(number: usize) -> String {
    let weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let value = |character: char| match character {
        'A' => 1,
        'B' => 2,
        'C' => 3,
        'R' | 'Z' => 9,
        digit => digit.to_digit(10).expect("a digit"),
    };
    let without = format!("ZZZAB1C20RA{number:06}");
    let products = without.chars().zip(weights);
    let sum: u32 = products
        .map(|(character, weight)| value(character) * weight)
        .sum();
    let check = match sum % 11 {
        10 => "X".to_owned(),
        digit => digit.to_string(),
    };
    format!("ZZZAB1C2{check}RA{number:06}")
}
