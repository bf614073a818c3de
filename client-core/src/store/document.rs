//! Documents: a base and the rows of changes since.

use automerge::ChangeHash;
use dealership::Timestamp;
use dealership::id::DocumentId;
use dealership::receipt::{ChangeReceipt, Receipts};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::error::StoreError;
use crate::store::{receipts, to_seq};

/// A document's bytes as Automerge loads them, with all its receipts.
#[derive(Debug)]
pub(crate) struct Whole {
    /// The row id.
    pub(crate) number: i64,
    /// The name of its space.
    pub(crate) space: String,
    /// The base, and every change since that the log brought, in the order in which they came.
    pub(crate) bytes: Vec<u8>,
    /// The changes that no log brought, in the order in which they were made.
    pub(crate) waiting: Vec<Vec<u8>>,
    /// The receipts of all its changes that have one.
    pub(crate) receipts: Receipts,
}

/// Reads a whole document.
pub(crate) fn read_whole(
    connection: &Connection,
    id: DocumentId,
) -> Result<Option<Whole>, StoreError> {
    let row = connection
        .prepare_cached("SELECT number, space, base, receipts FROM document WHERE id = ?")?
        .query_row([id.as_bytes()], |row| {
            let base: Option<Vec<u8>> = row.get(2)?;
            let blob: Option<Vec<u8>> = row.get(3)?;
            Ok((row.get(0)?, row.get(1)?, base, blob))
        })
        .optional()?;
    let Some((number, space, base, blob)) = row else {
        return Ok(None);
    };
    let mut whole = Whole {
        number,
        space,
        bytes: base.unwrap_or_default(),
        waiting: Vec::new(),
        receipts: blob
            .as_deref()
            .map(receipts::decode)
            .transpose()?
            .unwrap_or_default(),
    };
    let mut statement = connection.prepare_cached(
        "SELECT raw, hash, seq, received_at, base_received_at, clock_trusted
         FROM change WHERE document = ? ORDER BY number",
    )?;
    let mut rows = statement.query([id.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let raw = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        match receipt_of(row)? {
            Some(receipt) => {
                whole.bytes.extend(raw);
                let hash = ChangeHash(row.get("hash")?);
                whole.receipts.insert(&hash, receipt);
            }
            None => whole.waiting.push(raw.to_vec()),
        }
    }
    Ok(Some(whole))
}

/// The receipt in a row of `change`, if the log brought it.
pub(crate) fn receipt_of(row: &Row<'_>) -> Result<Option<ChangeReceipt>, StoreError> {
    let Some(seq) = row.get::<_, Option<i64>>("seq")? else {
        return Ok(None);
    };
    let instant = |name| {
        row.get::<_, Option<i64>>(name)
            .map(Option::unwrap_or_default)
    };
    Ok(Some(ChangeReceipt {
        seq: to_seq(seq)?,
        received_at: Timestamp::from_millis(instant("received_at")?),
        base_received_at: Timestamp::from_millis(instant("base_received_at")?),
        clock_trusted: row
            .get::<_, Option<bool>>("clock_trusted")?
            .unwrap_or(false),
    }))
}

/// The base of a document; `None` if changes are all there is.
pub(crate) fn base(connection: &Connection, id: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
    let base: Option<Option<Vec<u8>>> = connection
        .prepare_cached("SELECT base FROM document WHERE id = ?")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(base.flatten())
}

/// Makes a row for a document that is not here yet, and gives its number.
pub(crate) fn insert(
    connection: &Connection,
    id: DocumentId,
    space: &str,
) -> Result<i64, StoreError> {
    connection
        .prepare_cached("INSERT INTO document (id, space) VALUES (?, ?)")?
        .execute((id.as_bytes(), space))?;
    Ok(connection.last_insert_rowid())
}

/// Notes where the document now is.
pub(crate) fn set_space(
    connection: &Connection,
    id: DocumentId,
    space: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE document SET space = ?2 WHERE id = ?1 AND space <> ?2")?
        .execute((id.as_bytes(), space))?;
    Ok(())
}

/// Makes a row for a document that comes whole, and gives its number.
pub(crate) fn insert_with_base(
    connection: &Connection,
    id: DocumentId,
    space: &str,
    base: &[u8],
    base_receipts: &Receipts,
) -> Result<i64, StoreError> {
    connection
        .prepare_cached("INSERT INTO document (id, space, base, receipts) VALUES (?, ?, ?, ?)")?
        .execute((id.as_bytes(), space, base, receipts::encode(base_receipts)))?;
    Ok(connection.last_insert_rowid())
}

/// Replaces the base and the receipts of its changes.
pub(crate) fn set_base(
    connection: &Connection,
    number: i64,
    space: &str,
    base: &[u8],
    base_receipts: &Receipts,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE document SET space = ?, base = ?, receipts = ? WHERE number = ?")?
        .execute((space, base, receipts::encode(base_receipts), number))?;
    Ok(())
}

/// Replaces the receipts beside the base; those of changes in rows do no harm there.
pub(crate) fn set_receipts(
    connection: &Connection,
    number: i64,
    base_receipts: &Receipts,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE document SET receipts = ? WHERE number = ?")?
        .execute((receipts::encode(base_receipts), number))?;
    Ok(())
}

/// The row id of a document, `None` if it is not here.
pub(crate) fn number(connection: &Connection, id: DocumentId) -> Result<Option<i64>, StoreError> {
    let number = connection
        .prepare_cached("SELECT number FROM document WHERE id = ?")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(number)
}

/// Whether nothing is left of a document that was made here: neither a base nor a change.
pub(crate) fn is_empty(connection: &Connection, id: DocumentId) -> Result<bool, StoreError> {
    let empty = connection
        .prepare_cached(
            "SELECT 1 FROM document WHERE id = ?1 AND base IS NULL
             AND NOT EXISTS (SELECT 1 FROM change WHERE document = ?1)
             AND NOT EXISTS (SELECT 1 FROM held WHERE document = ?1)",
        )?
        .exists([id.as_bytes()])?;
    Ok(empty)
}

/// Deletes the document's row; its changes are deleted apart.
pub(crate) fn delete(connection: &Connection, id: DocumentId) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM document WHERE id = ?")?
        .execute([id.as_bytes()])?;
    Ok(())
}

