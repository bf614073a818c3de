//! Batches that no relay has acknowledged, with their intents and what each waits for.

use dealership::id::{DocumentId, StaffId};
use dealership::{Seq, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use crate::error::{StoreError, damaged};
use crate::outbox::{BatchId, Intent};
use crate::store::{from_seq, to_seq};

/// A batch with its intent.
#[derive(Clone, Debug)]
pub(crate) struct BatchRow {
    /// Its place in the order of making.
    pub(crate) ordinal: i64,
    /// Its id.
    pub(crate) id: BatchId,
    /// The cursor that its author had seen.
    pub(crate) base_seq: Seq,
    /// What was asked for.
    pub(crate) intent: Intent,
    /// The digest of the facts that it wrote.
    pub(crate) facts: [u8; 32],
}

/// One change of a batch, as it is pushed.
#[derive(Clone, Debug)]
pub(crate) struct BatchChange {
    /// The change.
    pub(crate) hash: [u8; 32],
    /// Its document.
    pub(crate) document: DocumentId,
    /// The space that the author believed the document to be in.
    pub(crate) space: String,
    /// Its bytes.
    pub(crate) raw: Vec<u8>,
}

const COLUMNS: &str = "ordinal, id, base_seq, command, input, made_at, id_seed, staff, facts";

/// Appends a batch; a replayed one keeps the place of the batch that it stands for.
pub(crate) fn append(
    connection: &Connection,
    ordinal: Option<i64>,
    id: BatchId,
    base_seq: Seq,
    intent: &Intent,
    facts: &[u8; 32],
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO batch (ordinal, id, base_seq, command, input, made_at, id_seed, staff,
                                facts)
             VALUES (coalesce(?, (SELECT coalesce(max(ordinal), 0) + 1 FROM (
                         SELECT max(ordinal) AS ordinal FROM batch
                         UNION ALL SELECT max(ordinal) FROM quarantine))),
                     ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute((
            ordinal,
            id.0,
            from_seq(base_seq)?,
            &intent.command,
            intent.input.to_string(),
            intent.made_at.millis(),
            intent.id_seed,
            intent.staff.as_bytes(),
            facts,
        ))?;
    Ok(())
}

/// The place after every batch that waits or was refused.
pub(crate) fn next_ordinal(connection: &Connection) -> Result<i64, StoreError> {
    let next = connection
        .prepare_cached(
            "SELECT coalesce(max(ordinal), 0) + 1 FROM (
                 SELECT max(ordinal) AS ordinal FROM batch
                 UNION ALL SELECT max(ordinal) FROM quarantine)",
        )?
        .query_row((), |row| row.get(0))?;
    Ok(next)
}

/// Notes that a batch makes what the id names.
pub(crate) fn note_made(
    connection: &Connection,
    batch: BatchId,
    id: Uuid,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO batch_makes (id, batch) VALUES (?, ?)")?
        .execute((id.as_bytes(), batch.0))?;
    Ok(())
}

/// The batch in the outbox that makes what the id names, if one does.
pub(crate) fn maker(connection: &Connection, id: Uuid) -> Result<Option<BatchId>, StoreError> {
    let batch = connection
        .prepare_cached("SELECT batch FROM batch_makes WHERE id = ?")?
        .query_row([id.as_bytes()], |row| row.get(0).map(BatchId))
        .optional()?;
    Ok(batch)
}

/// Notes that a batch builds on another.
pub(crate) fn note_need(
    connection: &Connection,
    batch: BatchId,
    needs: BatchId,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO batch_needs (batch, needs) VALUES (?, ?)")?
        .execute((batch.0, needs.0))?;
    Ok(())
}

/// What the batches in the outbox that changed a document wait for: whatever changes it after
/// them builds on them, and must not overtake them.
pub(crate) fn awaited_on(
    connection: &Connection,
    document: DocumentId,
) -> Result<Vec<BatchId>, StoreError> {
    let batches = connection
        .prepare_cached(
            "SELECT DISTINCT batch_needs.needs FROM change JOIN batch_needs USING (batch)
             WHERE change.document = ? AND change.batch IS NOT NULL",
        )?
        .query_map([document.as_bytes()], |row| row.get(0).map(BatchId))?
        .collect::<Result<_, _>>()?;
    Ok(batches)
}

/// The batches that name this one as what they build on.
pub(crate) fn needed_by(
    connection: &Connection,
    batch: BatchId,
) -> Result<Vec<BatchId>, StoreError> {
    let batches = connection
        .prepare_cached("SELECT batch FROM batch_needs WHERE needs = ?")?
        .query_map([batch.0], |row| row.get(0).map(BatchId))?
        .collect::<Result<_, _>>()?;
    Ok(batches)
}

/// One batch.
pub(crate) fn read(connection: &Connection, id: BatchId) -> Result<Option<BatchRow>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM batch WHERE id = ?"))?
        .query_row([id.0], |row| Ok(batch_of(row)))
        .optional()?
        .transpose()
}

