//! What a relay draws: actors, ids, codes.

use dealership::{FreshIds, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// An endless draw from a seed that was handed in; the same seed draws the same.
pub struct Randomness(ChaCha20Rng);

impl Randomness {
    /// Begins to draw. A seed is from the operating system's randomness and never used twice.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    /// The next bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// Ids for what is made now.
    pub fn ids(&mut self, now: Timestamp) -> FreshIds {
        FreshIds::new(now, self.bytes())
    }

    /// Characters of an alphabet, each as likely as every other.
    pub fn text(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        let mut text = String::new();
        while text.chars().count() < length {
            let [byte] = self.bytes();
            let number = usize::from(byte);
            // Beyond the last whole round of the alphabet the first letters would be likelier.
            let rounds = 256_usize.checked_div(letters.len()).unwrap_or(0);
            if number < rounds.saturating_mul(letters.len()) {
                text.extend(letters.get(number.checked_rem(letters.len()).unwrap_or(0)));
            }
        }
        text
    }
}

impl std::fmt::Debug for Randomness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Randomness(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_of_the_alphabet_and_of_the_length() {
        let mut randomness = Randomness::from_seed([1; 32]);
        let text = randomness.text("abc", 1_000);
        assert_eq!(text.len(), 1_000);
        for letter in ['a', 'b', 'c'] {
            assert!(text.chars().filter(|found| *found == letter).count() > 250);
        }
    }
}
