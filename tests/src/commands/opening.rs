//! How every sequence begins: there is something to work with, and everyone has it.

use crate::group;
use dealership::Timestamp;
use serde_json::{Value as Json, json};

/// VINs, few, so that two devices stock the same.
pub const VINS: [&str; 4] = [
    "ZZZAB1C27RA000101",
    "ZZZAB1C20TA000013",
    "LSVAA4BR5RN100001",
    "1M8GDM9AXKP042788",
];

/// Commands with their inputs.
pub type Commands = Vec<(&'static str, Json)>;

/// What happens before everyone syncs; `made` gives the ids of a type, the oldest first.
pub fn first(now: Timestamp) -> Commands {
    let store = group::store(1);
    let mut commands = vec![
        (
            "create_trim",
            json!({"brand": "远航", "series": "风帆", "name": "1.5T", "msrp": 12_000_000}),
        ),
        (
            "create_trim",
            json!({"brand": "远航", "series": "帆影", "name": "2.0T"}),
        ),
        (
            "create_show",
            json!({"name": "五一车展", "store": store, "team": [group::staff("李娜")],
                   "starts_at": now.millis(), "ends_at": now.plus_hours(400).millis()}),
        ),
    ];
    for name in ["新人甲", "新人乙"] {
        let staff = json!({"name": name, "roles": ["consultant"], "stores": [store]});
        commands.push(("create_staff", staff));
    }
    for vin in VINS {
        let vehicle = json!({"vin": vin, "vin_override": "旧车", "store": store,
                             "ext_color": "black", "inspected": true, "custody": "in_house"});
        commands.push(("stock_in", vehicle));
    }
    for (number, owner) in ["李娜", "李娜", "赵敏", "赵敏"].into_iter().enumerate() {
        let card = json!({"name": "张伟", "phone": format!("199{number:08}"), "store": store,
                          "owner": group::staff(owner), "intent": {}});
        commands.push(("create_customer", card));
    }
    commands
}

/// What happens then, before everyone syncs again; `ids` gives the ids of a type.
pub fn second(ids: &dyn Fn(&str) -> Vec<String>) -> Commands {
    let (customers, vehicles) = (ids("CustomerId"), ids("VehicleId"));
    let price = json!({"msrp": 12_000_000, "floor": 11_000_000,
                       "authority": {"consultant": 100_000, "manager": 300_000}});
    let rows = json!({ &ids("TrimId")[0]: price });
    let mut commands = vec![
        (
            "publish_price_list",
            json!({"effective_from": "2026-05-01", "rows": rows}),
        ),
        (
            "pack_vehicles",
            json!({"show": ids("ShowId")[0], "vehicles": [vehicles[2]]}),
        ),
        (
            "request_lost",
            json!({"customer": customers[3], "reasons": ["price"]}),
        ),
    ];
    for customer in &customers {
        commands.push(("open_deal", json!({"customer": customer})));
    }
    commands
}

/// What happens next, before everyone syncs again: one vehicle is claimed twice.
pub fn third(ids: &dyn Fn(&str) -> Vec<String>) -> Commands {
    let (deals, vehicles) = (ids("DealId"), ids("VehicleId"));
    let claim = |vehicle: usize, deal: usize, strength: &str| {
        let claim =
            json!({"vehicle": vehicles[vehicle], "deal": deals[deal], "strength": strength});
        ("claim_vehicle", claim)
    };
    vec![
        claim(1, 1, "hard"),
        claim(3, 3, "soft"),
        (
            "freeze_vehicle",
            json!({"vehicle": vehicles[3], "reason": "quality_hold"}),
        ),
        (
            "skip_stage",
            json!({"deal": deals[3], "stage": "test_drive", "reason": "不试驾"}),
        ),
        (
            "reopen_stage",
            json!({"deal": deals[3], "stage": "test_drive", "reason": "误点"}),
        ),
        claim(0, 0, "hard"),
        // The last is somebody else's, who has not heard of the one before.
        claim(0, 2, "hard"),
    ]
}

/// What two people say of one customer, the last of whom has not heard of the other: a case.
pub fn fourth(ids: &dyn Fn(&str) -> Vec<String>) -> Commands {
    let customer = &ids("CustomerId")[0];
    ["张炜", "张玮"]
        .map(|name| ("edit_customer", json!({"customer": customer, "name": name})))
        .into()
}

/// A sale of the vehicle that one deal alone claims, step by step; everyone syncs in between.
pub fn sale(ids: &dyn Fn(&str) -> Vec<String>) -> Commands {
    let (deals, vehicles) = (ids("DealId"), ids("VehicleId"));
    let (vehicle, soft) = (&vehicles[1], &vehicles[3]);
    vec![
        (
            "unfreeze_vehicle",
            json!({"vehicle": soft, "freeze": "fact"}),
        ),
        ("harden_claim", json!({"vehicle": soft, "claim": "fact"})),
        (
            "note_damage",
            json!({"vehicle": vehicle, "part": "door", "severity": "dent"}),
        ),
        ("note_repair", json!({"vehicle": vehicle, "damage": "fact"})),
        (
            "record_pdi",
            json!({"vehicle": vehicle, "result": "passed"}),
        ),
        (
            "finalise_claim",
            json!({"vehicle": vehicle, "claim": "fact"}),
        ),
        (
            "deliver_vehicle",
            json!({"vehicle": vehicle, "deal": deals[1]}),
        ),
        (
            "reverse_final",
            json!({"vehicle": vehicle, "claim": "fact", "reason": "红冲"}),
        ),
        (
            "release_pack",
            json!({"show": ids("ShowId")[0], "vehicles": [vehicles[2]], "despite_unsynced": true}),
        ),
    ]
}
