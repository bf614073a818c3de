//! The search for customers: by name, pinyin, initials, digits of a phone.
//!
//! What is typed becomes wanted terms, all of which a customer must have. Where the rarest of
//! them finds few candidates, each is looked at. One letter finds thousands, of which nobody
//! reads on: then one's own come first, who are few, and the rest of the page is filled with
//! those contacted last.

use dealership::id::CustomerId;
use dealership::pinyin::{SearchQuery, southern_form};
use rusqlite::OptionalExtension;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::{ReplicaError, StoreError};
use crate::view::customer_list::{COLUMNS, CustomerRow, read};
use crate::view::shared::{MANY, Select, after_prefix, id};
use crate::view::{Desk, View};

/// The most customers that a search gives.
const MOST: usize = 50;

/// Of how many customers, those contacted last, a vague query fills its page.
const RECENT: usize = 1_000;

/// Asks for the customers that a query finds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerSearch {
    /// What was typed: `张伟`, `zhangwei`, `zw`, `8001`, `zw 8001`.
    query: String,
}

impl View for CustomerSearch {
    type Output = Vec<CustomerRow>;

    const NAME: &'static str = "customer_search";
    const ABOUT: &'static str =
        "Customers by name, pinyin, initials or digits of a phone; one's own first, then recent";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        let wanted = Wanted::all_of(&SearchQuery::parse(&self.query));
        let mut rarest = None;
        for (index, term) in wanted.iter().enumerate() {
            let found = term.count(desk)?;
            if rarest.is_none_or(|(_, fewest)| found < fewest) {
                rarest = Some((index, found));
            }
        }
        let found = match rarest {
            None => Vec::new(),
            Some((index, found)) if found < MANY => exact(desk, &wanted, index)?,
            Some(_) => vague(desk, &wanted)?,
        };
        Ok(rows(desk, &found)?)
    }
}

/// A term that a customer must have, by its beginning in one of two forms.
struct Wanted {
    beginnings: [String; 2],
}

impl Wanted {
    /// What a query asks for; nothing where it says nothing.
    fn all_of(query: &SearchQuery) -> Vec<Self> {
        let name = (!query.name.is_empty()).then(|| Self {
            beginnings: [query.name.clone(), southern_form(&query.name)],
        });
        let digits = query.digits.as_ref().map(|digits| Self {
            beginnings: [digits.clone(), digits.clone()],
        });
        name.into_iter().chain(digits).collect()
    }

    /// The condition on `customer_term AS s`, with [`Self::values`].
    const CONDITION: &'static str = "(s.term >= ? AND s.term < ? OR s.term >= ? AND s.term < ?)";

    fn values(&self) -> [String; 4] {
        let [usual, southern] = &self.beginnings;
        [
            usual.clone(),
            after_prefix(usual),
            southern.clone(),
            after_prefix(southern),
        ]
    }

    /// How many terms begin so; [`MANY`] for more.
    fn count(&self, desk: &Desk<'_>) -> Result<usize, StoreError> {
        let some = Select::new("SELECT 1 FROM customer_term AS s")
            .filter(Self::CONDITION, self.values().map(boxed))
            .then(&format!("LIMIT {MANY}"))
            .rows(desk.connection, |_| Ok(()))?;
        Ok(some.len())
    }
}

/// The condition that a customer `c` has a term.
fn has(select: &mut Select<'_>, term: &Wanted) {
    let condition = format!(
        "EXISTS (SELECT 1 FROM customer AS o CROSS JOIN customer_term AS s ON s.customer = o.document
             WHERE o.shown_as = c.document AND {})",
        Wanted::CONDITION
    );
    select.filter(&condition, term.values().map(boxed));
}

