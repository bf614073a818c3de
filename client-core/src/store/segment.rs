//! The segments of spaces that are not whole yet.

use std::collections::BTreeSet;

use rusqlite::Connection;
use sync_protocol::SegmentHash;

use crate::error::StoreError;

/// Marks a segment before a byte of it is applied; whether it was marked before: the process died
/// while it had it in hand.
pub(crate) fn mark(
    connection: &Connection,
    hash: SegmentHash,
    space: &str,
) -> Result<bool, StoreError> {
    let marked = connection
        .prepare_cached(
            "INSERT INTO segment (hash, space, is_stored) VALUES (?, ?, 0) ON CONFLICT DO NOTHING",
        )?
        .execute((hash.0, space))?;
    Ok(marked == 0)
}

/// Takes the mark away from a segment that was not stored for a reason that is not its own.
pub(crate) fn let_go(connection: &Connection, hash: SegmentHash) -> Result<(), StoreError> {
    connection.execute(
        "DELETE FROM segment WHERE hash = ? AND NOT is_stored",
        [hash.0],
    )?;
    Ok(())
}

/// Notes that a segment is here.
pub(crate) fn stored(connection: &Connection, hash: SegmentHash) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE segment SET is_stored = 1 WHERE hash = ?")?
        .execute([hash.0])?;
    Ok(())
}

/// The segments that are here.
pub(crate) fn all_stored(connection: &Connection) -> Result<BTreeSet<SegmentHash>, StoreError> {
    let stored = connection
        .prepare_cached("SELECT hash FROM segment WHERE is_stored")?
        .query_map((), |row| row.get(0).map(SegmentHash))?
        .collect::<Result<_, _>>()?;
    Ok(stored)
}

/// Forgets the segments of spaces that are whole, or gone.
pub(crate) fn forget_others(connection: &Connection) -> Result<(), StoreError> {
    connection.execute(
        "DELETE FROM segment WHERE space NOT IN (SELECT name FROM space WHERE NOT is_whole)",
        (),
    )?;
    Ok(())
}
