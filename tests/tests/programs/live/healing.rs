//! A relay restored from its backup with the real programs, and what comes back to it.

use serde_json::json;
use stories::processes::Showroom;

#[test]
fn what_a_restored_relay_has_lost_comes_back_from_a_device_that_has_seen_it() {
    let mut showroom = Showroom::open(&["李娜", "陈刚"]);
    let [lina, chen] = ["李娜", "陈刚"].map(|name| showroom.tablet(name));
    let card = |name: &str, phone: &str| {
        let card = json!({"name": name, "phone": phone});
        lina.execute("create_customer", &card)["customer"].clone()
    };
    let early = card("张伟", "13800000001");
    lina.sync();
    chen.sync();
    let backup = showroom.site.path("yesterday.sqlite");
    let backup = backup.to_str().unwrap();
    showroom.site.administer(&["backup", backup]);

    let late = card("王芳", "13800000002");
    for content in ["看了S5", "问价格", "约周末", "要试驾", "带家人来"] {
        for customer in [&early, &late] {
            let said = json!({"customer": customer, "type": "call_out", "outcome": "reached",
                              "content": content});
            lina.execute("log_follow_up", &said);
        }
    }
    assert_eq!(lina.sync()["unsent"], 0);
    chen.sync();
    // Li Na's tablet is never seen again, and the relay's disk neither.
    showroom.relay.killer().kill();
    showroom.relay.wait();
    let data = showroom.site.data();
    for file in ["relay.sqlite", "relay.sqlite-wal", "relay.sqlite-shm"] {
        std::fs::rename(data.join(file), showroom.site.path(file)).unwrap();
    }
    showroom.site.administer(&["restore", backup]);
    showroom.relay = showroom.site.serve();

    chen.sync();

    let new = showroom.another_tablet("陈刚", "new");
    for tablet in [&chen, &new] {
        for customer in [&early, &late] {
            let shown = tablet.show("customer_detail", &json!({"customer": customer}));
            let said = shown["timeline"].as_array().unwrap();
            assert_eq!(said.len(), 5, "{shown}");
        }
    }
    showroom.check(&[&chen, &new]);
}
