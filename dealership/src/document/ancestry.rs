//! Which change had seen which, from the dependencies that the changes name.

use std::collections::BTreeMap;

use automerge::ChangeHash;

use crate::document::changes::Changes;

/// The vector clock of every change of one document.
#[derive(Debug, Default)]
pub struct Ancestry {
    changes: BTreeMap<ChangeHash, Position>,
}

/// What the author of a change knew when it was written.
#[derive(Clone, Copy, Debug)]
pub struct Knowledge<'a> {
    ancestry: &'a Ancestry,
    position: Option<&'a Position>,
}

/// Where a change stands: its own actor and sequence number, and what it had seen of every actor.
#[derive(Debug)]
struct Position {
    actor: usize,
    seq: u64,
    seen: BTreeMap<usize, u64>,
}

impl Ancestry {
    /// Reads what every author had seen.
    pub(super) fn of(walked: &Changes) -> Self {
        let mut changes: BTreeMap<ChangeHash, Position> = BTreeMap::new();
        for change in walked.iter() {
            let mut seen = BTreeMap::new();
            for position in change
                .dependencies
                .iter()
                .filter_map(|hash| changes.get(hash))
            {
                for (actor, seq) in &position.seen {
                    let known = seen.entry(*actor).or_insert(0);
                    *known = (*known).max(*seq);
                }
            }
            let (actor, seq) = (change.actor, change.seq);
            seen.insert(actor, seq);
            changes.insert(change.hash, Position { actor, seq, seen });
        }
        Self { changes }
    }

    /// What the author of a change knew; nothing where the change is not here.
    pub fn author_of(&self, change: &ChangeHash) -> Knowledge<'_> {
        Knowledge {
            ancestry: self,
            position: self.changes.get(change),
        }
    }

    /// How many changes the author of a change had seen, with the change itself: the same on
    /// every replica, and less for what the author had seen than for the change; 0 for a change
    /// that is not here.
    pub fn changes_seen(&self, change: &ChangeHash) -> u64 {
        self.changes
            .get(change)
            .map_or(0, |position| position.seen.values().sum())
    }

    /// Whether neither author had seen the other's change.
    pub fn concurrent(&self, one: &ChangeHash, other: &ChangeHash) -> bool {
        !self.author_of(one).had_seen(other) && !self.author_of(other).had_seen(one)
    }
}

impl Knowledge<'_> {
    /// Whether the author had seen a change; everyone has seen their own.
    pub fn had_seen(&self, change: &ChangeHash) -> bool {
        match (self.position, self.ancestry.changes.get(change)) {
            (Some(own), Some(other)) => own
                .seen
                .get(&other.actor)
                .is_some_and(|seq| *seq >= other.seq),
            _ => false,
        }
    }
}
