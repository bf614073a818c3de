//! Ourselves among the peers: a relay with the demo group, and replicas of its general manager.

use std::env::consts::EXE_SUFFIX;
use std::net::SocketAddr;
use std::process::Command as Start;

use client_core::native::Clock;
use rusqlite::Connection;
use serde_json::json;

use super::end::{End, Shortfall};
use super::{Expected, Host};
use crate::bench::group_of_size::{GENERAL_MANAGER, WorkingCopy};
use crate::bench::{GroupOfSize, Serving};
use crate::processes::{Consumption, Programs};

/// A relay with a demo group.
pub struct Forecourt {
    group: GroupOfSize,
    copy: WorkingCopy,
    serving: Serving,
    documents: usize,
    clients: usize,
}

impl Forecourt {
    /// Serves a copy of the demo group with about so many documents.
    pub fn start(documents: usize) -> Self {
        let group = GroupOfSize::of(documents);
        let copy = group.copy();
        let replica = copy.replica(None);
        let status = replica.show("sync_status", json!({}), Clock::wall());
        let documents = status.expect("a status")["documents"].as_u64();
        drop(replica);
        let serving = Serving::start(&copy.relay());
        Self {
            group,
            copy,
            serving,
            documents: documents
                .and_then(|held| held.try_into().ok())
                .expect("a number"),
            clients: 0,
        }
    }
}

impl Host for Forecourt {
    fn address(&self) -> SocketAddr {
        let address = self.serving.address.trim_start_matches("http://");
        address.parse().expect("an address")
    }

    fn documents(&self) -> usize {
        self.documents
    }

    fn consumption(&self) -> Consumption {
        Consumption::of(self.serving.process())
    }

    fn launch_client(&mut self, dial: SocketAddr) -> End {
        self.clients += 1;
        let folder = self.copy.path(&format!("client-{}", self.clients));
        let address = format!("http://{dial}");
        let relay = self.copy.relay();
        let enrolled =
            self.group
                .enrol_to_dial(&relay, &self.serving, GENERAL_MANAGER, &folder, &address);
        // Its process opens it.
        drop(enrolled);
        let program = Programs::folder().join(format!("replica_end{EXE_SUFFIX}"));
        End::launch(Start::new(program).arg(folder))
    }

    fn has_an_end(&self) -> bool {
        true
    }

    fn acknowledges(&self) -> bool {
        true
    }

    fn watch_for(&mut self, _expected: &Expected) {}

    fn until_they_came(&mut self) -> Result<(), Shortfall> {
        Ok(())
    }

    fn bytes_a_document(&self) -> f64 {
        let database = self.copy.relay().join("relay.sqlite");
        let connection = Connection::open(database).expect("a relay's database");
        let changes = "SELECT sum(length(raw)) * 1.0 / count(DISTINCT document) FROM log \
                       WHERE kind = 'change'";
        let bytes = connection.query_row(changes, [], |row| row.get(0));
        bytes.expect("a log")
    }
}
