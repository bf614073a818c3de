//! Whether the relay and the devices of a showroom hold the same, by the functions that the
//! simulator asks.

use std::fs;

use client_core::Replica;
use client_core::native::{Clock, SystemEntropy};
use sync_server::relay::{Opening, Relay, RelayKey};
use sync_server::store::SqliteStore;

use crate::invariants;
use crate::processes::{Showroom, Tablet};

/// Stops the relay, opens what it and the devices hold, and says what does not agree.
pub fn disagreements(showroom: &mut Showroom, tablets: &[&Tablet]) -> Vec<String> {
    showroom.relay.killer().kill();
    showroom.relay.wait();
    let relay = open(showroom);
    let mut found = invariants::a_relay_is_sound(relay.store());
    for tablet in tablets {
        let entropy = Box::new(SystemEntropy);
        let opened = Replica::open(tablet.folder(), entropy, Clock::wall(), &mut |_| {});
        let mut replica = opened.expect("a replica that is not in use");
        found.extend(invariants::a_replica_is_sound(&mut replica));
        let author = relay.front_desk().author(replica.identity().device);
        let author = author.expect("the store is read").expect("one of the cast");
        let states = invariants::states_at_relay(relay.store(), &author.spaces);
        found.extend(invariants::a_replica_holds(&replica, &states));
        found.extend(invariants::a_vehicle_is_sold_once(&replica, Clock::wall()));
    }
    found
}

fn open(showroom: &Showroom) -> Relay<SqliteStore> {
    let data = showroom.site.data();
    let key = fs::read_to_string(data.join("relay.key")).expect("the relay's key");
    let mut secret = [0; 32];
    hex::decode_to_slice(key.trim(), &mut secret).expect("64 hex digits");
    let opening = Opening {
        key: RelayKey::new(secret),
        seed: [0; 32],
        cached_documents: 100,
    };
    let store = SqliteStore::open(&data.join("relay.sqlite")).expect("the relay's database");
    Relay::open(store, opening).expect("a group")
}
