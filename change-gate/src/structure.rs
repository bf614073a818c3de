//! What operations may do to a document, whoever their author is.
//!
//! Documents are flat: maps of plain values, one map for each fact. So an
//! operation puts a plain value, makes a map where nothing was, or deletes; all
//! else that Automerge can do is refused. Maps are neither replaced nor deleted:
//! what someone writes into them at the same time would vanish from view.
//!
//! Everything is held against the document at the change's own dependencies. An
//! operation must name as its predecessors exactly the values that its author had
//! seen under the key. Fewer would claim not to have seen a value that the author
//! knew, and so pass an edit for a concurrent write; others break the document.

use std::collections::{BTreeMap, btree_map::Entry};

use automerge::{ActorId, Automerge, AutomergeError, ChangeHash, ObjId, ObjType, Prop, ROOT};
use automerge::{ReadDoc, ScalarValue, Value, legacy};
use thiserror::Error;

use crate::{
    Action, Actor, ChangeHeader, Write, limits,
    lineage::{dependencies, is_at_heads},
};

/// An operation as Automerge decodes it.
pub(crate) type Operation = legacy::Op;

/// Resolves a change's operations to what they write where.
///
/// Returns the place of the first operation that may not be, and its fault.
pub(crate) fn writes(
    document: &Automerge,
    header: &ChangeHeader,
    operations: &[Operation],
) -> Result<Vec<Write>, (usize, Fault)> {
    let mut resolver = Resolver::new(document, header);
    operations
        .iter()
        .enumerate()
        .map(|(place, operation)| {
            resolver
                .write(place, operation)
                .map_err(|fault| (place, fault))
        })
        .collect()
}

/// Says what is wrong with an operation.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It makes, or writes into, something that is not a map: a list, a text, a
    /// table.
    #[error("only maps are written")]
    NotAMap,
    /// It inserts, marks or increments.
    #[error("only puts, maps and deletes are written")]
    NotAllowed,
    /// It writes a value that is neither text, integer, boolean nor null.
    #[error("a value of kind {kind} is not written")]
    ValueKind {
        /// Automerge's name of the kind.
        kind: &'static str,
    },
    /// It writes a text that is too long.
    #[error("a text has {bytes} bytes")]
    TextTooLong {
        /// The text's length in bytes.
        bytes: usize,
    },
    /// It writes under the empty key.
    #[error("the key is empty")]
    EmptyKey,
    /// It writes deeper than [`DEPTH`](crate::limits::DEPTH).
    #[error("the value lies too deep")]
    TooDeep,
    /// It writes into an object that its author cannot have seen.
    #[error("the object is unknown to the change")]
    UnknownObject,
    /// It makes a map where a value is, puts a value where a map is, or deletes a
    /// map.
    #[error("a map neither replaces nor is replaced")]
    ReplacesMap,
    /// It does not name exactly the values that its author had seen.
    #[error("the predecessors are not what the author had seen")]
    Predecessors,
    /// Automerge cannot read the place it writes to.
    #[error("the place cannot be read: {reason}")]
    Unreadable {
        /// What Automerge says.
        reason: String,
    },
}

impl From<AutomergeError> for Fault {
    fn from(error: AutomergeError) -> Self {
        Self::Unreadable {
            reason: error.to_string(),
        }
    }
}

/// An operation's id, ordered as Automerge orders: the last of several concurrent
/// values is the one that readers see.
type OperationId = (u64, Actor);

/// A map: the root, or the operation that made it.
type Container = Option<OperationId>;

/// What is known of the change's way through the document so far.
struct Resolver<'a> {
    document: &'a Automerge,
    /// Where the author stood, unless at the document's heads.
    dependencies: Option<Vec<ChangeHash>>,
    header: &'a ChangeHeader,
    /// The way to each map that was met.
    paths: BTreeMap<OperationId, Vec<String>>,
    /// The state of each key that was written.
    keys: BTreeMap<(Container, String), Key>,
}

/// A key as the change's next operation finds it.
struct Key {
    /// It had a value at the change's dependencies.
    had_value: bool,
    /// Its concurrent values, ascending.
    values: Vec<Visible>,
}

#[derive(Clone, Copy)]
struct Visible {
    id: OperationId,
    is_map: bool,
}

impl<'a> Resolver<'a> {
    fn new(document: &'a Automerge, header: &'a ChangeHeader) -> Self {
        Self {
            document,
            dependencies: (!is_at_heads(document, header)).then(|| dependencies(header)),
            header,
            paths: BTreeMap::new(),
            keys: BTreeMap::new(),
        }
    }

