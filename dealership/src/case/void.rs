//! A vehicle's entry was voided while somebody who did not know worked on it.

use crate::case::{Case, Side, delete};
use crate::document::{Document, Provenance};
use crate::edit::fields;
use crate::id::{DeviceNumber, FactId};
use crate::kind::Kind;

/// The voidings of a vehicle's entry beside which others took it in, moved it or claimed it. A
/// case opens again when more of it comes.
pub fn cases(document: &Document) -> Vec<Case> {
    if document.kind() != Kind::Vehicle {
        return Vec::new();
    }
    let voidings: Vec<(FactId, Provenance)> = document
        .facts("void")
        .filter_map(|void| Some((void.id, document.provenance(void)?)))
        .collect();
    let history = document.history();
    voidings
        .iter()
        .filter_map(|(void, voiding)| {
            let is_voiding = |change: &Provenance| {
                voidings
                    .iter()
                    .any(|(_, other)| other.change == change.change)
            };
            let beside: Vec<&Provenance> = history
                .iter()
                .filter(|change| change.device != DeviceNumber::RELAY && !is_voiding(change))
                .filter(|change| {
                    document
                        .ancestry()
                        .concurrent(&change.change, &voiding.change)
                })
                .collect();
            let shows = fields([("void", (*void).into())]);
            let voided = Side::of_fact(document.id(), *void, shows, None, voiding);
            let work = beside
                .iter()
                .map(|change| Side::of_change(document.id(), None, change))
                .collect();
            let case = delete::between(document, voided, work)?;
            let knew_all = |ruling: &Provenance| {
                beside
                    .iter()
                    .all(|change| document.author_of(&ruling.change).had_seen(&change.change))
            };
            delete::as_ruled(case, document, *void, knew_all)
        })
        .collect()
}
