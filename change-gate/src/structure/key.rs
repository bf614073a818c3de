//! What an operation may do to its key.

use automerge::{ObjType, ScalarValue, legacy};

use super::{Fault, OperationId};
use crate::{Action, limits};

/// A key as the change's next operation finds it.
pub(super) struct Key {
    /// It had a value at the change's dependencies.
    had_value: bool,
    /// Its concurrent values, ascending.
    values: Vec<Visible>,
}

/// One of a key's concurrent values.
#[derive(Clone, Copy)]
pub(super) struct Visible {
    pub(super) id: OperationId,
    pub(super) is_map: bool,
}

impl Key {
    /// Returns a key as it is at the change's dependencies.
    pub(super) fn with(mut values: Vec<Visible>) -> Self {
        values.sort_by_key(|value| value.id);
        Self {
            had_value: !values.is_empty(),
            values,
        }
    }

    /// Lets an operation take effect.
    pub(super) fn step(
        &mut self,
        own: OperationId,
        action: &legacy::OpType,
        predecessors: &[OperationId],
    ) -> Result<Action, Fault> {
        match action {
            legacy::OpType::Make(ObjType::Map) => {
                if self.had_value || !self.values.is_empty() {
                    return Err(Fault::ReplacesMap);
                }
                if !predecessors.is_empty() {
                    return Err(Fault::Predecessors);
                }
                self.values = vec![Visible {
                    id: own,
                    is_map: true,
                }];
                Ok(Action::MakeMap)
            }
            legacy::OpType::Put(value) => {
                plain(value)?;
                if self.values.iter().any(|value| value.is_map) {
                    return Err(Fault::ReplacesMap);
                }
                if !self.ids().eq(predecessors.iter().copied()) {
                    return Err(Fault::Predecessors);
                }
                self.values = vec![Visible {
                    id: own,
                    is_map: false,
                }];
                Ok(Action::Put {
                    value: value.clone(),
                    replaces: self.had_value,
                })
            }
            legacy::OpType::Delete => self.delete(predecessors),
            legacy::OpType::Make(_) => Err(Fault::NotAMap),
            legacy::OpType::Increment(_)
            | legacy::OpType::MarkBegin(_)
            | legacy::OpType::MarkEnd(_) => Err(Fault::NotAllowed),
        }
    }

    /// Takes away all values, or all but the one that readers see. The second is
    /// what Automerge writes when a conflict is settled in the winner's favour.
    fn delete(&mut self, predecessors: &[OperationId]) -> Result<Action, Fault> {
        let deleted = predecessors.len();
        let all_but_one = self.values.len().saturating_sub(1);
        let seen = self.ids().take(deleted).eq(predecessors.iter().copied());
        if deleted == 0 || deleted < all_but_one || !seen {
            return Err(Fault::Predecessors);
        }
        if self.values.drain(..deleted).any(|value| value.is_map) {
            return Err(Fault::ReplacesMap);
        }
        Ok(Action::Delete {
            leaves_value: !self.values.is_empty(),
        })
    }

    fn ids(&self) -> impl Iterator<Item = OperationId> {
        self.values.iter().map(|value| value.id)
    }
}

/// Checks that a value is of a kind that documents hold.
fn plain(value: &ScalarValue) -> Result<(), Fault> {
    let kind = match value {
        ScalarValue::Str(text) if text.len() > limits::STRING_BYTES => {
            return Err(Fault::TextTooLong { bytes: text.len() });
        }
        ScalarValue::Str(_) | ScalarValue::Int(_) | ScalarValue::Boolean(_) | ScalarValue::Null => {
            return Ok(());
        }
        ScalarValue::Bytes(_) => "bytes",
        ScalarValue::Uint(_) => "uint",
        ScalarValue::F64(_) => "f64",
        ScalarValue::Counter(_) => "counter",
        ScalarValue::Timestamp(_) => "timestamp",
        ScalarValue::Unknown { .. } => "unknown",
    };
    Err(Fault::ValueKind { kind })
}
