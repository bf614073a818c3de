//! A store in one SQLite file.
//!
//! One connection writes, others read. A commit is durable when it returns: `synchronous=FULL`
//! with a write-ahead log.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::path::Path;

use dealership::phone::PhoneHash;
use dealership::{CustomerId, DocumentId, Seq, Space, StoreId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::store::{
    BatchRow, DeviceRow, DocumentRow, EnrolmentCodeRow, ErasureRow, GroupRow, LogEntry, LogRow,
    RunningHash, SegmentSet, Store, StoreError, Verdict,
};

mod backup;
mod columns;
mod connection;
mod failure;
mod migration;
mod read;
mod schema;
mod segment;
mod space_names;

pub use backup::{BackupError, beside, remove_database, rename_durably};
pub use connection::OpenError;
pub use migration::MigrationError;

use columns::{integer, packed};
use failure::{failed, failed_or_taken};
use space_names::SpaceNames;

/// The one tenant of a database, until there are more.
const TENANT: i64 = 1;

/// What `log.stands` says of a row that the readers of its space get.
const STANDS: i64 = 1;

/// What `log.stands` says of a row with which a document leaves its space.
const LEAVES: i64 = 2;

/// The write-ahead log is copied into the database when it has grown to so many pages of 4 KiB.
const CHECKPOINT_PAGES: i64 = 2_048;

/// A store that may write.
#[derive(Debug)]
pub enum Writing {}

/// A store that cannot write; any number of them may be open.
#[derive(Debug)]
pub enum Reading {}

/// A relay's database.
#[derive(Debug)]
pub struct SqliteStore<Access = Writing> {
    connection: Connection,
    space_names: SpaceNames,
    access: PhantomData<Access>,
}

impl SqliteStore<Writing> {
    /// Opens the database, and makes it if there is none.
    ///
    /// There must be one writer only: whoever opens it holds the folder's lock.
    ///
    /// # Errors
    ///
    /// [`OpenError`], and then nothing was changed.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        connection::open_writer(path).map(Self::over)
    }

    /// Opens a database whose commits are not synced to the disk, to fill it fast.
    ///
    /// A power cut may leave it in pieces: until it is closed and its file synced, it must not
    /// stand where a relay looks for one.
    ///
    /// # Errors
    ///
    /// [`OpenError`], and then nothing was changed.
    pub fn open_to_fill(path: &Path) -> Result<Self, OpenError> {
        connection::open_filler(path).map(Self::over)
    }
}

impl SqliteStore<Reading> {
    /// Opens an existing database to read.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open_to_read(path: &Path) -> Result<Self, OpenError> {
        connection::open_reader(path).map(Self::over)
    }
}

impl<Access> SqliteStore<Access> {
    fn over(connection: Connection) -> Self {
        Self {
            connection,
            space_names: SpaceNames::default(),
            access: PhantomData,
        }
    }
}

impl SqliteStore<Writing> {
    /// The connection, if a transaction is open on it.
    ///
    /// SQLite ends a transaction by itself when the disk fails; what is written after that would
    /// be committed statement by statement.
    fn writing(&self) -> Result<&Connection, StoreError> {
        if self.connection.is_autocommit() {
            return Err(StoreError::OutOfTurn);
        }
        Ok(&self.connection)
    }

    fn execute(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        what: &'static str,
    ) -> Result<usize, StoreError> {
        self.writing()?
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(parameters))
            .map_err(|error| failed_or_taken(error, what))
    }

    fn batch_sql(&self, sql: &str) -> Result<(), StoreError> {
        self.writing()?.execute_batch(sql).map_err(failed)
    }
}

impl Store for SqliteStore<Writing> {
    fn begin(&mut self) -> Result<(), StoreError> {
        if !self.connection.is_autocommit() {
            return Err(StoreError::OutOfTurn);
        }
        let begin = self.connection.execute_batch("BEGIN IMMEDIATE");
        begin.map_err(failed)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let committed = self.batch_sql("COMMIT");
        if committed.is_err() {
            // Also where SQLite has done so by itself: what is known of the transaction is forgotten.
            self.roll_back()?;
        }
        committed
    }

    fn roll_back(&mut self) -> Result<(), StoreError> {
        self.space_names.forget();
        // SQLite may have rolled back by itself when the disk failed.
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.batch_sql("ROLLBACK")
    }

    fn set_savepoint(&mut self) -> Result<(), StoreError> {
        self.batch_sql("SAVEPOINT batch")
    }

    fn release_savepoint(&mut self) -> Result<(), StoreError> {
        self.batch_sql("RELEASE batch")
    }

