//! The states that pages of the log brought, under the relay's tags.

use rusqlite::Connection;
use sync_protocol::{Leaf, StatesTag};

use crate::error::{StoreError, damaged};

/// How many pages are kept: what came before them is in every backup that anybody restores. One
/// that brought a single change takes some 60 bytes.
const KEPT: i64 = 50_000;

/// A page.
#[derive(Debug)]
pub(crate) struct TaggedPage {
    /// Its leaves, in the order of its entries.
    pub(crate) leaves: Vec<Leaf>,
    /// The relay's tag for them.
    pub(crate) tag: StatesTag,
}

/// Keeps a page, and no more pages than are kept.
pub(crate) fn append(
    connection: &Connection,
    leaves: &[Leaf],
    tag: StatesTag,
) -> Result<(), StoreError> {
    let blob: Vec<u8> = leaves.iter().flat_map(|leaf| leaf.0).collect();
    connection
        .prepare_cached("INSERT INTO tagged_page (leaves, tag) VALUES (?, ?)")?
        .execute((blob, tag.0))?;
    let last = connection.last_insert_rowid();
    connection
        .prepare_cached("DELETE FROM tagged_page WHERE number <= ?")?
        .execute([last.saturating_sub(KEPT)])?;
    Ok(())
}

/// Hands over the pages, the newest first, until it is told that it is enough.
pub(crate) fn newest_first(
    connection: &Connection,
    mut take: impl FnMut(&TaggedPage) -> bool,
) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT leaves, tag FROM tagged_page ORDER BY number DESC")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let blob = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        let (leaves, []) = blob.as_chunks::<32>() else {
            return Err(damaged("page", "bytes that are no leaves"));
        };
        let page = TaggedPage {
            leaves: leaves.iter().copied().map(Leaf).collect(),
            tag: StatesTag(row.get(1)?),
        };
        if !take(&page) {
            break;
        }
    }
    Ok(())
}
