//! Rows as values: what a table says of one owner, compared with what it is to say.
//!
//! A document that changed in one leaf changes few rows, and the rest is left where it lies:
//! writing costs many times what reading does.

use std::collections::BTreeMap;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use crate::error::{StoreError, damaged};
use crate::projection::table::Table;

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cell {
    /// Nothing.
    Null,
    /// A number, an instant in milliseconds, or a yes-or-no.
    Integer(i64),
    /// A text, a code or a civil date.
    Text(String),
    /// An id.
    Id([u8; 16]),
}

/// Rows of some tables that are of one owner, by their keys.
#[derive(Debug, Default)]
pub(super) struct Rows(BTreeMap<&'static str, OfTable>);

/// The rows of one table: what follows the key, by the key.
type OfTable = BTreeMap<Vec<Cell>, Vec<Cell>>;

impl Rows {
    /// Puts a row: its key, what follows it, and what it begins with where the table has columns
    /// that others keep. Of two with one key the later stands.
    pub(super) fn put<const N: usize>(&mut self, table: &'static Table, row: [Cell; N]) {
        let mut key = Vec::from(row);
        let rest = key.split_off(table.keys.len().min(N));
        self.0.entry(table.name).or_default().insert(key, rest);
    }

    /// Makes these the rows of an owner in some tables. Without `before` the tables have none of
    /// theirs.
    pub(super) fn replace(
        mut self,
        connection: &Connection,
        tables: &[&'static Table],
        owner: &Cell,
        before: bool,
    ) -> Result<(), StoreError> {
        for table in tables {
            let wanted = self.0.remove(table.name).unwrap_or_default();
            let mut known = if before {
                read(connection, table, owner)?
            } else {
                OfTable::new()
            };
            for (key, rest) in wanted {
                let is_there = known
                    .remove(&key)
                    .is_some_and(|known| rest.starts_with(&known));
                if !is_there {
                    let row = [owner].into_iter().chain(&key).chain(&rest);
                    connection
                        .prepare_cached(&table.put)?
                        .execute(params_from_iter(row))?;
                }
            }
            for key in known.keys() {
                connection
                    .prepare_cached(&table.delete)?
                    .execute(params_from_iter([owner].into_iter().chain(key)))?;
            }
        }
        debug_assert!(self.0.is_empty(), "rows of tables that nobody replaces");
        Ok(())
    }
}

/// The rows of an owner, without what others keep in them.
fn read(connection: &Connection, table: &Table, owner: &Cell) -> Result<OfTable, StoreError> {
    let mut statement = connection.prepare_cached(&table.select)?;
    let mut rows = statement.query([owner])?;
    let mut found = OfTable::new();
    while let Some(row) = rows.next()? {
        let cells = 0..table.keys.len().saturating_add(table.columns.len());
        let mut key = cells
            .map(|column| cell(table.name, row.get_ref(column)?))
            .collect::<Result<Vec<_>, StoreError>>()?;
        let rest = key.split_off(table.keys.len());
        found.insert(key, rest);
    }
    Ok(found)
}

fn cell(table: &'static str, value: ValueRef<'_>) -> Result<Cell, StoreError> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(integer) => Cell::Integer(integer),
        ValueRef::Text(text) => Cell::Text(
            std::str::from_utf8(text)
                .map_err(|error| damaged(table, error.to_string()))?
                .to_owned(),
        ),
        ValueRef::Blob(id) => Cell::Id(
            id.try_into()
                .map_err(|_| damaged(table, "an id of another length"))?,
        ),
        ValueRef::Real(_) => return Err(damaged(table, "a number that is not whole")),
    })
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(integer) => ValueRef::Integer(*integer),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Id(id) => ValueRef::Blob(id),
        }))
    }
}

impl From<i64> for Cell {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Integer(flag.into())
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&[u8; 16]> for Cell {
    fn from(id: &[u8; 16]) -> Self {
        Self::Id(*id)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::projection::table;

    fn tasks(rows: &[(u8, Option<String>)]) -> Rows {
        let mut tasks = Rows::default();
        for (id, due) in rows {
            let due = due.as_deref().into();
            let (task, customer) = ([*id; 16], [9; 16]);
            let row = [
                (&task).into(),
                (&customer).into(),
                Cell::Null,
                due,
                true.into(),
            ];
            tasks.put(&table::TASK, row);
        }
        tasks
    }

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        let schema = include_str!("schema.sql");
        connection.execute_batch(schema).unwrap();
        connection
    }

    fn all(connection: &Connection) -> Vec<(Vec<u8>, Vec<u8>, Option<String>)> {
        connection
            .prepare("SELECT document, id, due FROM task ORDER BY document, id")
            .unwrap()
            .query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    }

    proptest! {
        #[test]
        fn replaced_rows_are_the_wanted_ones_whatever_stood_before(
            before in proptest::collection::vec((0_u8..6, any::<Option<String>>()), 0..6),
            wanted in proptest::collection::vec((0_u8..6, any::<Option<String>>()), 0..6),
        ) {
            let (one, other) = (Cell::Id([1; 16]), Cell::Id([2; 16]));
            let tables: [&'static Table; 1] = [&table::TASK];
            let connection = database();
            let another = [(3, None)];
            tasks(&another).replace(&connection, &tables, &other, false).unwrap();
            tasks(&before).replace(&connection, &tables, &one, false).unwrap();
            tasks(&wanted).replace(&connection, &tables, &one, true).unwrap();

            let fresh = database();
            tasks(&another).replace(&fresh, &tables, &other, false).unwrap();
            tasks(&wanted).replace(&fresh, &tables, &one, false).unwrap();
            prop_assert_eq!(all(&connection), all(&fresh));
        }
    }

    #[test]
    fn rows_that_stay_as_they_are_are_not_written() {
        let connection = database();
        let tables: [&'static Table; 1] = [&table::TASK];
        let owner = Cell::Id([1; 16]);
        let rows = [(1, None), (2, Some("2026-05-01".to_owned()))];
        tasks(&rows)
            .replace(&connection, &tables, &owner, true)
            .unwrap();
        let written = connection.total_changes();
        tasks(&rows)
            .replace(&connection, &tables, &owner, true)
            .unwrap();
        assert_eq!(connection.total_changes(), written);
    }
}
