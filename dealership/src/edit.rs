//! Leaf edits: what a command asks to be written, and the change they become.

use std::collections::BTreeMap;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{Automerge, AutomergeError, ChangeHash, ROOT, ReadDoc, hydrate};

use crate::authorship::Authorship;
use crate::id::{DocumentId, FactId};
use crate::kind::Kind;
use crate::schema;
use crate::space::Space;
use crate::time::Timestamp;
use crate::value::Value;

/// Named scalars, in order of names.
pub type Fields = BTreeMap<String, Value>;

/// Names scalars; what is null is left out, since what was never written reads the same.
pub fn fields<'n>(named: impl IntoIterator<Item = (&'n str, Value)>) -> Fields {
    named
        .into_iter()
        .filter(|(_, value)| *value != Value::Null)
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// One thing to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Makes a document with its first registers.
    Create {
        /// What it is about.
        kind: Kind,
        /// Where it lives.
        space: Space,
        /// Registers at the root, members of sets among them.
        registers: Fields,
    },
    /// Writes a register or a member at the root.
    Set {
        /// The key.
        key: String,
        /// The value.
        value: Value,
    },
    /// Adds a fact or an entry with all its fields.
    Record {
        /// What stands before the slash.
        name: &'static str,
        /// What follows it.
        id: FactId,
        /// Its fields.
        fields: Fields,
    },
    /// Writes a field of an entry.
    Amend {
        /// What stands before the slash.
        name: &'static str,
        /// What follows it.
        id: FactId,
        /// The field.
        field: String,
        /// The value.
        value: Value,
    },
}

/// The edits of one command, by document: each document's edits become one change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits(BTreeMap<DocumentId, Vec<Edit>>);

impl Edits {
    /// Makes a document.
    pub fn create(&mut self, document: DocumentId, kind: Kind, space: Space, registers: Fields) {
        self.push(
            document,
            Edit::Create {
                kind,
                space,
                registers,
            },
        );
    }

    /// Writes a register at the root.
    pub fn set(&mut self, document: DocumentId, key: impl Into<String>, value: impl Into<Value>) {
        let (key, value) = (key.into(), value.into());
        self.push(document, Edit::Set { key, value });
    }

    /// Adds a fact or an entry.
    pub fn record(&mut self, document: DocumentId, name: &'static str, id: FactId, fields: Fields) {
        self.push(document, Edit::Record { name, id, fields });
    }

    /// Writes a field of an entry.
    pub fn amend(
        &mut self,
        document: DocumentId,
        name: &'static str,
        id: FactId,
        field: impl Into<String>,
        value: impl Into<Value>,
    ) {
        let (field, value) = (field.into(), value.into());
        self.push(
            document,
            Edit::Amend {
                name,
                id,
                field,
                value,
            },
        );
    }

    /// The documents with their edits, in order of ids.
    pub fn by_document(&self) -> impl Iterator<Item = (DocumentId, &[Edit])> {
        self.0
            .iter()
            .map(|(document, edits)| (*document, edits.as_slice()))
    }

    /// Adds what another part of the same command wants written.
    pub fn extend(&mut self, other: Self) {
        for (document, edits) in other.0 {
            self.0.entry(document).or_default().extend(edits);
        }
    }

    /// Whether something is to be written to a document.
    pub fn touches(&self, document: DocumentId) -> bool {
        self.0.contains_key(&document)
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, document: DocumentId, edit: Edit) {
        self.0.entry(document).or_default().push(edit);
    }
}

/// An edit that does not fit the document it is for.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The entry to amend is not in the document.
    #[error("there is no {name}/{id} to amend")]
    NoSuchEntry {
        /// What stands before the slash.
        name: &'static str,
        /// What follows it.
        id: FactId,
    },
    /// Automerge refused.
    #[error("the document could not be edited")]
    Automerge(#[from] AutomergeError),
}

/// Writes edits as one change by the document's actor, and gives the change's hash; `None` when
/// the document already says all of it.
///
/// # Errors
///
/// [`EditError`], and then the document is as it was.
pub fn write(
    automerge: &mut Automerge,
    edits: &[Edit],
    authorship: &Authorship,
    claimed_at: Timestamp,
) -> Result<Option<ChangeHash>, EditError> {
    let mut transaction = automerge.transaction();
    for edit in edits {
        match edit {
            Edit::Create {
                kind, registers, ..
            } => {
                // A content id may be made where a colleague's document already stands.
                if transaction.length(ROOT) == 0 {
                    let mut root = map_of(registers);
                    root.insert(schema::KIND.to_owned(), plain(&kind.code().into()));
                    root.insert(
                        schema::SHAPE_VERSION.to_owned(),
                        plain(&schema::SHAPE.into()),
                    );
                    transaction.init_root_from_hydrate(&root)?;
                } else {
                    for (key, value) in registers {
                        transaction.put(ROOT, key, value.to_scalar())?;
                    }
                }
            }
            Edit::Set { key, value } => transaction.put(ROOT, key, value.to_scalar())?,
            Edit::Record { name, id, fields } => {
                let map = hydrate::Value::Map(map_of(fields));
                transaction.batch_create_object(ROOT, format!("{name}/{id}"), &map, false)?;
            }
            Edit::Amend {
                name,
                id,
                field,
                value,
            } => {
                let (_, entry) = transaction
                    .get(ROOT, format!("{name}/{id}"))?
                    .ok_or(EditError::NoSuchEntry { name, id: *id })?;
                transaction.put(&entry, field, value.to_scalar())?;
            }
        }
    }
    let options = CommitOptions::default()
        .with_message(authorship.to_string())
        .with_time(claimed_at.seconds());
    let (hash, _) = transaction.commit_with(options);
    Ok(hash)
}

fn map_of(fields: &Fields) -> hydrate::Map {
    let mut map = hydrate::Map::default();
    map.extend(
        fields
            .iter()
            .map(|(name, value)| (name.clone(), plain(value))),
    );
    map
}

fn plain(value: &Value) -> hydrate::MapValue {
    hydrate::MapValue {
        value: hydrate::Value::Scalar(value.to_scalar()),
        conflict: false,
    }
}
