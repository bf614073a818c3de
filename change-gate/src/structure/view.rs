//! The document as a change's author saw it.

use automerge::{
    ActorId, Automerge, AutomergeError, ChangeHash, ObjId, ObjType, Prop, ROOT, ReadDoc, Value,
};

use super::{Container, Fault, OperationId, actor_of, key::Visible};
use crate::{
    ChangeHeader, limits,
    lineage::{dependencies, is_at_heads},
};

/// A document at a change's dependencies.
pub(super) struct View<'a> {
    document: &'a Automerge,
    /// Where the author stood, unless at the document's heads.
    dependencies: Option<Vec<ChangeHash>>,
}

impl<'a> View<'a> {
    pub(super) fn of(document: &'a Automerge, header: &ChangeHeader) -> Self {
        Self {
            document,
            dependencies: (!is_at_heads(document, header)).then(|| dependencies(header)),
        }
    }

    /// Returns the concurrent values of a key.
    pub(super) fn values(&self, container: Container, key: &str) -> Result<Vec<Visible>, Fault> {
        let object = container.map_or(ROOT, object_id);
        self.all(&object, key)?
            .into_iter()
            .map(|(value, id)| match id {
                ObjId::Id(counter, actor, _) => Ok(Visible {
                    id: (counter, actor_of(&actor)?),
                    is_map: value.is_object(),
                }),
                ObjId::Root => Err(Fault::UnknownObject),
            })
            .collect()
    }

    /// Finds the keys that lead to a map, and makes sure that the author saw each
    /// map on the way.
    ///
    /// A map that merely exists by now is not enough: whoever gets the change
    /// before the map would panic.
    pub(super) fn path(&self, id: OperationId) -> Result<Vec<String>, Fault> {
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
            let mut seen = self.all(&parent.obj, &key)?.into_iter();
            if !seen.any(|(_, value)| value == child) {
                return Err(Fault::UnknownObject);
            }
            path.push(key);
            child = parent.obj;
        }
        path.reverse();
        Ok(path)
    }

    fn all(&self, object: &ObjId, key: &str) -> Result<Vec<(Value<'_>, ObjId)>, AutomergeError> {
        match &self.dependencies {
            Some(heads) => self.document.get_all_at(object, key, heads),
            None => self.document.get_all(object, key),
        }
    }
}

fn object_id((counter, actor): OperationId) -> ObjId {
    // The last number is a hint where to look the actor up.
    ObjId::Id(counter, ActorId::from(actor), 0)
}
