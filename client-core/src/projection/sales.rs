//! Rows of deals, and the grades that deals have a say in.

use dealership::Document;
use dealership::customer::Customer;
use dealership::deal::Deal;
use dealership::id::{CustomerId, DocumentId};
use rusqlite::Connection;

use crate::error::{ReplicaError, StoreError};
use crate::projection::span::NEVER;
use crate::replica::Shelf;

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

/// Makes a customer's grades anew, from the card and the customer's deals.
pub(super) fn grade(shelf: &Shelf<'_>, customer: CustomerId) -> Result<(), ReplicaError> {
    let connection = shelf.connection();
    connection
        .prepare_cached("DELETE FROM customer_grade WHERE customer = ?")
        .map_err(StoreError::from)?
        .execute([customer.as_bytes()])
        .map_err(StoreError::from)?;
    let card = match shelf.document(customer.into()) {
        Err(ReplicaError::Unreadable { .. }) => None,
        document => document?,
    };
    let Some(card) = card.as_deref().and_then(Customer::read) else {
        return Ok(());
    };
    let mut deals = Vec::new();
    for id in deals_of(connection, customer)? {
        match shelf.document(id) {
            Err(ReplicaError::Unreadable { .. }) => {}
            document => deals.extend(document?.as_deref().and_then(Deal::read)),
        }
    }
    let steps = card.grade_steps(&deals);
    let mut insert = connection
        .prepare_cached(
            "INSERT OR REPLACE INTO customer_grade (customer, from_at, until_at, grade)
             VALUES (?, ?, ?, ?)",
        )
        .map_err(StoreError::from)?;
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
        insert
            .execute((customer.as_bytes(), from, until, step.grade.code()))
            .map_err(StoreError::from)?;
    }
    Ok(())
}

pub(super) fn deals_of(
    connection: &Connection,
    customer: CustomerId,
) -> Result<Vec<DocumentId>, StoreError> {
    let deals = connection
        .prepare_cached("SELECT document FROM deal WHERE customer = ? ORDER BY document")?
        .query_map([customer.as_bytes()], |row| {
            row.get(0).map(DocumentId::from_bytes)
        })?
        .collect::<Result<_, _>>()?;
    Ok(deals)
}
