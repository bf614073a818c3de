//! The conflict desk.

use dealership::case::{Case, CaseKind};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::{ReplicaError, StoreError, damaged};

use crate::view::shared::Select;
use crate::view::{Desk, View};

/// The most cases that are shown at once.
const MOST: u32 = 500;

/// Asks for cases.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cases {
    /// Those of one kind only.
    kind: Option<CaseKind>,
    /// Those that somebody decided, instead of those that are open.
    #[serde(default)]
    decided: bool,
}

impl View for Cases {
    type Output = Vec<Case>;

    const NAME: &'static str = "cases";
    const ABOUT: &'static str = "Conflicts to decide: both sides' facts, the proposal and its rule";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        // Of several sources the first: a phone says more than the sound of a name.
        let mut select = Select::new(
            "SELECT body FROM known_case AS k
             JOIN (SELECT id, min(source) AS source FROM known_case GROUP BY id) USING (source, id)",
        );
        select.filter("k.is_open = ?", [Box::new(!self.decided)]);
        if let Some(kind) = self.kind {
            select.filter("k.kind = ?", [Box::new(kind.code())]);
        }
        select.then(&format!("ORDER BY k.kind, k.id LIMIT {MOST}"));
        let bodies = select.rows(desk.connection, |row| row.get::<_, String>("body"))?;
        let read = |body: String| serde_json::from_str(&body);
        let cases: Result<Vec<Case>, _> = bodies.into_iter().map(read).collect();
        cases.map_err(|source| damaged("known_case", source.to_string()).into())
    }
}

/// How many cases are open.
pub(super) fn count_open(connection: &Connection) -> Result<u64, ReplicaError> {
    let sql = "SELECT count(DISTINCT id) FROM known_case WHERE is_open";
    let count: i64 = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_row((), |row| row.get(0)))
        .map_err(StoreError::from)?;
    Ok(u64::try_from(count).unwrap_or_default())
}
