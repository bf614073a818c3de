//! Two deals hold one vehicle, neither having known of the other.

use std::collections::BTreeMap;

use crate::access::Role;
use crate::case::{Case, CaseKind, Proposal, Side, decider};
use crate::claim::{Claim, ClaimState, Standing};
use crate::document::Document;
use crate::edit::fields;
use crate::id::CaseId;
use crate::kind::Kind;
use crate::ruling::Ruling;

/// The double sales of a vehicle: the open one first, then those that rulings decided.
///
/// The sides are the claims that stood, the proposed winner first; a rival that comes later makes
/// it another case. Rulings that contradict each other decide nothing, and the case goes up to
/// the general manager.
pub fn cases(document: &Document) -> Vec<Case> {
    if document.kind() != Kind::Vehicle {
        return Vec::new();
    }
    let standing = Standing::of(document);
    let rulings: BTreeMap<_, _> = Ruling::all(document)
        .into_iter()
        .map(|ruling| (ruling.id, ruling))
        .collect();
    let mut decided = BTreeMap::new();
    for (ruling, sides) in standing.rulings() {
        if let (Some(mut case), Some(ruling)) =
            (between(document, &standing, &sides), rulings.get(&ruling))
        {
            case.outcome = Some(ruling.outcome());
            decided.insert(case.id, case);
        }
    }
    let mut cases = Vec::new();
    if let Some(mut open) = between(document, &standing, &standing.contenders()) {
        if decided.remove(&open.id).is_some() {
            open.decider = Role::GeneralManager;
        }
        cases.push(open);
    }
    cases.extend(decided.into_values());
    cases
}

/// The id of the case between these claims of a vehicle.
pub(crate) fn id(document: &Document, sides: &[&Claim]) -> CaseId {
    let keys: Vec<_> = sides.iter().map(|claim| claim.id.to_string()).collect();
    CaseKind::DoubleVin.id([document.id()], keys.iter().map(String::as_str))
}

/// The case between ranked claims, if they are of two deals.
fn between(document: &Document, standing: &Standing<'_>, ranked: &[&Claim]) -> Option<Case> {
    let first = ranked.first()?;
    let rival = ranked.iter().find(|claim| claim.deal != first.deal)?;
    Some(Case {
        id: id(document, ranked),
        kind: CaseKind::DoubleVin,
        documents: vec![document.id()],
        sides: ranked
            .iter()
            .filter_map(|claim| side(document, claim))
            .collect(),
        proposal: Some(Proposal {
            winner: first.id.to_string(),
            rule: rule(standing, first, rival),
        }),
        decider: decider(CaseKind::DoubleVin, document.kind()),
        outcome: None,
    })
}

fn side(document: &Document, claim: &Claim) -> Option<Side> {
    let fact = document.fact("claim", claim.id)?;
    let provenance = document.provenance(fact)?;
    let shows = fields([
        ("strength", claim.strength.code().into()),
        ("deal", claim.deal.to_string().into()),
        ("deposit", claim.deposit.into()),
        ("pack", claim.pack.map(|id| id.to_string()).into()),
        ("state", claim.state.code().into()),
    ]);
    let document = document.id();
    Some(Side::of_fact(
        document,
        claim.id,
        shows,
        claim.store,
        &provenance,
    ))
}

/// The rule by which the first goes before the other: `final`, `pack` or `order_time_<basis>`.
fn rule(standing: &Standing<'_>, first: &Claim, rival: &Claim) -> String {
    let pack = standing.confirmed_pack_of(first);
    if first.state == ClaimState::Final {
        "final".to_owned()
    } else if pack.is_some() && pack != standing.confirmed_pack_of(rival) {
        "pack".to_owned()
    } else {
        format!("order_time_{}", first.order.basis(&rival.order).code())
    }
}