/// At most `limit` batches that wait behind no other, the oldest first.
pub(crate) fn ready(connection: &Connection, limit: usize) -> Result<Vec<BatchId>, StoreError> {
    let batches = connection
        .prepare_cached(
            "SELECT id FROM batch
             WHERE NOT EXISTS (SELECT 1 FROM batch_needs WHERE batch_needs.batch = batch.id)
             ORDER BY ordinal LIMIT ?",
        )?
        .query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            row.get(0).map(BatchId)
        })?
        .collect::<Result<_, _>>()?;
    Ok(batches)
}

/// How many batches there are, and when the oldest was made.
pub(crate) fn summary(connection: &Connection) -> Result<(u64, Option<Timestamp>), StoreError> {
    let (count, oldest): (i64, Option<i64>) = connection
        .prepare_cached("SELECT count(*), min(made_at) FROM batch")?
        .query_row((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let count = u64::try_from(count).unwrap_or_default();
    Ok((count, oldest.map(Timestamp::from_millis)))
}

/// The changes of a batch, in the order in which they are applied.
pub(crate) fn changes(
    connection: &Connection,
    batch: BatchId,
) -> Result<Vec<BatchChange>, StoreError> {
    let changes = connection
        .prepare_cached(
            "SELECT hash, document, space, raw FROM change WHERE batch = ? ORDER BY number",
        )?
        .query_map([batch.0], |row| {
            Ok(BatchChange {
                hash: row.get(0)?,
                document: DocumentId::from_bytes(row.get(1)?),
                space: row.get(2)?,
                raw: row.get(3)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(changes)
}

/// The batches in the outbox that changed one of a batch's documents after it.
pub(crate) fn later_on_the_same(
    connection: &Connection,
    batch: &BatchRow,
) -> Result<Vec<BatchId>, StoreError> {
    let batches = connection
        .prepare_cached(
            "SELECT DISTINCT later.batch
             FROM change AS own
             JOIN change AS later ON later.document = own.document AND later.number > own.number
             WHERE own.batch = ? AND later.batch IS NOT NULL AND later.batch <> own.batch",
        )?
        .query_map([batch.id.0], |row| row.get(0).map(BatchId))?
        .collect::<Result<_, _>>()?;
    Ok(batches)
}

/// The relay has the batch: it leaves the outbox, and its changes wait no longer.
///
/// Changes of documents that left this device in the meantime leave with it.
pub(crate) fn accept(connection: &Connection, batch: BatchId) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "DELETE FROM change WHERE batch = ?
             AND NOT EXISTS (SELECT 1 FROM document WHERE document.id = change.document)",
        )?
        .execute([batch.0])?;
    connection
        .prepare_cached("UPDATE change SET batch = NULL, space = NULL WHERE batch = ?")?
        .execute([batch.0])?;
    connection
        .prepare_cached("DELETE FROM batch WHERE id = ?")?
        .execute([batch.0])?;
    Ok(())
}

/// Deletes a batch that will not enter, with its changes.
pub(crate) fn delete(connection: &Connection, batch: BatchId) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM change WHERE batch = ?")?
        .execute([batch.0])?;
    connection
        .prepare_cached("DELETE FROM batch WHERE id = ?")?
        .execute([batch.0])?;
    Ok(())
}

fn batch_of(row: &Row<'_>) -> Result<BatchRow, StoreError> {
    let input: String = row.get("input")?;
    Ok(BatchRow {
        ordinal: row.get("ordinal")?,
        id: BatchId(row.get("id")?),
        base_seq: to_seq(row.get("base_seq")?)?,
        intent: Intent {
            command: row.get("command")?,
            input: serde_json::from_str(&input)
                .map_err(|error| damaged("batch", format!("an input that is no JSON: {error}")))?,
            made_at: Timestamp::from_millis(row.get("made_at")?),
            id_seed: row.get("id_seed")?,
            staff: StaffId::from_bytes(row.get("staff")?),
        },
        facts: row.get("facts")?,
    })
}
