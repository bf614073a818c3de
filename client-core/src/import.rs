//! Importing spreadsheets: what is asked for, and what is said of it.
//!
//! The rules are the dealership's: each row becomes one command,
//! [`ImportSheetRow`](dealership::command::ImportSheetRow), which finds out whether its customer or
//! vehicle is here and what of the row is new. Here rows are read off a grid of text, run, and
//! reported. Reading files is the caller's affair.

use std::collections::{BTreeMap, BTreeSet};

use dealership::command::ImportUndone;
use dealership::id::{DocumentId, ImportId, StoreId};
use dealership::import::{DuplicateRule, Finding, FindingCode, RowTaken, Verdict};
use dealership::refusal::Refusal;
use dealership::sheet::{Header, HeaderProblem, LEFT_ALONE, Sheet, same_heading};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::ReplicaError;

/// The most rows of one import: a large group's customers of several years.
pub const MAX_ROWS: usize = 100_000;

/// An import, asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportOrder {
    /// Which sheet the grid is.
    pub sheet: Sheet,
    /// What to do with rows whose customer or vehicle is here already.
    pub duplicates: DuplicateRule,
    /// The store, by name, code or id; left out where the author works in one only.
    pub store: Option<String>,
    /// Headings that are columns of ours by another name: the name of the column, its customary
    /// heading, or [`LEFT_ALONE`].
    pub headings: BTreeMap<String, String>,
    /// Why VINs are right whose check digit or year code does not fit; without it such rows are
    /// not taken.
    pub vin_reason: Option<String>,
    /// Whether nothing is to be kept: a preview.
    pub dry_run: bool,
}

/// What an import did, or would do.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ImportReport {
    /// The import; the same for the same rows under the same rule into the same store.
    pub import: ImportId,
    /// Which sheet.
    pub sheet: Sheet,
    /// What was done with rows whose customer or vehicle was here already.
    pub duplicates: DuplicateRule,
    /// Into which store.
    pub store: Option<StoreId>,
    /// Whether it was a preview, of which nothing was kept.
    pub dry_run: bool,
    /// The line that names the columns, the first being 1.
    pub header_line: usize,
    /// What each heading was taken for.
    pub columns: Vec<ColumnRead>,
    /// Headings that name no column: their cells were left alone.
    pub unknown: Vec<String>,
    /// How many rows came to what.
    pub summary: Summary,
    /// What became of each row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowReport>,
    /// The documents that were made or changed: what screens show of them is old.
    #[serde(skip)]
    pub changed: BTreeSet<DocumentId>,
}

/// A heading of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ColumnRead {
    /// As it stands in the file.
    pub heading: String,
    /// The name of the column.
    pub column: String,
    /// Whether a person once said so; otherwise it is the customary heading or a synonym.
    pub remembered: bool,
    /// Why its cells are left alone, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_alone: Option<String>,
}

/// How many rows came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// All.
    pub rows: usize,
    /// 新增
    pub new: usize,
    /// 更新
    pub updated: usize,
    /// 疑似重复
    pub duplicate: usize,
    /// 无变化
    pub unchanged: usize,
    /// 错误
    pub error: usize,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RowReport {
    /// Its number in the file, the first being 1.
    pub row: u32,
    /// In one word.
    pub verdict: Verdict,
    /// What it is about; absent for a row that was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentId>,
    /// The headings of the columns that were written; of a duplicate, those that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Why it was not taken, and what else is to be said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<RowFinding>,
}

/// One thing that is to be said of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RowFinding {
    /// The heading of the column in the file, if it is about one cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// The same with its code, its column by name, and a sentence.
    #[serde(flatten)]
    pub finding: Finding,
}