/// The customers that have every term, found by the rarest: one's own first, the best before the
/// others, then those contacted last.
fn exact(desk: &Desk<'_>, wanted: &[Wanted], rarest: usize) -> Result<Vec<CustomerId>, StoreError> {
    let mut select = Select::new(format!(
        "SELECT c.document FROM (SELECT o.shown_as AS customer, min(s.rank) AS rank
                                 FROM customer_term AS s
                                 CROSS JOIN customer AS o ON o.document = s.customer
                                 WHERE {} GROUP BY o.shown_as) AS hit
         CROSS JOIN customer AS c ON c.document = hit.customer",
        Wanted::CONDITION
    ));
    for value in wanted.get(rarest).map(Wanted::values).into_iter().flatten() {
        select.value(value);
    }
    select.filter("c.is_live = 1", []);
    for (index, term) in wanted.iter().enumerate() {
        if index != rarest {
            has(&mut select, term);
        }
    }
    select
        .then("ORDER BY c.owner IS NOT ?, hit.rank, c.last_contact_at DESC, c.document DESC")
        .value(*desk.identity.staff.as_bytes())
        .then(&format!("LIMIT {MOST}"))
        .rows(desk.connection, |row| id(row, "document"))
}

/// A page of the customers that have every term: one's own, the best first, then others in the
/// order in which they were last contacted.
fn vague(desk: &Desk<'_>, wanted: &[Wanted]) -> Result<Vec<CustomerId>, StoreError> {
    let me = *desk.identity.staff.as_bytes();
    let mut own = Select::new("SELECT c.document FROM customer AS c");
    own.filter("c.owner = ? AND c.is_listed = 1", [Box::new(me)]);
    wanted.iter().for_each(|term| has(&mut own, term));
    own.then("ORDER BY");
    if let Some(first) = wanted.first() {
        own.then(&format!(
            "(SELECT min(s.rank) FROM customer AS o
                 CROSS JOIN customer_term AS s ON s.customer = o.document
                 WHERE o.shown_as = c.document AND {}),",
            Wanted::CONDITION
        ));
        for value in first.values() {
            own.value(value);
        }
    }
    own.then(&format!(
        "c.last_contact_at DESC, c.document DESC LIMIT {MOST}"
    ));
    let mut found = own.rows(desk.connection, |row| id(row, "document"))?;

    let mut others = Select::new("SELECT c.document FROM customer AS c");
    let (contacted_at, document) = contacted_recently(desk)?;
    others.filter(
        "c.is_listed = 1 AND (c.last_contact_at, c.document) >= (?, ?) AND c.owner IS NOT ?",
        [Box::new(contacted_at), Box::new(document), Box::new(me)],
    );
    wanted.iter().for_each(|term| has(&mut others, term));
    others.then(&format!(
        "ORDER BY c.last_contact_at DESC, c.document DESC LIMIT {}",
        MOST.saturating_sub(found.len())
    ));
    found.extend(others.rows(desk.connection, |row| id::<CustomerId>(row, "document"))?);
    Ok(found)
}

/// The place in the order of contacts from which on there are [`RECENT`] customers: exact also
/// where many were contacted, or imported, at one moment.
fn contacted_recently(desk: &Desk<'_>) -> Result<(i64, Vec<u8>), StoreError> {
    let from = desk
        .connection
        .prepare_cached(&format!(
            "SELECT last_contact_at, document FROM customer WHERE is_listed = 1
             ORDER BY last_contact_at DESC, document DESC LIMIT 1 OFFSET {RECENT}"
        ))?
        .query_row((), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(from.unwrap_or((i64::MIN, Vec::new())))
}

/// The rows of customers, in this order.
fn rows(desk: &Desk<'_>, found: &[CustomerId]) -> Result<Vec<CustomerRow>, StoreError> {
    let now = desk.now.millis();
    let mut rows = Vec::with_capacity(found.len());
    for customer in found {
        let mut select = Select::new(format!("SELECT {COLUMNS} FROM customer AS c"));
        select
            .value(now)
            .value(now)
            .filter("c.document = ?", [Box::new(*customer.as_bytes())]);
        rows.extend(select.rows(desk.connection, |row| read(row, desk))?);
    }
    Ok(rows)
}

fn boxed<'v>(value: String) -> Box<dyn rusqlite::ToSql + 'v> {
    Box::new(value)
}
