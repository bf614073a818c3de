//! What a table holds, as one number: equal tables have equal digests, whatever the order in
//! which they were filled.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};

use crate::error::StoreError;

/// The digest of every table of the projection, by name.
pub(super) fn tables(connection: &Connection) -> Result<BTreeMap<String, [u8; 32]>, StoreError> {
    let mut digests = BTreeMap::new();
    for (name, kind) in super::tables(connection)? {
        let digest = match kind.as_str() {
            "virtual" => index(connection, &name)?,
            _ => rows(connection, &format!("SELECT * FROM \"{name}\""))?,
        };
        digests.insert(name, digest);
    }
    Ok(digests)
}

/// A full-text index holds its terms in pieces that depend on how it was filled; its vocabulary
/// does not.
fn index(connection: &Connection, name: &str) -> Result<[u8; 32], StoreError> {
    connection.execute_batch(&format!(
        "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab('main', '{name}', 'instance')"
    ))?;
    let digest = rows(connection, "SELECT term, doc, col FROM temp.vocabulary");
    connection.execute_batch("DROP TABLE temp.vocabulary")?;
    digest
}

fn rows(connection: &Connection, sql: &str) -> Result<[u8; 32], StoreError> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let mut sum = [0_u8; 32];
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let mut digest = Sha256::new();
        for column in 0..columns {
            let (kind, bytes): (u8, Vec<u8>) = match row.get_ref(column)? {
                ValueRef::Null => (0, Vec::new()),
                ValueRef::Integer(integer) => (1, integer.to_be_bytes().to_vec()),
                ValueRef::Real(real) => (2, real.to_be_bytes().to_vec()),
                ValueRef::Text(text) => (3, text.to_vec()),
                ValueRef::Blob(blob) => (4, blob.to_vec()),
            };
            digest.update([kind]);
            digest.update((bytes.len() as u64).to_be_bytes());
            digest.update(bytes);
        }
        add(&mut sum, &digest.finalize().into());
    }
    Ok(sum)
}

/// Adds as one long number, so that the order of rows does not matter and equal rows do not
/// cancel out.
fn add(sum: &mut [u8; 32], row: &[u8; 32]) {
    let mut carry = 0_u16;
    for (sum, row) in sum.iter_mut().zip(row).rev() {
        let total = u16::from(*sum) + u16::from(*row) + carry;
        let [high, low] = total.to_be_bytes();
        *sum = low;
        carry = u16::from(high);
    }
}
