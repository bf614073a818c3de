//! Layer 2: what all cards that merging makes one tell of a customer.

use dealership::customer::Customer;
use dealership::deal::Deal;
use dealership::id::{CustomerId, DocumentId};
use dealership::merge;
use rusqlite::Connection;

use crate::error::{ReplicaError, StoreError};
use crate::projection::{people, sales};
use crate::replica::Shelf;

/// A customer and all whom merging makes one with them, in the order of their ids.
pub(super) fn members(
    connection: &Connection,
    customer: CustomerId,
) -> Result<Vec<CustomerId>, StoreError> {
    let members = connection
        .prepare_cached(
            "WITH RECURSIVE member (document) AS (
                 VALUES (?)
                 UNION SELECT m.into_id FROM member JOIN customer_merge AS m USING (document)
                 UNION SELECT m.document FROM member JOIN customer_merge AS m
                     ON m.into_id = member.document)
             SELECT document FROM member ORDER BY document",
        )?
        .query_map([customer.as_bytes()], |row| {
            row.get(0).map(CustomerId::from_bytes)
        })?
        .collect::<Result<_, _>>()?;
    Ok(members)
}

/// Makes anew what the tables say of a customer, given all cards that merging makes one.
pub(super) fn resolve(shelf: &Shelf<'_>, members: &[CustomerId]) -> Result<(), ReplicaError> {
    let connection = shelf.connection();
    let mut cards = Vec::new();
    let mut deals = Vec::new();
    for member in members {
        cards.extend(read(shelf, (*member).into(), Customer::read)?);
        for deal in sales::deals_of(connection, *member)? {
            deals.extend(read(shelf, deal.into(), Deal::read)?);
        }
    }
    let whole = merge::customer(&cards);
    for card in &cards {
        match &whole {
            Some(whole) if card.id == whole.id => people::show(connection, whole, whole.id)?,
            Some(whole) => people::show(connection, card, whole.id)?,
            None => {}
        }
    }
    for member in members {
        let steps = match &whole {
            Some(whole) if whole.id == *member => whole.grade_steps(&deals),
            _ => Vec::new(),
        };
        sales::replace_grades(connection, *member, &steps)?;
    }
    Ok(())
}

fn read<T>(
    shelf: &Shelf<'_>,
    id: DocumentId,
    read: impl FnOnce(&dealership::Document) -> Option<T>,
) -> Result<Option<T>, ReplicaError> {
    match shelf.document(id) {
        Err(ReplicaError::Unreadable { .. }) => Ok(None),
        document => Ok(document?.as_deref().and_then(read)),
    }
}