/// The documents of a space.
pub(crate) fn in_space(
    connection: &Connection,
    space: &str,
) -> Result<Vec<DocumentId>, StoreError> {
    ids(
        connection,
        "SELECT id FROM document WHERE space = ? ORDER BY id",
        [space],
    )
}

/// The names of the spaces in which there are documents.
pub(crate) fn spaces(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let spaces = connection
        .prepare_cached("SELECT DISTINCT space FROM document ORDER BY space")?
        .query_map((), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(spaces)
}

/// At most `limit` documents after a number, in the order of numbers.
pub(crate) fn after(
    connection: &Connection,
    number: i64,
    limit: usize,
) -> Result<Vec<(i64, DocumentId)>, StoreError> {
    let documents = connection
        .prepare_cached("SELECT number, id FROM document WHERE number > ? ORDER BY number LIMIT ?")?
        .query_map((number, i64::try_from(limit).unwrap_or(i64::MAX)), |row| {
            Ok((row.get(0)?, DocumentId::from_bytes(row.get(1)?)))
        })?
        .collect::<Result<_, _>>()?;
    Ok(documents)
}

/// How many documents there are.
pub(crate) fn count(connection: &Connection) -> Result<u64, StoreError> {
    let count: i64 = connection
        .prepare_cached("SELECT count(*) FROM document")?
        .query_row((), |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

fn ids(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<DocumentId>, StoreError> {
    let ids = connection
        .prepare_cached(sql)?
        .query_map(parameters, |row| row.get(0).map(DocumentId::from_bytes))?
        .collect::<Result<_, _>>()?;
    Ok(ids)
}
