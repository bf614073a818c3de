//! What can go wrong with a replica, so that a caller knows what to do.

use change_gate::Unreadable;
use dealership::document::UnreadableDocument;
use dealership::edit::EditError;
use dealership::id::{DocumentId, ImportId, StaffId};
use dealership::refusal::Refusal;
use dealership::rights::Forbidden;

/// Why a replica was not opened; what lies there is as it was.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another program has it open.
    #[error("the replica is in use by another program")]
    InUse,
    /// It is not there.
    #[error("there is no replica here")]
    Missing,
    /// One is there already.
    #[error("there is a replica here already")]
    Exists,
    /// A file of a replica that was moved away is still there.
    #[error("{} belongs to a replica that is not here any more", file.display())]
    LeftOver {
        /// The file.
        file: std::path::PathBuf,
    },
    /// It is not a replica.
    #[error("this is not the database of a replica")]
    Foreign,
    /// A later build wrote it.
    #[error("a later version wrote this replica: it is at {found}, this program knows {known}")]
    Newer {
        /// Its version.
        found: i64,
        /// The newest version that this build knows.
        known: i64,
    },
    /// Its pages contradict each other.
    #[error("the database is damaged: {problem}")]
    Damaged {
        /// What SQLite says.
        problem: String,
    },
    /// SQLite does not take a setting that durability depends on.
    #[error("SQLite keeps {name} at {found} where {wanted} is needed")]
    Setting {
        /// The pragma.
        name: &'static str,
        /// What it must be.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// The file system failed.
    #[error("the folder of the replica cannot be used")]
    Folder(#[from] std::io::Error),
    /// The replica was opened and then failed.
    #[error(transparent)]
    Replica(Box<ReplicaError>),
    /// SQLite failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for OpenError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Store(source.into())
    }
}

impl From<ReplicaError> for OpenError {
    fn from(source: ReplicaError) -> Self {
        Self::Replica(Box::new(source))
    }
}

/// Why the database could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite failed.
    #[error("the replica's database failed")]
    Sqlite(#[from] rusqlite::Error),
    /// A row holds what no version of ours writes.
    #[error("the replica's database is damaged: {table} holds {problem}")]
    Damaged {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl StoreError {
    /// Whether there is no room left: what was written before is safe, nothing new can be.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            Self::Damaged { .. } => false,
        }
    }

    /// Whether it is about what one document says, so that others may stand.
    pub(crate) fn is_of_one_document(&self) -> bool {
        use rusqlite::ErrorCode::{ConstraintViolation, TooBig};
        match self {
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(ConstraintViolation | TooBig)
            ),
            Self::Damaged { .. } => true,
        }
    }
}

/// An error for a row that no version of ours writes.
pub(crate) fn damaged(table: &'static str, problem: impl Into<String>) -> StoreError {
    StoreError::Damaged {
        table,
        problem: problem.into(),
    }
}

/// Why a replica did not do what was asked; nothing of it was done.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    /// The command says no, and why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such view.
    #[error("there is no view {0:?}")]
    NoSuchView(String),
    /// The input is not this view's.
    #[error("this is not the input of {view}: {problem}")]
    NotThisView {
        /// The view.
        view: &'static str,
        /// What the parser says.
        problem: String,
    },
    /// The person's own staff document has not come yet.
    #[error("{staff} is not on this device yet: synchronise once first")]
    NotYetSynced {
        /// The person.
        staff: StaffId,
    },
    /// The command writes more than one batch carries.
    #[error("this is too much for one batch: {problem}")]
    TooMuch {
        /// What is too much.
        problem: String,
    },
    /// The device's own gate does not let a change pass that a command made.
    #[error("the change to {document} does not pass the gate")]
    OwnChange {
        /// The document.
        document: DocumentId,
        /// What the gate says.
        #[source]
        source: Box<change_gate::Refusal<Forbidden>>,
    },
    /// The command's edits do not fit the document.
    #[error("{document} cannot be edited so")]
    Edit {
        /// The document.
        document: DocumentId,
        /// Why.
        #[source]
        source: Box<EditError>,
    },
    /// This version cannot read the document.
    #[error("{document} cannot be read by this version")]
    Unreadable {
        /// The document.
        document: DocumentId,
        /// Why.
        #[source]
        source: UnreadableCause,
    },
    /// The document is not on this device.
    #[error("there is no document {0} on this device")]
    NoSuchDocument(DocumentId),
    /// Nothing here bears a mark of the import that stands.
    #[error("nothing here comes from the import {0}, or all of it is taken back already")]
    NoSuchImport(ImportId),
    /// There is no such batch in quarantine.
    #[error("there is no such batch in quarantine")]
    NotInQuarantine,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for ReplicaError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Store(source.into())
    }
}

impl ReplicaError {
    /// A code for screens and scripts, stable across versions.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::NoSuchView(_) => "no_such_view",
            Self::NotThisView { .. } => "not_this_view",
            Self::NotYetSynced { .. } => "not_yet_synced",
            Self::TooMuch { .. } => "too_much",
            Self::OwnChange { .. } => "own_change",
            Self::Edit { .. } => "edit",
            Self::Unreadable { .. } => "unreadable",
            Self::NoSuchDocument(_) => "no_such_document",
            Self::NoSuchImport(_) => "no_such_import",
            Self::NotInQuarantine => "not_in_quarantine",
            Self::Store(error) if error.is_full() => "disk_full",
            Self::Store(_) => "storage",
        }
    }
}

/// Why a document cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableCause {
    /// Automerge cannot load it.
    #[error(transparent)]
    Bytes(#[from] Unreadable),
    /// It is none of ours, or of a later version.
    #[error(transparent)]
    Document(#[from] UnreadableDocument),
    /// It is in a space that this version does not know.
    #[error("it is in {0:?}, which is no space that this version knows")]
    Space(String),
    /// It was found to end the process, or not to take a change; its bytes are kept.
    #[error("it was set aside: {0}")]
    SetAside(String),
}
