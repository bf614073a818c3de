//! What programs promised of a stream of edits, and whether they kept it.

use std::collections::{BTreeMap, BTreeSet};

/// Edits by names of their own: those that were tried, and those that were promised to last.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    tried: BTreeSet<String>,
    promised: BTreeSet<String>,
}

/// What an audit found wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Promised and not there.
    pub lost: Vec<String>,
    /// There more than once.
    pub doubled: Vec<String>,
    /// There though nobody tried them.
    pub invented: Vec<String>,
}

impl Ledger {
    /// Notes that an edit is tried: until it is promised it may come to be or not.
    pub fn try_edit(&mut self, edit: &str) {
        self.tried.insert(edit.to_owned());
    }

    /// Notes that a program said that an edit lasts.
    pub fn promise(&mut self, edit: &str) {
        self.tried.insert(edit.to_owned());
        self.promised.insert(edit.to_owned());
    }

    /// Notes everything that another ledger has noted.
    pub fn absorb(&mut self, other: &Self) {
        self.absorb_tried(other);
        self.promised.extend(other.promised.iter().cloned());
    }

    /// Notes what another ledger has noted, and that none of it was promised to anybody here.
    pub fn absorb_tried(&mut self, other: &Self) {
        self.tried.extend(other.tried.iter().cloned());
    }

    /// How many edits were promised.
    pub fn promised(&self) -> usize {
        self.promised.len()
    }

    /// Compares what is there with what was promised.
    pub fn audit<'f>(&self, found: impl IntoIterator<Item = &'f str>) -> Audit {
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for edit in found {
            *times.entry(edit).or_default() += 1;
        }
        let is_there = |edit: &&String| times.contains_key(edit.as_str());
        let mut audit = Audit {
            lost: self
                .promised
                .iter()
                .filter(|edit| !is_there(edit))
                .cloned()
                .collect(),
            ..Audit::default()
        };
        for (edit, times) in times {
            if times > 1 {
                audit.doubled.push(edit.to_owned());
            }
            if !self.tried.contains(edit) {
                audit.invented.push(edit.to_owned());
            }
        }
        audit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let mut ledger = Ledger::default();
        ledger.promise("a");
        ledger.promise("b");
        ledger.try_edit("c");
        ledger
    }

    #[test]
    fn what_was_tried_may_be_there_or_not() {
        assert_eq!(ledger().audit(["a", "b"]), Audit::default());
        assert_eq!(ledger().audit(["c", "b", "a"]), Audit::default());
    }

    #[test]
    fn a_planted_loss_is_found() {
        let audit = ledger().audit(["a", "c"]);
        assert_eq!(audit.lost, ["b"]);
        assert_ne!(audit, Audit::default());
    }

    #[test]
    fn a_planted_double_is_found_also_of_an_edit_that_was_never_promised() {
        assert_eq!(ledger().audit(["a", "b", "b", "c"]).doubled, ["b"]);
        assert_eq!(ledger().audit(["a", "b", "c", "c"]).doubled, ["c"]);
    }

    #[test]
    fn an_edit_that_nobody_tried_is_found() {
        assert_eq!(ledger().audit(["a", "b", "d"]).invented, ["d"]);
    }
}
