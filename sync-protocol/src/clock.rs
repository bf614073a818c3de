//! Time, as it is handed in.

use minicbor::{Decode, Encode};

/// A point on the host's monotonic clock, in milliseconds; where its zero lies does not matter.
///
/// Deadlines are computed on it, so a wall clock that jumps closes no session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

impl Millis {
    /// The point `millis` milliseconds later; saturates.
    pub const fn plus(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this point; 0 if this point is the earlier one.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// An instant on a wall clock: milliseconds since the Unix epoch, UTC.
///
/// Carried and shown, never compared to decide an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Timestamp(#[n(0)] pub i64);

impl Timestamp {
    /// The instant `millis` milliseconds later; saturates.
    pub fn plus(self, millis: u64) -> Self {
        Self(self.0.saturating_add_unsigned(millis))
    }
}
