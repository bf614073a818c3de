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

mod key;
mod view;

use std::collections::{BTreeMap, btree_map::Entry};

use automerge::{ActorId, Automerge, AutomergeError, legacy};
use thiserror::Error;

use self::{key::Key, view::View};
use crate::{Action, Actor, ChangeHeader, Write, limits};

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
    view: View<'a>,
    header: &'a ChangeHeader,
    /// The way to each map that was met.
    paths: BTreeMap<OperationId, Vec<String>>,
    /// The state of each key that was written.
    keys: BTreeMap<(Container, String), Key>,
}

impl<'a> Resolver<'a> {
    fn new(document: &'a Automerge, header: &'a ChangeHeader) -> Self {
        Self {
            view: View::of(document, header),
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
        let action = self
            .key(container, key)?
            .step(own, &operation.action, &predecessors)?;
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
        Ok(match self.paths.entry(id) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(new) => new.insert(self.view.path(id)?).clone(),
        })
    }

    /// Returns the state of a key, read from the document when first met.
    fn key(&mut self, container: Container, key: &str) -> Result<&mut Key, Fault> {
        Ok(match self.keys.entry((container, key.to_owned())) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let made_here = container.is_some_and(|(counter, actor)| {
                    actor == self.header.actor && counter >= self.header.start_op
                });
                let values = match made_here {
                    true => Vec::new(),
                    false => self.view.values(container, key)?,
                };
                new.insert(Key::with(values))
            }
        })
    }
}

fn operation_id(id: &legacy::OpId) -> Result<OperationId, Fault> {
    Ok((id.counter(), actor_of(id.actor())?))
}

fn actor_of(actor: &ActorId) -> Result<Actor, Fault> {
    Actor::try_from(actor.to_bytes()).map_err(|_| Fault::UnknownObject)
}
