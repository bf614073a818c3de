//! A relay and devices on files, with clocks and randomness that are handed in.

use std::path::Path;

use client_core::{Medium, Moment, Replica};
use dealership::Timestamp;
use rusqlite::Connection as Database;
use serde_json::{Value as Json, json};
use sync_server::relay::{Opening, Relay, RelayKey};
use sync_server::store::SqliteStore;

use super::{KEY, Said};
use crate::chaos::{Dice, SeededEntropy};
use crate::connection::{Connection, Direction};
use crate::group;

/// A relay with the time of day.
pub(super) struct Cast {
    pub(super) relay: Relay<SqliteStore>,
    pub(super) now: Timestamp,
    dice: Dice,
    monotonic: u64,
}

impl Cast {
    pub(super) fn new(relay: Relay<SqliteStore>, now: Timestamp, seed: u64) -> Self {
        Self {
            relay,
            now,
            dice: Dice::new(seed),
            monotonic: 0,
        }
    }

    /// A new device, that has read everything.
    pub(super) fn device(&mut self, name: &str, folder: Option<&Path>) -> Replica {
        let key = self.dice.bytes();
        let identity = group::enrol(&mut self.relay, self.now, name, key);
        let entropy = Box::new(SeededEntropy::new(self.dice.bytes()));
        let replica = match folder {
            Some(folder) => Replica::create(folder, &identity, entropy),
            None => {
                let memory = Database::open_in_memory().expect("memory");
                Replica::create_in(memory, Medium::Memory, &identity, entropy)
            }
        };
        let mut replica = replica.expect("an empty database");
        self.sync(&mut replica);
        replica
    }

    /// Runs a command, and gives its output.
    pub(super) fn run(&self, replica: &mut Replica, command: &str, input: Json) -> Json {
        let executed = replica.execute(command, input, self.now);
        executed
            .unwrap_or_else(|error| panic!("{command}: {error:?}"))
            .output
    }

    pub(super) fn sync(&mut self, replica: &mut Replica) {
        let nonce = self.dice.bytes();
        self.converse(replica, nonce);
    }

    /// Connects until both have all, and gives what was said.
    pub(super) fn converse(&mut self, replica: &mut Replica, nonce: [u8; 32]) -> Vec<Said> {
        let mut said = Vec::new();
        let mut connection = self.dial(replica, nonce);
        for _ in 0..10_000 {
            let Some(direction) = connection.waiting().first().copied() else {
                break;
            };
            let frame = connection.oldest(direction).expect("it waits");
            said.push(Said {
                from: direction.into(),
                frame: hex::encode(frame),
            });
            self.carry(&mut connection, direction, replica);
        }
        let is_idle = connection.is_idle(replica).expect("the replica is read");
        // A device whose spaces change is sent away and comes back; here none do.
        assert!(is_idle, "{:?}", connection.closed);
        said
    }

    pub(super) fn dial(&mut self, replica: &mut Replica, nonce: [u8; 32]) -> Connection {
        let at = self.moment();
        let now = self.now;
        let connection = Connection::open(replica, &mut self.relay, nonce, at, now);
        connection.expect("the replica is read")
    }

    pub(super) fn carry(
        &mut self,
        connection: &mut Connection,
        direction: Direction,
        replica: &mut Replica,
    ) {
        let (at, now) = (self.moment(), self.now);
        let carried = connection.carry(direction, replica, &mut self.relay, at, now);
        carried.expect("the replica takes it");
        if connection.on_the_way(Direction::Down) == 0 {
            let flushed = connection.flush(replica, at);
            flushed.expect("the replica takes it");
        }
        assert_eq!(connection.relay_failure, None, "the relay takes it");
    }

    fn moment(&mut self) -> Moment {
        self.monotonic += 1;
        Moment {
            monotonic: self.monotonic,
            wall: self.now,
        }
    }
}

/// What a relay of golden files is opened with.
pub(super) fn opening(seed: u8) -> Opening {
    Opening {
        key: RelayKey::new(KEY),
        seed: [seed; 32],
        cached_documents: 8,
    }
}

/// Says something to a customer.
pub(super) fn follow_up(customer: &Json, content: &str) -> Json {
    json!({"customer": customer, "type": "call_out", "outcome": "reached", "content": content})
}
