//! Documents that foreign bytes are being applied to, and those that were set aside for it.

use dealership::id::DocumentId;
use rusqlite::{Connection, OptionalExtension};

use crate::error::StoreError;
use crate::projection;

/// Marks documents; the caller commits before it applies a byte.
pub(crate) fn mark(
    connection: &Connection,
    documents: impl IntoIterator<Item = DocumentId>,
) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("INSERT OR IGNORE INTO suspect (document) VALUES (?)")?;
    for document in documents {
        statement.execute([document.as_bytes()])?;
    }
    Ok(())
}

/// The marked documents.
pub(crate) fn marked(connection: &Connection) -> Result<Vec<DocumentId>, StoreError> {
    let documents = connection
        .prepare_cached("SELECT document FROM suspect ORDER BY document")?
        .query_map((), |row| row.get(0).map(DocumentId::from_bytes))?
        .collect::<Result<_, _>>()?;
    Ok(documents)
}

/// Takes every mark away.
pub(crate) fn clear(connection: &Connection) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM suspect")?
        .execute(())?;
    Ok(())
}

/// Sets a document aside: its bytes are kept and no longer applied.
pub(crate) fn set_aside(
    connection: &Connection,
    document: DocumentId,
    reason: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO unreadable (document, reason, version) VALUES (?, ?, ?)",
        )?
        .execute((document.as_bytes(), reason, projection::VERSION))?;
    Ok(())
}

/// Why a document is set aside, if it is.
pub(crate) fn reason(
    connection: &Connection,
    document: DocumentId,
) -> Result<Option<String>, StoreError> {
    let reason = connection
        .prepare_cached("SELECT reason FROM unreadable WHERE document = ?")?
        .query_row([document.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(reason)
}

/// The documents that are set aside, with the reasons.
pub(crate) fn all_set_aside(
    connection: &Connection,
) -> Result<Vec<(DocumentId, String)>, StoreError> {
    let documents = connection
        .prepare_cached("SELECT document, reason FROM unreadable ORDER BY document")?
        .query_map((), |row| {
            Ok((DocumentId::from_bytes(row.get(0)?), row.get(1)?))
        })?
        .collect::<Result<_, _>>()?;
    Ok(documents)
}

/// The documents that another version set aside: this one may be able to take them.
pub(crate) fn set_aside_by_another_version(
    connection: &Connection,
) -> Result<Vec<DocumentId>, StoreError> {
    let documents = connection
        .prepare_cached("SELECT document FROM unreadable WHERE version <> ? ORDER BY document")?
        .query_map([projection::VERSION], |row| {
            row.get(0).map(DocumentId::from_bytes)
        })?
        .collect::<Result<_, _>>()?;
    Ok(documents)
}

/// Takes a document back in: purged, or readable again.
pub(crate) fn take_back(connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM unreadable WHERE document = ?")?
        .execute([document.as_bytes()])?;
    Ok(())
}
