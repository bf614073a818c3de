//! Rows of deals, and the grades that deals have a say in.

use dealership::Document;
use dealership::customer::GradeStep;
use dealership::deal::Deal;
use dealership::id::{CustomerId, DealId};
use rusqlite::Connection;

use crate::error::StoreError;
use crate::projection::span::NEVER;

pub(super) fn deal(connection: &Connection, document: &Document) -> Result<(), StoreError> {
    let Some(deal) = Deal::read(document) else {
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT INTO deal (document, customer, store, owner, trim, title, stage, state, since,
                 expected_date, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute((
            document.id().as_bytes(),
            deal.customer.as_bytes(),
            deal.store.as_bytes(),
            deal.owner.as_ref().map(|owner| owner.as_bytes()),
            deal.trim.as_ref().map(|trim| trim.as_bytes()),
            &deal.title,
            deal.stage().map(|stage| stage.code()),
            deal.state().code(),
            deal.in_stage_since().millis(),
            deal.expected_date.map(|date| date.to_string()),
            deal.created_at.millis(),
        ))?;
    Ok(())
}

/// Takes away the grades of a customer.
pub(super) fn forget_grades(
    connection: &Connection,
    customer: CustomerId,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM customer_grade WHERE customer = ?")?
        .execute([customer.as_bytes()])?;
    Ok(())
}

/// Puts the grades of a customer, each with the span in which it holds.
pub(super) fn put_grades(
    connection: &Connection,
    customer: CustomerId,
    steps: &[GradeStep],
) -> Result<(), StoreError> {
    let mut insert = connection.prepare_cached(
        "INSERT OR REPLACE INTO customer_grade (customer, from_at, until_at, grade)
         VALUES (?, ?, ?, ?)",
    )?;
    for (index, step) in steps.iter().enumerate() {
        // Before the first step nothing else held.
        let from = if index == 0 {
            i64::MIN
        } else {
            step.from.millis()
        };
        let until = steps
            .get(index + 1)
            .map_or(NEVER, |next| next.from.millis());
        insert.execute((customer.as_bytes(), from, until, step.grade.code()))?;
    }
    Ok(())
}

/// The deals of one card, in the order of their ids.
pub(super) fn deals_of(
    connection: &Connection,
    customer: CustomerId,
) -> Result<Vec<DealId>, StoreError> {
    let deals = connection
        .prepare_cached("SELECT document FROM deal WHERE customer = ? ORDER BY document")?
        .query_map([customer.as_bytes()], |row| {
            row.get(0).map(DealId::from_bytes)
        })?
        .collect::<Result<_, _>>()?;
    Ok(deals)
}
