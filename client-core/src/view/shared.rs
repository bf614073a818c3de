//! What several views show alike: names beside ids, pages, civil dates.

use chrono::NaiveDate;
use dealership::Timestamp;
use dealership::civil;
use dealership::id::StaffId;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params_from_iter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{ReplicaError, StoreError, damaged};
use crate::view::Desk;

/// The most rows of one page.
const MAX_PAGE: u32 = 500;
/// The rows of a page that nobody asked for more of.
const PAGE: u32 = 50;

/// How many candidates are too many to look at each: then an order is gone along instead, which
/// meets enough of them soon.
pub(crate) const MANY: usize = 1_000;

/// How many rows, and after which.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Paging {
    /// How many rows at most; 50 unless said, never more than 500.
    limit: Option<u32>,
    /// Go on after the row that bears this mark: `next` of the page before.
    after: Option<String>,
}

/// One page of rows.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; absent on the last.
    pub next: Option<String>,
}

/// A list that is put together from conditions that people choose.
pub(crate) struct Select<'s> {
    sql: String,
    values: Vec<Box<dyn ToSql + 's>>,
    has_condition: bool,
}

impl<'s> Select<'s> {
    /// Starts from `SELECT … FROM …`, with conditions to come.
    pub(crate) fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            values: Vec::new(),
            has_condition: false,
        }
    }

    /// A value for a `?` that stands before the conditions.
    pub(crate) fn value(&mut self, value: impl ToSql + 's) -> &mut Self {
        self.values.push(Box::new(value));
        self
    }

    /// A condition with its values, one for each `?` of it.
    pub(crate) fn filter<const N: usize>(
        &mut self,
        condition: &str,
        values: [Box<dyn ToSql + 's>; N],
    ) -> &mut Self {
        self.sql.push_str(if self.has_condition {
            " AND "
        } else {
            " WHERE "
        });
        self.sql.push_str(condition);
        self.has_condition = true;
        self.values.extend(values);
        self
    }

    /// What stands after the conditions: order and limit.
    pub(crate) fn then(&mut self, sql: &str) -> &mut Self {
        self.sql.push(' ');
        self.sql.push_str(sql);
        self
    }

    /// Runs it.
    pub(crate) fn rows<T>(
        &self,
        connection: &Connection,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = connection
            .prepare_cached(&self.sql)?
            .query_map(params_from_iter(&self.values), read)?
            .collect::<Result<_, _>>()?;
        Ok(rows)
    }
}

impl Paging {
    /// The first rows, so many at most.
    pub(crate) const fn of(limit: u32) -> Self {
        Self {
            limit: Some(limit),
            after: None,
        }
    }

    /// How many rows are read: one more than shown, to know whether there are more.
    pub(crate) fn limit(&self) -> u32 {
        self.shown() + 1
    }

    fn shown(&self) -> u32 {
        self.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE)
    }

    /// The place to go on after: a sort value and an id.
    pub(crate) fn after<K: for<'k> Deserialize<'k>>(
        &self,
        view: &'static str,
    ) -> Result<Option<(K, Uuid)>, ReplicaError> {
        let Some(mark) = &self.after else {
            return Ok(None);
        };
        serde_json::from_str(mark)
            .map(Some)
            .map_err(|_| ReplicaError::NotThisView {
                view,
                problem: "`after` is not a mark that this view gave".to_owned(),
            })
    }

    /// Cuts the rows that were read to a page; each comes with its sort value and id.
    pub(crate) fn page<T, K: Serialize>(&self, mut rows: Vec<(T, K, Uuid)>) -> Page<T> {
        let shown = usize::try_from(self.shown()).unwrap_or(usize::MAX);
        let has_more = rows.len() > shown;
        rows.truncate(shown);
        let next = rows
            .last()
            .filter(|_| has_more)
            .and_then(|(_, key, id)| serde_json::to_string(&(key, id)).ok());
        Page {
            rows: rows.into_iter().map(|(row, ..)| row).collect(),
            next,
        }
    }
}

impl Desk<'_> {
    /// The civil date of the desk's clock.
    pub(crate) fn today(&self) -> Result<NaiveDate, ReplicaError> {
        date_of(self.now).ok_or_else(|| damaged("clock", format!("the time {}", self.now)).into())
    }

    /// The name of a person; absent where their document is not here.
    pub(crate) fn person(&self, staff: StaffId) -> Result<Option<String>, StoreError> {
        let name = self
            .connection
            .prepare_cached("SELECT name FROM person WHERE document = ?")?
            .query_row([staff.as_bytes()], |row| row.get(0))
            .optional()?;
        Ok(name)
    }
}

/// The civil date of an instant; none outside the calendar.
pub(crate) fn date_of(instant: Timestamp) -> Option<NaiveDate> {
    civil::civil_date(instant.millis())
}

/// Reads an id of a column.
pub(crate) fn id<T: From<Uuid>>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    row.get::<_, [u8; 16]>(column)
        .map(|bytes| Uuid::from_bytes(bytes).into())
}

/// Reads an id of a column that may be null.
pub(crate) fn id_or_none<T: From<Uuid>>(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<Option<T>> {
    let bytes: Option<[u8; 16]> = row.get(column)?;
    Ok(bytes.map(|bytes| Uuid::from_bytes(bytes).into()))
}

/// Reads an instant of a column.
pub(crate) fn instant(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp::from_millis)
}

/// Reads a column of marketing channels; none where it is null.
pub(crate) fn channels(row: &Row<'_>, column: &str) -> rusqlite::Result<Vec<String>> {
    let channels: Option<String> = row.get(column)?;
    Ok(channels
        .unwrap_or_default()
        .split_whitespace()
        .map(str::to_owned)
        .collect())
}

/// The next text after all that begin with this one, for a search by the beginning.
pub(crate) fn after_prefix(prefix: &str) -> String {
    format!("{prefix}\u{10ffff}")
}
