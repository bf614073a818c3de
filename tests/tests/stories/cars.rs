//! Stories about cars that several people want.

use client_core::ReplicaError;
use dealership::DeviceNumber;
use dealership::refusal::Refusal;
use serde_json::{Value as Json, json};
use stories::{Device, Network, group};

use crate::{deal, open_cases, played};

const V1: &str = "ZZZAB1C27RA000101";
const V4: &str = "ZZZAB1C20TA000013";

fn stock_in(network: &mut Network, keeper: Device, vin: &str, store: usize, color: &str) -> Json {
    let stocked = network.run(
        keeper,
        "stock_in",
        json!({"vin": vin, "store": group::store(store), "ext_color": color, "inspected": true,
               "date": "2026-04-20"}),
    );
    stocked.output["vehicle"].clone()
}

fn claim_hard(network: &mut Network, device: Device, vehicle: &Json, deal: &Json) -> Json {
    let claimed = network.run(
        device,
        "claim_vehicle",
        json!({"vehicle": vehicle, "deal": deal, "strength": "hard", "deposit": true}),
    );
    claimed.output["claim"].clone()
}

/// Packs a vehicle for the show of 城东店's team, Saturday to Sunday 18:00, and gives the show.
fn packed(network: &mut Network, manager: Device, vehicle: &Json, team: &[&str]) -> Json {
    let from = network.now().plus_hours(-24).millis();
    let until = network.now().plus_hours(9).millis();
    let team: Vec<_> = team.iter().map(|name| group::staff(name)).collect();
    let created = network.run(
        manager,
        "create_show",
        json!({"name": "城东车展队", "store": group::store(1), "starts_at": from,
               "ends_at": until, "team": team}),
    );
    let show = created.output["show"].clone();
    network.run(
        manager,
        "pack_vehicles",
        json!({"show": show, "vehicles": [vehicle]}),
    );
    network.sync(manager);
    show
}

fn unsynced(network: &Network, device: Device, show: &Json, vehicle: &Json) -> Vec<String> {
    let input = json!({"show": show, "vehicles": [vehicle]});
    let devices = network.show(device, "unsynced_devices", input);
    let devices = devices.as_array().expect("a list");
    let name = |device: &Json| device["staff_name"].as_str().expect("a name").to_owned();
    devices.iter().map(name).collect()
}

