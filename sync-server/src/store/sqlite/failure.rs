//! What SQLite's errors mean for a relay.

use rusqlite::ErrorCode;

use crate::store::StoreError;

/// Sorts an error of SQLite.
pub(super) fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::DiskFull(Box::new(error)),
        Some(ErrorCode::TooBig) => StoreError::TooLarge(Box::new(error)),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::damaged(error.to_string())
        }
        _ => StoreError::Database(Box::new(error)),
    }
}

/// Sorts an error of a write; a broken UNIQUE or PRIMARY KEY says that `what` is there already.
pub(super) fn failed_or_taken(error: rusqlite::Error, what: &'static str) -> StoreError {
    let extended = error.sqlite_error().map(|error| error.extended_code);
    match extended {
        Some(
            rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
        ) => StoreError::Taken { what },
        _ => failed(error),
    }
}
