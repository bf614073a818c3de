//! Layer 1: the rows of one document, replaced when it changes.

use std::collections::BTreeSet;

use dealership::Document;
use dealership::case::Case;
use dealership::id::{CustomerId, DocumentId};
use dealership::kind::Kind;
use rusqlite::{Connection, OptionalExtension};

use crate::error::{StoreError, damaged};
use crate::projection::row::Rows;
use crate::projection::{cases, imports, merged, people, sales, stock, table};

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

/// What the tables are to say of a document, worked out apart from them.
#[derive(Debug)]
pub(crate) struct Projected {
    kind: Kind,
    rows: Rows,
    cases: Vec<Case>,
}

impl Projected {
    /// What they are to say of this one.
    pub(crate) fn of(document: &Document) -> Self {
        Self {
            kind: document.kind(),
            rows: rows(document),
            cases: cases::shown(document),
        }
    }
}

/// Puts what the tables are to say of a document of which they say nothing.
pub(super) fn insert(
    connection: &Connection,
    id: DocumentId,
    projected: Projected,
    dirty: &mut Dirty,
) -> Result<(), StoreError> {
    let Projected {
        kind,
        rows,
        cases: shown,
    } = projected;
    let tables = table::of_kind(kind);
    rows.replace(connection, &tables, &id.as_bytes().into(), false)?;
    cases::insert(connection, id, &shown)?;
    note(connection, id, Some(kind), dirty)
}

/// Makes what the tables say of a document what it says now; `None` says nothing.
pub(super) fn replace(
    connection: &Connection,
    id: DocumentId,
    document: Option<&Document>,
    dirty: &mut Dirty,
) -> Result<(), StoreError> {
    let before = kind(connection, id)?;
    let now = document.map(Document::kind);
    note(connection, id, before, dirty)?;
    let rows = document.map_or_else(Rows::default, rows);
    // A document's kind never changes, but it may become readable, or leave.
    let tables = now.or(before).map_or_else(Vec::new, table::of_kind);
    rows.replace(connection, &tables, &id.as_bytes().into(), before.is_some())?;
    cases::replace(connection, id, document, before.is_some())?;
    note(connection, id, now, dirty)
}

/// What the tables are to say of a document.
fn rows(document: &Document) -> Rows {
    let mut rows = Rows::default();
    rows.put(&table::DOCUMENT_KIND, [document.kind().code().into()]);
    match document.kind() {
        Kind::Staff => people::staff(document, &mut rows),
        Kind::Device => people::device(document, &mut rows),
        Kind::Store => people::store(document, &mut rows),
        Kind::Customer => people::customer(document, &mut rows),
        Kind::CustomerContact => people::contact(document, &mut rows),
        Kind::Deal => sales::deal(document, &mut rows),
        Kind::Trim => stock::trim(document, &mut rows),
        Kind::Vehicle => stock::vehicle(document, &mut rows),
        Kind::PriceList | Kind::Show => {}
    }
    imports::marked(document, &mut rows);
    rows
}

/// The kind of a document of which the tables have rows.
fn kind(connection: &Connection, id: DocumentId) -> Result<Option<Kind>, StoreError> {
    let kind: Option<String> = connection
        .prepare_cached("SELECT kind FROM document_kind WHERE document = ?")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    kind.map(|kind| {
        kind.parse()
            .map_err(|_| damaged("document_kind", format!("a kind {kind:?}")))
    })
    .transpose()
}

/// Notes what rows of layer 2 speak of a document: those of every card that merging makes one
/// with it, too.
fn note(
    connection: &Connection,
    id: DocumentId,
    kind: Option<Kind>,
    dirty: &mut Dirty,
) -> Result<(), StoreError> {
    let customer = match kind {
        Some(Kind::Customer) => Some(id.into()),
        Some(Kind::Deal) => sales::customer_of(connection, id.into())?,
        Some(Kind::CustomerContact) => None,
        _ => return Ok(()),
    };
    if let Some(customer) = customer {
        for member in merged::members(connection, customer)? {
            dirty.keys.extend(cases::keys(connection, member.into())?);
            dirty.customers.insert(member);
        }
    }
    dirty.deletions.extend(cases::deleted(connection, id)?);
    Ok(())
}
