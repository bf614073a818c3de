//! What the facts of a vehicle's document say about its claims and packs, before anything is
//! judged by it.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ChangeHash;

use super::{ClaimFact, End, Handover, Invoiced, Standing};
use crate::claim::{Claim, ClaimEndReason, ClaimState, Strength};
use crate::document::{Document, Fact, Provenance};
use crate::id::{FactId, StaffId};
use crate::order::OrderTime;
use crate::pack::PackFact;
use crate::time::Timestamp;

impl Standing<'_> {
    /// Takes in the claims, and what ends them.
    pub(super) fn read_claims(&mut self) {
        for fact in self.document.facts("claim") {
            if let Some(claim) = claim_fact(self.document, fact) {
                self.claims.insert(fact.id, claim);
            }
        }
        self.hand_over();
        for name in ["claim_end", "claim_revocation"] {
            for fact in self.document.facts(name) {
                let Some(claim) = fact.parsed("claim").and_then(|id| self.claims.get(&id)) else {
                    continue;
                };
                let Some(provenance) = self.document.provenance(fact) else {
                    continue;
                };
                // The gate lets managers alone write revocations, and cannot tell whose claim an
                // end names: another's has no effect.
                let author = self.document.author_of(&provenance.change);
                let seen = |other: &ChangeHash| author.had_seen(other);
                let theirs = name == "claim_revocation"
                    || provenance.staff == claim.owner_in(&seen)
                    || provenance.staff == StaffId::RELAY;
                if !theirs || !author.had_seen(&claim.change) {
                    continue;
                }
                let reason = fact.parsed("reason").unwrap_or(ClaimEndReason::Released);
                let change = provenance.change;
                self.ends
                    .entry(claim.id)
                    .or_default()
                    .push(End { change, reason });
            }
        }
    }

    /// Takes in whose the claims became when their deals were handed over.
    fn hand_over(&mut self) {
        let mut handovers: Vec<_> = self
            .document
            .facts("claim_handover")
            .filter_map(|fact| {
                let made = self.document.provenance(fact)?;
                // What its author had seen stands before it.
                let place = self.document.ancestry().changes_seen(&made.change);
                let handover = Handover {
                    change: made.change,
                    to: fact.parsed("to")?,
                };
                Some(((place, fact.id), fact.parsed("claim")?, handover))
            })
            .collect();
        handovers.sort_by_key(|(place, ..)| *place);
        for (_, claim, handover) in handovers {
            let claim: FactId = claim;
            if let Some(claim) = self.claims.get_mut(&claim) {
                claim.claim.owner = handover.to;
                claim.handovers.push(handover);
            }
        }
    }

    /// Takes in the packs, and what releases them.
    pub(super) fn read_packs(&mut self) {
        for fact in self.document.facts("pack") {
            if let Some(pack) = PackFact::read(self.document, fact) {
                self.packs.insert(fact.id, pack);
            }
        }
        for fact in self.document.facts("pack_release") {
            let Some(pack) = fact.parsed("pack").and_then(|id| self.packs.get(&id)) else {
                continue;
            };
            let Some(provenance) = self.document.provenance(fact) else {
                continue;
            };
            let author = self.document.author_of(&provenance.change);
            if author.had_seen(&pack.change) {
                self.releases
                    .entry(pack.id)
                    .or_default()
                    .push(provenance.change);
            }
        }
    }

    /// The claims and packs that the relay confirmed, with the changes that say so. A confirmation is of the fact that its
    /// change had seen, not of whatever bears the id by now.
    pub(super) fn find_confirmed(&self) -> BTreeMap<FactId, Vec<ChangeHash>> {
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for fact in self.document.facts("confirmation") {
            let (Some(id), Some(made)) = (fact.parsed("claim"), self.document.provenance(fact))
            else {
                continue;
            };
            let claim = self.claims.get(&id).map(|claim| &claim.change);
            let confirmed = claim.or_else(|| self.packs.get(&id).map(|pack| &pack.change));
            let relay = self.document.author_of(&made.change);
            if confirmed.is_some_and(|change| relay.had_seen(change)) {
                found.entry(id).or_default().push(made.change);
            }
        }
        found
    }

    /// The first final in the log that nobody reversed. The relay accepts no second one, and what
    /// it has not accepted is not final.
    pub(super) fn find_invoiced(&self) -> Option<Invoiced> {
        let reversed = ids_named(self.document, "final_reversal", "final");
        self.document
            .facts("final")
            .filter(|fact| !reversed.contains(&fact.id))
            .filter_map(|fact| {
                let claim = self.claims.get(&fact.parsed("claim")?)?;
                let provenance = self.document.provenance(fact)?;
                let seq = provenance.receipt?.seq;
                let author = self.document.author_of(&provenance.change);
                (claim.strength == Strength::Hard && author.had_seen(&claim.change)).then_some((
                    seq,
                    fact.id,
                    Invoiced {
                        claim: claim.id,
                        change: provenance.change,
                    },
                ))
            })
            .min_by_key(|(seq, id, _)| (*seq, *id))
            .map(|(_, _, invoiced)| invoiced)
    }
}

/// The ids that the facts of one name refer to.
fn ids_named(document: &Document, name: &str, field: &str) -> BTreeSet<FactId> {
    document
        .facts(name)
        .filter_map(|fact| fact.parsed(field))
        .collect()
}

fn claim_fact(document: &Document, fact: &Fact) -> Option<ClaimFact> {
    let provenance = document.provenance(fact)?;
    let strength = fact.parsed("strength")?;
    let deal = fact.parsed("deal")?;
    let order = OrderTime::of(&provenance);
    let Provenance {
        change,
        staff,
        device,
        ..
    } = provenance;
    let claim = Claim {
        id: fact.id,
        strength,
        deal,
        staff,
        owner: staff,
        device,
        store: fact.parsed("store"),
        deposit: fact.flag("deposit"),
        pack: None,
        order,
        until: ends_by_itself(strength, fact, &order),
        state: ClaimState::Provisional,
        end_reason: None,
    };
    Some(ClaimFact {
        id: fact.id,
        strength,
        deal,
        named_pack: fact.parsed("pack"),
        claim,
        change,
        handovers: Vec::new(),
    })
}

impl ClaimFact {
    /// Whose the claim is in the view of someone who has seen some changes.
    fn owner_in(&self, seen: &dyn Fn(&ChangeHash) -> bool) -> StaffId {
        self.handovers
            .iter()
            .rfind(|handover| seen(&handover.change))
            .map_or(self.claim.staff, |handover| handover.to)
    }
}

/// A claim's life is the difference of two readings of one clock, which no skew changes, and is
/// counted from its order time: a clock that runs a year ahead holds nothing for a year.
fn ends_by_itself(strength: Strength, fact: &Fact, order: &OrderTime) -> Option<Timestamp> {
    let default = strength.default_hours()? * 3_600_000;
    let longest = Strength::MAX_HOURS * 3_600_000;
    let life = match (fact.int("at"), fact.int("expires")) {
        (Some(at), Some(expires)) => expires.saturating_sub(at).clamp(0, longest),
        _ => default,
    };
    Some(order.instant().plus_millis(life))
}
