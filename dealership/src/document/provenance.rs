//! Who wrote a value: read from the change that wrote it, with the receipt beside it.

use automerge::{ChangeHash, ObjId, ReadDoc, Value as AutomergeValue};

use crate::authorship::Seq;
use crate::document::Document;
use crate::id::{DeviceNumber, StaffId};
use crate::receipt::ChangeReceipt;
use crate::time::Timestamp;
use crate::value::Value;

/// Where a value or a fact comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The change.
    pub change: ChangeHash,
    /// The device that made it; the gate has bound it to the session.
    pub device: DeviceNumber,
    /// The person, or [`StaffId::RELAY`].
    pub staff: StaffId,
    /// The command.
    pub command: String,
    /// The cursor that the author had seen.
    pub base_seq: Seq,
    /// When the device says it was made, to the second.
    pub claimed_at: Timestamp,
    /// What the relay knows of it; `None` until it is acknowledged.
    pub receipt: Option<ChangeReceipt>,
}

/// One of several values that stand concurrently in a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rival {
    /// The value.
    pub value: Value,
    /// Where it comes from.
    pub provenance: Provenance,
}

impl Provenance {
    /// Whether the author knew of a change in another document: one of the same device, or one
    /// that the relay had given it. Within one document, ancestry says it exactly.
    pub fn knew_of(&self, other: &Self) -> bool {
        let was_given = |receipt: ChangeReceipt| receipt.seq <= self.base_seq;
        self.device == other.device || other.receipt.is_some_and(was_given)
    }
}

impl Document {
    /// Every change of the document in an order where each stands after what it had seen.
    pub fn history(&self) -> Vec<Provenance> {
        self.changes()
            .iter()
            .filter_map(|change| change.provenance.clone())
            .collect()
    }

    /// Where what an operation made comes from.
    pub(super) fn provenance_of(&self, operation: &ObjId) -> Option<&Provenance> {
        let hash = self.automerge().hash_for_opid(operation)?;
        self.changes().get(&hash)?.provenance.as_ref()
    }

    pub(super) fn rivals_in(&self, object: &ObjId, key: &str) -> Vec<Rival> {
        let Ok(values) = self.automerge().get_all(object, key) else {
            return Vec::new();
        };
        values
            .into_iter()
            .filter_map(|(value, operation)| {
                let AutomergeValue::Scalar(scalar) = value else {
                    return None;
                };
                Some(Rival {
                    value: Value::from_scalar(&scalar)?,
                    provenance: self.provenance_of(&operation)?.clone(),
                })
            })
            .collect()
    }
}
