//! What is to happen, as data: saved, shrunk and run again.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::connection::Spoiling;

/// Everything that decides a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What everything that is drawn during the run is drawn from.
    pub seed: u64,
    /// Who has a device.
    pub members: Vec<Role>,
    /// The members whose devices speak only the oldest version of the protocol.
    #[serde(default)]
    pub old: BTreeSet<usize>,
    /// What happens, in order of time.
    pub events: Vec<Event>,
}

/// Whose device it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The number of the group.
    pub group: usize,
    /// A name of the cast.
    pub name: String,
}

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, in milliseconds from the founding.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What has a disk and can lose its power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// A member's device, by the number of the member.
    Device(usize),
    /// A group's relay, by the number of the group.
    Relay(usize),
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// Somebody asks for something, the member first.
    Command {
        /// Who.
        member: usize,
        /// What decides the command and its input.
        choices: Vec<u16>,
    },
    /// Somebody decides a case that the member sees.
    Decide {
        /// Who.
        member: usize,
        /// What decides which, and how.
        choices: Vec<u16>,
    },
    /// A device loses the network until it is back.
    Leave {
        /// Whose.
        member: usize,
    },
    /// A device has a network again.
    Return {
        /// Whose.
        member: usize,
    },
    /// A device's connection breaks.
    Cut {
        /// Whose.
        member: usize,
    },
    /// Nothing that a device or the relay sends arrives for a while, and nobody is told.
    Isolate {
        /// Whose.
        member: usize,
        /// How long, in milliseconds.
        millis: u64,
    },
    /// Every message of a device takes longer from now on.
    Slow {
        /// Whose.
        member: usize,
        /// How long, in milliseconds.
        millis: u64,
    },
    /// Something happens to the next message of a direction.
    Spoil {
        /// Of whose connection.
        member: usize,
        /// Whether it is on its way to the relay.
        up: bool,
        /// What.
        spoiling: Spoiling,
    },
    /// A device dials the relay of another group.
    Misdial {
        /// Whose.
        member: usize,
    },
    /// A process is killed.
    Kill {
        /// Where.
        node: Node,
    },
    /// The power fails.
    Crash {
        /// Where.
        node: Node,
        /// After how many more operations of the disk.
        operations: u64,
    },
    /// A disk is full for a while.
    Fill {
        /// Where.
        node: Node,
        /// How long, in milliseconds.
        millis: u64,
    },
    /// One operation of a disk fails.
    Fault {
        /// Where.
        node: Node,
        /// After how many more.
        operations: u64,
    },
    /// A device's clock is set wrong.
    WrongClock {
        /// Whose.
        member: usize,
        /// By how much it is ahead, in milliseconds.
        ahead: i64,
    },
    /// A customer is purged at the relay.
    Purge {
        /// In which group.
        group: usize,
        /// Which customer.
        choice: u16,
    },
    /// A device is copied onto another one, and both go on, the old one without a network.
    Copy {
        /// Whose.
        member: usize,
    },
    /// A program puts its database in order.
    TidyUp {
        /// Where.
        node: Node,
    },
    /// Somebody's stores or roles change.
    Reassign {
        /// Whose.
        member: usize,
        /// What decides to which.
        choices: Vec<u16>,
    },
    /// Somebody writes much about two customers.
    Talk {
        /// Who.
        member: usize,
        /// What decides about whom.
        choices: Vec<u16>,
    },
    /// A device's connection breaks in the midst of a catch-up.
    CutAfter {
        /// Whose.
        member: usize,
        /// After how many more long messages of the relay's.
        messages: u64,
    },
    /// A device is lost, and its owner gets a new one.
    Replace {
        /// Whose.
        member: usize,
    },
    /// Somebody pushes, with a client of their own, what their device would never write.
    Forge {
        /// Who.
        member: usize,
        /// What decides what.
        choices: Vec<u16>,
    },
    /// A relay's database is copied to where nothing happens to it.
    BackUp {
        /// Of which group.
        group: usize,
    },
    /// A relay's disk is lost, and the relay is restored from its last backup.
    Restore {
        /// Of which group.
        group: usize,
    },
}
