//! Segments in the database.

use std::collections::BTreeSet;

use dealership::{DocumentId, Kind, Seq, Space};
use rusqlite::{OptionalExtension, params};
use sync_protocol::{SegmentHash, StatesRoot};

use super::columns::{integer, number};
use super::failure::failed;
use super::{SqliteStore, TENANT, Writing};
use crate::store::{SegmentRow, SegmentSet, StoreError};

impl<Access> SqliteStore<Access> {
    /// The documents that are in a space, purged ones left out.
    pub(super) fn read_documents_in(
        &self,
        space: Space,
    ) -> Result<Vec<(DocumentId, Kind)>, StoreError> {
        let Some(space) = self.space_names.id(&self.connection, space)? else {
            return Ok(Vec::new());
        };
        let rows: Vec<([u8; 16], String)> = self.rows(
            "SELECT id, kind FROM document INDEXED BY document_by_space
             WHERE tenant = ? AND space = ? AND receipts IS NOT NULL ORDER BY id",
            params![TENANT, space],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        rows.into_iter()
            .map(|(id, kind)| {
                let id = DocumentId::from_bytes(id);
                let kind = kind.parse();
                let kind =
                    kind.map_err(|error| StoreError::damaged(format!("document {id}: {error}")))?;
                Ok((id, kind))
            })
            .collect()
    }

    /// The segments of a space.
    pub(super) fn read_segments(&self, space: Space) -> Result<Option<SegmentSet>, StoreError> {
        let Some(space) = self.space_names.id(&self.connection, space)? else {
            return Ok(None);
        };
        let through = self
            .connection
            .prepare_cached("SELECT through FROM segment_set WHERE tenant = ? AND space = ?")
            .and_then(|mut statement| {
                let through = statement.query_row(params![TENANT, space], |row| row.get(0));
                through.optional()
            })
            .map_err(failed)?;
        let Some(through) = through else {
            return Ok(None);
        };
        let rows: Vec<RawSegment> = self.rows(
            "SELECT hash, usefulness, length(bytes), documents, root FROM segment
             WHERE tenant = ? AND space = ? ORDER BY place",
            params![TENANT, space],
            |row| {
                Ok(RawSegment {
                    hash: row.get(0)?,
                    usefulness: row.get(1)?,
                    bytes: row.get(2)?,
                    documents: row.get(3)?,
                    root: row.get(4)?,
                })
            },
        )?;
        Ok(Some(SegmentSet {
            through: Seq(number(through)?),
            segments: rows.into_iter().map(SegmentRow::from).collect(),
        }))
    }

    /// The bytes of a segment, and its space.
    pub(super) fn read_segment(
        &self,
        hash: &SegmentHash,
    ) -> Result<Option<(Space, Vec<u8>)>, StoreError> {
        let found: Option<(i64, Vec<u8>)> = self
            .connection
            .prepare_cached("SELECT space, bytes FROM segment WHERE tenant = ? AND hash = ?")
            .and_then(|mut statement| {
                let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
                statement
                    .query_row(params![TENANT, hash.0], read)
                    .optional()
            })
            .map_err(failed)?;
        found
            .map(|(space, bytes)| {
                let space = self.space_names.space(&self.connection, space)?;
                Ok((space, bytes))
            })
            .transpose()
    }

    fn rows<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(parameters, read)?.collect())
            .map_err(failed)
    }
}

impl SqliteStore<Writing> {
    /// Keeps these segments of a space, and deletes the others; those that are there stay.
    pub(super) fn replace_segments(
        &mut self,
        space: Space,
        set: &SegmentSet,
        bytes: &[Vec<u8>],
    ) -> Result<(), StoreError> {
        let known = self.read_segments(space)?;
        let known = known.map(|known| known.segments).unwrap_or_default();
        let wanted: BTreeSet<_> = set.segments.iter().map(|segment| segment.hash).collect();
        for segment in known.iter().filter(|known| !wanted.contains(&known.hash)) {
            self.execute(
                "DELETE FROM segment WHERE tenant = ? AND hash = ?",
                params![TENANT, segment.hash.0],
                "the segment",
            )?;
        }
        let space = self.space_id(space)?;
        self.execute(
            "INSERT INTO segment_set (tenant, space, through) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET through = excluded.through",
            params![TENANT, space, integer(set.through.0)?],
            "the segments",
        )?;
        for ((place, segment), bytes) in (0_i64..).zip(&set.segments).zip(bytes) {
            let moved = self.execute(
                "UPDATE segment SET place = ? WHERE tenant = ? AND hash = ?",
                params![place, TENANT, segment.hash.0],
                "the segment",
            )?;
            if moved > 0 {
                continue;
            }
            self.execute(
                "INSERT INTO segment (tenant, hash, space, place, usefulness, documents, root, bytes)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    TENANT,
                    segment.hash.0,
                    space,
                    place,
                    segment.usefulness,
                    segment.documents,
                    segment.root.map(|root| root.0),
                    bytes,
                ],
                "the segment",
            )?;
        }
        Ok(())
    }

    /// Deletes the segments of a space.
    pub(super) fn remove_segments(&mut self, space: Space) -> Result<(), StoreError> {
        let Some(space) = self.space_names.id(&self.connection, space)? else {
            return Ok(());
        };
        for sql in [
            "DELETE FROM segment WHERE tenant = ? AND space = ?",
            "DELETE FROM segment_set WHERE tenant = ? AND space = ?",
        ] {
            self.execute(sql, params![TENANT, space], "the segments")?;
        }
        Ok(())
    }
}

/// A row of `segment` without its bytes.
struct RawSegment {
    hash: [u8; 32],
    usefulness: u8,
    bytes: u32,
    documents: u32,
    root: Option<[u8; 32]>,
}

impl From<RawSegment> for SegmentRow {
    fn from(raw: RawSegment) -> Self {
        Self {
            hash: SegmentHash(raw.hash),
            usefulness: raw.usefulness,
            bytes: raw.bytes,
            documents: raw.documents,
            root: raw.root.map(StatesRoot),
        }
    }
}
