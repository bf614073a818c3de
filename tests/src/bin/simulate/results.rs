//! Results of seeds, which add up: of one run, or of several that went on from each other.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use stories::sim::{Outcome, SIGHTS};

/// What became of one seed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OfSeed {
    pub(crate) seed: u64,
    pub(crate) violations: Vec<String>,
    /// How much time passed in the world, in milliseconds.
    millis: u64,
    /// How long it took, in milliseconds.
    worked_millis: u64,
    seen: BTreeMap<String, u64>,
}

/// What became of many.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    /// Which version was run.
    pub(crate) commit: String,
    /// The first of them.
    pub(crate) from: u64,
    pub(crate) seeds: u64,
    /// Those in which something did not hold.
    pub(crate) failed: Vec<u64>,
    /// How many of these lost something that was promised.
    pub(crate) lost: u64,
    /// How much time passed in the worlds, in milliseconds.
    pub(crate) millis: u64,
    /// How long the processes worked, all together, in milliseconds.
    pub(crate) worked_millis: u64,
    pub(crate) seen: BTreeMap<String, u64>,
}

/// What begins what is told of something that was promised and is not there.
const LOSSES: [&str; 3] = ["I2", "I3", "I16"];

impl OfSeed {
    pub(crate) fn new(seed: u64, outcome: &Outcome, worked: Duration) -> Self {
        let times = SIGHTS.map(|sight| (sight.to_owned(), outcome.seen.times(sight)));
        Self {
            seed,
            violations: outcome.violations.clone(),
            millis: outcome.millis,
            worked_millis: worked.as_millis().try_into().unwrap_or(u64::MAX),
            seen: times.into(),
        }
    }

    /// A seed whose run ended the process.
    pub(crate) fn fatal(seed: u64) -> Self {
        Self {
            seed,
            violations: vec!["I15: the process ended".to_owned()],
            millis: 0,
            worked_millis: 0,
            seen: BTreeMap::new(),
        }
    }
}

impl Results {
    /// Adds a seed.
    pub(crate) fn add(&mut self, seed: &OfSeed) {
        self.seeds += 1;
        if !seed.violations.is_empty() {
            self.failed.push(seed.seed);
        }
        let is_loss = |text: &String| LOSSES.iter().any(|loss| text.starts_with(loss));
        self.lost += u64::from(seed.violations.iter().any(is_loss));
        self.millis += seed.millis;
        self.worked_millis += seed.worked_millis;
        for (sight, times) in &seed.seen {
            *self.seen.entry(sight.clone()).or_default() += times;
        }
    }

    /// Adds other results.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.failed.extend(&other.failed);
        self.lost += other.lost;
        self.millis += other.millis;
        self.worked_millis += other.worked_millis;
        for (sight, times) in &other.seen {
            *self.seen.entry(sight.clone()).or_default() += times;
        }
    }

    /// Adds itself to a file, as a line.
    pub(crate) fn append_to(&self, path: &Path) -> Result<()> {
        let append = || {
            let mut file = std::fs::OpenOptions::new()
                .append(true)
                .create(true)
                .open(path)?;
            writeln!(file, "{}", serde_json::to_string(self)?)
        };
        append().with_context(|| format!("{} cannot be written", path.display()))
    }
}

/// Sums up the lines of a file, for every version that was run.
pub(crate) fn sum(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let mut by_commit: BTreeMap<String, Results> = BTreeMap::new();
    for line in text.lines() {
        let results: Results = serde_json::from_str(line).context("a line of results")?;
        let sum = by_commit.entry(results.commit.clone()).or_default();
        sum.merge(&results);
    }
    let lines = by_commit.iter().map(|(commit, sum)| {
        let unseen = SIGHTS
            .iter()
            .filter(|sight| !sum.seen.contains_key(**sight));
        let unseen: Vec<_> = unseen.copied().collect();
        format!(
            "{commit}: {sum}; failed {:?}; never seen {unseen:?}",
            sum.failed
        )
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} seeds, {} failed; {:.1} hours in {:.1} s of one core",
            self.seeds,
            self.failed.len(),
            self.millis as f64 / 3_600_000.0,
            self.worked_millis as f64 / 1_000.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_two_runs_are_those_of_one() {
        let seed = |seed, violations: &[&str]| OfSeed {
            seed,
            violations: violations.iter().map(|text| (*text).to_owned()).collect(),
            millis: 5,
            worked_millis: 7,
            seen: [("a connection is cut".to_owned(), seed)].into(),
        };
        let (first, second) = (seed(1, &[]), seed(2, &["I2: lost", "I1: differs"]));
        let mut one = Results::default();
        one.add(&first);
        one.add(&second);
        let (mut sum, mut other) = (Results::default(), Results::default());
        sum.add(&first);
        other.add(&second);

        sum.merge(&other);

        assert_eq!(sum.to_string(), one.to_string());
        assert_eq!((sum.seen, sum.failed, sum.lost), (one.seen, vec![2], 1));
    }
}
