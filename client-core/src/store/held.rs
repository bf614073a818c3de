//! What the log brought for documents that are set aside.

use dealership::id::DocumentId;
use dealership::receipt::Receipts;
use rusqlite::Connection;

use crate::error::StoreError;
use crate::store::receipts;

/// A change or a save that waits for a version that can take it.
#[derive(Debug)]
pub(crate) struct Held {
    /// The name of the space that the document was in.
    pub(crate) space: String,
    /// Whether the bytes are a save of the whole document.
    pub(crate) is_save: bool,
    /// The bytes, as they came.
    pub(crate) bytes: Vec<u8>,
    /// The receipts of the changes in them.
    pub(crate) receipts: Receipts,
}

/// Keeps what came.
pub(crate) fn append(
    connection: &Connection,
    document: DocumentId,
    held: &Held,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO held (document, space, is_save, bytes, receipts) VALUES (?, ?, ?, ?, ?)",
        )?
        .execute((
            document.as_bytes(),
            &held.space,
            held.is_save,
            &held.bytes,
            receipts::encode(&held.receipts),
        ))?;
    Ok(())
}

/// Takes what is held of a document, in the order in which it came.
pub(crate) fn take(connection: &Connection, document: DocumentId) -> Result<Vec<Held>, StoreError> {
    let rows: Vec<(String, bool, Vec<u8>, Vec<u8>)> = connection
        .prepare_cached(
            "SELECT space, is_save, bytes, receipts FROM held WHERE document = ? ORDER BY number",
        )?
        .query_map([document.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
        .collect::<Result<_, _>>()?;
    delete(connection, document)?;
    rows.into_iter()
        .map(|(space, is_save, bytes, blob)| {
            Ok(Held {
                space,
                is_save,
                bytes,
                receipts: receipts::decode(&blob)?,
            })
        })
        .collect()
}

/// Deletes what is held of a document.
pub(crate) fn delete(connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM held WHERE document = ?")?
        .execute([document.as_bytes()])?;
    Ok(())
}
