//! A card was deleted while somebody who did not know worked on it.

use std::collections::BTreeSet;

use crate::access::Role;
use crate::case::{Case, CaseKind, Proposal, Side, Verdict, decider};
use crate::document::{Document, Provenance};
use crate::edit::fields;
use crate::id::{DeviceNumber, DocumentId, FactId};
use crate::kind::Kind;

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
    card.facts("void")
        .filter_map(|void| {
            let deletion = card.provenance(void)?;
            let unaware: Vec<&Work> = work
                .iter()
                .filter(|work| work.change.command != deletion.command)
                .filter(|work| !work.knew_of(card, &deletion) && !work.is_known_to(card, &deletion))
                .collect();
            let case = case(card, void.id, &deletion, &unaware)?;
            let knew_all =
                |ruling: &Provenance| unaware.iter().all(|work| work.is_known_to(card, ruling));
            as_ruled(case, card, void.id, knew_all)
        })
        .collect()
}

/// The case between a deletion and the work beside it, the side of the deletion first; `None`
/// where nobody worked.
pub(super) fn between(document: &Document, deleted: Side, mut work: Vec<Side>) -> Option<Case> {
    let key = deleted.key.clone();
    work.sort_by(|one, other| (one.order, &one.key).cmp(&(other.order, &other.key)));
    let winner = work.first()?.key.clone();
    Some(Case {
        id: CaseKind::DeleteVsEdit.id([document.id()], [key.as_str()]),
        kind: CaseKind::DeleteVsEdit,
        documents: vec![document.id()],
        sides: [deleted].into_iter().chain(work).collect(),
        proposal: Some(Proposal {
            winner,
            rule: STILL_WORKED_ON.into(),
        }),
        decider: decider(CaseKind::DeleteVsEdit, document.kind()),
        outcome: None,
    })
}

/// The case about a deletion as rulings leave it: one decides it whose author `knew_all` the work
/// beside it. `None` where somebody took the deletion back by themselves: nothing is left to
/// decide.
pub(super) fn as_ruled(
    mut case: Case,
    document: &Document,
    deletion: FactId,
    knew_all: impl FnOnce(&Provenance) -> bool,
) -> Option<Case> {
    match Verdict::of(document, case.id) {
        Verdict::Decided(outcome, ruling) => {
            if knew_all(&ruling) {
                case.outcome = Some(outcome);
            }
        }
        Verdict::Contradicted => case.decider = Role::GeneralManager,
        Verdict::None => {
            let mut undone = document.facts("void_undo");
            if undone.any(|undo| undo.parsed("void") == Some(deletion)) {
                return None;
            }
        }
    }
    Some(case)
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
            true => card.author_of(&self.change.change).had_seen(&other.change),
            false => self.change.knew_of(other),
        }
    }

    /// Whether the author of a change of the card knew of it.
    fn is_known_to(&self, card: &Document, other: &Provenance) -> bool {
        match self.document == card.id() {
            true => card.author_of(&other.change).had_seen(&self.change.change),
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
    let shows = fields([("void", void.into())]);
    let store = card.space().store();
    let deleted = Side::of_fact(card.id(), void, shows, store, deletion);
    // What one action wrote into several documents is one side.
    let mut actions = BTreeSet::new();
    let work = unaware
        .iter()
        .filter(|Work { change, .. }| {
            actions.insert((change.device, change.claimed_at, change.command.as_str()))
        })
        .map(|Work { document, change }| Side::of_change(*document, store, change))
        .collect();
    between(card, deleted, work)
}
