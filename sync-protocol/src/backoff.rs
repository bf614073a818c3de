//! How long a client stays away before it dials again.

use crate::limits;

/// The pause is never shorter, in milliseconds.
const SHORTEST: u64 = 500;

/// The pause grows no longer by itself, in milliseconds.
const LONGEST: u64 = 60_000;

/// The pauses between a client's attempts: exponential, with full jitter.
///
/// Jitter keeps five hundred tablets that lost the same relay from coming back in the same
/// moment. Being offline is no failure and is never counted against anything but the pause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause before the next attempt, in milliseconds.
    ///
    /// Between half a second and a ceiling that doubles with every attempt, from one second to
    /// one minute. `random` is fresh randomness. What the relay asked for
    /// ([`crate::CloseReason::retry`]) comes on top, so that those who were asked for the same
    /// pause do not return together.
    pub fn next_pause(&mut self, random: u64, asked_ms: Option<u32>) -> u64 {
        let doubled = 1_u64.checked_shl(self.failures).unwrap_or(u64::MAX);
        let ceiling = SHORTEST
            .saturating_mul(2)
            .saturating_mul(doubled)
            .min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let span = ceiling.saturating_sub(SHORTEST).saturating_add(1);
        let jitter = SHORTEST.saturating_add(random.checked_rem(span).unwrap_or_default());
        let asked = asked_ms.unwrap_or_default().min(limits::LONGEST_RETRY);
        jitter.saturating_add(u64::from(asked))
    }

    /// Begins again with short pauses.
    ///
    /// Called when the session says that it has caught up, and for nothing less: a relay that
    /// accepts connections and then fails would otherwise be dialled without end.
    pub fn caught_up(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_shrink_only_after_catching_up() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.next_pause(499, None), 999);
        assert_eq!(backoff.next_pause(1_499, None), 1_999);
        for _ in 0..100 {
            assert!(backoff.next_pause(u64::MAX, None) <= 60_000);
        }
        assert_eq!(backoff.next_pause(59_499, None), 59_999);
        backoff.caught_up();
        assert_eq!(backoff.next_pause(500, None), 1_000);
    }

    #[test]
    fn a_relay_cannot_send_a_client_away_for_ever() {
        let pause = Backoff::default().next_pause(0, Some(u32::MAX));
        assert_eq!(pause, 15 * 60_000 + 500);
    }

    proptest! {
        #[test]
        fn no_pause_is_shorter_than_was_asked(
            failures in 0_u32..200, random: u64, asked in proptest::option::of(0_u32..600_000),
        ) {
            let mut backoff = Backoff { failures };
            let pause = backoff.next_pause(random, asked);
            prop_assert!(pause >= 500 + u64::from(asked.unwrap_or(0)));
            prop_assert!(pause <= 60_000 + u64::from(asked.unwrap_or(0)));
        }
    }
}
