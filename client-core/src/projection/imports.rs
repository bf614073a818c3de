//! Rows of the marks that imports left.

use dealership::Document;
use dealership::id::{DocumentId, ImportId};
use dealership::import::marks;
use dealership::kind::Kind;
use rusqlite::Connection;

use crate::error::StoreError;

pub(super) fn insert(connection: &Connection, document: &Document) -> Result<(), StoreError> {
    // A contact is taken back with its card.
    if document.kind() == Kind::CustomerContact || document.facts("import").next().is_none() {
        return Ok(());
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO imported (document, id, import, kind, row, staff, at, is_undone)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for mark in marks(document) {
        insert.execute((
            document.id().as_bytes(),
            mark.id.as_bytes(),
            mark.source.import.as_bytes(),
            document.kind().code(),
            mark.source.row,
            mark.staff.as_bytes(),
            mark.claimed_at.millis(),
            mark.undone,
        ))?;
    }
    Ok(())
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
