//! Which change had seen which, from the dependencies that the changes name.

use std::collections::BTreeMap;

use automerge::{Automerge, ChangeHash};

/// The vector clock of every change of one document.
#[derive(Debug, Default)]
pub struct Ancestry {
    changes: BTreeMap<ChangeHash, Position>,
}

/// Where a change stands: its own actor and sequence number, and what it had seen of every actor.
#[derive(Debug)]
struct Position {
    actor: usize,
    seq: u64,
    seen: BTreeMap<usize, u64>,
}

impl Ancestry {
    /// Walks the history once.
    pub fn of(automerge: &Automerge) -> Self {
        let mut actors = BTreeMap::new();
        let mut changes: BTreeMap<ChangeHash, Position> = BTreeMap::new();
        for meta in automerge.get_changes_meta(&[]) {
            let next = actors.len();
            let actor = *actors.entry(meta.actor.to_bytes().to_vec()).or_insert(next);
            let mut seen = BTreeMap::new();
            for dependency in &meta.deps {
                // Automerge gives dependencies before what depends on them.
                if let Some(position) = changes.get(dependency) {
                    for (actor, seq) in &position.seen {
                        let known = seen.entry(*actor).or_insert(0);
                        *known = (*known).max(*seq);
                    }
                }
            }
            seen.insert(actor, meta.seq);
            let seq = meta.seq;
            changes.insert(meta.hash, Position { actor, seq, seen });
        }
        Self { changes }
    }

    /// Whether the author of `later` had seen `earlier`; a change has seen itself.
    pub fn had_seen(&self, later: &ChangeHash, earlier: &ChangeHash) -> bool {
        match (self.changes.get(later), self.changes.get(earlier)) {
            (Some(later), Some(earlier)) => later
                .seen
                .get(&earlier.actor)
                .is_some_and(|seq| *seq >= earlier.seq),
            _ => false,
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
        !self.had_seen(one, other) && !self.had_seen(other, one)
    }
}
