//! What screens read: tables derived from documents and receipts, always to be made again.
//!
//! A pure function of documents and receipts, never of the clock: what ends by itself has its
//! end in a column that queries compare with the time they are handed.

use std::cell::RefCell;
use std::collections::BTreeSet;

use dealership::id::{CustomerId, DealId, DocumentId, ImportId, VehicleId};
use dealership::kind::Kind;
use dealership::phone::PhoneHash;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::error::{ReplicaError, StoreError};
use crate::projection::layer::Dirty;
use crate::replica::Shelf;
use crate::schema;
use crate::store::{self, suspect};

mod cases;
mod digest;
mod imports;
mod layer;
mod merged;
mod people;
mod row;
mod sales;
mod search;
mod span;
mod stock;
mod table;

pub(crate) use layer::Projected;

/// The version of the tables and of what fills them.
pub(crate) const VERSION: i64 = 10;

/// How far something long has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many documents are done.
    pub done: u64,
    /// How many there are.
    pub total: u64,
}

/// The version that the tables hold; `None` if they are not there or not whole.
pub(crate) fn version(connection: &Connection) -> Result<Option<i64>, StoreError> {
    let version = connection
        .query_row("SELECT version FROM projected", (), |row| row.get(0))
        .optional()?;
    Ok(version)
}

/// How many documents are projected in one transaction: a browser's write-ahead log grows with
/// every document of it.
const DOCUMENTS_PER_TRANSACTION: usize = 2_000;

/// Makes every table anew.
///
/// Whatever interrupts it, the tables count as missing until it is through. Documents are marked
/// while they are read, as they are when changes arrive; `cautious` reads each alone.
pub(crate) fn rebuild(
    connection: &mut Connection,
    cautious: bool,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), ReplicaError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("DELETE FROM projected", ())?;
    drop_tables(&transaction)?;
    transaction.execute_batch(include_str!("projection/schema.sql"))?;
    let total = store::document::count(&transaction)?;
    transaction.commit()?;
    let at_once = if cautious {
        1
    } else {
        DOCUMENTS_PER_TRANSACTION
    };
    let (mut done, mut last) = (0_u64, 0);
    progress(Progress { done, total });
    loop {
        let documents = store::document::after(connection, last, at_once)?;
        let ids = || documents.iter().map(|(_, id)| *id);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        suspect::mark(&transaction, ids())?;
        transaction.commit()?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let Some((number, _)) = documents.last() else {
            transaction.execute(
                "INSERT INTO projected (only, version) VALUES (1, ?)",
                [VERSION],
            )?;
            transaction.commit()?;
            return Ok(());
        };
        last = *number;
        done = done.saturating_add(documents.len() as u64);
        let cache = RefCell::default();
        update(&Shelf::new(&transaction, &cache), ids())?;
        suspect::clear(&transaction)?;
        transaction.commit()?;
        progress(Progress { done, total });
    }
}

/// Replaces what the tables say of documents that were made, changed or removed, and gives those
/// that it set aside: one whose rows cannot be written must not keep the others from screens.
pub(crate) fn update(
    shelf: &Shelf<'_>,
    documents: impl IntoIterator<Item = DocumentId>,
) -> Result<Vec<DocumentId>, ReplicaError> {
    let documents: Vec<_> = documents.into_iter().collect();
    let mut dirty = Dirty::default();
    let mut set_aside = Vec::new();
    // Together: a savepoint keeps a copy of every page that is written after it.
    let together = within_savepoint(shelf, || {
        let mut documents = documents.iter();
        documents.try_for_each(|id| project(shelf, *id, &mut dirty))
    })?;
    if together.is_err() {
        for id in documents {
            if !project_or_set_aside(shelf, id, &mut dirty)? {
                set_aside.push(id);
            }
        }
    }
    resolve(shelf, dirty)?;
    Ok(set_aside)
}

/// Puts what the tables say of documents of which they say nothing, and replaces what they say of
/// others; gives those that it set aside.
pub(crate) fn insert(
    shelf: &Shelf<'_>,
    fresh: Vec<(DocumentId, Projected)>,
    others: &[DocumentId],
) -> Result<Vec<DocumentId>, ReplicaError> {
    let ids: Vec<DocumentId> = fresh.iter().map(|(id, _)| *id).collect();
    let mut dirty = Dirty::default();
    let together = within_savepoint(shelf, || {
        for (id, projected) in fresh {
            layer::insert(shelf.connection(), id, projected, &mut dirty)?;
        }
        Ok(())
    })?;
    if together.is_err() {
        return update(shelf, ids.into_iter().chain(others.iter().copied()));
    }
    resolve(shelf, dirty)?;
    update(shelf, others.iter().copied())
}

/// Makes anew what the tables say of several documents together.
fn resolve(shelf: &Shelf<'_>, mut dirty: Dirty) -> Result<(), ReplicaError> {
    while let Some(customer) = dirty.customers.pop_first() {
        let members = merged::members(shelf.connection(), customer)?;
        for member in &members {
            dirty.customers.remove(member);
        }
        merged::resolve(shelf, &members)?;
    }
    for key in dirty.keys {
        cases::compare(shelf, &key)?;
    }
    for card in dirty.deletions {
        cases::deletion(shelf, card)?;
    }
    Ok(())
}

