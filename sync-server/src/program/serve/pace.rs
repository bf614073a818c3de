//! How fast one connection may be read.
//!
//! A peer that sends faster is not cut off: its socket is not read for a while, TCP slows it
//! down, and an honest device with weeks of work to push gets it all through.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::limits;

/// The allowance of one connection.
pub(super) struct Pace {
    clock: DefaultClock,
    allowance: DefaultDirectRateLimiter,
}

impl Pace {
    /// A whole allowance of messages.
    pub(super) fn of_messages() -> Self {
        Self::of(limits::MESSAGES_PER_SECOND, limits::MESSAGES_AT_ONCE)
    }

    /// A whole allowance of bytes.
    pub(super) fn of_bytes() -> Self {
        Self::of(limits::BYTES_PER_SECOND, limits::BYTES_AT_ONCE)
    }

    fn of(per_second: NonZeroU32, at_once: NonZeroU32) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(at_once);
        Self {
            clock: DefaultClock::default(),
            allowance: RateLimiter::direct(quota),
        }
    }

    /// Takes so much, at most as much as goes at once, and says how long the socket should be left
    /// alone.
    pub(super) fn take(&self, much: usize) -> Option<Duration> {
        let much = NonZeroU32::new(u32::try_from(much).unwrap_or(u32::MAX))?;
        let refused = self.allowance.check_n(much).ok()?.err()?;
        Some(refused.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_read_at_once_and_what_is_beyond_it_waits() {
        let pace = Pace::of_messages();
        let burst = limits::MESSAGES_AT_ONCE.get();
        let waits: Vec<_> = (0..burst).filter_map(|_| pace.take(1)).collect();
        assert!(waits.is_empty());
        // The bucket refills while the test runs; twice the burst outruns it.
        assert!((0..burst).any(|_| pace.take(1).is_some()));
    }

    #[test]
    fn many_bytes_wait_however_few_the_pieces() {
        let pace = Pace::of_bytes();
        let frame = limits::FRAME_BYTES;
        let frames = 2 * limits::BYTES_AT_ONCE.get() as usize / frame;
        assert!((0..frames).any(|_| pace.take(frame).is_some()));
    }
}
