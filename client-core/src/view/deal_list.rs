//! The list of deals.

use dealership::Timestamp;
use dealership::civil;
use dealership::id::{CustomerId, DealId, StaffId, StoreId, TrimId};
use rusqlite::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{ReplicaError, StoreError};
use crate::view::shared::{Page, Paging, Select, date_of, id, id_or_none, instant};
use crate::view::{Desk, View};

/// Asks for deals; those that stand longest where they stand come first.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DealList {
    /// Those of one consultant only.
    owner: Option<StaffId>,
    /// Those of one store only.
    store: Option<StoreId>,
    /// Those in this state: open, delivered, lost, cancelled, archived.
    state: Option<String>,
    /// Those at this stage.
    stage: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// One deal of a list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DealRow {
    /// Which.
    pub deal: DealId,
    /// With whom.
    pub customer: CustomerId,
    /// Their name, if their card is here.
    pub customer_name: Option<String>,
    /// The store.
    pub store: StoreId,
    /// Whose deal.
    pub owner: Option<StaffId>,
    /// The consultant's name.
    pub owner_name: Option<String>,
    /// About which trim.
    pub trim: Option<TrimId>,
    /// The trim's name.
    pub trim_name: Option<String>,
    /// What it is called.
    pub title: Option<String>,
    /// The furthest stage that holds; absent before the first.
    pub stage: Option<String>,
    /// Where it stands as a whole.
    pub state: String,
    /// Since when it stands where it stands.
    pub since: Timestamp,
    /// For how many days.
    pub days_in_stage: i64,
    /// When it is expected to close, `YYYY-MM-DD`.
    pub expected_date: Option<String>,
    /// When it was opened.
    pub created_at: Timestamp,
}

/// What a row is read from; `deal AS d` follows.
const SELECT_FROM: &str = "SELECT d.*,
    (SELECT c.name FROM customer AS m JOIN customer AS c ON c.document = m.shown_as
       WHERE m.document = d.customer) AS customer_name,
    (SELECT name FROM person AS p WHERE p.document = d.owner) AS owner_name,
    (SELECT name FROM trim AS t WHERE t.document = d.trim) AS trim_name
    FROM";

impl View for DealList {
    type Output = Page<DealRow>;

    const NAME: &'static str = "deal_list";
    const ABOUT: &'static str = "Deals by store, consultant, state and stage, the oldest first";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        // The page first, out of an index that begins with the state; only its rows are then
        // read whole.
        let mut select = Select::new(format!("{SELECT_FROM} (SELECT d.document FROM deal AS d"));
        select.filter(
            "d.state = ?",
            [Box::new(self.state.as_deref().unwrap_or("open"))],
        );
        if let Some(owner) = self.owner {
            select.filter("d.owner = ?", [Box::new(*owner.as_bytes())]);
        }
        if let Some(store) = self.store {
            select.filter("d.store = ?", [Box::new(*store.as_bytes())]);
        }
        if let Some(stage) = &self.stage {
            select.filter("d.stage = ?", [Box::new(stage)]);
        }
        if let Some((since, id)) = self.paging.after::<i64>(Self::NAME)? {
            let id = *id.as_bytes();
            select.filter(
                "(d.since, d.document) > (?, ?)",
                [Box::new(since), Box::new(id)],
            );
        }
        select.then(&format!(
            "ORDER BY d.since, d.document LIMIT {}) AS page
             CROSS JOIN deal AS d USING (document) ORDER BY d.since, d.document",
            self.paging.limit()
        ));
        let rows = select.rows(desk.connection, |row| read(row, desk))?;
        let keyed = rows.into_iter().map(|row| {
            let (since, id) = (row.since.millis(), row.deal.uuid());
            (row, since, id)
        });
        Ok(self.paging.page(keyed.collect()))
    }
}

/// The deals of one card.
pub(crate) fn of_customer(
    desk: &Desk<'_>,
    customer: CustomerId,
) -> Result<Vec<DealRow>, StoreError> {
    Select::new(format!("{SELECT_FROM} deal AS d"))
        .filter("d.customer = ?", [Box::new(*customer.as_bytes())])
        .rows(desk.connection, |row| read(row, desk))
}

/// One deal.
pub(crate) fn of_deal(desk: &Desk<'_>, deal: DealId) -> Result<Option<DealRow>, StoreError> {
    let rows = Select::new(format!("{SELECT_FROM} deal AS d"))
        .filter("d.document = ?", [Box::new(*deal.as_bytes())])
        .rows(desk.connection, |row| read(row, desk))?;
    Ok(rows.into_iter().next())
}

fn read(row: &Row<'_>, desk: &Desk<'_>) -> rusqlite::Result<DealRow> {
    let since = instant(row, "since")?;
    let days = date_of(since)
        .zip(date_of(desk.now))
        .map_or(0, |(since, today)| civil::days_between(since, today).max(0));
    Ok(DealRow {
        deal: id(row, "document")?,
        customer: id(row, "customer")?,
        customer_name: row.get("customer_name")?,
        store: id(row, "store")?,
        owner: id_or_none(row, "owner")?,
        owner_name: row.get("owner_name")?,
        trim: id_or_none(row, "trim")?,
        trim_name: row.get("trim_name")?,
        title: row.get("title")?,
        stage: row.get("stage")?,
        state: row.get("state")?,
        since,
        days_in_stage: days,
        expected_date: row.get("expected_date")?,
        created_at: instant(row, "created_at")?,
    })
}
