//! The numbers under which the log repeats names of spaces.

use std::cell::RefCell;
use std::collections::BTreeMap;

use dealership::Space;
use rusqlite::{Connection, OptionalExtension, params};

use super::TENANT;
use super::failure::failed;
use crate::store::StoreError;

/// What was looked up; a number never changes its name once it is committed.
#[derive(Debug, Default)]
pub(super) struct SpaceNames(RefCell<Known>);

#[derive(Debug, Default)]
struct Known {
    ids: BTreeMap<Space, i64>,
    spaces: BTreeMap<i64, Space>,
}

impl SpaceNames {
    /// The number of a space, `None` if nothing ever was in it.
    pub(super) fn id(
        &self,
        connection: &Connection,
        space: Space,
    ) -> Result<Option<i64>, StoreError> {
        if let Some(id) = self.0.borrow().ids.get(&space) {
            return Ok(Some(*id));
        }
        let sql = "SELECT id FROM space WHERE tenant = ? AND name = ?";
        let id: Option<i64> = connection
            .prepare_cached(sql)
            .and_then(|mut statement| {
                let parameters = params![TENANT, space.to_string()];
                statement.query_row(parameters, |row| row.get(0)).optional()
            })
            .map_err(failed)?;
        if let Some(id) = id {
            self.note(id, space);
        }
        Ok(id)
    }

    /// The space with a number.
    pub(super) fn space(&self, connection: &Connection, id: i64) -> Result<Space, StoreError> {
        if let Some(space) = self.0.borrow().spaces.get(&id) {
            return Ok(*space);
        }
        let sql = "SELECT name FROM space WHERE tenant = ? AND id = ?";
        let name: String = connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([TENANT, id], |row| row.get(0)))
            .map_err(failed)?;
        let space = name
            .parse()
            .map_err(|_| StoreError::damaged(format!("space {id} is named {name:?}")))?;
        self.note(id, space);
        Ok(space)
    }

    /// Forgets everything: what a transaction numbered, it may have rolled back.
    pub(super) fn forget(&self) {
        self.0.take();
    }

    fn note(&self, id: i64, space: Space) {
        let mut known = self.0.borrow_mut();
        known.ids.insert(space, id);
        known.spaces.insert(id, space);
    }
}
