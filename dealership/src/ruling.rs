//! Rulings: what a manager decided about a vehicle, as a fact in it.

use crate::case::Outcome;
use crate::document::{Document, Provenance};
use crate::id::FactId;

/// A ruling as it was written; whether it counts depends on what it is about.
pub(crate) struct Ruling {
    pub(crate) id: FactId,
    pub(crate) decision: String,
    /// The claim or the move that it chooses.
    pub(crate) winner: Option<FactId>,
    pub(crate) reason: Option<String>,
    pub(crate) provenance: Provenance,
}

impl Ruling {
    /// Every ruling in a vehicle, in order of ids.
    pub(crate) fn all(document: &Document) -> Vec<Self> {
        document
            .facts("ruling")
            .filter_map(|fact| {
                Some(Self {
                    id: fact.id,
                    decision: fact.text("decision").unwrap_or_default().to_owned(),
                    winner: fact.parsed("winner"),
                    reason: fact.text("reason").map(str::to_owned),
                    provenance: document.provenance(fact)?,
                })
            })
            .collect()
    }

    /// What a case says of it.
    pub(crate) fn outcome(&self) -> Outcome {
        Outcome {
            ruling: self.id,
            decision: self.decision.clone(),
            winner: self.winner.map(|id| id.to_string()),
            reason: self.reason.clone(),
            staff: self.provenance.staff,
            decided_at: self.provenance.claimed_at,
        }
    }
}
