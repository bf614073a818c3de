//! What a relay refused, kept with the reason until a person decides.

use dealership::Timestamp;
use dealership::id::{DocumentId, StaffId};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::error::{StoreError, damaged};
use crate::outbox::{BatchId, QuarantinedBatch, WhyQuarantined};
use crate::store::outbox::{BatchChange, BatchRow};

const COLUMNS: &str = "batch, command, input, made_at, staff, code, reason, because_of, refused_at";

/// Puts a batch and its changes aside.
pub(crate) fn append(
    connection: &Connection,
    batch: &BatchRow,
    changes: &[BatchChange],
    why: &WhyQuarantined,
    at: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO quarantine (batch, ordinal, command, input, made_at, staff, code, reason,
                                     because_of, refused_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute((
            batch.id.0,
            batch.ordinal,
            &batch.intent.command,
            batch.intent.input.to_string(),
            batch.intent.made_at.millis(),
            batch.intent.staff.as_bytes(),
            &why.code,
            &why.reason,
            why.because_of.map(|batch| batch.0),
            at.millis(),
        ))?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO quarantined_change (batch, document, hash, space, raw) VALUES (?, ?, ?, ?, ?)",
    )?;
    for change in changes {
        statement.execute((
            batch.id.0,
            change.document.as_bytes(),
            change.hash,
            &change.space,
            &change.raw,
        ))?;
    }
    Ok(())
}

/// Every batch in quarantine, the oldest first.
pub(crate) fn all(connection: &Connection) -> Result<Vec<QuarantinedBatch>, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM quarantine ORDER BY ordinal"
        ))?
        .query_map((), |row| Ok(quarantined(row)))?
        .collect::<Result<Result<Vec<_>, _>, _>>()?
}

/// One batch in quarantine.
pub(crate) fn read(
    connection: &Connection,
    batch: BatchId,
) -> Result<Option<QuarantinedBatch>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM quarantine WHERE batch = ?"))?
        .query_row([batch.0], |row| Ok(quarantined(row)))
        .optional()?
        .transpose()
}

/// Deletes a batch and its changes, because a person decided so.
pub(crate) fn delete(connection: &Connection, batch: BatchId) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM quarantine WHERE batch = ?")?
        .execute([batch.0])?;
    Ok(())
}

/// Takes what was written out of a batch; that it was refused, and why, stays to be read.
pub(crate) fn empty(connection: &Connection, batch: BatchId) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE quarantine SET input = 'null' WHERE batch = ?")?
        .execute([batch.0])?;
    connection
        .prepare_cached("DELETE FROM quarantined_change WHERE batch = ?")?
        .execute([batch.0])?;
    Ok(())
}

/// The batches that would have changed a document.
pub(crate) fn of_document(
    connection: &Connection,
    document: DocumentId,
) -> Result<Vec<BatchId>, StoreError> {
    let batches = connection
        .prepare_cached("SELECT DISTINCT batch FROM quarantined_change WHERE document = ?")?
        .query_map([document.as_bytes()], |row| row.get(0).map(BatchId))?
        .collect::<Result<_, _>>()?;
    Ok(batches)
}

fn quarantined(row: &Row<'_>) -> Result<QuarantinedBatch, StoreError> {
    let input: String = row.get("input")?;
    Ok(QuarantinedBatch {
        batch: BatchId(row.get("batch")?),
        command: row.get("command")?,
        input: serde_json::from_str(&input)
            .map_err(|error| damaged("quarantine", format!("an input that is no JSON: {error}")))?,
        made_at: Timestamp::from_millis(row.get("made_at")?),
        staff: StaffId::from_bytes(row.get("staff")?),
        why: WhyQuarantined {
            code: row.get("code")?,
            reason: row.get("reason")?,
            because_of: row.get::<_, Option<[u8; 16]>>("because_of")?.map(BatchId),
        },
        refused_at: Timestamp::from_millis(row.get("refused_at")?),
    })
}
