//! The documents that were purged, by their ids and nothing else.

use dealership::id::DocumentId;
use rusqlite::Connection;

use crate::error::StoreError;

/// Notes that a document was purged.
pub(crate) fn note(connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO purged (document) VALUES (?)")?
        .execute([document.as_bytes()])?;
    Ok(())
}

/// Whether no document was purged.
pub(crate) fn is_empty(connection: &Connection) -> Result<bool, StoreError> {
    let found = connection
        .prepare_cached("SELECT 1 FROM purged LIMIT 1")?
        .exists(())?;
    Ok(!found)
}

/// Whether a document was purged.
pub(crate) fn contains(connection: &Connection, document: DocumentId) -> Result<bool, StoreError> {
    let found = connection
        .prepare_cached("SELECT 1 FROM purged WHERE document = ?")?
        .exists([document.as_bytes()])?;
    Ok(found)
}
