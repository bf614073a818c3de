//! The history of one document.

use dealership::id::DocumentId;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::ReplicaError;
use crate::replica::{self, HistoryEntry};
use crate::view::{Desk, View};

/// Asks for the changes of one document.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct History {
    /// The document.
    document: DocumentId,
}

impl View for History {
    type Output = Vec<HistoryEntry>;

    const NAME: &'static str = "history";
    const ABOUT: &'static str = "Who changed a document, when they say so and when the relay knew";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        replica::history_of(&desk.shelf, self.document)
    }
}
