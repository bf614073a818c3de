//! Cases: those that one document shows, and those between cards that share a key.

use dealership::Document;
use dealership::case::{Case, clock, delete, double_vin, duplicate, place, register, void};
use dealership::id::DocumentId;
use dealership::kind::Kind;
use rusqlite::Connection;

use crate::error::{ReplicaError, StoreError, damaged};
use crate::replica::Shelf;

/// Takes away the cases that a document shows.
pub(super) fn remove(connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
    forget(connection, &source(document))
}

/// Puts the cases that a document shows.
pub(super) fn insert(connection: &Connection, document: &Document) -> Result<(), StoreError> {
    let mut cases = [register::cases(document), clock::cases(document)].concat();
    match document.kind() {
        Kind::Vehicle => {
            cases.extend(double_vin::cases(document));
            cases.extend(place::cases(document));
            cases.extend(void::cases(document));
        }
        Kind::Customer => {
            cases.extend(delete::cases(document));
            cases.extend(duplicate::elsewhere(document));
        }
        _ => {}
    }
    put(connection, &source(document.id()), &cases)
}

/// Makes the cases anew that are between the cards which share a key.
pub(super) fn compare(shelf: &Shelf<'_>, key: &str) -> Result<(), ReplicaError> {
    let connection = shelf.connection();
    forget(connection, key)?;
    let mut cards = Vec::new();
    for id in bearers(connection, key)? {
        match shelf.document(id) {
            Err(ReplicaError::Unreadable { .. }) => {}
            document => cards.extend(document?),
        }
    }
    if cards.len() > 1 {
        let cases = duplicate::within_store(cards.iter().map(AsRef::as_ref));
        put(connection, key, &cases)?;
    }
    Ok(())
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

fn put(connection: &Connection, source: &str, cases: &[Case]) -> Result<(), StoreError> {
    let mut insert = connection.prepare_cached(
        "INSERT OR REPLACE INTO known_case (source, id, kind, is_open, body)
         VALUES (?, ?, ?, ?, ?)",
    )?;
    for case in cases {
        let body = serde_json::to_string(case)
            .map_err(|source| damaged("known_case", source.to_string()))?;
        let id = case.id.as_bytes();
        insert.execute((source, id, case.kind.code(), case.is_open(), body))?;
    }
    Ok(())
}

fn forget(connection: &Connection, source: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM known_case WHERE source = ?")?
        .execute([source])?;
    Ok(())
}

fn source(document: DocumentId) -> String {
    document.uuid().simple().to_string()
}
