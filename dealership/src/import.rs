//! Importing spreadsheets: what becomes of a row, why one is not taken, and which documents an
//! import touched.
//!
//! Every document that an import makes or changes bears a fact `import/<id>` in the same change,
//! so any replica can tell what an import did, and take it back: what stood before is in the
//! document's own history.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ChangeHash;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::coded_enum;
use crate::document::Document;
use crate::edit::{Fields, fields};
use crate::id::{DocumentId, FactId, GroupId, ImportId, StaffId, StoreId};
use crate::sheet::{CellProblem, Row, Sheet};
use crate::time::Timestamp;

coded_enum! {
    /// What to do with a row whose customer or vehicle is here already.
    pub enum DuplicateRule {
        /// 跳过: what is here stays as it is.
        Skip = "skip",
        /// 只补空白: what nobody has said yet is added.
        FillBlanks = "fill_blanks",
        /// 覆盖: the row wins.
        Overwrite = "overwrite",
        /// 新增并标记: carded all the same; the two become a case.
        CreateAndMark = "create_and_mark",
    }
}

coded_enum! {
    /// What became of a row.
    pub enum Verdict {
        /// 新增
        New = "new",
        /// 更新
        Updated = "updated",
        /// 疑似重复: somebody is here already, and the rule leaves them as they are.
        Duplicate = "duplicate",
        /// 无变化: all that it says is here already.
        Unchanged = "unchanged",
        /// 错误: it was not taken.
        Error = "error",
    }
}

coded_enum! {
    /// What is to be said of a row or a cell.
    pub enum FindingCode {
        /// A required cell is empty.
        Missing = "missing",
        /// No phone.
        NotAPhone = "not_a_phone",
        /// No date.
        NotADate = "not_a_date",
        /// No amount of money.
        NotAnAmount = "not_an_amount",
        /// None of the words that the column knows.
        NotOneOf = "not_one_of",
        /// No VIN.
        NotAVin = "not_a_vin",
        /// A VIN whose check digit or year code does not fit.
        DoubtfulVin = "doubtful_vin",
        /// A day that is still to come, where it must have passed.
        StillToCome = "still_to_come",
        /// A day that has passed, where it must be to come.
        Passed = "passed",
        /// It names a person, a trim or a store that is not here.
        NotKnown = "not_known",
        /// It names several.
        Ambiguous = "ambiguous",
        /// It does not hold for another reason, which the text says.
        Invalid = "invalid",
        /// Another row of the file says the same.
        Repeated = "repeated",
        /// The person may not write this.
        Forbidden = "forbidden",
        /// The state of what is here does not allow it.
        State = "state",
        /// The store has carded the number already.
        AlreadyCarded = "already_carded",
        /// It is a colleague's customer, whose contact is not on this device.
        Colleagues = "colleagues",
        /// The same row of the same file was taken before.
        TakenBefore = "taken_before",
        /// What is here says otherwise.
        Differs = "differs",
        /// There is no field for it, or it follows from what happens: the cell was left alone.
        NotTaken = "not_taken",
        /// The row had none, so it was made up from what it has.
        MadeUp = "made_up",
    }
}

/// One thing that is to be said of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The name of the column, if it is about one cell.
    pub column: Option<String>,
    /// What it is.
    pub code: FindingCode,
    /// One sentence for a person.
    pub text: String,
}

impl Finding {
    /// About one cell.
    pub fn cell(column: &str, code: FindingCode, text: impl Into<String>) -> Self {
        Self {
            column: Some(column.to_owned()),
            code,
            text: text.into(),
        }
    }

    /// About the row as a whole.
    pub fn row(code: FindingCode, text: impl Into<String>) -> Self {
        Self {
            column: None,
            code,
            text: text.into(),
        }
    }

    /// About a cell that cannot be read.
    pub fn unreadable(column: &str, problem: &CellProblem) -> Self {
        let code = match problem {
            CellProblem::NotADate(_) => FindingCode::NotADate,
            CellProblem::NotOneOf(..) => FindingCode::NotOneOf,
            CellProblem::NotAnAmount(_) => FindingCode::NotAnAmount,
        };
        Self::cell(column, code, problem.to_string())
    }
}

/// A row of an import, as it is marked in what it made or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportRow {
    /// The import.
    pub import: ImportId,
    /// The row's number in the file, the first being 1.
    pub row: u32,
}

/// What became of a row that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowTaken {
    /// In one word.
    pub verdict: Verdict,
    /// What it is about: what was made, changed, or found to be here already.
    pub document: Option<DocumentId>,
    /// The names of the columns that were written; of a duplicate, those that differ.
    pub columns: BTreeSet<String>,
    /// What else is to be said.
    pub findings: Vec<Finding>,
}

/// One mark that an import left on a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportMark {
    /// The fact.
    pub id: FactId,
    /// Of which row of which import.
    pub source: ImportRow,
    /// The change that bears it, and with it all that the import wrote here then.
    pub change: ChangeHash,
    /// Who imported.
    pub staff: StaffId,
    /// When, by the device's clock.
    pub claimed_at: Timestamp,
    /// Whether it was taken back.
    pub undone: bool,
}

