//! What is due when.

use std::collections::BTreeMap;

use crate::connection::Direction;

use super::plan::Node;

/// Something that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// An event of the plan, by its number.
    Event(usize),
    /// A part of the opening.
    Opening(usize),
    /// A message arrives, if the line is still this one.
    Deliver {
        member: usize,
        line: u64,
        direction: Direction,
    },
    /// A relay tells a session that the log has grown.
    Wake { member: usize, line: u64 },
    /// An end wanted to be told that time has passed.
    Tick { member: usize, line: u64 },
    /// A relay pings.
    Ping { member: usize, line: u64 },
    /// A device dials, if nothing made it dial before.
    Dial { member: usize, dial: u64 },
    /// A process starts again.
    Start(Node),
    /// A full disk has room again.
    Room(Node),
    /// Somebody looks whether everything is at rest.
    Look,
}

/// Everything that is due, in order of time and then of noting.
#[derive(Debug, Default)]
pub(super) struct Dues {
    waiting: BTreeMap<(u64, u64), Due>,
    noted: u64,
}

impl Dues {
    /// Notes that something is due, at a time in milliseconds.
    pub(super) fn put(&mut self, at: u64, due: Due) {
        self.noted += 1;
        self.waiting.insert((at, self.noted), due);
    }

    /// Takes what is due next, unless that is after `end`.
    pub(super) fn next_until(&mut self, end: u64) -> Option<(u64, Due)> {
        let next = self.waiting.first_entry()?;
        let (at, _) = *next.key();
        (at <= end).then(|| (at, next.remove()))
    }
}
