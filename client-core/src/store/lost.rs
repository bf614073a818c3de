//! What the relay had accepted and has lost, in batches on their way back.

use automerge::ChangeHash;
use dealership::id::DocumentId;
use rusqlite::{Connection, OptionalExtension, Rows};
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

/// Appends a batch with states of its changes; where they do not prove all of it, it waits.
pub(crate) fn append(
    connection: &Connection,
    batch: &LostBatch,
    states: &[&TaggedState],
    is_proven: bool,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO lost_batch (id, document, is_proven, changes) VALUES (?, ?, ?, ?)",
        )?
        .execute((
            batch.id.0,
            batch.document.as_bytes(),
            is_proven,
            of_hashes(&batch.changes),
        ))?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO lost_batch_state (batch, head, tag, path) VALUES (?, ?, ?, ?)",
    )?;
    for state in states {
        statement.execute((batch.id.0, head_of(state), state.tag.0, &state.path))?;
    }
    Ok(())
}

/// Adds a state to those of a batch.
pub(crate) fn add_state(
    connection: &Connection,
    batch: BatchId,
    state: &TaggedState,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO lost_batch_state (batch, head, tag, path) VALUES (?, ?, ?, ?)",
        )?
        .execute((batch.0, head_of(state), state.tag.0, &state.path))?;
    Ok(())
}

/// Notes that a batch is proven by its states.
pub(crate) fn set_proven(connection: &Connection, batch: BatchId) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE lost_batch SET is_proven = 1 WHERE id = ?")?
        .execute([batch.0])?;
    Ok(())
}

/// At most `limit` batches that are proven, in the order in which they go back.
pub(crate) fn first(connection: &Connection, limit: usize) -> Result<Vec<LostBatch>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, document, changes FROM lost_batch WHERE is_proven ORDER BY ordinal LIMIT ?",
    )?;
    batches(statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?)
}

/// The batches of a document that are not proven yet, in the order in which they go back.
pub(crate) fn unproven(
    connection: &Connection,
    document: DocumentId,
) -> Result<Vec<LostBatch>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, document, changes FROM lost_batch
         WHERE document = ? AND NOT is_proven ORDER BY ordinal",
    )?;
    batches(statement.query([document.as_bytes()])?)
}

/// One batch; `None` if it is none of these.
pub(crate) fn read(
    connection: &Connection,
    batch: BatchId,
) -> Result<Option<LostBatch>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id, document, changes FROM lost_batch WHERE id = ?")?;
    Ok(batches(statement.query([batch.0])?)?.pop())
}

/// The document that a batch is about; `None` if it is none of these.
pub(crate) fn document_of(
    connection: &Connection,
    batch: BatchId,
) -> Result<Option<DocumentId>, StoreError> {
    let document = connection
        .prepare_cached("SELECT document FROM lost_batch WHERE id = ?")?
        .query_row([batch.0], |row| row.get(0).map(DocumentId::from_bytes))
        .optional()?;
    Ok(document)
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

fn batches(mut rows: Rows<'_>) -> Result<Vec<LostBatch>, StoreError> {
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

/// The head of a state as it is kept: nothing for a purge.
fn head_of(state: &TaggedState) -> Vec<u8> {
    state.head.map(|head| head.0.to_vec()).unwrap_or_default()
}