    fn write(&mut self, place: usize, operation: &Operation) -> Result<Write, Fault> {
        let legacy::Key::Map(key) = &operation.key else {
            return Err(Fault::NotAMap);
        };
        if operation.insert {
            return Err(Fault::NotAllowed);
        }
        if key.is_empty() {
            return Err(Fault::EmptyKey);
        }
        let container = match &operation.obj {
            legacy::ObjectId::Root => None,
            legacy::ObjectId::Id(id) => Some(operation_id(id)?),
        };
        let mut path = self.path(container)?;
        path.push(key.to_string());
        if path.len() > limits::DEPTH {
            return Err(Fault::TooDeep);
        }
        let own = (
            self.header.start_op.saturating_add(place as u64),
            self.header.actor,
        );
        let predecessors = operation
            .pred
            .iter()
            .map(operation_id)
            .collect::<Result<Vec<_>, _>>()?;
        let state = self.key(container, key)?;
        let action = state.step(own, &operation.action, &predecessors)?;
        if action == Action::MakeMap {
            self.paths.insert(own, path.clone());
        }
        Ok(Write { path, action })
    }

    /// Finds the keys that lead to a map.
    fn path(&mut self, container: Container) -> Result<Vec<String>, Fault> {
        let Some(id) = container else {
            return Ok(Vec::new());
        };
        if let Some(path) = self.paths.get(&id) {
            return Ok(path.clone());
        }
        let path = self.stored_path(id)?;
        self.paths.insert(id, path.clone());
        Ok(path)
    }

    /// Finds the keys that lead to a map of the document, and makes sure that the
    /// author saw each map on the way.
    fn stored_path(&self, id: OperationId) -> Result<Vec<String>, Fault> {
        let object = object_id(id);
        match self.document.object_type(&object) {
            Ok(ObjType::Map) => {}
            Ok(_) => return Err(Fault::NotAMap),
            Err(_) => return Err(Fault::UnknownObject),
        }
        let mut path = Vec::new();
        let mut child = object.clone();
        for parent in self.document.parents(&object)? {
            let Prop::Map(key) = parent.prop else {
                return Err(Fault::NotAMap);
            };
            if path.len() >= limits::DEPTH {
                return Err(Fault::TooDeep);
            }
            let seen = self
                .values(&parent.obj, &key)?
                .into_iter()
                .any(|(_, value)| value == child);
            if !seen {
                return Err(Fault::UnknownObject);
            }
            path.push(key);
            child = parent.obj;
        }
        path.reverse();
        Ok(path)
    }

    /// Returns the state of a key, read from the document when first met.
    fn key(&mut self, container: Container, key: &str) -> Result<&mut Key, Fault> {
        let made_here = container.is_some_and(|(counter, actor)| {
            actor == self.header.actor && counter >= self.header.start_op
        });
        let values = if made_here || self.keys.contains_key(&(container, key.to_owned())) {
            Vec::new()
        } else {
            let object = container.map_or(ROOT, object_id);
            self.visible(&object, key)?
        };
        Ok(match self.keys.entry((container, key.to_owned())) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Key {
                had_value: !values.is_empty(),
                values,
            }),
        })
    }

    /// Returns the values of a key that the author had seen, ascending.
    fn visible(&self, object: &ObjId, key: &str) -> Result<Vec<Visible>, Fault> {
        let mut visible = Vec::new();
        for (value, id) in self.values(object, key)? {
            let ObjId::Id(counter, actor, _) = id else {
                return Err(Fault::UnknownObject);
            };
            visible.push(Visible {
                id: (counter, actor_of(&actor)?),
                is_map: value.is_object(),
            });
        }
        visible.sort_by_key(|value| value.id);
        Ok(visible)
    }

    fn values(&self, object: &ObjId, key: &str) -> Result<Vec<(Value<'_>, ObjId)>, AutomergeError> {
        match &self.dependencies {
            Some(heads) => self.document.get_all_at(object, key, heads),
            None => self.document.get_all(object, key),
        }
    }
}

impl Key {
    /// Lets an operation take effect.
    fn step(
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

fn object_id((counter, actor): OperationId) -> ObjId {
    // The last number is a hint where to look the actor up.
    ObjId::Id(counter, ActorId::from(actor), 0)
}

fn operation_id(id: &legacy::OpId) -> Result<OperationId, Fault> {
    Ok((id.counter(), actor_of(id.actor())?))
}

fn actor_of(actor: &ActorId) -> Result<Actor, Fault> {
    Actor::try_from(actor.to_bytes()).map_err(|_| Fault::UnknownObject)
}
