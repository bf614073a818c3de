//! Layer 1: the rows of one document, replaced when it changes.

use std::collections::BTreeSet;

use dealership::Document;
use dealership::id::{CustomerId, DocumentId};
use dealership::kind::Kind;
use rusqlite::Connection;

use crate::error::StoreError;
use crate::projection::{cases, imports, merged, people, sales, stock};

/// The tables whose rows say in `document` which document they are of.
const TABLES: &[&str] = &[
    "person",
    "device",
    "store",
    "trim",
    "customer",
    "customer_phone",
    "customer_merge",
    "customer_term",
    "contact",
    "task",
    "task_done",
    "deal",
    "vehicle",
    "vehicle_status",
    "vehicle_term",
    "claim",
    "duplicate_key",
    "imported",
];

/// Whose rows of layer 2 are to be made anew.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    /// Customers, for what all cards that merging makes one tell of them.
    pub(super) customers: BTreeSet<CustomerId>,
    /// Keys, for the cases between the cards that share them.
    pub(super) keys: BTreeSet<String>,
    /// Deleted cards, for the cases between the deletion and those who worked on.
    pub(super) deletions: BTreeSet<DocumentId>,
}

/// Takes away what the tables say of a document.
pub(super) fn remove(
    connection: &Connection,
    id: DocumentId,
    dirty: &mut Dirty,
) -> Result<(), StoreError> {
    note(connection, id, dirty)?;
    cases::remove(connection, id)?;
    for table in TABLES {
        connection
            .prepare_cached(&format!("DELETE FROM {table} WHERE document = ?"))?
            .execute([id.as_bytes()])?;
    }
    Ok(())
}

/// Puts what the tables are to say of a document.
pub(super) fn insert(
    connection: &Connection,
    document: &Document,
    dirty: &mut Dirty,
) -> Result<(), StoreError> {
    match document.kind() {
        Kind::Staff => people::staff(connection, document)?,
        Kind::Device => people::device(connection, document)?,
        Kind::Store => people::store(connection, document)?,
        Kind::Customer => people::customer(connection, document)?,
        Kind::CustomerContact => people::contact(connection, document)?,
        Kind::Deal => sales::deal(connection, document)?,
        Kind::Trim => stock::trim(connection, document)?,
        Kind::Vehicle => stock::vehicle(connection, document)?,
        Kind::PriceList | Kind::Show => {}
    }
    imports::insert(connection, document)?;
    cases::insert(connection, document)?;
    note(connection, document.id(), dirty)
}

/// Notes what rows of layer 2 speak of a document: those of every card that merging makes one
/// with it, too.
fn note(connection: &Connection, id: DocumentId, dirty: &mut Dirty) -> Result<(), StoreError> {
    for customer in customers_of(connection, id)? {
        for member in merged::members(connection, customer)? {
            dirty.keys.extend(cases::keys(connection, member.into())?);
            dirty.customers.insert(member);
        }
    }
    dirty.deletions.extend(cases::deleted(connection, id)?);
    Ok(())
}

/// The customer that a document is, or that its rows are about.
fn customers_of(connection: &Connection, id: DocumentId) -> Result<Vec<CustomerId>, StoreError> {
    let customers = connection
        .prepare_cached(
            "SELECT document FROM customer WHERE document = :id
             UNION ALL SELECT customer FROM deal WHERE document = :id",
        )?
        .query_map(&[(":id", id.as_bytes())], |row| {
            row.get(0).map(CustomerId::from_bytes)
        })?
        .collect::<Result<_, _>>()?;
    Ok(customers)
}
