//! A document whose every change passed the gate.

use std::collections::BTreeMap;
use std::sync::Arc;

use automerge::{Automerge, Change, ChangeHash, ReadDoc};
use thiserror::Error;

use crate::{Actor, ChangeHeader, Hash, Poison, panics::caught, proof};

/// An Automerge document that took in nothing but changes which passed the gate,
/// here or at the relay.
///
/// Keeps the last sequence number of every actor, so that no check walks the
/// history. A clone shares the document until one of the two takes a change in.
#[derive(Clone, Debug)]
pub struct GatedDocument {
    document: Arc<Automerge>,
    sequences: BTreeMap<Actor, u64>,
}

impl GatedDocument {
    /// Returns a document without changes.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            document: Arc::new(Automerge::new()),
            sequences: BTreeMap::new(),
        }
    }

    /// Loads a document from our own store: a save, raw changes after it if any.
    ///
    /// No bytes are an empty document. This is no gate: whoever can write a
    /// document with a right checksum can make Automerge use memory without bound
    /// or abort the process.
    ///
    /// # Errors
    ///
    /// Says why the bytes are not a document that changes could be added to.
    pub fn load(saved: &[u8]) -> Result<Self, Unreadable> {
        caught(|| {
            let document = Automerge::load(saved).map_err(|error| Unreadable::Invalid {
                reason: error.to_string(),
            })?;
            let missing = document.get_missing_deps(&[]);
            if !missing.is_empty() {
                let missing = missing.into_iter().map(|hash| hash.0).collect();
                return Err(Unreadable::MissingDependencies(missing));
            }
            let mut sequences = BTreeMap::new();
            for change in document.get_changes_meta(&[]) {
                let bytes = change.actor.to_bytes();
                let actor =
                    Actor::try_from(bytes).map_err(|_| Unreadable::ActorLength(bytes.len()))?;
                let last = sequences.entry(actor).or_default();
                *last = change.seq.max(*last);
            }
            Ok(Self {
                document: Arc::new(document),
                sequences,
            })
        })
        .map_err(|message| Unreadable::Panicked { message })?
    }

    /// Returns the document itself, to be read. Whoever writes clones it, sets their
    /// own actor, and brings the change back through the gate.
    #[must_use]
    pub fn automerge(&self) -> &Automerge {
        &self.document
    }

    /// Returns the document itself for those who read it for longer.
    #[must_use]
    pub fn shared(&self) -> Arc<Automerge> {
        Arc::clone(&self.document)
    }

    /// Returns how many changes of an actor the document has.
    #[must_use]
    pub fn last_seq(&self, actor: &Actor) -> u64 {
        self.sequences.get(actor).copied().unwrap_or(0)
    }

    /// Says whether the document has a change.
    #[must_use]
    pub fn contains(&self, hash: &Hash) -> bool {
        self.document
            .get_missing_deps(&[ChangeHash(*hash)])
            .is_empty()
    }

    /// Applies a change that was found well. After an error the document may be
    /// half-changed.
    pub(crate) fn apply(&mut self, header: &ChangeHeader, change: Change) -> Result<(), Poison> {
        proof::apply(Arc::make_mut(&mut self.document), change)?;
        self.sequences.insert(header.actor, header.seq);
        Ok(())
    }

    /// Returns the same document as it was loaded again.
    pub(crate) fn reloaded(self, document: Automerge) -> Self {
        let document = Arc::new(document);
        Self { document, ..self }
    }
}

/// Says why stored bytes are not a document that changes could be added to.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreadable {
    /// Automerge cannot load the bytes.
    #[error("the document cannot be loaded: {reason}")]
    Invalid {
        /// What Automerge says.
        reason: String,
    },
    /// Automerge panicked.
    #[error("Automerge panicked while loading: {message}")]
    Panicked {
        /// What it said.
        message: String,
    },
    /// Changes were saved whose dependencies were not.
    #[error("the document lacks {} changes that others depend on", .0.len())]
    MissingDependencies(
        /// The changes that are missing.
        Vec<Hash>,
    ),
    /// A change was written by an actor that is not ours.
    #[error("an actor's id has {0} bytes")]
    ActorLength(
        /// The id's length in bytes.
        usize,
    ),
}
