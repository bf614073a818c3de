//! Rows of the log, from columns to values.

use dealership::{DeviceNumber, DocumentId, Seq, Timestamp};
use rusqlite::Row;
use sync_protocol::BatchId;

use super::Result;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::columns::number;
use crate::store::{ChangeRow, LogEntry, LogRow};

/// The columns that [`RawLogRow::read`] reads.
pub(super) const LOG_COLUMNS: &str = "seq, kind, received_at, space, document, hash, actor, actor_seq, \
     max_op, batch, device, base_received_at, clock_trusted, raw";

/// A row of the log as SQLite gives it.
pub(super) struct RawLogRow {
    seq: i64,
    received_at: i64,
    space: Option<i64>,
    document: Option<[u8; 16]>,
    entry: RawEntry,
}

enum RawEntry {
    Change(RawChange),
    Gone,
    Left,
    Came,
    Erased,
}

struct RawChange {
    hash: [u8; 32],
    actor: [u8; 16],
    actor_seq: i64,
    max_op: i64,
    batch: Option<[u8; 16]>,
    device: i64,
    base_received_at: i64,
    clock_trusted: bool,
    raw: Vec<u8>,
}

impl RawLogRow {
    /// Reads [`LOG_COLUMNS`].
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let kind = row.get_ref(1)?.as_str().unwrap_or_default();
        let change = || {
            Ok::<_, rusqlite::Error>(RawChange {
                hash: row.get(5)?,
                actor: row.get(6)?,
                actor_seq: row.get(7)?,
                max_op: row.get(8)?,
                batch: row.get(9)?,
                device: row.get(10)?,
                base_received_at: row.get(11)?,
                clock_trusted: row.get(12)?,
                raw: row.get(13)?,
            })
        };
        Ok(Self {
            seq: row.get(0)?,
            received_at: row.get(2)?,
            space: row.get(3)?,
            document: row.get(4)?,
            entry: match kind {
                "change" => RawEntry::Change(change()?),
                "gone" => RawEntry::Gone,
                "left" => RawEntry::Left,
                "came" => RawEntry::Came,
                _ => RawEntry::Erased,
            },
        })
    }
}

impl<Access> SqliteStore<Access> {
    pub(super) fn log_row_from(&self, raw: RawLogRow) -> Result<Option<LogRow>> {
        let (Some(space), Some(document)) = (raw.space, raw.document) else {
            return Ok(None);
        };
        let entry = match raw.entry {
            RawEntry::Erased => return Ok(None),
            RawEntry::Gone => LogEntry::Gone,
            RawEntry::Left => LogEntry::Left,
            RawEntry::Came => LogEntry::Came,
            RawEntry::Change(change) => LogEntry::Change(ChangeRow {
                hash: change.hash,
                actor: change.actor,
                actor_seq: number(change.actor_seq)?,
                max_op: number(change.max_op)?,
                batch: change.batch.map(BatchId),
                device: DeviceNumber(number(change.device)?),
                base_received_at: Timestamp::from_millis(change.base_received_at),
                clock_trusted: change.clock_trusted,
                raw: change.raw,
            }),
        };
        Ok(Some(LogRow {
            seq: Seq(number(raw.seq)?),
            received_at: Timestamp::from_millis(raw.received_at),
            space: self.space_names.space(&self.connection, space)?,
            document: DocumentId::from_bytes(document),
            entry,
        }))
    }
}
