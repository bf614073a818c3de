//! Changes that are not in their document's base.

use automerge::ChangeHash;
use change_gate::ChangeHeader;
use dealership::id::DocumentId;
use dealership::receipt::ChangeReceipt;
use rusqlite::{Connection, OptionalExtension};

use crate::error::{StoreError, damaged};
use crate::outbox::BatchId;
use crate::store::document::receipt_of;
use crate::store::from_seq;

/// Where a change that is appended comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin<'o> {
    /// Made here, in a batch, in the belief that its document is in this space.
    Own {
        /// The batch.
        batch: BatchId,
        /// The name of the space.
        space: &'o str,
    },
    /// Brought by the log, with its receipt unless that was lost.
    Log(Option<&'o ChangeReceipt>),
}

/// Appends a change to its document.
pub(crate) fn append(
    connection: &Connection,
    document: DocumentId,
    header: &ChangeHeader,
    raw: &[u8],
    origin: Origin<'_>,
) -> Result<(), StoreError> {
    let (batch, space, receipt) = match origin {
        Origin::Own { batch, space } => (Some(batch), Some(space), None),
        Origin::Log(receipt) => (None, None, receipt),
    };
    connection
        .prepare_cached(
            "INSERT INTO change (hash, document, actor, actor_seq, raw, batch, space,
                                 seq, received_at, base_received_at, clock_trusted)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute((
            header.hash,
            document.as_bytes(),
            header.actor,
            i64::try_from(header.seq)
                .map_err(|_| damaged("change", "a sequence number out of range"))?,
            raw,
            batch.map(|batch| batch.0),
            space,
            receipt.map(|receipt| from_seq(receipt.seq)).transpose()?,
            receipt.map(|receipt| receipt.received_at.millis()),
            receipt.map(|receipt| receipt.base_received_at.millis()),
            receipt.map(|receipt| receipt.clock_trusted),
        ))?;
    Ok(())
}

/// Whether there is a row for a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// There is none; it may be in the base.
    Absent,
    /// There is one.
    Here,
}

/// Looks a change of a document up by its hash, which names it within the document only.
pub(crate) fn known(
    connection: &Connection,
    document: DocumentId,
    hash: &ChangeHash,
) -> Result<Known, StoreError> {
    let here = connection
        .prepare_cached("SELECT 1 FROM change WHERE document = ? AND hash = ?")?
        .exists((document.as_bytes(), hash.0))?;
    Ok(if here { Known::Here } else { Known::Absent })
}

/// Whether a change of a document waits in the outbox; `None` if there is no row for it.
pub(crate) fn waits(
    connection: &Connection,
    document: DocumentId,
    hash: &ChangeHash,
) -> Result<Option<bool>, StoreError> {
    let waits = connection
        .prepare_cached("SELECT batch IS NOT NULL FROM change WHERE document = ? AND hash = ?")?
        .query_row((document.as_bytes(), hash.0), |row| row.get(0))
        .optional()?;
    Ok(waits)
}

/// Puts a change that a relay had accepted into a batch again.
pub(crate) fn put_back(
    connection: &Connection,
    document: DocumentId,
    hash: &ChangeHash,
    batch: BatchId,
    space: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE change SET batch = ?, space = ? WHERE document = ? AND hash = ?")?
        .execute((batch.0, space, document.as_bytes(), hash.0))?;
    Ok(())
}

/// Lets a change be applied after all others.
pub(crate) fn move_to_end(
    connection: &Connection,
    document: DocumentId,
    hash: &ChangeHash,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE change SET number = (SELECT max(number) + 1 FROM change)
             WHERE document = ? AND hash = ?",
        )?
        .execute((document.as_bytes(), hash.0))?;
    Ok(())
}

/// Notes the receipt of a change that is here.
pub(crate) fn set_receipt(
    connection: &Connection,
    document: DocumentId,
    hash: &ChangeHash,
    receipt: &ChangeReceipt,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE change SET seq = ?3, received_at = ?4, base_received_at = ?5,
                               clock_trusted = ?6
             WHERE document = ?1 AND hash = ?2",
        )?
        .execute((
            document.as_bytes(),
            hash.0,
            from_seq(receipt.seq)?,
            receipt.received_at.millis(),
            receipt.base_received_at.millis(),
            receipt.clock_trusted,
        ))?;
    Ok(())
}

/// A row, as far as a new base needs it.
#[derive(Clone, Debug)]
pub(crate) struct ChangeRow {
    /// The change.
    pub(crate) hash: ChangeHash,
    /// Its bytes.
    pub(crate) raw: Vec<u8>,
    /// Whether it waits in the outbox.
    pub(crate) waits: bool,
    /// Its receipt, if the log brought it.
    pub(crate) receipt: Option<ChangeReceipt>,
}

/// The rows of a document, in the order in which they are applied.
pub(crate) fn of_document(
    connection: &Connection,
    document: DocumentId,
) -> Result<Vec<ChangeRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT hash, raw, batch IS NOT NULL AS waits,
                seq, received_at, base_received_at, clock_trusted
         FROM change WHERE document = ? ORDER BY number",
    )?;
    let mut rows = statement.query([document.as_bytes()])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        changes.push(ChangeRow {
            hash: ChangeHash(row.get("hash")?),
            raw: row.get("raw")?,
            waits: row.get("waits")?,
            receipt: receipt_of(row)?,
        });
    }
    Ok(changes)
}

/// The rows of a document that wait in the outbox, in the order in which they are applied.
pub(crate) fn waiting(
    connection: &Connection,
    document: DocumentId,
) -> Result<Vec<(ChangeHash, Vec<u8>)>, StoreError> {
    let waiting = connection
        .prepare_cached(
            "SELECT hash, raw FROM change WHERE document = ? AND batch IS NOT NULL ORDER BY number",
        )?
        .query_map([document.as_bytes()], |row| {
            Ok((ChangeHash(row.get(0)?), row.get(1)?))
        })?
        .collect::<Result<_, _>>()?;
    Ok(waiting)
}

/// Deletes one row.
pub(crate) fn delete(
    connection: &Connection,
    document: DocumentId,
    hash: &ChangeHash,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM change WHERE document = ? AND hash = ?")?
        .execute((document.as_bytes(), hash.0))?;
    Ok(())
}

/// Deletes a document's rows that do not wait in the outbox.
pub(crate) fn delete_accepted(
    connection: &Connection,
    document: DocumentId,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM change WHERE document = ? AND batch IS NULL")?
        .execute([document.as_bytes()])?;
    Ok(())
}
