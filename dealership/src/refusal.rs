//! Why a command is refused, and what a person should know though it is not.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::Carded;
use crate::deal::{Missing, Stage};
use crate::document::Document;
use crate::id::{DealId, DocumentId, ShowId, StaffId, VehicleId};
use crate::import::Finding;
use crate::kind::Kind;
use crate::rights::Forbidden;
use crate::time::Timestamp;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The input is not this command's.
    #[error("this is not the input of {command}: {problem}")]
    NotThisCommand {
        /// The command.
        command: &'static str,
        /// What the parser says.
        problem: String,
    },
    /// There is no such command.
    #[error("there is no command {0:?}")]
    NoSuchCommand(String),
    /// The document is not on this device.
    #[error("there is no {kind} {id} on this device")]
    NotHere {
        /// What was looked for.
        kind: Kind,
        /// Its id.
        id: DocumentId,
    },
    /// A field does not hold.
    #[error("{field}: {problem}")]
    Invalid {
        /// The field of the command's input.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The person needs to confirm what they were warned of.
    #[error("{field} needs confirming: {problem}")]
    NeedsConfirming {
        /// The field of the command's input.
        field: &'static str,
        /// What they should look at.
        problem: String,
    },
    /// The vehicle cannot be claimed by this deal now.
    #[error("vehicle {vehicle} is not free: {hold}")]
    VehicleHeld {
        /// The vehicle.
        vehicle: VehicleId,
        /// Who holds it and until when.
        hold: Box<Hold>,
    },
    /// A row of a spreadsheet cannot be taken.
    #[error("the row cannot be taken: {}", said(findings))]
    RowNotTaken {
        /// Everything that stands against it.
        findings: Vec<Finding>,
    },
    /// The store has carded the number already.
    #[error("the number is carded already")]
    AlreadyCarded {
        /// Who bears it, the oldest first.
        cards: Vec<Carded>,
    },
    /// A stage of a deal lacks what it needs.
    #[error("{stage} of deal {deal} needs {}", listed(missing))]
    StageLacks {
        /// The deal.
        deal: DealId,
        /// The stage.
        stage: Stage,
        /// What is not there.
        missing: Vec<Missing>,
    },
    /// The state of the document does not allow it.
    #[error("{kind} {id}: {problem}")]
    State {
        /// The kind.
        kind: Kind,
        /// The document.
        id: DocumentId,
        /// What stands against it.
        problem: String,
    },
    /// The person may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error("the replica could not be read")]
    Storage(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Refusal {
    /// Wraps an error of the store.
    pub fn storage(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Storage(Box::new(source))
    }

    /// A field of the input that does not hold.
    pub fn invalid(field: &'static str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        Self::Invalid { field, problem }
    }

    /// A state of a document that stands against it.
    pub fn state(document: &Document, problem: impl Into<String>) -> Self {
        Self::State {
            kind: document.kind(),
            id: document.id(),
            problem: problem.into(),
        }
    }

    /// A code for screens and scripts, stable across versions.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotThisCommand { .. } => "not_this_command",
            Self::NoSuchCommand(_) => "no_such_command",
            Self::NotHere { .. } => "not_here",
            Self::Invalid { .. } => "invalid",
            Self::NeedsConfirming { .. } => "needs_confirming",
            Self::VehicleHeld { .. } => "vehicle_held",
            Self::RowNotTaken { .. } => "row_not_taken",
            Self::AlreadyCarded { .. } => "already_carded",
            Self::StageLacks { .. } => "stage_lacks",
            Self::State { .. } => "state",
            Self::Forbidden(_) => "forbidden",
            Self::Storage(_) => "storage",
        }
    }
}

fn said(findings: &[Finding]) -> String {
    let said: Vec<_> = findings
        .iter()
        .map(|finding| match &finding.column {
            Some(column) => format!("{column}: {}", finding.text),
            None => finding.text.clone(),
        })
        .collect();
    said.join("; ")
}

fn listed(missing: &[Missing]) -> String {
    let missing: Vec<_> = missing.iter().map(Missing::to_string).collect();
    missing.join(", ")
}

/// Who holds a vehicle, so that a message can say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hold {
    /// How strongly.
    pub strength: String,
    /// For which deal, if for one.
    pub deal: Option<DealId>,
    /// For which show's pack, if for one.
    pub show: Option<ShowId>,
    /// By whom.
    pub staff: StaffId,
    /// Until when, if it ends by itself.
    pub until: Option<Timestamp>,
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hold by {}", self.strength, self.staff)?;
        match self.until {
            Some(until) => write!(f, " until {until}"),
            None => Ok(()),
        }
    }
}

/// What a person should know of what they just did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// A code for screens, stable across versions.
    pub code: String,
    /// One sentence in English, for scripts and logs.
    pub text: String,
    /// The documents it is about.
    pub documents: Vec<DocumentId>,
}
