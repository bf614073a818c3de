//! What the relay had accepted and has lost, in batches on their way back.

use automerge::ChangeHash;
use dealership::id::DocumentId;
use rusqlite::Connection;
use sync_protocol::TaggedState;

use crate::error::StoreError;
use crate::outbox::BatchId;
use crate::store::life::{of_hashes, to_hashes};
use crate::wire::to_wire_document;

/// A batch on its way back.
#[derive(Debug)]
pub(crate) struct LostBatch {
    /// Its id.
    pub(crate) id: BatchId,
    /// The document.
    pub(crate) document: DocumentId,
    /// Its changes, in the order in which they apply; none for the purge of the document.
    pub(crate) changes: Vec<ChangeHash>,
}

/// Appends a batch with the states that prove that the relay had it.
pub(crate) fn append(
    connection: &Connection,
    batch: &LostBatch,
    states: &[&TaggedState],
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO lost_batch (id, document, changes) VALUES (?, ?, ?)")?
        .execute((
            batch.id.0,
            batch.document.as_bytes(),
            of_hashes(&batch.changes),
        ))?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO lost_batch_state (batch, head, tag, path) VALUES (?, ?, ?, ?)",
    )?;
    for state in states {
        let head = state.head.map(|head| head.0.to_vec()).unwrap_or_default();
        statement.execute((batch.id.0, head, state.tag.0, &state.path))?;
    }
    Ok(())
}

/// At most `limit` batches, in the order in which they go back.
pub(crate) fn first(connection: &Connection, limit: usize) -> Result<Vec<LostBatch>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT id, document, changes FROM lost_batch ORDER BY ordinal LIMIT ?")?;
    let mut rows = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut batches = Vec::new();
    while let Some(row) = rows.next()? {
        let changes = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        batches.push(LostBatch {
            id: BatchId(row.get(0)?),
            document: DocumentId::from_bytes(row.get(1)?),
            changes: to_hashes(changes)?,
        });
    }
    Ok(batches)
}

/// The states that prove a batch.
pub(crate) fn states(
    connection: &Connection,
    batch: &LostBatch,
) -> Result<Vec<TaggedState>, StoreError> {
    let states = connection
        .prepare_cached("SELECT head, tag, path FROM lost_batch_state WHERE batch = ?")?
        .query_map([batch.id.0], |row| {
            let head = row.get_ref(0)?.as_blob()?;
            let head = <[u8; 32]>::try_from(head).ok();
            Ok(TaggedState {
                document: to_wire_document(batch.document),
                head: head.map(sync_protocol::ChangeHash),
                tag: sync_protocol::StatesTag(row.get(1)?),
                path: row.get(2)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(states)
}

/// Whether a batch is one of these.
pub(crate) fn contains(connection: &Connection, batch: BatchId) -> Result<bool, StoreError> {
    let found = connection
        .prepare_cached("SELECT 1 FROM lost_batch WHERE id = ?")?
        .exists([batch.0])?;
    Ok(found)
}

/// Whether a batch shows the purge of a document.
pub(crate) fn shows_purge(
    connection: &Connection,
    document: DocumentId,
) -> Result<bool, StoreError> {
    let found = connection
        .prepare_cached("SELECT 1 FROM lost_batch WHERE document = ? AND length(changes) = 0")?
        .exists([document.as_bytes()])?;
    Ok(found)
}

/// Deletes a batch: the relay has it, or will not take it.
pub(crate) fn delete(connection: &Connection, batch: BatchId) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM lost_batch WHERE id = ?")?
        .execute([batch.0])?;
    Ok(())
}

/// Deletes the batches of a document that is gone from here.
pub(crate) fn delete_of(connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM lost_batch WHERE document = ?")?
        .execute([document.as_bytes()])?;
    Ok(())
}

/// Deletes all: another life of the log is compared anew.
pub(crate) fn clear(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("DELETE FROM lost_batch", ())?;
    Ok(())
}
