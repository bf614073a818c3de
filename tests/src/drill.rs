//! Drills: what the real programs are put through, briefly in a test, and as long as one likes by
//! the program `drill`, which prints a figure.
//!
//! | drill | what happens |
//! |---|---|
//! | [`killing`] | processes are killed at points that a seed decides |
//! | [`storm`] | the network between them misbehaves |
//! | [`restoring`] | a relay under load is lost and restored from a backup |
//! | [`siege`] | attackers hold connections and waste them while others work |
//! | [`holding`] | very many devices hold their connections |
//!
//! A drill stops at the first thing that does not hold, by a panic that says what.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

pub mod agreement;
pub mod edits;
pub mod holding;
pub mod killing;
pub mod restoring;
pub mod siege;
pub mod storm;

/// What a drill came to.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Its name.
    pub figure: &'static str,
    /// The number to look at.
    pub value: u64,
    /// What is counted.
    pub unit: &'static str,
    /// What else was counted, by what it is.
    pub details: BTreeMap<String, u64>,
}

impl Figure {
    /// A figure of which nothing else is known.
    pub fn new(figure: &'static str, value: impl TryInto<u64>, unit: &'static str) -> Self {
        Self {
            figure,
            value: value.try_into().unwrap_or(u64::MAX),
            unit,
            details: BTreeMap::new(),
        }
    }

    /// Notes what else was counted.
    pub fn with(mut self, what: &str, count: impl TryInto<u64>) -> Self {
        let count = count.try_into().unwrap_or(u64::MAX);
        self.details.insert(what.to_owned(), count);
        self
    }

    /// How often something was counted.
    pub fn count(&self, what: &str) -> u64 {
        self.details.get(what).copied().unwrap_or_default()
    }

    /// The figure of both runs together.
    pub fn add(&mut self, other: &Self) {
        self.value += other.value;
        for (what, count) in &other.details {
            *self.details.entry(what.clone()).or_default() += count;
        }
    }

    /// One line for a table of figures. Nothing was lost and nothing else broke, or there would
    /// be no figure.
    pub fn to_json(&self, range: &str) -> Json {
        json!({
            "figure": self.figure,
            "value": self.value,
            "unit": self.unit,
            "range": range,
            "lost": 0,
            "violations": 0,
            "details": self.details,
        })
    }
}
