//! The system's clocks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use dealership::Timestamp;

use crate::link::Moment;

/// The two clocks of this machine.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
}

impl Clock {
    /// Starts the monotonic clock at 0.
    pub fn start() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the native driver's clock"
        )]
        let started = Instant::now();
        Self { started }
    }

    /// What both clocks show.
    pub fn now(&self) -> Moment {
        let elapsed = self.started.elapsed().as_millis();
        Moment {
            monotonic: u64::try_from(elapsed).unwrap_or(u64::MAX),
            wall: Self::wall(),
        }
    }

    /// What the wall clock shows; the epoch if it stands before it.
    pub fn wall() -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the native driver's clock"
        )]
        let now = SystemTime::now();
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// When the monotonic clock will show so many milliseconds, for a timer.
    pub(super) fn instant(&self, monotonic: u64) -> tokio::time::Instant {
        let at = self.started.checked_add(Duration::from_millis(monotonic));
        at.unwrap_or(self.started).into()
    }
}
