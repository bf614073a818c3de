//! A vehicle's entry was voided while somebody who did not know worked on it.

use crate::access::Role;
use crate::case::{Case, CaseKind, Proposal, Side, Verdict, decider, delete};
use crate::document::{Document, Provenance};
use crate::edit::fields;
use crate::id::{DeviceNumber, FactId};
use crate::kind::Kind;
use crate::order::OrderTime;

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
    let undone: Vec<FactId> = document
        .facts("void_undo")
        .filter_map(|fact| fact.parsed("void"))
        .collect();
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
            let mut case = case(document, *void, voiding, &beside)?;
            match Verdict::of(document, case.id) {
                Verdict::Decided(outcome, ruling) => {
                    let had_seen =
                        |change: &&Provenance| document.had_seen(&ruling.change, &change.change);
                    if beside.iter().all(had_seen) {
                        case.outcome = Some(outcome);
                    }
                }
                Verdict::Contradicted => case.decider = Role::GeneralManager,
                // Somebody took the voiding back by themselves: nothing is left to decide.
                Verdict::None if undone.contains(void) => return None,
                Verdict::None => {}
            }
            Some(case)
        })
        .collect()
}

fn case(
    document: &Document,
    void: FactId,
    voiding: &Provenance,
    beside: &[&Provenance],
) -> Option<Case> {
    let key = void.to_string();
    let id = CaseKind::DeleteVsEdit.id([document.id()], [key.as_str()]);
    let shows = fields([("void", void.into())]);
    let voided = Side::of_fact(document.id(), void, shows, None, voiding);
    let mut work: Vec<Side> = beside
        .iter()
        .map(|change| Side {
            key: change.change.to_string(),
            document: document.id(),
            fact: None,
            shows: fields([("command", change.command.as_str().into())]),
            staff: change.staff,
            device: change.device,
            store: None,
            order: OrderTime::of(change),
        })
        .collect();
    work.sort_by(|one, other| (one.order, &one.key).cmp(&(other.order, &other.key)));
    let winner = work.first()?.key.clone();
    Some(Case {
        id,
        kind: CaseKind::DeleteVsEdit,
        documents: vec![document.id()],
        sides: [voided].into_iter().chain(work).collect(),
        proposal: Some(Proposal {
            winner,
            rule: delete::STILL_WORKED_ON.into(),
        }),
        decider: decider(CaseKind::DeleteVsEdit, document.kind()),
        outcome: None,
    })
}
