//! Cases: those that one document shows, those between people whose cards share a key, and those
//! between the deletion of a card and the work that went on.

use std::collections::BTreeSet;
use std::rc::Rc;

use dealership::Document;
use dealership::case::{
    Case, clock, delete, double_vin, duplicate, handover, place, register, void,
};
use dealership::contact::Contact;
use dealership::id::DocumentId;
use dealership::kind::Kind;
use rusqlite::{Connection, OptionalExtension};

use crate::error::{ReplicaError, StoreError, damaged};
use crate::projection::row::Rows;
use crate::projection::table::Table;
use crate::projection::{merged, sales, table};
use crate::replica::Shelf;

/// Makes the cases that a document shows the known ones of it; without `before` there are none.
/// `None` shows none.
pub(super) fn replace(
    connection: &Connection,
    id: DocumentId,
    document: Option<&Document>,
    before: bool,
) -> Result<(), StoreError> {
    let shown = document.map_or_else(Vec::new, shown);
    put(connection, &source(id), &shown, before)
}

/// Puts the cases that a document shows of which the tables know none.
pub(super) fn insert(
    connection: &Connection,
    id: DocumentId,
    shown: &[Case],
) -> Result<(), StoreError> {
    if shown.is_empty() {
        return Ok(());
    }
    put(connection, &source(id), shown, false)
}

/// The cases that a document shows.
pub(super) fn shown(document: &Document) -> Vec<Case> {
    let mut cases = [
        register::cases(document),
        clock::cases(document),
        handover::cases(document),
    ]
    .concat();
    match document.kind() {
        Kind::Vehicle => {
            cases.extend(double_vin::cases(document));
            cases.extend(place::cases(document));
            cases.extend(void::cases(document));
        }
        Kind::Customer => {
            cases.extend(duplicate::elsewhere(document));
        }
        _ => {}
    }
    cases
}

/// Makes the cases anew that are between the people whose cards share a key.
pub(super) fn compare(shelf: &Shelf<'_>, key: &str) -> Result<(), ReplicaError> {
    let connection = shelf.connection();
    let bearers = bearers(connection, key)?;
    if bearers.len() < 2 {
        return put(connection, key, &[], true).map_err(Into::into);
    }
    let mut ids = BTreeSet::new();
    for bearer in bearers {
        ids.extend(merged::members(connection, bearer.into())?);
    }
    let mut cards = Vec::new();
    for id in ids {
        cards.extend(document(shelf, id.into())?);
    }
    let cases = duplicate::sharing(key, cards.iter().map(AsRef::as_ref));
    put(connection, key, &cases, true)?;
    Ok(())
}

/// Makes the cases anew between the deletion of a card and those who worked on beside it.
pub(super) fn deletion(shelf: &Shelf<'_>, id: DocumentId) -> Result<(), ReplicaError> {
    let connection = shelf.connection();
    let source = deletion_source(id);
    let Some(card) = document(shelf, id)? else {
        return put(connection, &source, &[], true).map_err(Into::into);
    };
    let mut beside = Vec::new();
    beside.extend(document(shelf, Contact::document_id(id.into()))?);
    for deal in sales::deals_of(connection, id.into())? {
        beside.extend(document(shelf, deal.into())?);
    }
    let cases = delete::cases(&card, beside.iter().map(AsRef::as_ref));
    put(connection, &source, &cases, true)?;
    Ok(())
}

/// The card that a document is, or is about, if somebody has ever deleted it: cases tell of that
/// also where it was kept.
pub(super) fn deleted(
    connection: &Connection,
    document: DocumentId,
) -> Result<Option<DocumentId>, StoreError> {
    let card = connection
        .prepare_cached(
            "SELECT c.document FROM customer AS c WHERE c.document IN (
                 SELECT :id
                 UNION ALL SELECT customer FROM contact WHERE document = :id
                 UNION ALL SELECT customer FROM deal WHERE document = :id)
             AND c.was_deleted",
        )?
        .query_row(&[(":id", document.as_bytes())], |row| {
            row.get(0).map(DocumentId::from_bytes)
        })
        .optional()?;
    Ok(card)
}

fn document(shelf: &Shelf<'_>, id: DocumentId) -> Result<Option<Rc<Document>>, ReplicaError> {
    match shelf.document(id) {
        Err(ReplicaError::Unreadable { .. }) => Ok(None),
        document => document,
    }
}

/// The keys under which a card is compared with others.
pub(super) fn keys(connection: &Connection, card: DocumentId) -> Result<Vec<String>, StoreError> {
    let keys = connection
        .prepare_cached("SELECT key FROM duplicate_key WHERE document = ? ORDER BY key")?
        .query_map([card.as_bytes()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(keys)
}

fn bearers(connection: &Connection, key: &str) -> Result<Vec<DocumentId>, StoreError> {
    let bearers = connection
        .prepare_cached("SELECT document FROM duplicate_key WHERE key = ? ORDER BY document")?
        .query_map([key], |row| row.get(0).map(DocumentId::from_bytes))?
        .collect::<Result<_, _>>()?;
    Ok(bearers)
}

/// Makes these the cases of a source.
fn put(
    connection: &Connection,
    source: &str,
    cases: &[Case],
    before: bool,
) -> Result<(), StoreError> {
    let mut rows = Rows::default();
    for case in cases {
        let body = serde_json::to_string(case)
            .map_err(|source| damaged("known_case", source.to_string()))?;
        rows.put(
            &table::KNOWN_CASE,
            [
                case.id.as_bytes().into(),
                case.kind.code().into(),
                case.is_open().into(),
                body.into(),
            ],
        );
        for document in &case.documents {
            let row = [case.id.as_bytes().into(), document.as_bytes().into()];
            rows.put(&table::CASE_DOCUMENT, row);
        }
    }
    let tables: [&'static Table; 2] = [&table::KNOWN_CASE, &table::CASE_DOCUMENT];
    rows.replace(connection, &tables, &source.into(), before)
}

fn deletion_source(card: DocumentId) -> String {
    format!("deletion/{}", source(card))
}

fn source(document: DocumentId) -> String {
    document.uuid().simple().to_string()
}
