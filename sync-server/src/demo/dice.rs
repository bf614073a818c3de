//! Chance that can be repeated: the same seed gives the same draws on every machine.
//!
//! Whole numbers only: the last digit of a logarithm is not the same everywhere.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A source of draws.
#[derive(Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// Draws that follow from a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The next bytes.
    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A number from 0 to `bound`, `bound` left out; 0 where there is none.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.0.next_u64()) * u128::from(bound);
        // The upper half of a product of two 64-bit numbers has 64 bits.
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A place in a list of that length.
    pub(super) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// A number between two, both included.
    pub(super) fn between(&mut self, least: i64, most: i64) -> i64 {
        let span = u64::try_from(most.saturating_sub(least).saturating_add(1)).unwrap_or(0);
        least.saturating_add_unsigned(self.below(span))
    }

    /// Whether something happens that happens so many times in a hundred.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of a list; `None` if it is empty.
    pub(super) fn pick<'l, T>(&mut self, list: &'l [T]) -> Option<&'l T> {
        list.get(self.index(list.len()))
    }

    /// The place of one of some weights, each as likely as it weighs.
    pub(super) fn weighted(&mut self, weights: impl Iterator<Item = u64> + Clone) -> usize {
        let mut left = self.below(weights.clone().sum());
        for (index, weight) in weights.enumerate() {
            if left < weight {
                return index;
            }
            left -= weight;
        }
        0
    }

    /// One of a weighted list.
    ///
    /// The lists are written in this module's siblings and never empty.
    pub(super) fn one_of<T: Copy + Default>(&mut self, list: &[(T, u64)]) -> T {
        let index = self.weighted(list.iter().map(|(_, weight)| *weight));
        list.get(index).map(|(value, _)| *value).unwrap_or_default()
    }

    /// A number of a distribution that is known by its quantiles: `(per mille, value)`, ascending,
    /// from 0 to 1,000; straight between two of them.
    pub(super) fn quantile(&mut self, quantiles: &[(i64, i64)]) -> i64 {
        let drawn = self.between(0, 999);
        for (low, high) in quantiles.iter().zip(quantiles.iter().skip(1)) {
            if drawn < high.0 {
                let width = (high.0 - low.0).max(1);
                return low.1 + (high.1 - low.1) * (drawn - low.0) / width;
            }
        }
        quantiles.last().map_or(0, |(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same() {
        let draw = |seed| {
            let mut dice = Dice::new(seed);
            (dice.below(1 << 40), dice.bytes::<8>())
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn quantiles_are_met() {
        let mut dice = Dice::new(1);
        let table = [(0, 0), (500, 9), (900, 46), (1_000, 60)];
        let mut drawn: Vec<i64> = (0..10_000).map(|_| dice.quantile(&table)).collect();
        drawn.sort_unstable();
        assert!((8..=10).contains(&drawn[5_000]));
        assert!((44..=48).contains(&drawn[9_000]));
        assert!(drawn[9_999] <= 60);
    }
}
