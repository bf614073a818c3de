//! Connections that break at the worst moment.

use serde_json::json;
use stories::{Device, Network, Weather, group};

use crate::deal;

#[test]
fn a_device_that_gains_spaces_gets_all_of_them_wherever_its_connection_breaks() {
    for messages in 1..16 {
        let mut network = Network::found(messages as u64, Weather::Fair);
        let zhao = network.enrol("赵敏");
        let lina = network.enrol("李娜");
        let chief = network.enrol("马超");
        network.clock(10, 0);
        for number in 0..4 {
            let phone = format!("1380000000{number}");
            let (customer, _) = deal(&mut network, zhao, "张伟", &phone);
            let said = json!({"customer": customer, "type": "call_out", "outcome": "reached",
                              "content": "看了S5"});
            network.run(zhao, "log_follow_up", said);
        }
        network.settle();
        let roles = json!({"staff": group::staff("李娜"), "roles": ["manager"]});
        network.run(chief, "set_staff_roles", roles);
        network.sync(chief);

        network.sync_and_break(lina, messages);
        network.check();

        let (hers, theirs) = (contacts(&mut network, lina), contacts(&mut network, zhao));
        assert_eq!(hers, theirs, "a break after {messages} messages");
        assert_eq!(hers, 4);
    }
}

/// How many documents a device holds of which only some people of its store hold any.
fn contacts(network: &mut Network, device: Device) -> usize {
    let customers = network.show(device, "customer_list", json!({}));
    let rows = customers["rows"].as_array().expect("rows").clone();
    let count = |row: &serde_json::Value| {
        let shown = network.show(
            device,
            "customer_detail",
            json!({"customer": row["customer"]}),
        );
        shown["contacts"].as_array().map_or(0, Vec::len)
    };
    rows.iter().map(count).sum()
}
