//! The conflict desk.

use dealership::case::{Case, CaseKind};
use dealership::id::DocumentId;
use rusqlite::{Connection, OptionalExtension};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{ReplicaError, StoreError, damaged};
use crate::view::shared::{Page, Paging, Select};
use crate::view::{Desk, View};

/// Asks for cases.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cases {
    /// Those of one kind only.
    kind: Option<CaseKind>,
    /// Those about one document only: a vehicle, a customer, a deal.
    document: Option<DocumentId>,
    /// Those that somebody decided, instead of those that are open.
    #[serde(default)]
    decided: bool,
    #[serde(flatten)]
    paging: Paging,
}

/// A conflict with the names that belong to its ids, as far as they are here.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CaseRow {
    /// The conflict.
    #[serde(flatten)]
    pub case: Case,
    /// What it is about: trim and VIN of a vehicle, or the name of a customer.
    pub about: Option<String>,
    /// Whose facts stand against each other, in the order of the sides.
    pub between: Vec<String>,
    /// Whose side the proposal takes.
    pub proposed: Option<String>,
}

impl View for Cases {
    type Output = Page<CaseRow>;

    const NAME: &'static str = "cases";
    const ABOUT: &'static str = "Conflicts to decide: both sides' facts, the proposal and its rule";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        // Of several sources the first: a phone says more than the sound of a name.
        let mut select = match self.document {
            None => Select::new("SELECT body FROM known_case AS k"),
            Some(_) => Select::new(
                "SELECT body FROM case_document AS d CROSS JOIN known_case AS k USING (source, id)",
            ),
        };
        if let Some(document) = self.document {
            select.filter("d.document = ?", [Box::new(*document.as_bytes())]);
        }
        select.filter("k.is_open = ?", [Box::new(!self.decided)]);
        select.filter(
            "NOT EXISTS (SELECT 1 FROM known_case AS o WHERE o.id = k.id AND o.source < k.source)",
            [],
        );
        if let Some(kind) = self.kind {
            select.filter("k.kind = ?", [Box::new(kind.code())]);
        }
        if let Some((kind, id)) = self.paging.after::<String>(Self::NAME)? {
            select.filter(
                "(k.kind, k.id) > (?, ?)",
                [Box::new(kind), Box::new(*id.as_bytes())],
            );
        }
        let limit = self.paging.limit();
        select.then(&format!("ORDER BY k.kind, k.id LIMIT {limit}"));
        let bodies = select.rows(desk.connection, |row| row.get::<_, String>("body"))?;
        let mut rows = Vec::with_capacity(bodies.len());
        for body in bodies {
            let case: Case = serde_json::from_str(&body)
                .map_err(|source| damaged("known_case", source.to_string()))?;
            let (kind, id) = (case.kind.code(), Uuid::from_bytes(*case.id.as_bytes()));
            rows.push((CaseRow::of(case, desk)?, kind, id));
        }
        Ok(self.paging.page(rows))
    }
}

impl Cases {
    /// The first of those that are open, so many at most.
    pub(super) fn first(limit: u32) -> Self {
        Self {
            paging: Paging::of(limit),
            ..Self::default()
        }
    }
}

/// How many cases are open.
pub(super) fn count_open(connection: &Connection) -> Result<u64, ReplicaError> {
    let sql = "SELECT count(DISTINCT id) FROM known_case WHERE is_open = 1";
    let count: i64 = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_row((), |row| row.get(0)))
        .map_err(StoreError::from)?;
    Ok(u64::try_from(count).unwrap_or_default())
}

impl CaseRow {
    fn of(case: Case, desk: &Desk<'_>) -> Result<Self, StoreError> {
        let mut between = Vec::new();
        let mut proposed = None;
        for side in &case.sides {
            let Some(name) = desk.person(side.staff)? else {
                continue;
            };
            if case
                .proposal
                .as_ref()
                .is_some_and(|it| it.winner == side.key)
            {
                proposed = Some(name.clone());
            }
            between.push(name);
        }
        let mut about = None;
        for document in &case.documents {
            about = match about {
                None => name_of(desk, *document)?,
                known => known,
            };
        }
        Ok(Self {
            case,
            about,
            between,
            proposed,
        })
    }
}

/// What people call a vehicle, a customer, or the customer of a deal.
fn name_of(desk: &Desk<'_>, document: DocumentId) -> Result<Option<String>, StoreError> {
    let name = desk
        .connection
        .prepare_cached(
            "SELECT concat_ws(' ', t.series, t.name, v.vin)
                 FROM vehicle AS v LEFT JOIN trim AS t ON t.document = v.trim
                 WHERE v.document = ?1
             UNION ALL SELECT name FROM customer WHERE document = ?1
             UNION ALL SELECT c.name FROM deal AS d JOIN customer AS o ON o.document = d.customer
                 JOIN customer AS c ON c.document = o.shown_as
                 WHERE d.document = ?1",
        )?
        .query_row([document.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(name)
}
