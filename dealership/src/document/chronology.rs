//! When changes were made: claimed times, held within what receipts prove.
//!
//! [`OrderTime`] reduces one change to an instant within the window of its receipt. Within one
//! document more is certain: nothing is made before what its author had seen, also where a clock
//! was set back between two changes of one device. The result is the same on every replica that
//! knows the same receipts, whatever the order in which changes arrived.

use std::collections::BTreeMap;

use automerge::ChangeHash;

use crate::document::changes::Changes;
use crate::order::OrderTime;
use crate::receipt::Receipts;
use crate::time::Timestamp;

/// The moments of every change of one document.
#[derive(Debug, Default)]
pub struct Chronology {
    moments: BTreeMap<ChangeHash, Moment>,
}

/// When a change was made; the order of moments extends the order of having seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Its instant by [`OrderTime`], or that of what it had seen if that is later.
    pub time: Timestamp,
    /// How many changes stand before it in the longest chain of having seen: tells apart changes
    /// of the same time.
    pub depth: u32,
}

impl Chronology {
    /// Reads when every change was made.
    pub(super) fn of(walked: &Changes, receipts: &Receipts) -> Self {
        let mut moments: BTreeMap<ChangeHash, Moment> = BTreeMap::new();
        for change in walked.iter() {
            let order = OrderTime {
                claimed_at: change.claimed_at,
                receipt: receipts.get(&change.hash).copied(),
            };
            let mut moment = Moment {
                time: order.instant(),
                depth: 0,
            };
            for seen in change
                .dependencies
                .iter()
                .filter_map(|hash| moments.get(hash))
            {
                moment.time = moment.time.max(seen.time);
                moment.depth = moment.depth.max(seen.depth.saturating_add(1));
            }
            moments.insert(change.hash, moment);
        }
        Self { moments }
    }

    /// When a change was made; the beginning of time for one that is not in the document.
    pub fn moment(&self, change: &ChangeHash) -> Moment {
        self.moments.get(change).copied().unwrap_or_default()
    }
}
