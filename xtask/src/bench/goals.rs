//! The numbers to reach, natively: what each work is called in the table, what
//! the best peer takes, and the limit that the measurement of this name must keep.

/// A number to reach.
pub(super) struct Goal {
    /// The name of the measurement that answers it.
    pub(super) name: &'static str,
    /// The work, in words.
    pub(super) work: &'static str,
    /// What the best peer takes, measured before this project began.
    pub(super) peer: &'static str,
    pub(super) limit: Limit,
    pub(super) unit: &'static str,
}

/// Which side of a number is good.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

const fn at_most(
    name: &'static str,
    work: &'static str,
    peer: &'static str,
    most: f64,
    unit: &'static str,
) -> Goal {
    Goal {
        name,
        work,
        peer,
        limit: Limit::AtMost(most),
        unit,
    }
}

const fn at_least(name: &'static str, work: &'static str, least: f64, unit: &'static str) -> Goal {
    Goal {
        name,
        work,
        peer: "",
        limit: Limit::AtLeast(least),
        unit,
    }
}

/// Every goal, in the order of the table.
pub(super) const GOALS: [Goal; 13] = [
    at_most(
        "reconnect/changed_200/20000",
        "reconnect, 20,000 documents, 200 changed elsewhere",
        "CouchDB protocol 160 ms; automerge-repo about 80 s (scaled)",
        50.0,
        "ms",
    ),
    at_most(
        "reconnect/changed_200/20000/bytes",
        "the same: bytes beside the compressed changes",
        "",
        1.3,
        "×",
    ),
    at_most(
        "reconnect/unchanged/20000",
        "reconnect, nothing changed",
        "CouchDB protocol 40 ms",
        5.0,
        "ms",
    ),
    at_most(
        "reconnect/unchanged/20000/bytes",
        "the same: bytes",
        "",
        1_023.0,
        "B",
    ),
    at_most(
        "bootstrap/20000",
        "bootstrap of 20,000 documents, queryable",
        "CouchDB protocol 5.6 s; automerge-repo about 90 s (scaled)",
        2.0,
        "s",
    ),
    at_most(
        "command/p99",
        "local edit, durable and projected, p99",
        "",
        5.0,
        "ms",
    ),
    at_most(
        "fan_out/200_devices/p99",
        "edit on one device seen on another, 200 devices connected, p99",
        "",
        30.0,
        "ms",
    ),
    at_least(
        "ingest/batches_of_8",
        "changes gated, accepted and fsynced, 8 a document and batch",
        5_000.0,
        "changes/s",
    ),
    at_least(
        "ingest/cold_singles",
        "the same, cold singles",
        1_500.0,
        "changes/s",
    ),
    at_most(
        "idle_connection/memory",
        "memory of an idle connection at the relay, without TLS",
        "axum's defaults 136 KiB",
        12.0,
        "KiB",
    ),
    at_least(
        "idle_connection/held",
        "idle connections held",
        10_000.0,
        "connections",
    ),
    at_most(
        "list/100000",
        "the slowest list over 100,000 documents",
        "",
        10.0,
        "ms",
    ),
    at_most(
        "search/100000",
        "the slowest search over 100,000 documents",
        "",
        10.0,
        "ms",
    ),
];

impl Limit {
    /// The number itself.
    pub(super) const fn value(self) -> f64 {
        match self {
            Self::AtMost(value) | Self::AtLeast(value) => value,
        }
    }

    /// Whether a measured value keeps the limit.
    pub(super) fn is_kept_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_limit_is_kept_at_its_own_value() {
        assert!(Limit::AtMost(5.0).is_kept_by(5.0) && !Limit::AtMost(5.0).is_kept_by(5.1));
        assert!(Limit::AtLeast(5.0).is_kept_by(5.0) && !Limit::AtLeast(5.0).is_kept_by(4.9));
    }

    #[test]
    fn every_goal_has_a_name_of_its_own() {
        let names: BTreeSet<_> = GOALS.iter().map(|goal| goal.name).collect();

        assert_eq!(names.len(), GOALS.len());
    }
}
