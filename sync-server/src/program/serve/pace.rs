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
    messages: DefaultDirectRateLimiter,
    bytes: DefaultDirectRateLimiter,
}

impl Pace {
    /// A whole allowance.
    pub(super) fn new() -> Self {
        let messages =
            Quota::per_second(limits::MESSAGES_PER_SECOND).allow_burst(limits::MESSAGES_AT_ONCE);
        let bytes = Quota::per_second(limits::BYTES_PER_SECOND).allow_burst(limits::BYTES_AT_ONCE);
        Self {
            clock: DefaultClock::default(),
            messages: RateLimiter::direct(messages),
            bytes: RateLimiter::direct(bytes),
        }
    }

    /// Counts a message, and says how long the socket should be left alone.
    pub(super) fn take(&self, bytes: usize) -> Option<Duration> {
        let now = self.clock.now();
        let messages = self.messages.check().err();
        let messages = messages.map(|not_until| not_until.wait_time_from(now));
        let bytes = NonZeroU32::new(u32::try_from(bytes).unwrap_or(u32::MAX))
            .and_then(|bytes| self.bytes.check_n(bytes).ok())
            .and_then(Result::err)
            .map(|not_until| not_until.wait_time_from(now));
        messages.max(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_read_at_once_and_what_is_beyond_it_waits() {
        let pace = Pace::new();
        let burst = limits::MESSAGES_AT_ONCE.get();
        let waits: Vec<_> = (0..burst).filter_map(|_| pace.take(10)).collect();
        assert!(waits.is_empty());
        // The bucket refills while the test runs; twice the burst outruns it.
        assert!((0..burst).any(|_| pace.take(10).is_some()));
    }

    #[test]
    fn many_bytes_wait_however_few_the_messages() {
        let pace = Pace::new();
        let frame = limits::FRAME_BYTES;
        let frames = 2 * limits::BYTES_AT_ONCE.get() as usize / frame;
        assert!((0..frames).any(|_| pace.take(frame).is_some()));
    }
}