/// The customers that bear a phone, in the order of their ids.
pub(crate) fn customers_with_phone(
    connection: &Connection,
    hash: &PhoneHash,
) -> Result<Vec<CustomerId>, StoreError> {
    people::with_phone(connection, hash.as_str())
}

/// The customers that merging makes one with this one, themselves among them, in the order of
/// their ids.
pub(crate) fn merged_with(
    connection: &Connection,
    customer: CustomerId,
) -> Result<Vec<CustomerId>, StoreError> {
    merged::members(connection, customer)
}

/// The deals that name a customer, in the order of their ids.
pub(crate) fn deals_of(
    connection: &Connection,
    customer: CustomerId,
) -> Result<Vec<DealId>, StoreError> {
    sales::deals_of(connection, customer)
}

/// The documents that bear marks of an import that stand, in the order of their ids.
pub(crate) fn imported_by(
    connection: &Connection,
    import: ImportId,
) -> Result<Vec<DocumentId>, StoreError> {
    imports::documents(connection, import)
}

/// The documents of a kind, in the order of their ids.
pub(crate) fn of_kind(connection: &Connection, kind: Kind) -> Result<Vec<DocumentId>, StoreError> {
    let documents = connection
        .prepare_cached("SELECT document FROM document_kind WHERE kind = ? ORDER BY document")?
        .query_map([kind.code()], |row| row.get(0).map(DocumentId::from_bytes))?
        .collect::<Result<_, _>>()?;
    Ok(documents)
}

/// The vehicles on which a deal has or had claims, in order of their ids.
pub(crate) fn vehicles_claimed_for(
    connection: &Connection,
    deal: DealId,
) -> Result<Vec<VehicleId>, StoreError> {
    stock::claimed_for(connection, deal)
}

/// Replaces the rows of one document; `false` if they cannot be written, and then the document is
/// set aside and has none.
fn project_or_set_aside(
    shelf: &Shelf<'_>,
    id: DocumentId,
    dirty: &mut Dirty,
) -> Result<bool, ReplicaError> {
    let Err(problem) = within_savepoint(shelf, || project(shelf, id, dirty))? else {
        return Ok(true);
    };
    tracing::warn!(document = %id, %problem, "a document is set aside: its rows cannot be written");
    suspect::set_aside(shelf.connection(), id, &problem.to_string())?;
    shelf.forget(id);
    project(shelf, id, dirty)?;
    Ok(false)
}

/// Does something, all of it or, where that is about what one document says, nothing: then the
/// inner error says why.
fn within_savepoint(
    shelf: &Shelf<'_>,
    work: impl FnOnce() -> Result<(), ReplicaError>,
) -> Result<Result<(), StoreError>, ReplicaError> {
    let run = |sql| {
        let statement = shelf.connection().prepare_cached(sql);
        statement.and_then(|mut statement| statement.execute(()))
    };
    run("SAVEPOINT project")?;
    match work() {
        Ok(()) => {
            run("RELEASE project")?;
            Ok(Ok(()))
        }
        Err(ReplicaError::Store(problem)) if problem.is_of_one_document() => {
            run("ROLLBACK TO project")?;
            run("RELEASE project")?;
            Ok(Err(problem))
        }
        Err(error) => Err(error),
    }
}

/// Replaces the rows of one document.
fn project(shelf: &Shelf<'_>, id: DocumentId, dirty: &mut Dirty) -> Result<(), ReplicaError> {
    let document = match shelf.document(id) {
        // Kept and shown as unreadable; a later version may read it.
        Err(ReplicaError::Unreadable { .. }) => None,
        document => document?,
    };
    layer::replace(shelf.connection(), id, document.as_deref(), dirty)?;
    Ok(())
}

/// The tables that are not what a rebuild gives; rebuilds them, so the caller rolls back.
pub(crate) fn differences(connection: &Connection) -> Result<Vec<String>, ReplicaError> {
    let before = digest::tables(connection)?;
    drop_tables(connection)?;
    connection.execute_batch(include_str!("projection/schema.sql"))?;
    let mut last = 0;
    loop {
        let documents = store::document::after(connection, last, DOCUMENTS_PER_TRANSACTION)?;
        let Some((number, _)) = documents.last() else {
            break;
        };
        last = *number;
        let cache = RefCell::default();
        let ids = documents.iter().map(|(_, id)| *id);
        update(&Shelf::new(connection, &cache), ids)?;
    }
    let after = digest::tables(connection)?;
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    Ok(names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .cloned()
        .collect())
}

/// Drops every table that is not one of the replica's own.
fn drop_tables(connection: &Connection) -> Result<(), StoreError> {
    for (table, _) in tables(connection)? {
        connection.execute_batch(&format!("DROP TABLE \"{table}\""))?;
    }
    Ok(())
}

/// The names of the projection's tables, ascending, and whether each is a `table` or `virtual`.
pub(crate) fn tables(connection: &Connection) -> Result<Vec<(String, String)>, StoreError> {
    let tables: Vec<(String, String)> = connection
        .prepare(
            "SELECT name, type FROM pragma_table_list
             WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite_%'
             ORDER BY name",
        )?
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let is_derived = |table: &(String, String)| !schema::OWN_TABLES.contains(&table.0.as_str());
    Ok(tables.into_iter().filter(is_derived).collect())
}
