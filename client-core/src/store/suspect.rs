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
    let mut statement = connection.prepare_cached(
        "INSERT INTO suspect (document, in_hand) VALUES (?, 1)
         ON CONFLICT DO UPDATE SET in_hand = 1",
    )?;
    for document in documents {
        statement.execute([document.as_bytes()])?;
    }
    Ok(())
}

/// The marked documents.
pub(crate) fn in_hand(connection: &Connection) -> Result<Vec<DocumentId>, StoreError> {
    ids(
        connection,
        "SELECT document FROM suspect WHERE in_hand ORDER BY document",
    )
}

/// The documents that were in hand alone when the process died, and not taken in since.
pub(crate) fn struck(connection: &Connection) -> Result<Vec<DocumentId>, StoreError> {
    ids(
        connection,
        "SELECT document FROM suspect WHERE strikes > 0 ORDER BY document",
    )
}

/// Notes that the process died while it had this document alone in hand; gives how often it did.
pub(crate) fn strike(connection: &Connection, document: DocumentId) -> Result<i64, StoreError> {
    let strikes = connection
        .prepare_cached(
            "UPDATE suspect SET strikes = strikes + 1 WHERE document = ? RETURNING strikes",
        )?
        .query_row([document.as_bytes()], |row| row.get(0))?;
    Ok(strikes)
}

/// Acquits the marked documents: they were taken in.
pub(crate) fn clear(connection: &Connection) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM suspect WHERE in_hand")?
        .execute(())?;
    Ok(())
}

/// Takes the marks away of documents that were not taken in for a reason that is not theirs.
pub(crate) fn let_go(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("DELETE FROM suspect WHERE in_hand AND strikes = 0", ())?;
    connection.execute("UPDATE suspect SET in_hand = 0 WHERE in_hand", ())?;
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
            "INSERT OR REPLACE INTO unreadable (document, reason, build) VALUES (?, ?, ?)",
        )?
        .execute((document.as_bytes(), reason, build()))?;
    connection
        .prepare_cached("DELETE FROM suspect WHERE document = ?")?
        .execute([document.as_bytes()])?;
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

/// The documents that another build set aside: this one may be able to take them.
pub(crate) fn set_aside_by_another_build(
    connection: &Connection,
) -> Result<Vec<DocumentId>, StoreError> {
    let documents = connection
        .prepare_cached("SELECT document FROM unreadable WHERE build <> ? ORDER BY document")?
        .query_map([build()], |row| row.get(0).map(DocumentId::from_bytes))?
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

/// What this build can take: another version of the program, of its tables or of documents may
/// take more.
fn build() -> String {
    let (program, tables) = (env!("CARGO_PKG_VERSION"), projection::VERSION);
    format!("{program}/{tables}/{}", dealership::schema::SHAPE)
}

fn ids(connection: &Connection, sql: &str) -> Result<Vec<DocumentId>, StoreError> {
    let documents = connection
        .prepare_cached(sql)?
        .query_map((), |row| row.get(0).map(DocumentId::from_bytes))?
        .collect::<Result<_, _>>()?;
    Ok(documents)
}