impl ImportRow {
    /// The fields of the mark.
    pub(crate) fn mark(self) -> Fields {
        fields([
            ("import", self.import.into()),
            ("row", i64::from(self.row).into()),
        ])
    }
}

/// The marks that imports left on a document, in the order of their ids.
pub fn marks(document: &Document) -> Vec<ImportMark> {
    let undone: BTreeSet<FactId> = document
        .facts("import_undone")
        .filter_map(|fact| fact.parsed("mark"))
        .collect();
    document
        .facts("import")
        .filter_map(|fact| {
            let provenance = document.provenance(fact)?;
            Some(ImportMark {
                id: fact.id,
                source: ImportRow {
                    import: fact.parsed("import")?,
                    row: u32::try_from(fact.int("row")?).ok()?,
                },
                change: provenance.change,
                staff: provenance.staff,
                claimed_at: provenance.claimed_at,
                undone: undone.contains(&fact.id),
            })
        })
        .collect()
}

/// Whether a row of an import stands in a document: it was taken, and not taken back.
pub fn is_taken(document: &Document, source: ImportRow) -> bool {
    marks(document)
        .iter()
        .any(|mark| mark.source == source && !mark.undone)
}

/// Another row of the same import that stands in a document.
pub fn other_row(document: &Document, source: ImportRow) -> Option<u32> {
    marks(document)
        .iter()
        .find(|mark| mark.source.import == source.import && mark.source != source && !mark.undone)
        .map(|mark| mark.source.row)
}

/// The id of an import: the same for the same rows under the same rule into the same store, in
/// whatever kind of file they come.
pub fn id_of(
    group: GroupId,
    sheet: Sheet,
    store: Option<StoreId>,
    rule: DuplicateRule,
    rows: &[Row],
) -> ImportId {
    let mut parts: Vec<Vec<u8>> = vec![
        b"import".to_vec(),
        group.as_bytes().to_vec(),
        sheet.name().into(),
        store.map_or_else(Vec::new, |store| store.as_bytes().to_vec()),
        rule.code().into(),
    ];
    for row in rows {
        parts.push(row.number.to_string().into_bytes());
        parts.push(row.cells.len().to_string().into_bytes());
        for (column, cell) in &row.cells {
            parts.push((*column).into());
            parts.push(cell.clone().into_bytes());
        }
    }
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    DocumentId::of_content(&parts).uuid().into()
}

/// The cells of a row while they are read: what cannot be read is collected, so that a person is
/// told all of it at once.
pub(crate) struct Cells<'r> {
    cells: &'r BTreeMap<String, String>,
    /// Why the row cannot be taken.
    pub(crate) problems: Vec<Finding>,
    /// What else is to be said of it.
    pub(crate) remarks: Vec<Finding>,
}

impl<'r> Cells<'r> {
    pub(crate) const fn of(cells: &'r BTreeMap<String, String>) -> Self {
        Self {
            cells,
            problems: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// The text of a cell, `None` if it is empty.
    pub(crate) fn text(&self, column: &str) -> Option<&'r str> {
        let text = self.cells.get(column)?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// Reads a cell; one that cannot be read is a problem of the row.
    pub(crate) fn read<T>(
        &mut self,
        column: &str,
        read: impl FnOnce(&str) -> Result<T, CellProblem>,
    ) -> Option<T> {
        read(self.text(column)?)
            .map_err(|problem| self.problems.push(Finding::unreadable(column, &problem)))
            .ok()
    }

    /// Says that a required cell is empty.
    pub(crate) fn missing(&mut self, column: &str) {
        let finding = Finding::cell(column, FindingCode::Missing, "the cell is empty");
        self.problems.push(finding);
    }

    /// Says why the row cannot be taken.
    pub(crate) fn problem(&mut self, column: &str, code: FindingCode, text: impl Into<String>) {
        self.problems.push(Finding::cell(column, code, text));
    }

    /// Says something of a cell that stops nothing.
    pub(crate) fn remark(&mut self, column: &str, code: FindingCode, text: impl Into<String>) {
        self.remarks.push(Finding::cell(column, code, text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: usize, name: &str) -> Row {
        Row {
            number,
            cells: BTreeMap::from([("name", name.to_owned())]),
        }
    }

    #[test]
    fn the_same_rows_bear_the_same_import_and_others_another() {
        let group = GroupId::from_bytes([1; 16]);
        let store = Some(StoreId::from_bytes([2; 16]));
        let id = |store, rule, rows: &[Row]| id_of(group, Sheet::Customers, store, rule, rows);
        let rows = [row(2, "张伟"), row(3, "李娜")];
        let first = id(store, DuplicateRule::Skip, &rows);
        assert_eq!(first, id(store, DuplicateRule::Skip, &rows));
        for other in [
            id(None, DuplicateRule::Skip, &rows),
            id(store, DuplicateRule::Overwrite, &rows),
            id(store, DuplicateRule::Skip, &[row(2, "张伟")]),
            id(
                store,
                DuplicateRule::Skip,
                &[row(2, "张伟"), row(4, "李娜")],
            ),
        ] {
            assert_ne!(first, other);
        }
    }
}
