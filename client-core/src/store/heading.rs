//! Headings of spreadsheets that a person once assigned to columns.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::error::StoreError;

/// The headings of a sheet with the names of their columns.
pub(crate) fn all(
    connection: &Connection,
    sheet: &str,
) -> Result<BTreeMap<String, String>, StoreError> {
    let headings = connection
        .prepare_cached("SELECT heading, name FROM sheet_heading WHERE sheet = ?")?
        .query_map([sheet], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(headings)
}

/// Remembers a heading.
pub(crate) fn put(
    connection: &Connection,
    sheet: &str,
    heading: &str,
    name: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO sheet_heading (sheet, heading, name) VALUES (?, ?, ?)",
        )?
        .execute((sheet, heading, name))?;
    Ok(())
}
