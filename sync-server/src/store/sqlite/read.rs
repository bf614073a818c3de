//! Reading the database.

mod log_row;
mod positions;

use std::collections::BTreeSet;

use change_gate::Hash;
use dealership::phone::PhoneHash;
use dealership::{
    CustomerId, DeviceNumber, DocumentId, GroupId, Kind, Seq, Space, StaffId, StoreId, Timestamp,
};
use rusqlite::{OptionalExtension, Params, Row, params};
use sync_protocol::{BatchId, Epoch, Explanation, Refusal, RefusalCode, SegmentHash};

use self::log_row::{LOG_COLUMNS, RawLogRow};
use self::positions::POSITIONS_PER_SEEK;
use super::columns::{integer, number, unpacked};
use super::failure::failed;
use super::{LEAVES, STANDS, SqliteStore, TENANT};
use crate::store::{
    BatchRow, Departure, DeviceRow, DocumentContent, DocumentRow, EnrolmentCodeRow, ErasureRow,
    GroupRow, LogHead, LogRow, Pending, Position, PurgeRow, ReadStore, SegmentSet, StoreError,
    Verdict,
};

type Result<T> = std::result::Result<T, StoreError>;

impl<Access> SqliteStore<Access> {
    fn one<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(parameters, read).optional())
            .map_err(failed)
    }

    fn many<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let collect = |mut statement: rusqlite::CachedStatement<'_>| {
            statement.query_map(parameters, read)?.collect()
        };
        self.connection
            .prepare_cached(sql)
            .and_then(collect)
            .map_err(failed)
    }
}

impl<Access> ReadStore for SqliteStore<Access> {
    fn at_one_moment<T>(&self, read: impl FnOnce() -> T) -> Result<T> {
        if !self.connection.is_autocommit() {
            return Ok(read());
        }
        // Deferred: it takes no lock that a writer waits for. One for all statements costs less
        // than one for each.
        let moment = self.connection.unchecked_transaction().map_err(failed)?;
        let found = read();
        moment.finish().map_err(failed)?;
        Ok(found)
    }

    fn group(&self) -> Result<Option<GroupRow>> {
        let row = self.one(
            "SELECT group_id, epoch, server_name, phone_key, is_restored, next_device FROM tenant
             WHERE tenant = ?",
            [TENANT],
            |row| {
                let next: i64 = row.get(5)?;
                let (name, key, is_restored) = (row.get(2)?, row.get(3)?, row.get(4)?);
                Ok((row.get(0)?, row.get(1)?, name, key, is_restored, next))
            },
        )?;
        row.map(
            |(group, epoch, server_name, phone_key, is_restored, next)| {
                Ok(GroupRow {
                    group: GroupId::from_bytes(group),
                    epoch: Epoch(epoch),
                    server_name,
                    phone_key,
                    is_restored,
                    next_device: DeviceNumber(number(next)?),
                })
            },
        )
        .transpose()
    }

    fn head(&self) -> Result<LogHead> {
        let head = self.one(
            "SELECT seq, running, received_at FROM log WHERE tenant = ?
             ORDER BY seq DESC LIMIT 1",
            [TENANT],
            log_head,
        )?;
        head.unwrap_or(Ok(LogHead::START))
    }

    fn head_at(&self, seq: Seq) -> Result<Option<LogHead>> {
        if seq == LogHead::START.seq {
            return Ok(Some(LogHead::START));
        }
        // A position that no log of ours can have is asked for by strangers: not there.
        let Ok(seq) = integer(seq.0) else {
            return Ok(None);
        };
        self.one(
            "SELECT seq, running, received_at FROM log WHERE tenant = ? AND seq = ?",
            [TENANT, seq],
            log_head,
        )?
        .transpose()
    }

    fn log_row(&self, seq: Seq) -> Result<Option<LogRow>> {
        let sql = format!("SELECT {LOG_COLUMNS} FROM log WHERE tenant = ? AND seq = ?");
        match self.one(&sql, params![TENANT, integer(seq.0)?], RawLogRow::read)? {
            Some(raw) => self.log_row_from(raw),
            None => Ok(None),
        }
    }

