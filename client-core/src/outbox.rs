//! What this device made and no relay has acknowledged, and what a relay refused.

use std::fmt;
use std::str::FromStr;

use dealership::Timestamp;
use dealership::id::StaffId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// The most changes in one batch.
pub(crate) const CHANGES_PER_BATCH: usize = 64;

/// The most bytes of changes in one batch; leaves room for ids and spaces within the protocol's
/// 240 KiB.
pub(crate) const BYTES_PER_BATCH: usize = 224 * 1024;

/// Names a batch: drawn when the command runs, the same each time the batch is pushed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct BatchId(pub [u8; 16]);

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BatchId({self})")
    }
}

/// A text that names no batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a batch is named by 32 hex digits")]
pub struct NotABatchId;

impl FromStr for BatchId {
    type Err = NotABatchId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotABatchId)?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for BatchId {
    type Error = NotABatchId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<BatchId> for String {
    fn from(id: BatchId) -> Self {
        id.to_string()
    }
}

/// What a person asked for, with all that was handed in: replayed, it gives the same facts.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// The name of the command.
    pub command: String,
    /// Its input.
    pub input: Json,
    /// The device's clock.
    pub made_at: Timestamp,
    /// What the ids of what was made are drawn from.
    pub id_seed: [u8; 16],
    /// Who asked.
    pub staff: StaffId,
}

/// A batch that will not enter, with the reason, until a person decides.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct QuarantinedBatch {
    /// The batch.
    pub batch: BatchId,
    /// The name of the command.
    pub command: String,
    /// Its input; null if it was for a document that was purged since.
    pub input: Json,
    /// When it was asked for.
    pub made_at: Timestamp,
    /// By whom.
    pub staff: StaffId,
    /// Why it is here.
    #[serde(flatten)]
    pub why: WhyQuarantined,
    /// When the device learnt of it.
    pub refused_at: Timestamp,
}

/// Why a batch is in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WhyQuarantined {
    /// The relay's code, `replay` if the batch built on a refused one and gives other facts
    /// without it, or the code of the command's own refusal then.
    pub code: String,
    /// One sentence for a person.
    pub reason: String,
    /// The refused batch that this one built on; absent if it was refused itself.
    pub because_of: Option<BatchId>,
}
