//! Randomness, handed in.

/// A source of randomness: ids of batches, seeds of ids, actors, pauses.
///
/// Handed to a replica when it is opened, so that a simulation can hand in a seeded one.
pub trait Entropy: Send {
    /// Fills the bytes.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// Draws `N` bytes from a source.
pub(crate) fn draw<const N: usize>(entropy: &mut dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}
