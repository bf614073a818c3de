//! What a device wrote whose clock was wrong.

use std::collections::BTreeMap;

use crate::case::{Case, CaseKind, Side, Verdict, decider};
use crate::document::{Document, Provenance};
use crate::edit::fields;
use crate::id::DeviceNumber;
use crate::order::OrderTime;

/// For each device with a wrong clock that wrote into a document, the case that somebody should
/// look at what it dated. It opens again when more of it comes.
pub fn cases(document: &Document) -> Vec<Case> {
    let mut by_device: BTreeMap<DeviceNumber, Vec<Provenance>> = BTreeMap::new();
    for change in document.history() {
        if change.receipt.is_some_and(|receipt| !receipt.clock_trusted) {
            by_device.entry(change.device).or_default().push(change);
        }
    }
    by_device
        .into_iter()
        .filter_map(|(device, changes)| case(document, device, &changes))
        .collect()
}

fn case(document: &Document, device: DeviceNumber, changes: &[Provenance]) -> Option<Case> {
    let first = changes
        .iter()
        .min_by_key(|change| (OrderTime::of(change), change.change))?;
    let key = device.to_string();
    let id = CaseKind::Clock.id([document.id()], [key.as_str()]);
    let mut case = Case {
        id,
        kind: CaseKind::Clock,
        documents: vec![document.id()],
        sides: vec![Side {
            key,
            document: document.id(),
            fact: None,
            shows: fields([
                (
                    "changes",
                    i64::try_from(changes.len()).unwrap_or(i64::MAX).into(),
                ),
                ("claimed_at", first.claimed_at.into()),
                (
                    "received_at",
                    first.receipt.map(|receipt| receipt.received_at).into(),
                ),
            ]),
            staff: first.staff,
            device,
            store: document.space().store(),
            order: OrderTime::of(first),
        }],
        proposal: None,
        decider: decider(CaseKind::Clock, document.kind()),
        outcome: None,
    };
    if let Verdict::Decided(outcome, ruling) = Verdict::of(document, id)
        && changes
            .iter()
            .all(|change| document.author_of(&ruling.change).had_seen(&change.change))
    {
        case.outcome = Some(outcome);
    }
    Some(case)
}
