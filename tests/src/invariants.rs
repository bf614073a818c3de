//! What must hold of a group whatever happened to it, as functions that give what does not hold.
//!
//! The stories, the simulator and the tests with real processes ask the same functions. The
//! numbers are those of `docs/simulator.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use change_gate::{GatedDocument, Hash};
use client_core::Replica;
use dealership::{DocumentId, Seq, Space, Timestamp};
use rusqlite::Connection;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use sync_server::relay::{verify_documents, verify_log};
use sync_server::store::ReadStore;

use crate::connection::{Judged, JudgedChange};

/// The state of documents: a digest of the heads of each.
pub type States = BTreeMap<DocumentId, [u8; 32]>;

/// I9, I10: the projection is what a rebuild gives, every document survives being saved and
/// loaded, and the database is whole.
pub fn a_replica_is_sound(replica: &mut Replica) -> Vec<String> {
    match replica.verify(&mut |_| {}) {
        Ok(verified) => {
            let problems = verified.problems.into_iter();
            problems
                .map(|problem| {
                    let document = problem.document;
                    let document = document.map_or_else(String::new, |id| format!("{id}: "));
                    format!("I9, I10: {document}{}", problem.text)
                })
                .collect()
        }
        Err(error) => vec![format!("I10: the replica is not read: {error}")],
    }
}

/// I4, I8, I10, I11: the log is dense, chained and holds every change once; every document is
/// what its changes make, with nothing that they depend on missing.
pub fn a_relay_is_sound(store: &impl ReadStore) -> Vec<String> {
    let log = verify_log(store, Seq(0)).map(|verified| verified.problems);
    let documents = verify_documents(store).map(|verified| verified.problems);
    [log, documents]
        .into_iter()
        .flat_map(|found| found.unwrap_or_else(|error| vec![error.to_string()]))
        .map(|problem| format!("I4, I8, I10, I11: {problem}"))
        .collect()
}

/// The state of every document that a relay holds in these spaces.
pub fn states_at_relay(store: &impl ReadStore, spaces: &BTreeSet<Space>) -> States {
    let mut states = States::new();
    let ids = store.document_ids(None, 1_000_000);
    for id in ids.expect("the store is read") {
        let row = store.document(id).expect("the store is read");
        let Some((row, content)) = row.and_then(|mut row| row.content.take().map(|it| (row, it)))
        else {
            continue;
        };
        if spaces.contains(&row.space) {
            let document = GatedDocument::load(&content.saved).expect("a document of the relay's");
            let mut digest = Sha256::new();
            for head in document.automerge().get_heads() {
                digest.update(head.0);
            }
            states.insert(id, digest.finalize().into());
        }
    }
    states
}

/// I1, I7, I8, I12: a replica holds the documents of its spaces, all of them and no others, each
/// as the relay has it.
pub fn a_replica_holds(replica: &Replica, relay: &States) -> Vec<String> {
    let here = match replica.states() {
        Ok(here) => here,
        Err(error) => return vec![format!("I10: the replica is not read: {error}")],
    };
    let documents: BTreeSet<_> = here.keys().chain(relay.keys()).collect();
    let problem = |id: &DocumentId| match (here.get(id), relay.get(id)) {
        (Some(here), Some(there)) if here == there => None,
        (Some(_), Some(_)) => Some(format!("I1: document {id} is not as the relay has it")),
        (None, _) => Some(format!("I1: document {id} is missing")),
        (_, None) => Some(format!("I7: document {id} is none of its spaces")),
    };
    documents.into_iter().filter_map(problem).collect()
}

/// I2, I4: what a relay said it accepted is in its log, unless its document was purged, or a disk
/// was lost and nobody holds it any more.
pub fn acknowledged_is_kept(
    store: &impl ReadStore,
    promised: &[Judged],
    is_given_up: impl Fn(&JudgedChange) -> bool,
) -> Vec<String> {
    let mut lost = Vec::new();
    for acknowledged in promised {
        for change in &acknowledged.changes {
            let (document, hash) = (change.document, &change.hash);
            if !is_kept(store, document, hash) && !is_given_up(change) {
                let (batch, hash) = (acknowledged.batch, hex::encode(hash));
                lost.push(format!(
                    "I2: change {hash} of document {document}, accepted with batch {batch}, is lost"
                ));
            }
        }
    }
    lost
}

/// Whether a change is in a log, or its document was purged.
pub fn is_kept(store: &impl ReadStore, document: DocumentId, hash: &Hash) -> bool {
    let row = store.document(document).expect("the store is read");
    let is_purged = row.is_some_and(|row| row.content.is_none());
    let at = store.seq_of_change(document, hash);
    is_purged || at.expect("the store is read").is_some()
}

/// I7: what a relay refused is not in its log.
pub fn refused_is_not_kept(store: &impl ReadStore, refused: &[Judged]) -> Vec<String> {
    let changes = refused.iter().flat_map(|batch| &batch.changes);
    let kept = changes.filter(|change| {
        let at = store.seq_of_change(change.document, &change.hash);
        at.expect("the store is read").is_some()
    });
    kept.map(|change| format!("I7: a refused change of {} is in the log", change.document))
        .collect()
}

/// I7: what a relay refused has come to nobody.
pub fn refused_came_to_nobody(replica: &Path, refused: &[Judged]) -> Vec<String> {
    let connection = Connection::open(replica).expect("a replica's database");
    let sql = "SELECT count(*) FROM change WHERE document = ? AND hash = ? AND seq IS NOT NULL";
    let mut statement = connection.prepare(sql).expect("a replica's database");
    let changes = refused.iter().flat_map(|batch| &batch.changes);
    let mut came = Vec::new();
    for change in changes {
        let (document, hash) = (change.document.as_bytes(), change.hash);
        let count = statement.query_row((document, hash), |row| row.get::<_, i64>(0));
        if count.expect("a replica's database") > 0 {
            came.push(format!(
                "I7: a refused change of {} is here",
                change.document
            ));
        }
    }
    came
}

/// I5: of one vehicle at most one claim is confirmed, wherever one looks.
pub fn a_vehicle_is_sold_once(replica: &Replica, now: Timestamp) -> Vec<String> {
    let show = |view: &str, input: Json| {
        let shown = replica.show(view, input, now);
        shown.unwrap_or_else(|error| json!({ "error": error.to_string() }))
    };
    let list = show("vehicle_list", json!({}));
    let rows = list["rows"].as_array().cloned().unwrap_or_default();
    let mut sold_twice = Vec::new();
    for row in rows {
        let shown = show("vehicle_detail", json!({"vehicle": row["vehicle"]}));
        let claims = shown["vehicle"]["claims"].as_array();
        let is_confirmed = |claim: &&Json| claim["state"] == "confirmed";
        let confirmed = claims.into_iter().flatten().filter(is_confirmed).count();
        if confirmed > 1 {
            sold_twice.push(format!(
                "I5: vehicle {} has {confirmed} confirmed claims",
                row["vehicle"]
            ));
        }
    }
    sold_twice
}
