//! A card was deleted while somebody who did not know worked on it.

use std::collections::BTreeSet;

use crate::access::Role;
use crate::case::{Case, CaseKind, Proposal, Side, Verdict};
use crate::document::{Document, Provenance};
use crate::edit::fields;
use crate::id::{DeviceNumber, DocumentId, FactId};
use crate::kind::Kind;
use crate::order::OrderTime;

/// The rule that proposes to keep what somebody still works on.
pub const STILL_WORKED_ON: &str = "still_worked_on";

/// The decision that keeps the card.
pub const KEEP: &str = "keep";

/// The decision that leaves the card deleted.
pub const DELETE: &str = "delete";

/// The deletions of a card beside which others worked: on the card, or on its contact and deals,
/// as far as these are `beside` it. A case opens again when more of it comes.
pub fn cases<'d>(card: &Document, beside: impl IntoIterator<Item = &'d Document>) -> Vec<Case> {
    if card.kind() != Kind::Customer || card.facts("void").next().is_none() {
        return Vec::new();
    }
    let mut work: Vec<Work> = work_on(card).collect();
    for document in beside {
        work.extend(work_on(document));
    }
    let undone: Vec<FactId> = card
        .facts("void_undo")
        .filter_map(|fact| fact.parsed("void"))
        .collect();
    card.facts("void")
        .filter_map(|void| {
            let deletion = card.provenance(void)?;
            let unaware: Vec<&Work> = work
                .iter()
                .filter(|work| work.change.command != deletion.command)
                .filter(|work| !work.knew_of(card, &deletion) && !work.is_known_to(card, &deletion))
                .collect();
            let mut case = case(card, void.id, &deletion, &unaware)?;
            match Verdict::of(card, case.id) {
                Verdict::Decided(outcome, ruling) => {
                    if unaware.iter().all(|work| work.is_known_to(card, &ruling)) {
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

/// A change that a person made.
struct Work {
    document: DocumentId,
    change: Provenance,
}

impl Work {
    /// Whether its author knew of a change of the card.
    fn knew_of(&self, card: &Document, other: &Provenance) -> bool {
        match self.document == card.id() {
            true => card.had_seen(&self.change.change, &other.change),
            false => self.change.knew_of(other),
        }
    }

    /// Whether the author of a change of the card knew of it.
    fn is_known_to(&self, card: &Document, other: &Provenance) -> bool {
        match self.document == card.id() {
            true => card.had_seen(&other.change, &self.change.change),
            false => other.knew_of(&self.change),
        }
    }
}

fn work_on(document: &Document) -> impl Iterator<Item = Work> {
    let document_id = document.id();
    document
        .history()
        .into_iter()
        .filter(|change| change.device != DeviceNumber::RELAY)
        .map(move |change| Work {
            document: document_id,
            change,
        })
}

fn case(card: &Document, void: FactId, deletion: &Provenance, unaware: &[&Work]) -> Option<Case> {
    let key = void.to_string();
    let id = CaseKind::DeleteVsEdit.id([card.id()], [key.as_str()]);
    let shows = fields([("void", void.into())]);
    let store = card.space().store();
    let deleted = Side::of_fact(card.id(), void, shows, store, deletion);
    // What one action wrote into several documents is one side.
    let mut actions = BTreeSet::new();
    let mut edits: Vec<Side> = unaware
        .iter()
        .filter(|Work { change, .. }| {
            actions.insert((change.device, change.claimed_at, change.command.as_str()))
        })
        .map(|Work { document, change }| Side {
            key: change.change.to_string(),
            document: *document,
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
        documents: vec![card.id()],
        sides: [deleted].into_iter().chain(edits).collect(),
        proposal: Some(Proposal {
            winner,
            rule: STILL_WORKED_ON.into(),
        }),
        decider: Role::Manager,
        outcome: None,
    })
}
