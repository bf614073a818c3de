//! That a customer was followed up: what the store may know, without what was said.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::Coded;
use crate::contact::{FollowUpType, Outcome};
use crate::document::Document;
use crate::id::{FactId, StaffId};
use crate::time::Timestamp;

/// One follow-up as the card shows it; it bears the id of the follow-up in the contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contacted {
    /// The id of the follow-up.
    pub id: FactId,
    /// In which way.
    pub follow_up_type: Option<Coded<FollowUpType>>,
    /// With what outcome.
    pub outcome: Option<Coded<Outcome>>,
    /// Which earlier one it corrects.
    pub corrects: Option<FactId>,
    /// Which later one stands in its place.
    pub corrected_by: Option<FactId>,
    /// Who.
    pub by: Option<StaffId>,
    /// When it happened.
    pub at: Timestamp,
}

impl Contacted {
    /// Whether the customer was spoken to.
    pub fn reached(&self) -> bool {
        let outcome = self.outcome.as_ref().and_then(Coded::known);
        outcome.is_none_or(Outcome::is_reached)
    }
}

pub(super) fn read(document: &Document) -> Vec<Contacted> {
    let corrected = corrections(document, "contacted");
    let mut contacted: Vec<_> = document
        .recorded("contacted")
        .into_iter()
        .map(|(_, fact)| Contacted {
            id: fact.id,
            follow_up_type: fact.coded("type"),
            outcome: fact.coded("outcome"),
            corrects: fact.parsed("corrects"),
            corrected_by: corrected.get(&fact.id).copied(),
            by: fact.parsed("by"),
            at: document.happened_at(fact),
        })
        .collect();
    contacted.sort_by_key(|contacted| (contacted.at, contacted.id));
    contacted
}

/// By each fact of a name that was corrected, the one that stands in its place.
///
/// All that correct one another, in a row or side by side, tell of one event: the last recorded
/// stands, and every other is struck through.
pub(crate) fn corrections(document: &Document, name: &str) -> BTreeMap<FactId, FactId> {
    let corrects: BTreeMap<FactId, FactId> = document
        .facts(name)
        .filter_map(|fact| Some((fact.id, fact.parsed("corrects")?)))
        .collect();
    let mut told: BTreeMap<FactId, Vec<FactId>> = BTreeMap::new();
    for (_, fact) in document.recorded(name) {
        told.entry(first_of(&corrects, fact.id))
            .or_default()
            .push(fact.id);
    }
    let mut standing = BTreeMap::new();
    for events in told.values() {
        if let Some((last, others)) = events.split_last() {
            standing.extend(others.iter().map(|other| (*other, *last)));
        }
    }
    standing
}

/// Follows a correction back to what it first corrected; a circle, which no command writes, ends
/// at its smallest id.
fn first_of(corrects: &BTreeMap<FactId, FactId>, fact: FactId) -> FactId {
    let mut seen = BTreeSet::new();
    let mut at = fact;
    while let Some(earlier) = corrects.get(&at) {
        if !seen.insert(at) {
            return seen.first().copied().unwrap_or(fact);
        }
        at = *earlier;
    }
    at
}
