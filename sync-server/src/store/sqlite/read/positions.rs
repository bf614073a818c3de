//! Where the entries of some spaces stand in the log.

use std::collections::BTreeSet;

use dealership::{DocumentId, Seq, Space};
use rusqlite::params;

use super::Result;
use crate::store::Position;
use crate::store::sqlite::columns::{integer, number};
use crate::store::sqlite::{LEAVES, SqliteStore, TENANT};

/// How many positions are read along the log in the time that it takes to look into one space.
pub(super) const POSITIONS_PER_SEEK: u64 = 16;

impl<Access> SqliteStore<Access> {
    /// The positions of a stretch by reading all of it and passing over other spaces.
    pub(super) fn positions_along(
        &self,
        spaces: &BTreeSet<Space>,
        after: Seq,
        through: Seq,
    ) -> Result<Vec<Position>> {
        let rows = self.many(
            "SELECT seq, document, stands, space FROM log
             WHERE tenant = ? AND seq > ? AND seq <= ? AND stands <> 0",
            params![TENANT, integer(after.0)?, integer(through.0)?],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        let mut positions = Vec::new();
        for (seq, document, stands, space) in rows {
            let space = self.space_names.space(&self.connection, space)?;
            if spaces.contains(&space) {
                positions.push(position(seq, document, stands)?);
            }
        }
        Ok(positions)
    }

    /// The positions of a stretch by looking into each space, the first `limit` of each.
    pub(super) fn positions_by_space(
        &self,
        spaces: &BTreeSet<Space>,
        after: Seq,
        through: Seq,
        limit: i64,
    ) -> Result<Vec<Position>> {
        let mut positions = Vec::new();
        for space in spaces {
            let Some(space) = self.space_names.id(&self.connection, *space)? else {
                continue;
            };
            let rows = self.many(
                "SELECT seq, document, stands FROM log INDEXED BY log_by_space
                 WHERE tenant = ? AND space = ? AND seq > ? AND seq <= ? AND stands <> 0
                 ORDER BY seq LIMIT ?",
                params![TENANT, space, integer(after.0)?, integer(through.0)?, limit],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?;
            for (seq, document, stands) in rows {
                positions.push(position(seq, document, stands)?);
            }
        }
        positions.sort_unstable_by_key(|position| position.seq);
        Ok(positions)
    }
}

fn position(seq: i64, document: [u8; 16], stands: i64) -> Result<Position> {
    Ok(Position {
        seq: Seq(number(seq)?),
        document: DocumentId::from_bytes(document),
        leaves: stands == LEAVES,
    })
}
