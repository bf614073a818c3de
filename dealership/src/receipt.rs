//! What the relay knows of a change that the change itself cannot say.

use std::collections::BTreeMap;

use automerge::ChangeHash;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::authorship::Seq;
use crate::time::Timestamp;

/// The receipt of a change: where it stands in the log and between which instants it was made.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct ChangeReceipt {
    /// Its position in the group's log.
    pub seq: Seq,
    /// When the relay received it: the change was made before.
    pub received_at: Timestamp,
    /// When the relay received the entry at the author's `base_seq`: the change was made after.
    /// The epoch (0) when the author had seen nothing.
    pub base_received_at: Timestamp,
    /// Whether the session's clock was within ten minutes of the relay's.
    pub clock_trusted: bool,
}

/// The receipts of one document's changes; what has none is not acknowledged yet.
///
/// Keyed by the first eight bytes of the change's hash, as the side column on the wire is: within
/// one document that is enough to tell changes apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipts(BTreeMap<[u8; 8], ChangeReceipt>);

impl Receipts {
    /// The receipt of a change, if the relay has acknowledged it.
    pub fn get(&self, hash: &ChangeHash) -> Option<&ChangeReceipt> {
        self.0.get(&prefix(hash))
    }

    /// Notes the receipt of a change.
    pub fn insert(&mut self, hash: &ChangeHash, receipt: ChangeReceipt) {
        self.0.insert(prefix(hash), receipt);
    }

    /// Notes the receipt of the change whose hash begins so.
    pub fn insert_prefix(&mut self, prefix: [u8; 8], receipt: ChangeReceipt) {
        self.0.insert(prefix, receipt);
    }

    /// Every receipt with the first eight bytes of its change's hash.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8; 8], &ChangeReceipt)> {
        self.0.iter()
    }

    /// How many changes have receipts.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no change has a receipt.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn prefix(hash: &ChangeHash) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = hash.0;
    [a, b, c, d, e, f, g, h]
}
