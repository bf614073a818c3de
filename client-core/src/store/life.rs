//! Which life of the relay's log was read last, and what this life brought while it is compared.

use std::collections::BTreeSet;

use automerge::ChangeHash;
use dealership::id::DocumentId;
use rusqlite::{Connection, OptionalExtension};
use sync_protocol::Epoch;

use crate::error::{StoreError, damaged};

/// The life of the log that was read last; `None` before the first.
pub(crate) fn epoch(connection: &Connection) -> Result<Option<Epoch>, StoreError> {
    let epoch = connection
        .prepare_cached("SELECT epoch FROM life")?
        .query_row((), |row| row.get(0).map(Epoch))
        .optional()?;
    Ok(epoch)
}

/// Notes which life of the log is read from now on, and whether it is compared.
pub(crate) fn begin(
    connection: &Connection,
    epoch: Epoch,
    comparing: bool,
) -> Result<(), StoreError> {
    connection.execute("DELETE FROM brought", ())?;
    connection.execute(
        "INSERT OR REPLACE INTO life (only, epoch, comparing) VALUES (1, ?, ?)",
        (epoch.0, comparing),
    )?;
    Ok(())
}

/// Whether what is here is being compared.
pub(crate) fn is_comparing(connection: &Connection) -> Result<bool, StoreError> {
    let comparing = connection
        .prepare_cached("SELECT 1 FROM life WHERE comparing")?
        .exists(())?;
    Ok(comparing)
}

/// Notes that the comparison is done, but for documents that could not be read: what this life
/// brought of these is kept until they can.
pub(crate) fn end_comparing(
    connection: &Connection,
    unread: &[DocumentId],
) -> Result<(), StoreError> {
    let mut kept = Vec::with_capacity(unread.len());
    for document in unread {
        kept.push((*document, brought(connection, *document)?));
    }
    connection.execute("UPDATE life SET comparing = 0", ())?;
    connection.execute("DELETE FROM brought", ())?;
    for (document, heads) in &kept {
        set_brought(connection, *document, heads)?;
    }
    Ok(())
}

/// Whether a document is still to be compared, by itself: the comparison is done.
pub(crate) fn is_uncompared(
    connection: &Connection,
    document: DocumentId,
) -> Result<bool, StoreError> {
    let uncompared = connection
        .prepare_cached("SELECT 1 FROM brought JOIN life WHERE NOT comparing AND document = ?")?
        .exists([document.as_bytes()])?;
    Ok(uncompared)
}

/// Notes that a document was compared by itself.
pub(crate) fn compared(connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM brought WHERE document = ?")?
        .execute([document.as_bytes()])?;
    Ok(())
}

/// The newest changes of a document that this life brought; none of one that it did not bring.
pub(crate) fn brought(
    connection: &Connection,
    document: DocumentId,
) -> Result<BTreeSet<ChangeHash>, StoreError> {
    let blob: Option<Vec<u8>> = connection
        .prepare_cached("SELECT heads FROM brought WHERE document = ?")?
        .query_row([document.as_bytes()], |row| row.get(0))
        .optional()?;
    let hashes = blob.as_deref().map(to_hashes).transpose()?;
    Ok(hashes.unwrap_or_default().into_iter().collect())
}

/// Notes the newest changes of a document that this life brought.
pub(crate) fn set_brought(
    connection: &Connection,
    document: DocumentId,
    heads: &BTreeSet<ChangeHash>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO brought (document, heads) VALUES (?, ?)")?
        .execute((document.as_bytes(), of_hashes(heads)))?;
    Ok(())
}

/// Hashes as one blob.
pub(super) fn of_hashes<'h>(hashes: impl IntoIterator<Item = &'h ChangeHash>) -> Vec<u8> {
    hashes.into_iter().flat_map(|hash| hash.0).collect()
}

/// Hashes from one blob.
pub(super) fn to_hashes(blob: &[u8]) -> Result<Vec<ChangeHash>, StoreError> {
    match blob.as_chunks::<32>() {
        (hashes, []) => Ok(hashes.iter().copied().map(ChangeHash).collect()),
        _ => Err(damaged("hashes", "bytes that are no list of hashes")),
    }
}
