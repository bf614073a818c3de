//! Whether the simulator has teeth: how many seeds it takes to find a planted bug.

use std::collections::BTreeMap;

use crate::chaos::Dice;
use crate::planted::Bug;

use super::plan::Plan;
use super::world::run_planted;

/// How many seeds are tried before a bug counts as not found.
const MOST_SEEDS: u64 = 30;

/// How a planted bug was found.
#[derive(Clone, Debug)]
pub struct Bite {
    /// Which.
    pub bug: Bug,
    /// How many seeds each try took, ascending; one that did not find it has the most.
    pub seeds: Vec<u64>,
    /// How many tries did not find it.
    pub missed: usize,
    /// How often each invariant was the first that did not hold.
    pub broken: BTreeMap<String, usize>,
    /// What did not hold in the first try that found it.
    pub example: Option<String>,
}

/// Plants a bug and runs seeds, in each try from another point on, until something does not hold.
pub fn bite(bug: Bug, tries: usize, dice: &mut Dice) -> Bite {
    let mut bite = Bite {
        bug,
        seeds: Vec::new(),
        missed: 0,
        broken: BTreeMap::new(),
        example: None,
    };
    for _ in 0..tries {
        let start = u64::from(u32::from_be_bytes(dice.bytes()));
        let mut seeds = start..start + MOST_SEEDS;
        match seeds.find_map(|seed| broken_by(bug, seed)) {
            Some(violation) => {
                let invariant = violation.split_once(':').map(|(invariant, _)| invariant);
                let invariant = invariant.unwrap_or(&violation).to_owned();
                *bite.broken.entry(invariant).or_default() += 1;
                bite.example.get_or_insert(violation);
            }
            None => bite.missed += 1,
        }
        bite.seeds.push(seeds.start - start);
    }
    bite.seeds.sort_unstable();
    bite
}

/// What does not hold first when a seed is run with a bug; nothing if all holds.
pub fn broken_by(bug: Bug, seed: u64) -> Option<String> {
    let outcome = run_planted(&Plan::of_seed(seed), bug);
    outcome.violations.into_iter().next()
}

impl Bite {
    /// The number of seeds that half of the tries took at most; nothing if more than half of them
    /// did not find the bug.
    pub fn median(&self) -> Option<u64> {
        let median = self.seeds.get(self.seeds.len() / 2).copied();
        median.filter(|_| 2 * self.missed < self.seeds.len())
    }
}
