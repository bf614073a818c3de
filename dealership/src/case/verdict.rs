//! What rulings make of a case.

use crate::access::Role;
use crate::case::{Case, Outcome};
use crate::document::{Document, Fact, Provenance};
use crate::id::CaseId;

/// What people said of one case.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "a verdict is read, asked once and dropped: never kept in numbers"
)]
pub(crate) enum Verdict {
    /// Nobody has decided it.
    None,
    /// It is decided.
    Decided(Outcome, Provenance),
    /// Two decided it differently, neither having known of the other: the next level decides.
    Contradicted,
}

impl Verdict {
    /// Reads the rulings of a document that name a case. One whose author had seen another stands
    /// in its place.
    pub(crate) fn of(document: &Document, case: CaseId) -> Self {
        let rulings: Vec<(&Fact, Provenance)> = document
            .facts("ruling")
            .filter(|fact| fact.parsed("case") == Some(case))
            .filter_map(|fact| Some((fact, document.provenance(fact)?)))
            .collect();
        let heads = document.heads_by_seeing(&rulings, |(_, provenance)| provenance.change);
        let Some((first, provenance)) = heads.first() else {
            return Self::None;
        };
        let says = |fact: &Fact| {
            let text = |name: &str| fact.text(name).map(str::to_owned);
            (text("decision"), text("winner"))
        };
        if heads.iter().any(|(other, _)| says(other) != says(first)) {
            return Self::Contradicted;
        }
        Self::Decided(outcome(first, provenance), provenance.clone())
    }
}

impl Case {
    /// This case as one document's rulings leave it.
    pub(crate) fn ruled_in(mut self, document: &Document) -> Self {
        match Verdict::of(document, self.id) {
            Verdict::None => {}
            Verdict::Decided(outcome, _) => self.outcome = Some(outcome),
            Verdict::Contradicted => self.decider = Role::GeneralManager,
        }
        self
    }
}

fn outcome(ruling: &Fact, provenance: &Provenance) -> Outcome {
    Outcome {
        ruling: ruling.id,
        decision: ruling.text("decision").unwrap_or_default().to_owned(),
        winner: ruling.text("winner").map(str::to_owned),
        reason: ruling.text("reason").map(str::to_owned),
        staff: provenance.staff,
        decided_at: provenance.claimed_at,
    }
}
