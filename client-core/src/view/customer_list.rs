//! The list of customers.

use dealership::Timestamp;
use dealership::civil;
use dealership::id::{CustomerId, StaffId, StoreId};
use rusqlite::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{ReplicaError, StoreError};
use crate::view::shared::{MANY, Page, Paging, Select, channels, date_of, id, id_or_none, instant};
use crate::view::{Desk, View};

/// Asks for customers, filtered and in an order.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerList {
    /// Those of one consultant only.
    owner: Option<StaffId>,
    /// Those of one store only.
    store: Option<StoreId>,
    /// Those whose grade in force is this one: H, A, B, C, N, O, D, F, T.
    grade: Option<String>,
    /// Those from one source only.
    source: Option<String>,
    /// By what they are put in order.
    #[serde(default)]
    order: Order,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Order {
    /// By name, in the order of pinyin.
    #[default]
    Name,
    /// Those nobody contacted for longest first.
    LastContact,
}

/// One customer of a list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CustomerRow {
    /// Who.
    pub customer: CustomerId,
    /// Their name.
    pub name: String,
    /// The grade in force.
    pub grade: Option<String>,
    /// The store.
    pub store: StoreId,
    /// Whose customer.
    pub owner: Option<StaffId>,
    /// The consultant's name.
    pub owner_name: Option<String>,
    /// Where they came from.
    pub source: Option<String>,
    /// Since when they are carded.
    pub created_at: Timestamp,
    /// When anybody last contacted them.
    pub last_contact_at: Timestamp,
    /// Days since then.
    pub days_since_contact: i64,
    /// The next day on which somebody plans to follow them up, `YYYY-MM-DD`.
    pub next_follow_up: Option<String>,
    /// The primary phone, where this device holds it.
    pub phone: Option<String>,
    /// The channels by which they want no marketing: call, sms, wechat.
    pub opted_out: Vec<String>,
}

/// What a row of a customer is read from; `customer AS c` and two values of now stand before.
pub(crate) const COLUMNS: &str = "c.document, c.name, c.store, c.owner, c.source, c.created_at,
    c.last_contact_at, c.sort_key, c.opted_out,
    (SELECT grade FROM customer_grade AS g
       WHERE g.customer = c.document AND g.from_at <= ? AND ? < g.until_at) AS grade,
    (SELECT name FROM person AS p WHERE p.document = c.owner) AS owner_name,
    (SELECT min(t.due) FROM customer AS m CROSS JOIN task AS t ON t.customer = m.document
       WHERE m.shown_as = c.document AND t.is_open = 1
         AND NOT EXISTS (SELECT 1 FROM task_done AS d
             JOIN customer AS e ON e.document = d.customer
             WHERE d.task = t.id AND e.shown_as = c.document)) AS next_due,
    (SELECT k.phone FROM customer AS m CROSS JOIN contact AS k ON k.customer = m.document
       WHERE m.shown_as = c.document
       ORDER BY k.phone IS NULL, m.document <> c.document, m.document LIMIT 1) AS phone";

impl View for CustomerList {
    type Output = Page<CustomerRow>;

    const NAME: &'static str = "customer_list";
    const ABOUT: &'static str = "Customers by store, consultant, grade and source, in an order";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        let now = desk.now.millis();
        // The page first, out of indexes; only its rows are then read whole.
        let mut select = Select::new(format!("SELECT {COLUMNS} FROM (SELECT c.document FROM"));
        select.value(now).value(now);
        match &self.grade {
            Some(grade) if few_have(desk, grade)? => {
                select
                    .then("customer_grade AS f CROSS JOIN customer AS c ON c.document = f.customer")
                    .filter(
                        "f.grade = ? AND f.until_at > ? AND f.from_at <= ?",
                        [Box::new(grade), Box::new(now), Box::new(now)],
                    );
            }
            Some(grade) => {
                select.then("customer AS c").filter(
                    "EXISTS (SELECT 1 FROM customer_grade AS f WHERE f.customer = c.document
                         AND f.from_at <= ? AND f.until_at > ? AND +f.grade = ?)",
                    [Box::new(now), Box::new(now), Box::new(grade)],
                );
            }
            None => {
                select.then("customer AS c");
            }
        }
        select.filter("c.is_listed = 1", []);
        if let Some(owner) = self.owner {
            select.filter("c.owner = ?", [Box::new(*owner.as_bytes())]);
        }
        if let Some(store) = self.store {
            select.filter("c.store = ?", [Box::new(*store.as_bytes())]);
        }
        if let Some(source) = &self.source {
            select.filter("c.source = ?", [Box::new(source)]);
        }
        let order = match self.order {
            Order::Name => {
                if let Some((key, id)) = self.paging.after::<String>(Self::NAME)? {
                    let id = *id.as_bytes();
                    select.filter(
                        "(c.sort_key, c.document) > (?, ?)",
                        [Box::new(key), Box::new(id)],
                    );
                }
                "ORDER BY c.sort_key, c.document"
            }
            Order::LastContact => {
                if let Some((key, id)) = self.paging.after::<i64>(Self::NAME)? {
                    let id = *id.as_bytes();
                    select.filter(
                        "(c.last_contact_at, c.document) > (?, ?)",
                        [Box::new(key), Box::new(id)],
                    );
                }
                "ORDER BY c.last_contact_at, c.document"
            }
        };
        select.then(&format!(
            "{order} LIMIT {}) AS page CROSS JOIN customer AS c USING (document) {order}",
            self.paging.limit()
        ));
        let rows = select.rows(desk.connection, |row| {
            Ok((read(row, desk)?, row.get::<_, String>("sort_key")?))
        })?;
        Ok(match self.order {
            Order::Name => self.paging.page(
                rows.into_iter()
                    .map(|(row, key)| {
                        let id = row.customer.uuid();
                        (row, key, id)
                    })
                    .collect(),
            ),
            Order::LastContact => self.paging.page(
                rows.into_iter()
                    .map(|(row, _)| {
                        let (key, id) = (row.last_contact_at.millis(), row.customer.uuid());
                        (row, key, id)
                    })
                    .collect(),
            ),
        })
    }
}

/// Whether so few customers have a grade now that the list is sorted out of them; where more do,
/// going along the list's order meets a page of them soon.
fn few_have(desk: &Desk<'_>, grade: &str) -> Result<bool, StoreError> {
    let now = desk.now.millis();
    let some = Select::new("SELECT 1 FROM customer_grade")
        .filter(
            "grade = ? AND until_at > ? AND from_at <= ?",
            [Box::new(grade), Box::new(now), Box::new(now)],
        )
        .then(&format!("LIMIT {MANY}"))
        .rows(desk.connection, |_| Ok(()))?;
    Ok(some.len() < MANY)
}

/// Reads a row of [`COLUMNS`].
pub(crate) fn read(row: &Row<'_>, desk: &Desk<'_>) -> rusqlite::Result<CustomerRow> {
    let last_contact_at = instant(row, "last_contact_at")?;
    let days = date_of(last_contact_at)
        .zip(date_of(desk.now))
        .map_or(0, |(last, today)| civil::days_between(last, today).max(0));
    Ok(CustomerRow {
        customer: id(row, "document")?,
        name: row.get("name")?,
        grade: row.get("grade")?,
        store: id(row, "store")?,
        owner: id_or_none(row, "owner")?,
        owner_name: row.get("owner_name")?,
        source: row.get("source")?,
        created_at: instant(row, "created_at")?,
        last_contact_at,
        days_since_contact: days,
        next_follow_up: row.get("next_due")?,
        phone: row.get("phone")?,
        opted_out: channels(row, "opted_out")?,
    })
}