    fn erased_hash(&self, seq: Seq) -> Result<Option<Hash>> {
        self.one(
            "SELECT hash FROM log WHERE tenant = ? AND seq = ? AND kind = 'erased'",
            params![TENANT, integer(seq.0)?],
            |row| row.get(0),
        )
    }

    fn positions(
        &self,
        spaces: &BTreeSet<Space>,
        after: Seq,
        through: Seq,
        limit: usize,
    ) -> Result<Vec<Position>> {
        let mut found = Vec::new();
        let per_space = i64::try_from(limit).unwrap_or(i64::MAX);
        let seeks = POSITIONS_PER_SEEK.saturating_mul(spaces.len() as u64);
        let mut at = after;
        // A short stretch at first; longer and longer ones where these spaces have little.
        let mut width = seeks.max(limit as u64);
        while at < through && found.len() < limit {
            let end = Seq(at.0.saturating_add(width)).min(through);
            found.extend(if end.0.saturating_sub(at.0) <= seeks {
                self.positions_along(spaces, at, end)?
            } else {
                self.positions_by_space(spaces, at, end, per_space)?
            });
            at = end;
            width = width.saturating_mul(4);
        }
        found.truncate(limit);
        Ok(found)
    }

    fn pending(&self, document: DocumentId, after: Seq, through: Seq) -> Result<Option<Pending>> {
        let found = self.one(
            "SELECT min(seq), count(*) FROM log INDEXED BY log_by_document
             WHERE tenant = ? AND document = ? AND stands = ? AND seq > ? AND seq <= ?",
            params![
                TENANT,
                document.as_bytes(),
                STANDS,
                integer(after.0)?,
                integer(through.0)?
            ],
            |row| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, i64>(1)?)),
        )?;
        let Some((Some(first), entries)) = found else {
            return Ok(None);
        };
        Ok(Some(Pending {
            first: Seq(number(first)?),
            entries: number(entries)?,
        }))
    }

    fn departures(&self, document: DocumentId) -> Result<Vec<Departure>> {
        let rows: Vec<(i64, i64)> = self.many(
            "SELECT space, seq FROM log INDEXED BY log_by_document
             WHERE tenant = ? AND document = ? AND stands = ? ORDER BY seq",
            params![TENANT, document.as_bytes(), LEAVES],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        rows.into_iter()
            .map(|(space, seq)| {
                Ok(Departure {
                    space: self.space_names.space(&self.connection, space)?,
                    seq: Seq(number(seq)?),
                })
            })
            .collect()
    }

    fn changes_of(&self, document: DocumentId) -> Result<Vec<LogRow>> {
        let sql = format!(
            "SELECT {LOG_COLUMNS} FROM log INDEXED BY log_by_document
             WHERE tenant = ? AND document = ? AND kind = 'change' ORDER BY seq"
        );
        let rows = self.many(&sql, params![TENANT, document.as_bytes()], RawLogRow::read)?;
        rows.into_iter()
            .filter_map(|raw| self.log_row_from(raw).transpose())
            .collect()
    }

    fn seq_of_change(&self, document: DocumentId, hash: &Hash) -> Result<Option<Seq>> {
        self.one(
            "SELECT seq FROM log INDEXED BY log_by_change
             WHERE tenant = ? AND document = ? AND hash = ? AND document IS NOT NULL",
            params![TENANT, document.as_bytes(), hash],
            |row| row.get(0),
        )?
        .map(|seq| number(seq).map(Seq))
        .transpose()
    }

    fn document(&self, id: DocumentId) -> Result<Option<DocumentRow>> {
        type Columns = (String, i64, i64, Option<Vec<u8>>, Option<Vec<u8>>);
        let row: Option<Columns> = self.one(
            "SELECT kind, space, head, receipts, saved FROM document WHERE tenant = ? AND id = ?",
            params![TENANT, id.as_bytes()],
            |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                ))
            },
        )?;
        let Some((kind, space, head, receipts, saved)) = row else {
            return Ok(None);
        };
        let content = match (saved, receipts) {
            (Some(saved), Some(receipts)) => Some(DocumentContent {
                saved,
                receipts: unpacked(&receipts)?,
            }),
            _ => None,
        };
        Ok(Some(DocumentRow {
            id,
            kind: kind
                .parse()
                .map_err(|error| StoreError::damaged(format!("document {id}: {error}")))?,
            space: self.space_names.space(&self.connection, space)?,
            head: Seq(number(head)?),
            content,
        }))
    }

    fn documents_of_kind(&self, kind: Kind) -> Result<Vec<DocumentId>> {
        self.many(
            "SELECT id FROM document WHERE tenant = ? AND kind = ? AND receipts IS NOT NULL
             ORDER BY id",
            params![TENANT, kind.code()],
            |row| row.get(0).map(DocumentId::from_bytes),
        )
    }

    fn document_ids(&self, after: Option<DocumentId>, limit: usize) -> Result<Vec<DocumentId>> {
        let after = after.map_or(Vec::new(), |id| id.as_bytes().to_vec());
        self.many(
            "SELECT id FROM document WHERE tenant = ? AND id > ? AND receipts IS NOT NULL
             ORDER BY id LIMIT ?",
            params![TENANT, after, i64::try_from(limit).unwrap_or(i64::MAX)],
            |row| row.get(0).map(DocumentId::from_bytes),
        )
    }

    fn documents_in(&self, space: Space) -> Result<Vec<(DocumentId, Kind)>> {
        self.read_documents_in(space)
    }

    fn segments_of(&self, space: Space) -> Result<Option<SegmentSet>> {
        self.read_segments(space)
    }

    fn segment(&self, hash: &SegmentHash) -> Result<Option<(Space, Vec<u8>)>> {
        self.read_segment(hash)
    }

    fn batch(&self, id: BatchId) -> Result<Option<BatchRow>> {
        let row = self.one(
            "SELECT device, digest, received_at, first_seq, last_seq, refusal_code,
                 refused_change, refusal_text
             FROM batch WHERE tenant = ? AND id = ?",
            params![TENANT, id.0],
            |row| {
                let device: i64 = row.get(0)?;
                let seqs: Option<(i64, i64)> = row.get::<_, Option<_>>(3)?.zip(row.get(4)?);
                let code: Option<u16> = row.get(5)?;
                let text: Option<String> = row.get(7)?;
                let refusal = code.zip(text).zip(Some(row.get(6)?));
                Ok((device, row.get(1)?, row.get(2)?, seqs, refusal))
            },
        )?;
        let Some((device, digest, received_at, seqs, refusal)) = row else {
            return Ok(None);
        };
        let verdict = match (seqs, refusal) {
            (Some((first, last)), _) => Verdict::Durable {
                first: Seq(number(first)?),
                last: Seq(number(last)?),
            },
            (None, Some(((code, text), change))) => Verdict::Refused(Refusal {
                code: RefusalCode::from_number(code),
                change,
                text: Explanation::new(&text),
            }),
            (None, None) => return Err(StoreError::damaged("a batch without a verdict")),
        };
        Ok(Some(BatchRow {
            id,
            device: DeviceNumber(number(device)?),
            digest,
            received_at: Timestamp::from_millis(received_at),
            verdict,
        }))
    }

    fn device(&self, of: DeviceNumber) -> Result<Option<DeviceRow>> {
        // Strangers ask for numbers that no device of ours can have.
        let Ok(asked) = integer(of.0) else {
            return Ok(None);
        };
        self.one(
            "SELECT number, staff, public_key, document, enrolled_at, revoked_at FROM device
             WHERE tenant = ? AND number = ?",
            [TENANT, asked],
            device,
        )?
        .transpose()
    }

    fn devices(&self) -> Result<Vec<DeviceRow>> {
        self.many(
            "SELECT number, staff, public_key, document, enrolled_at, revoked_at FROM device
             WHERE tenant = ? ORDER BY number",
            [TENANT],
            device,
        )?
        .into_iter()
        .collect()
    }

    fn purges(&self) -> Result<Vec<PurgeRow>> {
        // Of the columns beside `max` SQLite gives those of its row.
        self.many(
            "SELECT document, max(seq), received_at FROM log INDEXED BY log_purges
             WHERE tenant = ? AND kind = 'gone' GROUP BY document",
            [TENANT],
            purge,
        )?
        .into_iter()
        .collect()
    }

    fn purges_unheard_of(&self, device: DeviceNumber, through: Seq) -> Result<Vec<PurgeRow>> {
        self.many(
            "SELECT document, max(seq) AS last, received_at FROM log INDEXED BY log_purges
             WHERE tenant = ?1 AND kind = 'gone' AND NOT EXISTS (
                 SELECT 1 FROM erasure WHERE erasure.tenant = ?1
                 AND erasure.document = log.document AND erasure.device = ?2)
             GROUP BY document HAVING last <= ?3",
            params![TENANT, integer(device.0)?, integer(through.0)?],
            purge,
        )?
        .into_iter()
        .collect()
    }

    fn erasures(&self, document: DocumentId) -> Result<Vec<ErasureRow>> {
        let rows: Vec<(i64, i64)> = self.many(
            "SELECT device, at FROM erasure WHERE tenant = ? AND document = ? ORDER BY device",
            params![TENANT, document.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        rows.into_iter()
            .map(|(device, at)| {
                Ok(ErasureRow {
                    document,
                    device: DeviceNumber(number(device)?),
                    at: Timestamp::from_millis(at),
                })
            })
            .collect()
    }

    fn enrolment_code(&self, selector: &str) -> Result<Option<EnrolmentCodeRow>> {
        let row = self.one(
            "SELECT hash, staff, expires_at, tries_left, used_by FROM enrolment_code
             WHERE tenant = ? AND selector = ?",
            params![TENANT, selector],
            |row| {
                let used_by: Option<i64> = row.get(4)?;
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, used_by))
            },
        )?;
        row.map(|(hash, staff, expires_at, tries_left, used_by)| {
            Ok(EnrolmentCodeRow {
                selector: selector.to_owned(),
                hash,
                staff: StaffId::from_bytes(staff),
                expires_at: Timestamp::from_millis(expires_at),
                tries_left,
                used_by: used_by.map(number).transpose()?.map(DeviceNumber),
            })
        })
        .transpose()
    }

    fn customers_with_phone(&self, phone: &PhoneHash) -> Result<Vec<(CustomerId, StoreId)>> {
        self.many(
            "SELECT customer, store FROM phone WHERE tenant = ? AND hash = ? ORDER BY customer",
            params![TENANT, phone.as_str()],
            |row| {
                let customer = CustomerId::from_bytes(row.get(0)?);
                Ok((customer, StoreId::from_bytes(row.get(1)?)))
            },
        )
    }
}

