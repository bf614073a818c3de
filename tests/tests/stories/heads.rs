//! Many devices that write into one document at once.

use dealership::DocumentId;
use serde_json::{Value as Json, json};
use stories::{Device, Network, Weather};

use crate::deal;

/// How many devices work on one customer, apart.
const DEVICES: usize = 20;

#[test]
fn twenty_devices_that_edit_one_document_offline_leave_few_heads_and_lose_nothing() {
    for weather in [Weather::Fair, Weather::Foul] {
        for seed in 0..2 {
            let mut network = Network::found(seed, weather);
            let network = &mut network;
            let devices: Vec<Device> = (0..DEVICES).map(|_| network.enrol("李娜")).collect();
            let chen = network.enrol("陈刚");
            let (customer, _) = deal(network, devices[0], "张伟", "13800000001");
            network.settle();
            for round in 0..2 {
                for (number, device) in devices.iter().enumerate() {
                    let said = json!({"customer": customer, "type": "call_out",
                                      "outcome": "reached", "content": format!("{round}-{number}")});
                    network.run(*device, "log_follow_up", said);
                }
                network.settle();
            }

            let shown = network.show(chen, "customer_detail", json!({"customer": customer}));
            assert_eq!(
                shown["timeline"].as_array().map(Vec::len),
                Some(2 * DEVICES)
            );
            let contact = shown["contacts"][0]["id"].clone();
            for id in [&customer, &contact] {
                let document = network.relay.document(id_of(id)).expect("read");
                let heads = document.expect("a document").automerge().get_heads();
                assert!(heads.len() <= 16, "{} heads", heads.len());
            }
            network.check();
        }
    }
}

fn id_of(id: &Json) -> DocumentId {
    id.as_str().expect("an id").parse().expect("an id")
}
