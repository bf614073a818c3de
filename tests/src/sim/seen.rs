//! What must be seen now and then: a fault or a rare branch that no seed comes to tests nothing.

use std::collections::BTreeMap;

/// Everything that is counted.
pub const SIGHTS: [&str; 40] = [
    "a batch is acknowledged",
    "a batch is in quarantine",
    "a case is decided",
    "a clock is wrong",
    "a command is accepted",
    "a command is refused",
    "a connection is cut",
    "a connection times out",
    "a device dials the wrong relay",
    "a device fetches a segment",
    "a device is copied",
    "a device is killed",
    "a device is lost and replaced",
    "a device leaves the network",
    "a device loses power",
    "a device puts its database in order",
    "a device's disk fails once",
    "a device's disk is full",
    "a document is purged",
    "a document is set aside for a while",
    "a forged change is refused",
    "a log is cut off between two messages",
    "a message is cut short",
    "a message is dropped",
    "a message is doubled",
    "a message is overtaken",
    "a person is told that nothing was saved",
    "a relay is dialled while it is down",
    "a relay is killed",
    "a relay is restored from a backup",
    "a relay loses power",
    "a relay puts its database in order",
    "a relay's disk fails once",
    "a relay's disk is full",
    "a vehicle is wanted by two",
    "power fails again while a database is opened",
    "somebody's spaces change",
    "somebody's stores or roles change",
    "what a restored relay lost comes back",
    "writes are lost with the power",
];

/// What among it takes more seeds than every run of the tests plays.
pub const RARE: [&str; 19] = [
    "a batch is in quarantine",
    "a device is copied",
    "a device is killed",
    "a document is purged",
    "a document is set aside for a while",
    "a log is cut off between two messages",
    "a message is cut short",
    "a message is doubled",
    "a message is dropped",
    "a message is overtaken",
    "a person is told that nothing was saved",
    "a relay is killed",
    "a relay is restored from a backup",
    "a relay puts its database in order",
    "a relay's disk fails once",
    "a relay's disk is full",
    "power fails again while a database is opened",
    "what a restored relay lost comes back",
    "writes are lost with the power",
];

/// How often each was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen(BTreeMap<&'static str, u64>);

impl Seen {
    /// Counts one.
    pub(super) fn note(&mut self, sight: &'static str) {
        assert!(SIGHTS.contains(&sight), "{sight} stands in the list");
        *self.0.entry(sight).or_default() += 1;
    }

    /// How often something was seen.
    pub fn times(&self, sight: &str) -> u64 {
        self.0.get(sight).copied().unwrap_or(0)
    }

    /// Adds what another run saw.
    pub fn add(&mut self, other: &Self) {
        for (sight, times) in &other.0 {
            *self.0.entry(sight).or_default() += times;
        }
    }
}
