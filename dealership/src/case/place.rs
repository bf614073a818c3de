//! One vehicle is in two places, each said by someone who did not know of the other, or it came in
//! from another store though nobody sent it.

use std::collections::BTreeMap;

use crate::access::Role;
use crate::case::{Case, CaseKind, Proposal, Side, decider};
use crate::document::Document;
use crate::edit::Fields;
use crate::kind::Kind;
use crate::vehicle::{Move, Moves};

/// The conflicts about where a vehicle is: the open one first, then those that rulings decided.
///
/// The proposal is the later order time: who saw the car last knows best where it is. A later
/// move by someone who has seen both settles it without a ruling.
pub fn cases(document: &Document) -> Vec<Case> {
    if document.kind() != Kind::Vehicle {
        return Vec::new();
    }
    let moves = Moves::of(document);
    let mut decided = BTreeMap::new();
    for (ruling, sides) in moves.rulings() {
        if let Some(mut case) = between(document, sides) {
            case.outcome = Some(ruling.outcome());
            decided.insert(case.id, case);
        }
    }
    let mut cases = Vec::new();
    if let Some(mut open) = between(document, moves.last()) {
        // Decided and open again: rulings contradict each other.
        if decided.remove(&open.id).is_some() {
            open.decider = Role::GeneralManager;
        }
        cases.push(open);
    }
    cases.extend(decided.into_values());
    cases
}

/// The case between moves, the later order time first, if they lead to two places.
fn between(document: &Document, moves: &[Move]) -> Option<Case> {
    let first = moves.first()?;
    let other = moves.iter().find(|other| other.place != first.place)?;
    let keys: Vec<_> = moves.iter().map(|each| each.id.to_string()).collect();
    Some(Case {
        id: CaseKind::Place.id([document.id()], keys.iter().map(String::as_str)),
        kind: CaseKind::Place,
        documents: vec![document.id()],
        sides: moves
            .iter()
            .filter_map(|each| side(document, each))
            .collect(),
        proposal: Some(Proposal {
            winner: first.id.to_string(),
            rule: format!("last_seen_{}", first.order.basis(&other.order).code()),
        }),
        decider: decider(CaseKind::Place, document.kind()),
        outcome: None,
    })
}

fn side(document: &Document, moved: &Move) -> Option<Side> {
    let fact = document.fact("move", moved.id)?;
    let provenance = document.provenance(fact)?;
    let shows: Fields = fact
        .fields()
        .map(|(name, register)| (name.to_owned(), register.value.clone()))
        .collect();
    let store = moved.place.store;
    Some(Side::of_fact(
        document.id(),
        moved.id,
        shows,
        store,
        &provenance,
    ))
}