/// What taking an import back did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UndoReport {
    /// The import.
    pub import: ImportId,
    /// How many documents were deleted.
    pub deleted: usize,
    /// How many were given their former values, as far as nobody changed them since.
    pub restored: usize,
    /// How many that the import made stay, because somebody worked on them since.
    pub left: usize,
    /// How many the person may not take back.
    pub refused: usize,
    /// What became of each document.
    pub documents: Vec<DocumentUndone>,
    /// The documents that were changed: what screens show of them is old.
    #[serde(skip)]
    pub changed: BTreeSet<DocumentId>,
}

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DocumentUndone {
    /// The customer, the vehicle or the price list.
    pub document: DocumentId,
    /// What was taken back, and what stays; absent if the person may not.
    #[serde(flatten)]
    pub undone: Option<ImportUndone>,
    /// Why the person may not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// Why nothing of a file was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Its columns were not found.
    #[error("the columns were not found: {0}")]
    Header(#[from] HeaderProblem),
    /// A heading is assigned to a column that the sheet has not.
    #[error("{sheet} have no column {column:?}; they have {known}", sheet = .sheet.name())]
    NoSuchColumn {
        /// The sheet.
        sheet: Sheet,
        /// What was asked for.
        column: String,
        /// The columns that there are.
        known: String,
    },
    /// No store, or several, are called so.
    #[error("{count} stores here are called {name:?}")]
    Store {
        /// What was asked for.
        name: String,
        /// How many.
        count: usize,
    },
    /// The author works in no store or in several, and none was named.
    #[error("say which store the rows are for")]
    StoreNotSaid,
    /// More rows than one import takes.
    #[error("there are {rows} rows; one import takes {MAX_ROWS} at most")]
    TooManyRows {
        /// How many.
        rows: usize,
    },
    /// The replica failed.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
}

impl UndoReport {
    pub(crate) const fn of(import: ImportId) -> Self {
        Self {
            import,
            deleted: 0,
            restored: 0,
            left: 0,
            refused: 0,
            documents: Vec::new(),
            changed: BTreeSet::new(),
        }
    }
}

impl Summary {
    /// Counts the rows.
    pub(crate) fn of(rows: &[RowReport]) -> Self {
        let mut summary = Self {
            rows: rows.len(),
            ..Self::default()
        };
        for row in rows {
            let count = match row.verdict {
                Verdict::New => &mut summary.new,
                Verdict::Updated => &mut summary.updated,
                Verdict::Duplicate => &mut summary.duplicate,
                Verdict::Unchanged => &mut summary.unchanged,
                Verdict::Error => &mut summary.error,
            };
            *count += 1;
        }
        summary
    }
}

/// The headings of a file: what is said of columns by their names is said to people by these.
pub(crate) struct Headings {
    sheet: Sheet,
    columns: Vec<ColumnRead>,
}

impl Headings {
    pub(crate) fn of(
        sheet: Sheet,
        line: &[String],
        header: &Header,
        remembered: &BTreeMap<String, String>,
    ) -> Self {
        let mut places: Vec<_> = header.columns.iter().collect();
        places.sort_by_key(|(_, place)| **place);
        let columns = places
            .into_iter()
            .map(|(column, place)| {
                let heading = line.get(*place).map_or("", |cell| cell.trim()).to_owned();
                let left_alone = sheet.left_alone().iter().find(|(name, _)| name == column);
                ColumnRead {
                    remembered: remembered
                        .iter()
                        .any(|(known, name)| same_heading(known, &heading) && name == column),
                    column: (*column).to_owned(),
                    left_alone: left_alone.map(|(_, why)| (*why).to_owned()),
                    heading,
                }
            })
            .collect();
        Self { sheet, columns }
    }

    pub(crate) fn into_columns(self) -> Vec<ColumnRead> {
        self.columns
    }

    fn heading(&self, column: &str) -> String {
        let read = self.columns.iter().find(|read| read.column == column);
        match (read, self.sheet.column(column)) {
            (Some(read), _) => read.heading.clone(),
            (None, Some(column)) => column.heading.to_owned(),
            (None, None) => column.to_owned(),
        }
    }

    fn finding(&self, finding: Finding) -> RowFinding {
        RowFinding {
            heading: finding.column.as_deref().map(|column| self.heading(column)),
            finding,
        }
    }

    /// What is said of a row that was taken.
    pub(crate) fn taken(&self, row: u32, taken: RowTaken) -> RowReport {
        RowReport {
            row,
            verdict: taken.verdict,
            document: taken.document,
            columns: taken
                .columns
                .iter()
                .map(|column| self.heading(column))
                .collect(),
            findings: taken
                .findings
                .into_iter()
                .map(|finding| self.finding(finding))
                .collect(),
        }
    }

    /// What is said of a row that was not.
    pub(crate) fn not_taken(&self, row: u32, findings: Vec<Finding>) -> RowReport {
        RowReport {
            row,
            verdict: Verdict::Error,
            document: None,
            columns: Vec::new(),
            findings: findings
                .into_iter()
                .map(|finding| self.finding(finding))
                .collect(),
        }
    }
}

/// What a refused row is told; an error that is not about the row comes back.
pub(crate) fn findings_of(error: ReplicaError) -> Result<Vec<Finding>, ReplicaError> {
    let code = match &error {
        ReplicaError::Refused(Refusal::Storage(_)) => return Err(error),
        ReplicaError::Refused(refusal) => match refusal {
            Refusal::Forbidden(_) => FindingCode::Forbidden,
            Refusal::State { .. } | Refusal::VehicleHeld { .. } => FindingCode::State,
            Refusal::NotHere { .. } => FindingCode::NotKnown,
            Refusal::AlreadyCarded { .. } => FindingCode::AlreadyCarded,
            _ => FindingCode::Invalid,
        },
        ReplicaError::TooMuch { .. } | ReplicaError::OwnChange { .. } => FindingCode::Invalid,
        ReplicaError::Unreadable { .. } => FindingCode::State,
        _ => return Err(error),
    };
    match error {
        ReplicaError::Refused(Refusal::RowNotTaken { findings }) => Ok(findings),
        error => Ok(vec![Finding::row(code, error.to_string())]),
    }
}

/// The headings that a person assigned, each with the name of its column.
pub(crate) fn assigned(order: &ImportOrder) -> Result<BTreeMap<String, String>, ImportError> {
    let columns = order.sheet.columns();
    let mut assigned = BTreeMap::new();
    for (heading, named) in &order.headings {
        let column = columns
            .iter()
            .find(|column| column.name == named || same_heading(column.heading, named));
        let name = match column {
            Some(column) => column.name,
            None if named == LEFT_ALONE => LEFT_ALONE,
            None => {
                let known: Vec<_> = columns.iter().map(|column| column.name).collect();
                return Err(ImportError::NoSuchColumn {
                    sheet: order.sheet,
                    column: named.clone(),
                    known: known.join(", "),
                });
            }
        };
        assigned.insert(heading.clone(), name.to_owned());
    }
    Ok(assigned)
}
