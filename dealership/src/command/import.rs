//! Taking rows of spreadsheets: each row is one command, put together from those that a person
//! would run by hand, judged by the same rights.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::{Command, Context, Library, Plan};
use crate::document::Document;
use crate::edit::Edits;
use crate::id::{DocumentId, ImportId, StoreId, TrimId};
use crate::import::{DuplicateRule, Finding, FindingCode, ImportRow, RowTaken, Verdict, other_row};
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::sheet::{Sheet, same_words};
use crate::trim::Trim;

mod customer;
mod customer_row;
mod customer_update;
mod prices;
mod undo;
mod vehicle;
mod vehicle_row;

pub use prices::{ImportPrices, PriceCells, PriceTaken, PricesTaken};
pub use undo::{ImportUndone, LeftReason, LeftThing, UndoImport, UndoOutcome};

/// Takes one row of a spreadsheet: makes what it is about, adds to it, or finds that it is here.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportSheetRow {
    /// Which sheet it is a row of.
    pub sheet: Sheet,
    /// The import.
    pub import: ImportId,
    /// The row's number in the file, the first being 1.
    pub row: u32,
    /// What to do where its customer or vehicle is here already.
    pub duplicates: DuplicateRule,
    /// The store; left out where the author works in one only.
    #[serde(default)]
    pub store: Option<StoreId>,
    /// Why VINs are right whose check digit or year code does not fit; without it such a row is
    /// not taken.
    #[serde(default)]
    pub vin_reason: Option<String>,
    /// The texts of its cells by the names of the columns; empty ones may be left out.
    pub cells: BTreeMap<String, String>,
}

impl Command for ImportSheetRow {
    type Output = RowTaken;

    const NAME: &'static str = "import_row";
    const ABOUT: &'static str = "Takes one row of a spreadsheet";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<RowTaken>, Refusal> {
        match self.sheet {
            Sheet::Customers => customer::plan(self, library, context),
            Sheet::Vehicles => vehicle::plan(self, library, context),
            Sheet::PriceList => {
                let problem = "price lists are published whole: import_prices takes their rows";
                Err(Refusal::invalid("sheet", problem))
            }
        }
    }
}

impl ImportSheetRow {
    const fn source(&self) -> ImportRow {
        ImportRow {
            import: self.import,
            row: self.row,
        }
    }
}

/// How a cell stands to what is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// It says nothing that is not here.
    Same,
    /// Nobody has said it yet.
    Blank,
    /// What is here says otherwise.
    Differs,
}

impl Stand {
    fn of<T: PartialEq>(here: Option<&T>, cell: Option<&T>) -> Self {
        match (here, cell) {
            (_, None) => Self::Same,
            (None, Some(_)) => Self::Blank,
            (Some(here), Some(cell)) if here == cell => Self::Same,
            _ => Self::Differs,
        }
    }

    /// How a set or list that is added to stands: it lacks something, or nothing.
    const fn lacking(lacks: bool) -> Self {
        if lacks { Self::Blank } else { Self::Same }
    }
}

/// The columns of a row that are new, and those of them that the rule lets through.
struct Comparison {
    new: BTreeSet<&'static str>,
    chosen: BTreeSet<&'static str>,
}

impl Comparison {
    fn of(rule: DuplicateRule, stands: &[(&'static str, Stand)]) -> Self {
        let those = |wanted: &[Stand]| {
            stands
                .iter()
                .filter(|(_, stand)| wanted.contains(stand))
                .map(|(column, _)| *column)
                .collect()
        };
        Self {
            new: those(&[Stand::Blank, Stand::Differs]),
            chosen: match rule {
                DuplicateRule::Skip | DuplicateRule::CreateAndMark => BTreeSet::new(),
                DuplicateRule::FillBlanks => those(&[Stand::Blank]),
                DuplicateRule::Overwrite => those(&[Stand::Blank, Stand::Differs]),
            },
        }
    }

    /// Whether a column is to be written.
    fn has(&self, column: &str) -> bool {
        self.chosen.contains(column)
    }
}

/// Puts the mark of the import on every document that is written to, and on `subject` in any
/// case, so that the row is found again there.
fn mark(
    edits: &mut Edits,
    source: ImportRow,
    subject: DocumentId,
    others: &[DocumentId],
    context: &mut Context<'_>,
) {
    for document in std::iter::once(&subject).chain(others) {
        if *document == subject || edits.touches(*document) {
            edits.record(*document, "import", context.ids.fact(), source.mark());
        }
    }
}

fn taken(
    edits: Edits,
    verdict: Verdict,
    document: DocumentId,
    columns: impl IntoIterator<Item = &'static str>,
    findings: Vec<Finding>,
) -> Plan<RowTaken> {
    let columns = columns.into_iter().map(str::to_owned).collect();
    let document = Some(document);
    let output = RowTaken {
        verdict,
        document,
        columns,
        findings,
    };
    Plan::new(edits, output)
}

/// A row that was taken before.
fn taken_before(document: DocumentId) -> Plan<RowTaken> {
    let text = "this row of this file was taken before";
    let finding = Finding::row(FindingCode::TakenBefore, text);
    taken(
        Edits::default(),
        Verdict::Unchanged,
        document,
        [],
        vec![finding],
    )
}

/// The row before it of the same file that says something of the same document, where the rule
/// would let this one undo it: then a second run would undo it again, and never come to rest.
fn repeated(order: &ImportSheetRow, document: &Document) -> Option<Plan<RowTaken>> {
    let rules = [DuplicateRule::Overwrite, DuplicateRule::CreateAndMark];
    let row = other_row(document, order.source()).filter(|_| rules.contains(&order.duplicates))?;
    let text = format!("row {row} of this file is about the same");
    let finding = Finding::row(FindingCode::Repeated, text);
    let nothing = Edits::default();
    Some(taken(
        nothing,
        Verdict::Duplicate,
        document.id(),
        [],
        vec![finding],
    ))
}

/// A refusal of a command that the row was put together from, as one of the row's: fields of
/// the command become columns.
fn of_row(refusal: Refusal, columns: &[(&str, &str)]) -> Refusal {
    match refusal {
        Refusal::Invalid { field, problem } => {
            let column = columns.iter().find(|(known, _)| *known == field);
            let finding = match column {
                Some((_, column)) => Finding::cell(column, FindingCode::Invalid, problem),
                None => Finding::row(FindingCode::Invalid, format!("{field}: {problem}")),
            };
            Refusal::RowNotTaken {
                findings: vec![finding],
            }
        }
        other => other,
    }
}

/// Every trim here.
fn trims(library: &dyn Library) -> Result<Vec<Trim>, Refusal> {
    let documents = library.of_kind(Kind::Trim)?;
    Ok(documents
        .iter()
        .filter_map(|document| Trim::read(document))
        .collect())
}

/// The trims that a text may mean: series and name, or the name, or the type code.
fn trims_called<'t>(trims: &'t [Trim], text: &str) -> Vec<&'t Trim> {
    let called = |by: fn(&Trim) -> String| -> Vec<&Trim> {
        trims
            .iter()
            .filter(|trim| same_words(&by(trim), text))
            .collect()
    };
    let whole = called(Trim::label);
    if !whole.is_empty() {
        return whole;
    }
    let named = called(|trim| trim.name.clone());
    if !named.is_empty() {
        return named;
    }
    called(|trim| trim.type_code.clone().unwrap_or_default())
}

/// The only trim of a text, where there is one.
fn only_trim(trims: &[Trim], text: &str) -> Option<TrimId> {
    match trims_called(trims, text).as_slice() {
        [trim] => Some(trim.id),
        _ => None,
    }
}
