//! A customer or a deal was handed to two people by managers who did not know of each other.

use std::collections::BTreeSet;

use crate::case::{Case, CaseKind, Proposal, Side, decider};
use crate::customer::{Handover, ownership};
use crate::document::Document;
use crate::edit::fields;
use crate::kind::Kind;

/// The rule that proposes the handover that was recorded first, and by which one holds until a
/// manager decides.
pub const FIRST_HANDED: &str = "first_handed";

/// The handovers of a customer or a deal that stand beside each other. The case is over when a
/// manager who has seen them hands over again.
pub fn cases(document: &Document) -> Vec<Case> {
    if !matches!(document.kind(), Kind::Customer | Kind::Deal) {
        return Vec::new();
    }
    let standing: Vec<Handover> = ownership::read(document)
        .into_iter()
        .filter(|handover| !handover.superseded)
        .collect();
    let to: BTreeSet<_> = standing.iter().map(|handover| handover.to).collect();
    if to.len() < 2 {
        return Vec::new();
    }
    let sides: Vec<Side> = standing
        .iter()
        .filter_map(|handover| side(document, handover))
        .collect();
    let keys = sides.iter().map(|side| side.key.as_str());
    let id = CaseKind::Handover.id([document.id()], keys);
    let proposal = sides.first().map(|first| Proposal {
        winner: first.key.clone(),
        rule: FIRST_HANDED.into(),
    });
    vec![Case {
        id,
        kind: CaseKind::Handover,
        documents: vec![document.id()],
        sides,
        proposal,
        decider: decider(CaseKind::Handover, document.kind()),
        outcome: None,
    }]
}

fn side(document: &Document, handover: &Handover) -> Option<Side> {
    let fact = document.fact("handover", handover.id)?;
    let shows = fields([
        ("from", handover.from.into()),
        ("to", handover.to.into()),
        ("reason", handover.reason.clone().into()),
    ]);
    let store = document.space().store();
    let provenance = document.provenance(fact)?;
    Some(Side::of_fact(
        document.id(),
        handover.id,
        shows,
        store,
        &provenance,
    ))
}
