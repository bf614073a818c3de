//! Whether everything that the replica holds is what it should be.

use change_gate::{GatedDocument, prescan};
use dealership::id::DocumentId;
use rusqlite::{Connection, TransactionBehavior};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::ReplicaError;
use crate::projection::{self, Progress};
use crate::replica::Replica;
use crate::replica::shelf;
use crate::store;

/// What a verification looked at, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Verified {
    /// How many documents were loaded, saved and loaded again.
    pub documents: u64,
    /// How many changes were hashed.
    pub changes: u64,
    /// What is not as it should be; nothing, if all is well.
    pub problems: Vec<Problem>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// The document, if it is about one.
    pub document: Option<DocumentId>,
    /// One sentence.
    pub text: String,
}

impl Verified {
    /// Whether all is well.
    pub const fn is_well(&self) -> bool {
        self.problems.is_empty()
    }

    fn note(&mut self, document: impl Into<Option<DocumentId>>, text: impl Into<String>) {
        self.problems.push(Problem {
            document: document.into(),
            text: text.into(),
        });
    }
}

impl Replica {
    /// Checks the database, the hash of every change, that every document survives being saved
    /// and loaded, and that the projection is what a rebuild gives. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`] when it cannot look; what it finds is in the answer.
    pub fn verify(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<Verified, ReplicaError> {
        let mut verified = Verified::default();
        check_database(&self.connection, &mut verified)?;
        check_changes(&self.connection, &mut verified)?;
        let total = store::document::count(&self.connection)?;
        let mut last = 0;
        loop {
            let documents = store::document::after(&self.connection, last, 500)?;
            let Some((number, _)) = documents.last() else {
                break;
            };
            last = *number;
            for (_, id) in documents {
                check_document(&self.connection, id, &mut verified)?;
            }
            progress(Progress {
                done: verified.documents,
                total,
            });
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        for table in projection::differences(&transaction)? {
            verified.note(
                None,
                format!("the table {table} is not what a rebuild gives"),
            );
        }
        transaction.rollback()?;
        Ok(verified)
    }
}

fn check_database(connection: &Connection, verified: &mut Verified) -> Result<(), ReplicaError> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let text: String = row.get(0)?;
        if text != "ok" {
            verified.note(None, text);
        }
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let table: String = row.get(0)?;
        verified.note(
            None,
            format!("a row of {table} refers to a row that is not there"),
        );
    }
    Ok(())
}

fn check_changes(connection: &Connection, verified: &mut Verified) -> Result<(), ReplicaError> {
    let mut statement =
        connection.prepare("SELECT document, hash, actor, actor_seq, raw FROM change")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        verified.changes = verified.changes.saturating_add(1);
        let document = DocumentId::from_bytes(row.get("document")?);
        let (hash, actor): ([u8; 32], [u8; 16]) = (row.get("hash")?, row.get("actor")?);
        let seq: i64 = row.get("actor_seq")?;
        let raw = row
            .get_ref("raw")?
            .as_blob()
            .map_err(rusqlite::Error::from)?;
        match prescan(raw) {
            Ok(header) if header.hash != hash => {
                verified.note(document, "a change does not have the hash it is kept under");
            }
            Ok(header) if header.actor != actor || i64::try_from(header.seq) != Ok(seq) => {
                verified.note(document, "a change is not of the actor it is kept under");
            }
            Ok(_) => {}
            Err(error) => verified.note(document, format!("a change is damaged: {error}")),
        }
    }
    Ok(())
}

fn check_document(
    connection: &Connection,
    id: DocumentId,
    verified: &mut Verified,
) -> Result<(), ReplicaError> {
    let loaded = match shelf::load(connection, id) {
        Ok(loaded) => loaded,
        Err(ReplicaError::Unreadable { source, .. }) => {
            verified.note(id, source.to_string());
            None
        }
        Err(error) => return Err(error),
    };
    let Some(loaded) = loaded else {
        return Ok(());
    };
    verified.documents = verified.documents.saturating_add(1);
    let saved = loaded.gated.automerge().save_nocompress();
    match GatedDocument::load(&saved) {
        Ok(again) if again.automerge().get_heads() != loaded.gated.automerge().get_heads() => {
            verified.note(id, "saved and loaded, it is another document");
        }
        Ok(_) => {}
        Err(error) => verified.note(id, format!("saved, it does not load again: {error}")),
    }
    Ok(())
}
