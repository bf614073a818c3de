//! What state every document is in, to compare replicas.

use std::collections::BTreeMap;

use dealership::id::DocumentId;
use sha2::{Digest, Sha256};

use crate::error::ReplicaError;
use crate::replica::Replica;
use crate::store;

/// How many documents are looked at between two queries.
const AT_ONCE: usize = 1_000;

impl Replica {
    /// A digest of the heads of every document that is here: replicas that hold a document hold
    /// the same of it exactly if the digests are equal.
    ///
    /// # Errors
    ///
    /// [`ReplicaError`] if the database fails, or a document cannot be loaded.
    pub fn states(&self) -> Result<BTreeMap<DocumentId, [u8; 32]>, ReplicaError> {
        let mut states = BTreeMap::new();
        let mut last = 0;
        loop {
            let documents = store::document::after(&self.connection, last, AT_ONCE)?;
            let Some((number, _)) = documents.last() else {
                return Ok(states);
            };
            last = *number;
            let shelf = self.shelf();
            for (_, id) in &documents {
                if let Some(loaded) = shelf.loaded(*id)? {
                    let mut digest = Sha256::new();
                    // Automerge gives heads in order.
                    for head in loaded.gated.automerge().get_heads() {
                        digest.update(head.0);
                    }
                    states.insert(*id, digest.finalize().into());
                }
            }
        }
    }
}