fn log_head(row: &Row<'_>) -> rusqlite::Result<Result<LogHead>> {
    let (seq, running, received_at) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(number(seq).map(|seq| LogHead {
        seq: Seq(seq),
        running,
        received_at: Timestamp::from_millis(received_at),
    }))
}

fn device(row: &Row<'_>) -> rusqlite::Result<Result<DeviceRow>> {
    let device: i64 = row.get(0)?;
    let staff = StaffId::from_bytes(row.get(1)?);
    let public_key = row.get(2)?;
    let document = DocumentId::from_bytes(row.get(3)?);
    let enrolled_at = Timestamp::from_millis(row.get(4)?);
    let revoked_at = row.get::<_, Option<i64>>(5)?.map(Timestamp::from_millis);
    Ok(number(device).map(|device| DeviceRow {
        number: DeviceNumber(device),
        staff,
        public_key,
        document,
        enrolled_at,
        revoked_at,
    }))
}

fn purge(row: &Row<'_>) -> rusqlite::Result<Result<PurgeRow>> {
    let document = DocumentId::from_bytes(row.get(0)?);
    let at = Timestamp::from_millis(row.get(2)?);
    Ok(number(row.get(1)?).map(|seq| PurgeRow {
        document,
        seq: Seq(seq),
        at,
    }))
}
