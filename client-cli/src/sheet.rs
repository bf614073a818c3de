//! Importing and exporting spreadsheets: files here, rules in the library.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use client_cli::grid::{self, Format, Grid};
use client_core::import::RowReport;
use client_core::native::Clock;
use client_core::{ExportOrder, ImportOrder, ImportReport};
use dealership::ImportId;
use dealership::import::{DuplicateRule, Verdict};
use dealership::sheet::Sheet;
use serde_json::json;

use crate::arguments::{ExportOptions, ImportOptions};
use crate::{console, opening};

/// The heading of the column that says why a row was not taken.
const REASON: &str = "导入失败原因";

/// Imports a file: a line of JSON for each row, and one in the end.
pub(crate) fn import(
    folder: &Path,
    sheet: Sheet,
    options: &ImportOptions,
    vin_reason: Option<&str>,
) -> Result<()> {
    let (grid, format) = grid::read(&options.file)?;
    let order = ImportOrder {
        sheet,
        duplicates: options.duplicates,
        store: options.store.clone(),
        headings: options.map.iter().cloned().collect::<BTreeMap<_, _>>(),
        vin_reason: vin_reason.map(str::to_owned),
        dry_run: options.dry_run,
    };
    let mut replica = opening::open(folder)?;
    let bar = console::progress("Importing");
    let imported = replica.import(&grid, &order, Clock::wall(), &mut |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    let mut report =
        imported.with_context(|| format!("{} cannot be imported", options.file.display()))?;
    let rows = std::mem::take(&mut report.rows);
    rows.iter().try_for_each(console::answer)?;
    let errors = error_file(&grid, format, &report, &rows, options)?;
    let mut answer = serde_json::to_value(&report)?;
    if let (Some(answer), Some(path)) = (answer.as_object_mut(), &errors) {
        answer.insert("errors".to_owned(), json!(path));
    }
    console::answer(&answer)?;
    match (report.summary.error, errors) {
        (0, _) => Ok(()),
        (count, Some(path)) => bail!("{count} rows were not taken: see {}", path.display()),
        (count, None) => bail!("{count} rows would not be taken"),
    }
}

/// Takes an import back: a line of JSON for each document, and one in the end.
pub(crate) fn undo(folder: &Path, import: ImportId) -> Result<()> {
    let mut replica = opening::open(folder)?;
    let bar = console::progress("Taking back");
    let undone = replica.undo_import(import, Clock::wall(), &mut |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    let undone = undone?;
    undone.documents.iter().try_for_each(console::answer)?;
    console::answer(&json!({
        "import": undone.import,
        "deleted": undone.deleted,
        "restored": undone.restored,
        "left": undone.left,
        "refused": undone.refused,
    }))?;
    ensure!(
        undone.refused == 0,
        "{} documents are not yours to take back",
        undone.refused
    );
    Ok(())
}

/// Exports a sheet to a file.
pub(crate) fn export(folder: &Path, sheet: Sheet, options: &ExportOptions) -> Result<()> {
    let replica = opening::open(folder)?;
    let order = ExportOrder {
        sheet,
        store: options.store.clone(),
        reason: options.reason.clone(),
    };
    let export = replica.export(&order, Clock::wall())?;
    grid::write(&options.file, &export.title, &export.grid, &export.notes)?;
    let notes: BTreeMap<_, _> = export
        .notes
        .iter()
        .filter_map(|note| note.first().zip(note.get(1)))
        .collect();
    console::answer(&json!({
        "exported": options.file,
        "rows": export.grid.len().saturating_sub(1),
        // A csv has no second sheet: what must be said about it is said here.
        "notes": notes,
    }))
}

/// Writes the rows that were not taken, each with the reason, in the format that they came in; a
/// preview writes them only where it is told to.
fn error_file(
    grid: &Grid,
    format: Format,
    report: &ImportReport,
    rows: &[RowReport],
    options: &ImportOptions,
) -> Result<Option<PathBuf>> {
    if report.summary.error == 0 || (report.dry_run && options.errors.is_none()) {
        return Ok(None);
    }
    let header = grid.get(report.header_line.saturating_sub(1));
    let width = grid.iter().map(Vec::len).max().unwrap_or(0);
    let line = |cells: Option<&Vec<String>>, reason: &str| {
        let mut line = cells.cloned().unwrap_or_default();
        line.retain(|cell| cell != REASON);
        line.resize(width, String::new());
        line.push(reason.to_owned());
        line
    };
    let mut errors = vec![line(header, REASON)];
    for row in rows.iter().filter(|row| row.verdict == Verdict::Error) {
        let number = usize::try_from(row.row)?;
        let cells = grid.get(number.saturating_sub(1));
        errors.push(line(cells, &reasons(row)));
    }
    let path = match &options.errors {
        Some(path) => path.clone(),
        None => beside(&options.file, format),
    };
    grid::write(&path, report.sheet.title(), &errors, &[])?;
    Ok(Some(path))
}

/// Why a row was not taken, for the person who corrects it.
fn reasons(row: &RowReport) -> String {
    let reasons: Vec<_> = row
        .findings
        .iter()
        .map(|finding| match &finding.heading {
            Some(heading) => format!("{heading}: {}", finding.finding.text),
            None => finding.finding.text.clone(),
        })
        .collect();
    reasons.join("; ")
}

/// `customers.xlsx` gives `customers.errors.xlsx`; an xls gives an xlsx, since xls is read only.
fn beside(file: &Path, format: Format) -> PathBuf {
    match format {
        Format::Delimited => file.with_extension("errors.csv"),
        Format::Workbook => file.with_extension("errors.xlsx"),
    }
}

/// Reads `heading=column`.
pub(crate) fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((heading, column)) if !heading.trim().is_empty() && !column.trim().is_empty() => {
            Ok((heading.trim().to_owned(), column.trim().to_owned()))
        }
        _ => Err("give HEADING=COLUMN, as in 车主=name".to_owned()),
    }
}

/// Reads a rule for duplicates, with hyphens as options have them.
pub(crate) fn rule(text: &str) -> Result<DuplicateRule, String> {
    text.replace('-', "_").parse().map_err(|_| {
        let known: Vec<_> = DuplicateRule::ALL
            .iter()
            .map(|rule| rule.code().replace('_', "-"))
            .collect();
        format!("give one of {}", known.join(", "))
    })
}
