//! Why changes may not enter a document.

use thiserror::Error;

use crate::{Actor, Fault, Hash, Malformed, Poison};

/// Says why a batch may not enter; nothing of it did.
///
/// `R` is the judge's reason, or [`Infallible`](std::convert::Infallible) where
/// nobody judges.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal<R: std::error::Error + 'static> {
    /// The bytes are not one change within the limits.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The change is written as another device. Nobody may, or its owner's next
    /// change would be refused for ever.
    #[error("change {} is written as device {found}, not {expected}", Name(hash))]
    ForeignActor {
        /// The change.
        hash: Hash,
        /// The number of the device that is connected.
        expected: u64,
        /// The number in the change's actor.
        found: u64,
    },
    /// The document lacks changes that this one builds on. They may come: this is
    /// no refusal for ever, and no acceptance either.
    #[error("{} changes that this one depends on are missing", .0.len())]
    MissingDependencies(
        /// The changes that are missing, ascending.
        Vec<Hash>,
    ),
    /// The change is not its actor's next one. A place that was used before means
    /// a copied or restored replica, which must go on under a new actor.
    #[error("change {} is number {found} of its actor, not {expected}", Name(hash))]
    OutOfSequence {
        /// The change.
        hash: Hash,
        /// Its actor.
        actor: Actor,
        /// The actor's next place in this document.
        expected: u64,
        /// The place that the change claims.
        found: u64,
    },
    /// The change does not build on its own actor's previous one.
    #[error("change {} does not know its actor's previous one", Name(hash))]
    ForgetsItself {
        /// The change.
        hash: Hash,
        /// Its actor.
        actor: Actor,
    },
    /// The change's operations do not continue those that its author had seen.
    #[error("change {} counts from {found}, not {expected}", Name(hash))]
    StartOp {
        /// The change.
        hash: Hash,
        /// One more than the greatest counter among its dependencies.
        expected: u64,
        /// The counter that the change claims.
        found: u64,
    },
    /// The batch has too many operations for one document.
    #[error("the batch has {found} operations for one document")]
    TooManyOperations {
        /// How many it has, counted until the limit was passed.
        found: u64,
    },
    /// An operation does what documents of ours never hold.
    #[error("operation {operation} of change {}: {fault}", Name(hash))]
    Structure {
        /// The change.
        hash: Hash,
        /// The operation's place in the change, from 0.
        operation: usize,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The change has no operations and joins no heads.
    #[error("change {} does nothing", Name(hash))]
    Empty {
        /// The change.
        hash: Hash,
    },
    /// The judge says no.
    #[error("change {}: {reason}", Name(hash))]
    Judged {
        /// The change.
        hash: Hash,
        /// Why not.
        #[source]
        reason: R,
    },
    /// The changes would harm the document.
    #[error(transparent)]
    Poison(#[from] Poison),
}

impl<R: std::error::Error + 'static> Refusal<R> {
    /// Returns `false` if the same bytes may be accepted later without anybody
    /// doing anything about them, once missing changes have come.
    ///
    /// Whether a judge's reason is for ever is asked of the reason.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        !matches!(self, Self::MissingDependencies(_))
    }
}

/// The beginning of a change's name, as people compare them.
struct Name<'a>(&'a Hash);

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0
            .iter()
            .take(4)
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}