    fn roll_back_to_savepoint(&mut self) -> Result<(), StoreError> {
        self.space_names.forget();
        self.batch_sql("ROLLBACK TO batch; RELEASE batch")
    }

    fn put_group(&mut self, group: &GroupRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO tenant (tenant, group_id, epoch, server_name, phone_key, is_restored,
                 next_device)
             VALUES (?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET epoch = excluded.epoch, server_name = excluded.server_name,
                 is_restored = excluded.is_restored, next_device = excluded.next_device",
            params![
                TENANT,
                group.group.as_bytes(),
                group.epoch.0,
                group.server_name,
                group.phone_key,
                group.is_restored,
                integer(group.next_device.0)?,
            ],
            "the group",
        )?;
        Ok(())
    }

    fn append(&mut self, row: &LogRow, running: &RunningHash) -> Result<(), StoreError> {
        let space = self.space_id(row.space)?;
        let (seq, received_at) = (integer(row.seq.0)?, row.received_at.millis());
        let document = row.document.as_bytes();
        let kind = match &row.entry {
            LogEntry::Change(_) => "change",
            LogEntry::Gone => "gone",
            LogEntry::Left => "left",
            LogEntry::Came => "came",
        };
        let stands = match &row.entry {
            LogEntry::Left => LEAVES,
            _ => STANDS,
        };
        if stands == LEAVES {
            self.execute(
                "UPDATE log SET stands = 0 WHERE tenant = ? AND document = ? AND stands = ?",
                params![TENANT, document, STANDS],
                "the log",
            )?;
        }
        match &row.entry {
            LogEntry::Change(change) => self.execute(
                "INSERT INTO log (tenant, seq, kind, stands, received_at, running, space, document,
                     hash, actor, actor_seq, max_op, batch, device, base_received_at,
                     clock_trusted, raw)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    TENANT,
                    seq,
                    kind,
                    stands,
                    received_at,
                    running,
                    space,
                    document,
                    change.hash,
                    change.actor,
                    integer(change.actor_seq)?,
                    integer(change.max_op)?,
                    change.batch.map(|batch| batch.0),
                    integer(change.device.0)?,
                    change.base_received_at.millis(),
                    change.clock_trusted,
                    change.raw,
                ],
                "the change or its position",
            )?,
            LogEntry::Gone | LogEntry::Left | LogEntry::Came => self.execute(
                "INSERT INTO log (tenant, seq, kind, stands, received_at, running, space, document)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    TENANT,
                    seq,
                    kind,
                    stands,
                    received_at,
                    running,
                    space,
                    document
                ],
                "the position",
            )?,
        };
        Ok(())
    }

    fn put_document(&mut self, document: &DocumentRow) -> Result<(), StoreError> {
        let space = self.space_id(document.space)?;
        let content = document.content.as_ref();
        self.execute(
            "INSERT INTO document (tenant, id, kind, space, head, receipts, saved)
             VALUES (?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET kind = excluded.kind, space = excluded.space,
                 head = excluded.head, receipts = excluded.receipts, saved = excluded.saved",
            params![
                TENANT,
                document.id.as_bytes(),
                document.kind.code(),
                space,
                integer(document.head.0)?,
                content.map(|content| packed(&content.receipts)),
                content.map(|content| content.saved.as_slice()),
            ],
            "the document",
        )?;
        Ok(())
    }

    fn erase_document(&mut self, document: DocumentId, at: Seq) -> Result<(), StoreError> {
        let id = document.as_bytes();
        self.execute(
            "UPDATE document SET head = ?, receipts = NULL, saved = NULL
             WHERE tenant = ? AND id = ?",
            params![integer(at.0)?, TENANT, id],
            "the document",
        )?;
        self.execute(
            "UPDATE log SET kind = 'erased', stands = 0, space = NULL, document = NULL, actor = NULL,
                 actor_seq = NULL, max_op = NULL, batch = NULL, device = NULL,
                 base_received_at = NULL, clock_trusted = NULL, raw = NULL
             WHERE tenant = ? AND document = ? AND kind = 'change'",
            params![TENANT, id],
            "the log",
        )?;
        self.execute(
            "DELETE FROM phone WHERE tenant = ? AND customer = ?",
            params![TENANT, id],
            "the phones",
        )?;
        Ok(())
    }

    fn put_segments(
        &mut self,
        space: Space,
        set: &SegmentSet,
        bytes: &[Vec<u8>],
    ) -> Result<(), StoreError> {
        self.replace_segments(space, set, bytes)
    }

    fn delete_segments(&mut self, space: Space) -> Result<(), StoreError> {
        self.remove_segments(space)
    }

    fn put_batch(&mut self, batch: &BatchRow) -> Result<(), StoreError> {
        let (seqs, refusal) = match &batch.verdict {
            Verdict::Durable { first, last } => (Some((first, last)), None),
            Verdict::Refused(refusal) => (None, Some(refusal)),
        };
        self.execute(
            "INSERT INTO batch (tenant, id, device, digest, received_at, first_seq, last_seq,
                 refusal_code, refused_change, refusal_text)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                TENANT,
                batch.id.0,
                integer(batch.device.0)?,
                batch.digest,
                batch.received_at.millis(),
                seqs.map(|(first, _)| integer(first.0)).transpose()?,
                seqs.map(|(_, last)| integer(last.0)).transpose()?,
                refusal.map(|refusal| refusal.code.number()),
                refusal.and_then(|refusal| refusal.change),
                refusal.map(|refusal| refusal.text.as_str()),
            ],
            "the batch",
        )?;
        Ok(())
    }

    fn put_device(&mut self, device: &DeviceRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO device (tenant, number, staff, public_key, document, enrolled_at,
                 revoked_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET revoked_at = excluded.revoked_at",
            params![
                TENANT,
                integer(device.number.0)?,
                device.staff.as_bytes(),
                device.public_key,
                device.document.as_bytes(),
                device.enrolled_at.millis(),
                device.revoked_at.map(|at| at.millis()),
            ],
            "the device",
        )?;
        Ok(())
    }

    fn put_erasure(&mut self, erasure: &ErasureRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT OR IGNORE INTO erasure (tenant, document, device, at) VALUES (?, ?, ?, ?)",
            params![
                TENANT,
                erasure.document.as_bytes(),
                integer(erasure.device.0)?,
                erasure.at.millis(),
            ],
            "the erasure",
        )?;
        Ok(())
    }

    fn put_enrolment_code(&mut self, code: &EnrolmentCodeRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT OR REPLACE INTO enrolment_code (tenant, selector, hash, staff, expires_at,
                 tries_left, used_by)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
            params![
                TENANT,
                code.selector,
                code.hash,
                code.staff.as_bytes(),
                code.expires_at.millis(),
                code.tries_left,
                code.used_by.map(|device| integer(device.0)).transpose()?,
            ],
            "the code",
        )?;
        Ok(())
    }

    fn put_phones(
        &mut self,
        customer: CustomerId,
        store: StoreId,
        phones: &BTreeSet<PhoneHash>,
    ) -> Result<(), StoreError> {
        let id = customer.as_bytes();
        self.execute(
            "DELETE FROM phone WHERE tenant = ? AND customer = ?",
            params![TENANT, id],
            "the phones",
        )?;
        for phone in phones {
            self.execute(
                "INSERT INTO phone (tenant, customer, hash, store) VALUES (?, ?, ?, ?)",
                params![TENANT, id, phone.as_str(), store.as_bytes()],
                "the phone",
            )?;
        }
        Ok(())
    }

    fn tidy_up(&mut self, thorough: bool) -> Result<(), StoreError> {
        if !self.connection.is_autocommit() {
            return Err(StoreError::OutOfTurn);
        }
        let sql = if thorough {
            "PRAGMA wal_checkpoint(TRUNCATE)"
        } else if self.pages_to_checkpoint()? >= CHECKPOINT_PAGES {
            "PRAGMA wal_checkpoint(PASSIVE)"
        } else {
            return Ok(());
        };
        // A reader may keep part of the write-ahead log in use: the next call takes the rest.
        let done = self.connection.query_row(sql, [], |_| Ok(()));
        done.optional().map(|_| ()).map_err(failed)
    }
}

impl SqliteStore<Writing> {
    /// The number of a space; gives it one when it is new.
    fn space_id(&self, space: dealership::Space) -> Result<i64, StoreError> {
        if let Some(id) = self.space_names.id(&self.connection, space)? {
            return Ok(id);
        }
        self.execute(
            "INSERT INTO space (tenant, id, name)
             SELECT ?1, coalesce(max(id), 0) + 1, ?2 FROM space WHERE tenant = ?1",
            params![TENANT, space.to_string()],
            "the space",
        )?;
        let id = self.space_names.id(&self.connection, space)?;
        id.ok_or_else(|| StoreError::damaged(format!("space {space} was not kept")))
    }

    /// How many pages of the write-ahead log are not in the database yet.
    fn pages_to_checkpoint(&self) -> Result<i64, StoreError> {
        let noop = "PRAGMA wal_checkpoint(NOOP)";
        let pages = self.connection.query_row(noop, [], |row| {
            Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?)
        });
        pages.map_err(failed)
    }
}

#[cfg(test)]
mod tests;
