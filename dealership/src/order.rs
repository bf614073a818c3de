//! In which order things happened, as far as the relay can vouch for it.
//!
//! A device's clock may be wrong, and the relay hears of offline work late. What is certain is a
//! window: the author had seen the entry at `base_seq` (so the change was made after that entry's
//! receipt), and the relay received the change (so it was made before). Two windows that do not
//! overlap are in a certain order. Within its window the claimed time places a change, and only
//! where the session's clock was found right; otherwise the change stands at the window's end,
//! so a wrong clock never gains by what it claims.
//!
//! Every change is thus reduced to one instant within its window, and instants are compared:
//! that order is total, the same on every replica, and agrees with every pair of windows that do
//! not overlap. Ties are broken by receipt, then by place in the log; a caller that orders facts
//! breaks the last tie, within one change, by their ids.

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::authorship::Seq;
use crate::document::Provenance;
use crate::receipt::ChangeReceipt;
use crate::time::Timestamp;

/// How far the clock of a session may be off that counts as trusted, in milliseconds.
const TRUSTED_CLOCK_MILLIS: i64 = 10 * 60_000;

/// When something was done, for the sake of order; earlier compares as less.
///
/// What the relay has not acknowledged stands after all that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderTime {
    /// When the device says it was.
    pub claimed_at: Timestamp,
    /// What the relay knows; `None` until it is acknowledged.
    pub receipt: Option<ChangeReceipt>,
}

/// By what two changes were put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderBasis {
    /// Their windows do not overlap: the order is certain.
    Windows,
    /// Their windows overlap and both clocks were right: the claimed times decided.
    ClaimedTimes,
    /// Their windows overlap and a clock was not right: what was received last came last.
    Receipts,
    /// One of them is not acknowledged yet.
    Unacknowledged,
}

impl OrderBasis {
    /// The code in cases and on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::ClaimedTimes => "claimed_times",
            Self::Receipts => "receipts",
            Self::Unacknowledged => "unacknowledged",
        }
    }
}

impl OrderTime {
    /// Reads where a fact or a value comes from.
    pub const fn of(provenance: &Provenance) -> Self {
        Self {
            claimed_at: provenance.claimed_at,
            receipt: provenance.receipt,
        }
    }

    /// The instant within the window at which this is taken to have been.
    pub fn instant(&self) -> Timestamp {
        match self.receipt {
            None => self.claimed_at,
            Some(receipt) if receipt.clock_trusted => self
                .claimed_at
                .max(receipt.base_received_at)
                .min(receipt.received_at),
            Some(receipt) => receipt.received_at,
        }
    }

    /// Whether this may have been within two instants, both included, as far as clocks and receipts
    /// can tell: a trusted clock is right to ten minutes, of another the window of the receipt is
    /// all that is known.
    pub fn may_have_been_within(&self, from: Timestamp, until: Timestamp) -> bool {
        let (earliest, latest) = match self.receipt {
            None => (self.claimed_at, self.claimed_at),
            Some(receipt) if receipt.clock_trusted => {
                let instant = self.instant();
                let tolerance = TRUSTED_CLOCK_MILLIS;
                (
                    instant.plus_millis(-tolerance),
                    instant.plus_millis(tolerance),
                )
            }
            Some(receipt) => (receipt.base_received_at, receipt.received_at),
        };
        earliest <= until && from <= latest
    }

    /// By what this and another are put in order.
    pub fn basis(&self, other: &Self) -> OrderBasis {
        let (Some(one), Some(two)) = (self.receipt, other.receipt) else {
            return OrderBasis::Unacknowledged;
        };
        if one.received_at <= two.base_received_at || two.received_at <= one.base_received_at {
            OrderBasis::Windows
        } else if one.clock_trusted && two.clock_trusted {
            OrderBasis::ClaimedTimes
        } else {
            OrderBasis::Receipts
        }
    }

    fn key(&self) -> (bool, Timestamp, Option<(Timestamp, Seq)>) {
        (
            self.receipt.is_none(),
            self.instant(),
            self.receipt
                .map(|receipt| (receipt.received_at, receipt.seq)),
        )
    }
}

impl Ord for OrderTime {
    fn cmp(&self, other: &Self) -> Ordering {
        // The claimed time comes last, so that only equal values compare as equal.
        self.key()
            .cmp(&other.key())
            .then(self.claimed_at.cmp(&other.claimed_at))
            .then(self.receipt.cmp(&other.receipt))
    }
}

impl PartialOrd for OrderTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order_time() -> impl Strategy<Value = OrderTime> {
        let receipt = (0..40_u64, 0..100_i64, 0..100_i64, any::<bool>()).prop_map(
            |(seq, base, length, clock_trusted)| ChangeReceipt {
                seq: Seq(seq),
                received_at: Timestamp::from_millis(base + length),
                base_received_at: Timestamp::from_millis(base),
                clock_trusted,
            },
        );
        (-1_000..1_000_i64, proptest::option::of(receipt)).prop_map(|(claimed, receipt)| {
            OrderTime {
                claimed_at: Timestamp::from_millis(claimed),
                receipt,
            }
        })
    }

    proptest! {
        #[test]
        fn windows_that_do_not_overlap_decide_whatever_the_clocks_say(
            one in order_time(),
            two in order_time(),
        ) {
            if let (Some(first), Some(second)) = (one.receipt, two.receipt)
                && first.received_at < second.base_received_at
            {
                prop_assert_eq!(one.basis(&two), OrderBasis::Windows);
                prop_assert!(one < two);
            }
        }

        #[test]
        fn the_instant_lies_in_the_window(time in order_time()) {
            if let Some(receipt) = time.receipt {
                prop_assert!(time.instant() >= receipt.base_received_at);
                prop_assert!(time.instant() <= receipt.received_at);
            }
        }

        #[test]
        fn a_clock_that_is_not_trusted_decides_nothing(
            one in order_time(),
            two in order_time(),
            claims in -100_000..100_000_i64,
        ) {
            let mut liar = one;
            liar.claimed_at = Timestamp::from_millis(claims);
            if one.receipt.is_some_and(|receipt| !receipt.clock_trusted) && one.key() != two.key() {
                prop_assert_eq!(one.cmp(&two), liar.cmp(&two));
            }
        }

        #[test]
        fn the_order_is_total(times in proptest::collection::vec(order_time(), 3)) {
            let [a, b, c] = [times[0], times[1], times[2]];
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert!(!(a <= b && b <= c) || a <= c);
        }
    }
}
