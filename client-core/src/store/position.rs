//! How far the log was read, which spaces this device holds, and when it last synchronised.

use dealership::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use sync_protocol::{Cursor, CursorTag, Epoch};

use crate::error::StoreError;
use crate::store::{from_seq, to_seq};
use crate::wire::{of_wire_seq, to_wire_seq};

/// Reads the cursor; `None` before the first entry.
pub(crate) fn read(connection: &Connection) -> Result<Option<Cursor>, StoreError> {
    let position = connection
        .prepare_cached("SELECT epoch, seq, tag FROM cursor")?
        .query_row((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((epoch, seq, tag)) = position else {
        return Ok(None);
    };
    Ok(Some(Cursor {
        epoch: Epoch(epoch),
        seq: to_wire_seq(to_seq(seq)?),
        tag: CursorTag(tag),
    }))
}

/// Moves the cursor.
pub(crate) fn write(connection: &Connection, cursor: &Cursor) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO cursor (only, epoch, seq, tag) VALUES (1, ?, ?, ?)",
        )?
        .execute((
            cursor.epoch.0,
            from_seq(of_wire_seq(cursor.seq))?,
            cursor.tag.0,
        ))?;
    Ok(())
}

/// Gives the cursor up: the log is read from its beginning.
pub(crate) fn give_up(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("DELETE FROM cursor", ())?;
    Ok(())
}

/// The names of the spaces that this device holds, ascending.
pub(crate) fn spaces(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let spaces = connection
        .prepare_cached("SELECT name FROM space ORDER BY name")?
        .query_map((), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(spaces)
}

/// The names of the spaces that the cursor speaks of, ascending.
pub(crate) fn whole_spaces(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let spaces = connection
        .prepare_cached("SELECT name FROM space WHERE is_whole ORDER BY name")?
        .query_map((), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(spaces)
}

/// Replaces the spaces that this device holds, each with whether the cursor speaks of it.
pub(crate) fn set_spaces<'s>(
    connection: &Connection,
    spaces: impl IntoIterator<Item = (&'s str, bool)>,
) -> Result<(), StoreError> {
    connection.execute("DELETE FROM space", ())?;
    let mut statement =
        connection.prepare_cached("INSERT INTO space (name, is_whole) VALUES (?, ?)")?;
    for space in spaces {
        statement.execute(space)?;
    }
    Ok(())
}

/// Notes that the cursor speaks of every space.
pub(crate) fn all_whole(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("UPDATE space SET is_whole = 1 WHERE NOT is_whole", ())?;
    Ok(())
}

/// When the relay was last heard, and how it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LastSync {
    /// When it last admitted this device, by the device's clock.
    pub(crate) welcomed_at: Timestamp,
    /// The device's clock less the relay's then, in milliseconds.
    pub(crate) clock_ahead: i64,
    /// When everything that the log held was here, by the device's clock.
    pub(crate) caught_up_at: Option<Timestamp>,
}

/// Reads when the relay was last heard.
pub(crate) fn last_sync(connection: &Connection) -> Result<Option<LastSync>, StoreError> {
    let last = connection
        .prepare_cached("SELECT welcomed_at, clock_ahead, caught_up_at FROM last_sync")?
        .query_row((), |row| {
            Ok(LastSync {
                welcomed_at: Timestamp::from_millis(row.get(0)?),
                clock_ahead: row.get(1)?,
                caught_up_at: row.get::<_, Option<i64>>(2)?.map(Timestamp::from_millis),
            })
        })
        .optional()?;
    Ok(last)
}

/// Notes that the relay admitted this device.
pub(crate) fn welcomed(
    connection: &Connection,
    at: Timestamp,
    clock_ahead: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO last_sync (only, welcomed_at, clock_ahead) VALUES (1, ?1, ?2)
         ON CONFLICT (only) DO UPDATE SET welcomed_at = ?1, clock_ahead = ?2",
        (at.millis(), clock_ahead),
    )?;
    Ok(())
}

/// Notes that everything that the log held is here.
pub(crate) fn caught_up(connection: &Connection, at: Timestamp) -> Result<(), StoreError> {
    connection.execute("UPDATE last_sync SET caught_up_at = ?", [at.millis()])?;
    Ok(())
}
