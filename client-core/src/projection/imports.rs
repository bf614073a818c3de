//! Rows of the marks that imports left.

use dealership::Document;
use dealership::id::{DocumentId, ImportId};
use dealership::import::marks;
use dealership::kind::Kind;
use rusqlite::Connection;

use crate::error::StoreError;
use crate::projection::row::Rows;
use crate::projection::table;

pub(super) fn marked(document: &Document, rows: &mut Rows) {
    // A contact is taken back with its card.
    if document.kind() == Kind::CustomerContact || document.facts("import").next().is_none() {
        return;
    }
    for mark in marks(document) {
        rows.put(
            &table::IMPORTED,
            [
                mark.id.as_bytes().into(),
                mark.source.import.as_bytes().into(),
                document.kind().code().into(),
                i64::from(mark.source.row).into(),
                mark.staff.as_bytes().into(),
                mark.claimed_at.millis().into(),
                mark.undone.into(),
            ],
        );
    }
}

/// The documents that bear marks of an import that stand, ascending.
pub(super) fn documents(
    connection: &Connection,
    import: ImportId,
) -> Result<Vec<DocumentId>, StoreError> {
    let documents = connection
        .prepare_cached(
            "SELECT DISTINCT document FROM imported WHERE import = ? AND NOT is_undone
             ORDER BY document",
        )?
        .query_map([import.as_bytes()], |row| {
            row.get(0).map(DocumentId::from_bytes)
        })?
        .collect::<Result<_, _>>()?;
    Ok(documents)
}
