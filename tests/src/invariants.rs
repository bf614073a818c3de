//! What must hold of a group whatever happened to it, as functions that give what does not hold.
//!
//! The stories, the simulator and the tests with real processes ask the same functions. The
//! numbers are those of `docs/simulator.md`.

use std::collections::{BTreeMap, BTreeSet};

use change_gate::GatedDocument;
use client_core::Replica;
use dealership::{DocumentId, Seq, Space, Timestamp};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use sync_server::relay::{verify_documents, verify_log};
use sync_server::store::ReadStore;

use crate::connection::Acknowledged;

/// The state of documents: a digest of the heads of each.
pub type States = BTreeMap<DocumentId, [u8; 32]>;

/// I9, I10: the projection is what a rebuild gives, every document survives being saved and
/// loaded, and the database is whole.
pub fn a_replica_is_sound(replica: &mut Replica) -> Vec<String> {
    match replica.verify(&mut |_| {}) {
        Ok(verified) => {
            let problems = verified.problems.into_iter();
            problems.map(|problem| format!("{problem:?}")).collect()
        }
        Err(error) => vec![format!("the replica is not read: {error}")],
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
        Err(error) => return vec![format!("the replica is not read: {error}")],
    };
    let documents: BTreeSet<_> = here.keys().chain(relay.keys()).collect();
    let problem = |id: &DocumentId| match (here.get(id), relay.get(id)) {
        (Some(here), Some(there)) if here == there => None,
        (Some(_), Some(_)) => Some(format!("document {id} is not as the relay has it")),
        (None, _) => Some(format!("document {id} is missing")),
        (_, None) => Some(format!("document {id} is none of its spaces")),
    };
    documents.into_iter().filter_map(problem).collect()
}

/// I2, I4: what a relay said it accepted is in its log, unless its document was purged.
pub fn acknowledged_is_kept(store: &impl ReadStore, promised: &[Acknowledged]) -> Vec<String> {
    let mut lost = Vec::new();
    for acknowledged in promised {
        for (document, hash) in &acknowledged.changes {
            let row = store.document(*document).expect("the store is read");
            let is_purged = row.is_some_and(|row| row.content.is_none());
            let at = store.seq_of_change(*document, hash);
            if !is_purged && at.expect("the store is read").is_none() {
                let (batch, hash) = (acknowledged.batch, hex::encode(hash));
                lost.push(format!(
                    "change {hash} of document {document}, accepted with batch {batch}, is lost"
                ));
            }
        }
    }
    lost
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
                "vehicle {} has {confirmed} confirmed claims",
                row["vehicle"]
            ));
        }
    }
    sold_twice
}
