//! What the bytes meet: a group with something of everything, and its relay.

use change_gate::GatedDocument;
use dealership::{DocumentId, Space};
use serde_json::json;
use sync_server::store::{MemoryStore, ReadStore as _};

use crate::{Device, Network, Weather, group};

/// A group.
pub(super) struct World {
    pub(super) network: Network,
    /// A consultant's device.
    pub(super) lina: Device,
    /// A stock keeper's.
    pub(super) keeper: Device,
    /// The general manager's.
    pub(super) director: Device,
    /// What the relay holds.
    pub(super) known: Vec<Known>,
    /// The relay as it was made.
    store: MemoryStore,
}

/// A document with the last change to it.
pub(super) struct Known {
    pub(super) id: DocumentId,
    pub(super) space: Space,
    /// Without the last change.
    pub(super) before: GatedDocument,
    /// The last change.
    pub(super) next: Vec<u8>,
    /// All of it, saved.
    pub(super) saved: Vec<u8>,
}

impl World {
    /// The same each time.
    pub(super) fn made() -> Self {
        let mut network = Network::found(5, Weather::Fair);
        let lina = network.enrol("李娜");
        let keeper = network.enrol("周勇");
        let director = network.enrol("何建国");
        let trim = json!({"brand": "启程", "series": "E7", "name": "长续航"});
        network.run(director, "create_trim", trim);
        let stock = json!({"vin": "ZZZAB1C27RA000101", "store": group::store(1),
                           "ext_color": "black", "inspected": true, "date": "2026-04-20"});
        let vehicle = network.run(keeper, "stock_in", stock).output["vehicle"].clone();
        network.settle();
        for (name, phone) in [("张伟", "13800000001"), ("刘洋", "13800000002")] {
            let card = json!({"name": name, "phone": phone});
            let customer = network.run(lina, "create_customer", card).output["customer"].clone();
            let deal = json!({"customer": customer});
            let deal = network.run(lina, "open_deal", deal).output["deal"].clone();
            for content in ["看了S5", "问价格"] {
                let follow_up = json!({"customer": customer, "type": "call_out",
                                       "outcome": "reached", "content": content});
                network.run(lina, "log_follow_up", follow_up);
            }
            let claim = json!({"vehicle": vehicle, "deal": deal, "strength": "soft"});
            // The second car is taken.
            let _taken = network.try_run(lina, "claim_vehicle", claim);
        }
        network.settle();
        let store = network.back_up();
        let known = known(&store);
        Self {
            network,
            lina,
            keeper,
            director,
            known,
            store,
        }
    }

    /// Puts the relay back to what it was when the world was made.
    pub(super) fn put_back(&mut self) {
        let store = self.store.backup().expect("no transaction is open");
        self.network.roll_back(store);
    }
}

fn known(store: &MemoryStore) -> Vec<Known> {
    let ids = store.document_ids(None, 1_000).expect("the store is read");
    ids.into_iter()
        .filter_map(|id| {
            let rows = store.changes_of(id).expect("the store is read");
            let raw = rows.iter().filter_map(|row| row.change());
            let mut raw: Vec<_> = raw.map(|(change, _)| change.raw.clone()).collect();
            let next = raw.pop()?;
            let chunks: Vec<_> = raw.iter().map(Vec::as_slice).collect();
            let before = GatedDocument::empty().extend(&chunks).expect("a document");
            let whole = before.extend(&[&next]).expect("a document");
            let row = store.document(id).expect("the store is read")?;
            Some(Known {
                id,
                space: row.space,
                before,
                next,
                saved: whole.automerge().save_nocompress(),
            })
        })
        .collect()
}
