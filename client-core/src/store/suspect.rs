//! Documents that foreign bytes are being applied to, and those that were set aside for it.
//!
//! One that is set aside for its bytes stands in `unreadable` alone. One that was set aside because
//! the program ended over it has its strikes beside that, and is tried again.

use dealership::Timestamp;
use dealership::id::DocumentId;
use rusqlite::{Connection, OptionalExtension};

use crate::error::StoreError;
use crate::projection;

/// How long a document waits that was set aside at the first occasion, in milliseconds.
const FIRST_WAIT: i64 = 60_000;

/// How many times longer it waits after each further end of the program.
const GROWTH: i64 = 8;

/// How often the program may end with a document alone in hand before the document is set aside.
pub(crate) const STRIKES: i64 = 2;

/// A document that is set aside because the program ended while it was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Struck {
    pub(crate) document: DocumentId,
    strikes: i64,
    /// When the program was last known to have ended over it, or when it was last tried.
    tried_at: Timestamp,
}

impl Struck {
    /// When it is to be tried again, by the clock of the device.
    pub(crate) fn due_at(&self) -> Timestamp {
        let further = u32::try_from(self.strikes.saturating_sub(STRIKES)).unwrap_or_default();
        let wait = FIRST_WAIT.saturating_mul(GROWTH.saturating_pow(further));
        let due_at = self.tried_at.millis().saturating_add(wait);
        Timestamp::from_millis(due_at)
    }

    /// Whether the wait is over. Of a clock that was set back nobody knows how much has passed.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        now >= self.due_at() || now < self.tried_at
    }
}

/// Marks documents; the caller commits before it applies a byte.
pub(crate) fn mark(
    connection: &Connection,
    documents: impl IntoIterator<Item = DocumentId>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO suspect (document, in_hand) VALUES (?, 1)
         ON CONFLICT DO UPDATE SET in_hand = 1",
    )?;
    for document in documents {
        statement.execute([document.as_bytes()])?;
    }
    Ok(())
}

/// Marks a document that is tried again; its next wait begins now.
pub(crate) fn mark_again(
    connection: &Connection,
    document: DocumentId,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO suspect (document, in_hand, tried_at) VALUES (?1, 1, ?2)
             ON CONFLICT DO UPDATE SET in_hand = 1, tried_at = ?2",
        )?
        .execute((document.as_bytes(), now.millis()))?;
    Ok(())
}

/// The marked documents.
pub(crate) fn in_hand(connection: &Connection) -> Result<Vec<DocumentId>, StoreError> {
    ids(
        connection,
        "SELECT document FROM suspect WHERE in_hand ORDER BY document",
    )
}

/// The documents that were in hand alone when the process died, and not taken in since.
pub(crate) fn struck(connection: &Connection) -> Result<Vec<DocumentId>, StoreError> {
    ids(
        connection,
        "SELECT document FROM suspect WHERE strikes > 0 ORDER BY document",
    )
}

/// Notes that the process died while it had this document alone in hand; gives how often it did.
pub(crate) fn strike(
    connection: &Connection,
    document: DocumentId,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let strikes = connection
        .prepare_cached(
            "UPDATE suspect SET strikes = strikes + 1, tried_at = ?2
             WHERE document = ?1 RETURNING strikes",
        )?
        .query_row((document.as_bytes(), now.millis()), |row| row.get(0))?;
    Ok(strikes)
}

/// Acquits the marked documents: they were taken in. What came for one that is set aside was only
/// put by, and says nothing of it.
pub(crate) fn clear(connection: &Connection) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "DELETE FROM suspect
             WHERE in_hand AND document NOT IN (SELECT document FROM unreadable)",
        )?
        .execute(())?;
    connection
        .prepare_cached("UPDATE suspect SET in_hand = 0 WHERE in_hand")?
        .execute(())?;
    Ok(())
}

/// Takes the marks away of documents that were not taken in for a reason that is not theirs.
pub(crate) fn let_go(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("DELETE FROM suspect WHERE in_hand AND strikes = 0", ())?;
    connection.execute("UPDATE suspect SET in_hand = 0 WHERE in_hand", ())?;
    Ok(())
}

/// Sets a document aside for its bytes: they are kept, and this build applies them no more.
pub(crate) fn set_aside(
    connection: &Connection,
    document: DocumentId,
    reason: &str,
) -> Result<(), StoreError> {
    strike_out(connection, document, reason)?;
    forget(connection, document)
}

/// Sets a document aside for its strikes: its bytes are kept and tried again later.
pub(crate) fn strike_out(
    connection: &Connection,
    document: DocumentId,
    reason: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO unreadable (document, reason, build) VALUES (?, ?, ?)",
        )?
        .execute((document.as_bytes(), reason, build()))?;
    Ok(())
}

/// The documents that are set aside for their strikes.
pub(crate) fn set_aside_for_strikes(connection: &Connection) -> Result<Vec<Struck>, StoreError> {
    let struck = connection
        .prepare_cached(
            "SELECT document, strikes, tried_at FROM unreadable CROSS JOIN suspect USING (document)
             WHERE strikes > 0 ORDER BY document",
        )?
        .query_map((), |row| {
            Ok(Struck {
                document: DocumentId::from_bytes(row.get(0)?),
                strikes: row.get(1)?,
                tried_at: Timestamp::from_millis(row.get(2)?),
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(struck)
}

/// Why a document is set aside, if it is.
pub(crate) fn reason(
    connection: &Connection,
    document: DocumentId,
) -> Result<Option<String>, StoreError> {
    let reason = connection
        .prepare_cached("SELECT reason FROM unreadable WHERE document = ?")?
        .query_row([document.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(reason)
}

/// The documents that are set aside, with the reasons.
pub(crate) fn all_set_aside(
    connection: &Connection,
) -> Result<Vec<(DocumentId, String)>, StoreError> {
    let documents = connection
        .prepare_cached("SELECT document, reason FROM unreadable ORDER BY document")?
        .query_map((), |row| {
            Ok((DocumentId::from_bytes(row.get(0)?), row.get(1)?))
        })?
        .collect::<Result<_, _>>()?;
    Ok(documents)
}

/// The documents that another build set aside: this one may be able to take them.
pub(crate) fn set_aside_by_another_build(
    connection: &Connection,
) -> Result<Vec<DocumentId>, StoreError> {
    let documents = connection
        .prepare_cached("SELECT document FROM unreadable WHERE build <> ? ORDER BY document")?
        .query_map([build()], |row| row.get(0).map(DocumentId::from_bytes))?
        .collect::<Result<_, _>>()?;
    Ok(documents)
}

/// Takes a document back in: purged, or readable again.
pub(crate) fn take_back(connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM unreadable WHERE document = ?")?
        .execute([document.as_bytes()])?;
    forget(connection, document)
}

fn forget(connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM suspect WHERE document = ?")?
        .execute([document.as_bytes()])?;
    Ok(())
}

/// What this build can take: another version of the program, of its tables or of documents may
/// take more.
fn build() -> String {
    let (program, tables) = (env!("CARGO_PKG_VERSION"), projection::VERSION);
    format!("{program}/{tables}/{}", dealership::schema::SHAPE)
}

fn ids(connection: &Connection, sql: &str) -> Result<Vec<DocumentId>, StoreError> {
    let documents = connection
        .prepare_cached(sql)?
        .query_map((), |row| row.get(0).map(DocumentId::from_bytes))?
        .collect::<Result<_, _>>()?;
    Ok(documents)
}