/// The state of a claim on a vehicle.
fn claim_state(network: &Network, device: Device, of: &Json, claim: &Json) -> Json {
    let shown = vehicle(network, device, of);
    let claims = shown["vehicle"]["claims"].as_array().expect("claims");
    let claim = claims.iter().find(|known| known["id"] == *claim);
    claim.expect("the claim is here")["state"].clone()
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
fn o2_a_car_packed_for_a_team_is_sold_by_the_team_alone_and_no_case_arises() {
    played(|network| {
        let keeper = network.enrol("周勇");
        let v1 = stock_in(network, keeper, V1, 1, "black");
        network.sync(keeper);
        let chen = network.enrol("陈刚");
        let show = packed(network, chen, &v1, &["李娜"]);
        let lina = network.enrol("李娜");
        let wang = network.enrol("王强");

        network.clock(10, 5);
        let deal_of_lina = deal(network, lina, "张伟", "13800000001").1;
        let claimed = network.run(
            lina,
            "claim_vehicle",
            json!({"vehicle": v1, "deal": deal_of_lina, "strength": "hard", "deposit": true}),
        );
        assert_eq!(
            claimed.output["certain"], true,
            "offline and with certainty"
        );
        network.clock(10, 20);
        let shown = vehicle(network, wang, &v1);
        assert_eq!(shown["status"], "pack_held");
        assert_eq!(shown["holder"]["strength"], "pack");
        let name = shown["holder"]["show"].as_str().expect("a show");
        assert_eq!(shown["holder"]["show"], show);
        assert_eq!(shown["shows"][name]["name"], "城东车展队");
        let deal_of_wang = deal(network, wang, "刘洋", "13800000002").1;
        let refused = network.try_run(
            wang,
            "claim_vehicle",
            json!({"vehicle": v1, "deal": deal_of_wang, "strength": "hard"}),
        );
        let Err(ReplicaError::Refused(Refusal::VehicleHeld { hold, .. })) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(
            json!(hold.show),
            show,
            "and the refusal says for which show"
        );
        network.clock(18, 0);
        network.sync(wang);
        network.clock(18, 30);
        network.sync(lina);
        network.settle();

        for device in [lina, wang, chen, keeper] {
            assert_eq!(open_cases(network, device, "double_vin"), [] as [Json; 0]);
            let state = claim_state(network, device, &v1, &claimed.output["claim"]);
            assert_eq!(state, "confirmed");
            assert_eq!(vehicle(network, device, &v1)["status"], "locked");
        }
    });
}

#[test]
fn o3_a_sale_from_a_pack_wins_though_it_comes_after_the_release_and_the_release_was_warned_of_it() {
    played(|network| {
        let keeper = network.enrol("周勇");
        let v1 = stock_in(network, keeper, V1, 1, "black");
        network.sync(keeper);
        let chen = network.enrol("陈刚");
        let show = packed(network, chen, &v1, &["李娜", "赵敏"]);
        let lina = network.enrol("李娜");
        let zhao = network.enrol("赵敏");
        let wang = network.enrol("王强");
        network.sync(chen);
        assert_eq!(
            unsynced(network, chen, &show, &v1).len(),
            2,
            "nobody has synced after a window that is still open"
        );

        network.clock(17, 30);
        let deal_of_lina = deal(network, lina, "张伟", "13800000001").1;
        let late = claim_hard(network, lina, &v1, &deal_of_lina);
        network.clock(19, 0);
        network.sync(zhao);

        network.clock_on_day(1, 9, 0);
        network.sync(chen);
        assert_eq!(unsynced(network, chen, &show, &v1), ["李娜"]);
        let unsynced_devices = unsynced(network, chen, &show, &v1).len();
        let mut release = json!({"show": show, "vehicles": [v1],
                                 "unsynced_devices": unsynced_devices});
        let warned = network.try_run(chen, "release_pack", release.clone());
        let Err(ReplicaError::Refused(Refusal::NeedsConfirming { field, problem })) = warned else {
            panic!("{warned:?}");
        };
        assert_eq!(field, "despite_unsynced");
        assert!(problem.starts_with("1 device"), "{problem}");
        release["despite_unsynced"] = json!(true);
        network.run(chen, "release_pack", release);
        network.sync(chen);
        network.clock_on_day(1, 12, 0);
        network.sync(wang);
        let deal_of_wang = deal(network, wang, "刘洋", "13800000002").1;
        let lock = claim_hard(network, wang, &v1, &deal_of_wang);
        network.sync(wang);
        assert_eq!(claim_state(network, wang, &v1, &lock), "confirmed");

        network.clock_on_day(2, 9, 0);
        network.sync(lina);
        network.settle();
        let everywhere: Vec<_> = [lina, zhao, wang, chen, keeper]
            .into_iter()
            .map(|device| open_cases(network, device, "double_vin"))
            .collect();
        assert!(everywhere.iter().all(|cases| *cases == everywhere[0]));
        let [case] = everywhere[0].as_slice() else {
            panic!("{:?}", everywhere[0]);
        };
        assert_eq!(case["proposal"]["winner"], late);
        assert_eq!(case["proposal"]["rule"], "pack");
        assert_eq!(case["sides"].as_array().expect("sides").len(), 2);
        for device in [lina, wang, chen] {
            let shown = vehicle(network, device, &v1);
            assert_eq!(shown["status"], "disputed");
            assert_eq!(shown["holder"]["deal"], deal_of_lina, "late, and it holds");
        }
        network.run(
            chen,
            "rule_on_vehicle",
            json!({"vehicle": v1, "case": case["id"], "winner": late,
                   "reason": "sold from the pack within its window"}),
        );
        network.settle();
        assert_eq!(claim_state(network, wang, &v1, &late), "confirmed");
        assert_eq!(claim_state(network, wang, &v1, &lock), "lost_dispute");
        assert_eq!(open_cases(network, wang, "double_vin"), [] as [Json; 0]);
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

#[test]
fn a_confirmed_claim_that_a_restored_relay_lost_is_confirmed_again() {
    played(|network| {
        let (lina, _, chen, v1) = before_a_loss(network);
        let backup = network.back_up();
        let (_, deal_of_lina) = deal(network, lina, "张伟", "13800000001");
        let claim = claim_hard(network, lina, &v1, &deal_of_lina);
        network.sync(lina);
        network.sync(chen);
        network.lose(lina);
        network.restore(backup);

        network.settle();

        assert_eq!(claim_state(network, chen, &v1, &claim), "confirmed");
        let shown = vehicle(network, chen, &v1);
        assert_eq!(shown["vehicle"]["claims"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_claim_that_comes_back_to_a_restored_relay_beside_a_newer_one_is_a_case() {
    played(|network| {
        let (lina, wang, chen, v1) = before_a_loss(network);
        let backup = network.back_up();
        let (_, deal_of_lina) = deal(network, lina, "张伟", "13800000001");
        let lost = claim_hard(network, lina, &v1, &deal_of_lina);
        network.sync(lina);
        network.sync(chen);
        assert_eq!(claim_state(network, chen, &v1, &lost), "confirmed");
        network.lose(lina);

        network.later(120);
        network.restore(backup);
        let (_, deal_of_wang) = deal(network, wang, "刘洋", "13800000002");
        let newer = claim_hard(network, wang, &v1, &deal_of_wang);
        network.sync(wang);
        assert_eq!(claim_state(network, wang, &v1, &newer), "confirmed");
        network.settle();

        for device in [wang, chen] {
            assert_eq!(vehicle(network, device, &v1)["status"], "disputed");
            assert_eq!(open_cases(network, device, "double_vin").len(), 1);
        }
    });
}

/// A car in stock, with two who may sell it and a manager, all of whom have everything.
fn before_a_loss(network: &mut Network) -> (Device, Device, Device, Json) {
    let keeper = network.enrol("周勇");
    let v1 = stock_in(network, keeper, V1, 1, "black");
    network.sync(keeper);
    let [lina, wang, chen] = ["李娜", "王强", "陈刚"].map(|name| network.enrol(name));
    network.settle();
    (lina, wang, chen, v1)
}
