//! A card was deleted while somebody who did not know worked on it.

use crate::access::Role;
use crate::case::{Case, CaseKind, Proposal, Side, Verdict};
use crate::document::{Document, Provenance};
use crate::edit::fields;
use crate::id::{DeviceNumber, FactId};
use crate::kind::Kind;
use crate::order::OrderTime;

/// The rule that proposes to keep what somebody still works on.
pub const STILL_WORKED_ON: &str = "still_worked_on";

/// The decision that keeps the card.
pub const KEEP: &str = "keep";

/// The decision that leaves the card deleted.
pub const DELETE: &str = "delete";

/// The deletions of a card beside which others wrote. A case opens again when more of it comes.
pub fn cases(document: &Document) -> Vec<Case> {
    if document.kind() != Kind::Customer {
        return Vec::new();
    }
    let history = document.history();
    let undone: Vec<FactId> = document
        .facts("void_undo")
        .filter_map(|fact| fact.parsed("void"))
        .collect();
    document
        .facts("void")
        .filter_map(|void| {
            let deletion = document.provenance(void)?;
            let beside: Vec<&Provenance> = history
                .iter()
                .filter(|change| change.device != DeviceNumber::RELAY)
                .filter(|change| change.command != deletion.command)
                .filter(|change| {
                    document
                        .ancestry()
                        .concurrent(&change.change, &deletion.change)
                })
                .collect();
            let mut case = case(document, void.id, &deletion, &beside)?;
            match Verdict::of(document, case.id) {
                Verdict::Decided(outcome, ruling) => {
                    let had_seen =
                        |change: &&Provenance| document.had_seen(&ruling.change, &change.change);
                    if beside.iter().all(had_seen) {
                        case.outcome = Some(outcome);
                    }
                }
                Verdict::Contradicted => case.decider = Role::GeneralManager,
                // Somebody took the deletion back by themselves: nothing is left to decide.
                Verdict::None if undone.contains(&void.id) => return None,
                Verdict::None => {}
            }
            Some(case)
        })
        .collect()
}

fn case(
    document: &Document,
    void: FactId,
    deletion: &Provenance,
    beside: &[&Provenance],
) -> Option<Case> {
    let key = void.to_string();
    let id = CaseKind::DeleteVsEdit.id([document.id()], [key.as_str()]);
    let shows = fields([("void", void.into())]);
    let store = document.space().store();
    let deleted = Side::of_fact(document.id(), void, shows, store, deletion);
    let mut edits: Vec<Side> = beside
        .iter()
        .map(|change| Side {
            key: change.change.to_string(),
            document: document.id(),
            fact: None,
            shows: fields([("command", change.command.as_str().into())]),
            staff: change.staff,
            device: change.device,
            store,
            order: OrderTime::of(change),
        })
        .collect();
    edits.sort_by(|one, other| (one.order, &one.key).cmp(&(other.order, &other.key)));
    let winner = edits.first()?.key.clone();
    Some(Case {
        id,
        kind: CaseKind::DeleteVsEdit,
        documents: vec![document.id()],
        sides: [deleted].into_iter().chain(edits).collect(),
        proposal: Some(Proposal {
            winner,
            rule: STILL_WORKED_ON.into(),
        }),
        decider: Role::Manager,
        outcome: None,
    })
}
