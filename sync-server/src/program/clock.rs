//! The clocks of this machine.

use std::time::{SystemTime, UNIX_EPOCH};

use dealership::Timestamp;
use sync_protocol::Millis;
use tokio::time::Instant;

/// What the wall clock shows.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // A clock before 1970 is as wrong as any other; the log's time never goes back anyway.
    let millis = since.map_or(0, |since| since.as_millis());
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// A monotonic clock that sessions can be told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Monotonic(Instant);

impl Monotonic {
    /// Starts at 0 now.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// How far it has come.
    pub(crate) fn now(&self) -> Millis {
        Millis(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// When it will show this.
    pub(crate) fn at(&self, millis: Millis) -> Instant {
        let after = std::time::Duration::from_millis(millis.0);
        // Beyond what the clock can show is as good as never; a day is looked at again.
        let day = std::time::Duration::from_secs(24 * 3_600);
        self.0
            .checked_add(after)
            .unwrap_or_else(|| Instant::now() + day)
    }
}
