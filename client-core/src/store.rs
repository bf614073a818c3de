//! The rows of the replica's own tables: one module a table or two that belong together.
//!
//! Nothing here decides anything. Statements are prepared once for each connection.

use dealership::authorship::Seq;

use crate::error::{StoreError, damaged};

pub(crate) mod change;
pub(crate) mod document;
pub(crate) mod heading;
pub(crate) mod held;
pub(crate) mod identity;
pub(crate) mod life;
pub(crate) mod lost;
pub(crate) mod outbox;
pub(crate) mod position;
pub(crate) mod purged;
pub(crate) mod quarantine;
pub(crate) mod receipts;
pub(crate) mod segment;
pub(crate) mod suspect;
pub(crate) mod tagged_page;

/// A position as SQLite holds it.
///
/// # Errors
///
/// [`StoreError::Damaged`] for a position that no relay ever gives.
pub(crate) fn from_seq(seq: Seq) -> Result<i64, StoreError> {
    i64::try_from(seq.0).map_err(|_| damaged("a log", format!("the position {seq}")))
}

/// A position as it was stored.
///
/// # Errors
///
/// [`StoreError::Damaged`] for a negative one.
pub(crate) fn to_seq(seq: i64) -> Result<Seq, StoreError> {
    u64::try_from(seq)
        .map(Seq)
        .map_err(|_| damaged("a log", format!("the position {seq}")))
}
