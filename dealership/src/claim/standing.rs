//! Which claims and packs of a vehicle stand, worked out from what each author had seen.
//!
//! Facts are visited so that each comes after what its author had seen. Whether one is barred
//! depends on those before it alone, so every replica that holds a fact says the same of it, in
//! whatever order the changes came.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use automerge::ChangeHash;

use super::{Claim, ClaimEndReason, ClaimState, Strength};
use crate::document::Document;
use crate::id::{DealId, FactId, StaffId};
use crate::pack::{Pack, PackFact, PackState};
use crate::ruling::Ruling;

mod hold;
mod reading;

/// The claims and packs of one vehicle with all that bears on them.
pub(crate) struct Standing<'d> {
    document: &'d Document,
    claims: BTreeMap<FactId, ClaimFact>,
    packs: BTreeMap<FactId, PackFact>,
    /// Claims that no longer hold from some change on.
    ends: BTreeMap<FactId, Vec<End>>,
    /// Packs that no longer hold from some change on.
    releases: BTreeMap<FactId, Vec<ChangeHash>>,
    /// Valid rulings between claims, each after those that it had seen.
    awards: Vec<Award>,
    /// The claims and packs that the relay confirmed, since which changes.
    confirmed: BTreeMap<FactId, Vec<ChangeHash>>,
    invoiced: Option<Invoiced>,
    barred: BTreeSet<FactId>,
    disputed: bool,
}

/// A claim as it was written.
struct ClaimFact {
    id: FactId,
    strength: Strength,
    deal: DealId,
    named_pack: Option<FactId>,
    claim: Claim,
    change: ChangeHash,
    /// To whom it went, each after what its author had seen.
    handovers: Vec<Handover>,
}

struct Handover {
    change: ChangeHash,
    to: StaffId,
}

struct End {
    change: ChangeHash,
    reason: ClaimEndReason,
}

/// A ruling for one claim and against all others that its author had seen.
struct Award {
    ruling: FactId,
    change: ChangeHash,
    /// The claims that stood in the author's sight.
    sides: Vec<FactId>,
    winner: FactId,
    deal: DealId,
    against: BTreeSet<FactId>,
}

/// The claim that is final, since which change.
#[derive(Clone, Copy)]
struct Invoiced {
    claim: FactId,
    change: ChangeHash,
}

/// What is visited in the order of seeing.
enum Visit<'r> {
    Ruling(&'r Ruling),
    Pack(FactId),
    Claim(FactId),
}

impl<'d> Standing<'d> {
    /// Works it out.
    pub(crate) fn of(document: &'d Document) -> Self {
        let mut standing = Self {
            document,
            claims: BTreeMap::new(),
            packs: BTreeMap::new(),
            ends: BTreeMap::new(),
            releases: BTreeMap::new(),
            awards: Vec::new(),
            confirmed: BTreeMap::new(),
            invoiced: None,
            barred: BTreeSet::new(),
            disputed: false,
        };
        standing.read_claims();
        standing.read_packs();
        standing.confirmed = standing.find_confirmed();
        standing.invoiced = standing.find_invoiced();
        standing.visit(&Ruling::all(document));
        standing.disputed = standing.finds_rivals();
        let judged: Vec<_> = standing
            .claims
            .values()
            .map(|fact| (fact.id, standing.pack_of(fact), standing.state_of(fact)))
            .collect();
        for (id, pack, (state, end_reason)) in judged {
            if let Some(fact) = standing.claims.get_mut(&id) {
                fact.claim.pack = pack;
                fact.claim.state = state;
                fact.claim.end_reason = end_reason;
            }
        }
        standing
    }

    /// Every claim, the earlier order time first.
    pub(crate) fn claims(&self) -> Vec<Claim> {
        let mut claims: Vec<_> = self
            .claims
            .values()
            .map(|fact| fact.claim.clone())
            .collect();
        claims.sort_by_key(|claim| (claim.order, claim.id));
        claims
    }

    /// Every pack, in order of ids.
    pub(crate) fn packs(&self) -> Vec<Pack> {
        self.packs
            .values()
            .map(|fact| {
                let state = if self.barred.contains(&fact.id) {
                    PackState::Barred
                } else if self.released(fact.id, &everything) {
                    PackState::Released
                } else if self.is_confirmed(fact.id) {
                    PackState::Confirmed
                } else {
                    PackState::Provisional
                };
                fact.pack(state)
            })
            .collect()
    }

    /// The hard claims that stand, the one that should hold the vehicle first; more than one deal
    /// among them is a dispute.
    pub(crate) fn contenders(&self) -> Vec<&Claim> {
        let standing = self
            .claims
            .values()
            .filter(|fact| self.stands(fact, &everything))
            .map(|fact| &fact.claim);
        self.ranked(standing)
    }

    /// Each ruling that counts, in the order of seeing, with the claims between which its author
    /// chose, ranked as [`Self::contenders`] are.
    pub(crate) fn rulings(&self) -> impl Iterator<Item = (FactId, Vec<&Claim>)> {
        self.awards.iter().map(|award| {
            let sides = award.sides.iter().filter_map(|id| self.claim(*id));
            (award.ruling, self.ranked(sides))
        })
    }

    /// Whether standing claims of two deals are rivals.
    pub(crate) const fn is_disputed(&self) -> bool {
        self.disputed
    }

    /// The claim that is final, if one is.
    pub(crate) fn invoiced(&self) -> Option<FactId> {
        self.invoiced.map(|final_| final_.claim)
    }

    /// One claim.
    pub(crate) fn claim(&self, id: FactId) -> Option<&Claim> {
        self.claims.get(&id).map(|fact| &fact.claim)
    }

    /// Whether the relay already confirmed a claim or a pack.
    pub(crate) fn is_confirmed(&self, id: FactId) -> bool {
        self.confirmed.contains_key(&id)
    }

    /// The confirmed pack that a claim was made from, if it was.
    pub(crate) fn confirmed_pack_of(&self, claim: &Claim) -> Option<FactId> {
        claim.pack.filter(|pack| self.is_confirmed(*pack))
    }

    /// A final claim comes first, then those made from a confirmed pack; among equals the earlier
    /// order time, then the lower id.
    fn ranked<'s>(&self, claims: impl Iterator<Item = &'s Claim>) -> Vec<&'s Claim> {
        let mut ranked: Vec<_> = claims.collect();
        ranked.sort_by_key(|claim| {
            let invoiced = self.invoiced() == Some(claim.id);
            let packed = self.confirmed_pack_of(claim).is_some();
            (Reverse(invoiced), Reverse(packed), claim.order, claim.id)
        });
        ranked
    }

    fn visit(&mut self, rulings: &[Ruling]) {
        // Whoever has seen a fact has seen more changes than its author had.
        let ancestry = self.document.ancestry();
        let place = |change: &ChangeHash| ancestry.changes_seen(change);
        let mut visits: Vec<((u64, u8, FactId), Visit<'_>)> = Vec::new();
        for ruling in rulings {
            let key = (place(&ruling.provenance.change), 0, ruling.id);
            visits.push((key, Visit::Ruling(ruling)));
        }
        for pack in self.packs.values() {
            visits.push(((place(&pack.change), 1, pack.id), Visit::Pack(pack.id)));
        }
        for claim in self.claims.values() {
            if claim.strength == Strength::Hard {
                visits.push(((place(&claim.change), 2, claim.id), Visit::Claim(claim.id)));
            }
        }
        visits.sort_by_key(|(key, _)| *key);
        // What was not visited yet must not count within the same change.
        let mut visited = BTreeSet::new();
        for (_, visit) in visits {
            match visit {
                Visit::Ruling(ruling) => self.award(ruling),
                Visit::Pack(id) => {
                    if self.pack_is_barred(id, &visited) {
                        self.barred.insert(id);
                    }
                    visited.insert(id);
                }
                Visit::Claim(id) => {
                    if self.claim_is_barred(id, &visited) {
                        self.barred.insert(id);
                    }
                    visited.insert(id);
                }
            }
        }
    }

    /// A ruling counts if it chooses a hard claim that its author had seen, had not seen ended and
    /// had not seen beside a final one; then every other deal's claim that was in sight has lost.
    fn award(&mut self, ruling: &Ruling) {
        let change = ruling.provenance.change;
        let Some(winner) = ruling.winner.and_then(|id| self.claims.get(&id)) else {
            return;
        };
        let seen = |other: &ChangeHash| self.document.author_of(&change).had_seen(other);
        let eligible = winner.strength == Strength::Hard
            && seen(&winner.change)
            && !self.barred.contains(&winner.id)
            && !self.ended(winner.id, &seen)
            && self
                .invoiced
                .is_none_or(|final_| final_.claim == winner.id || !seen(&final_.change));
        if !eligible {
            return;
        }
        let against = self
            .claims
            .values()
            .filter(|claim| claim.deal != winner.deal && seen(&claim.change))
            .map(|claim| claim.id)
            .collect();
        let sides = self
            .claims
            .values()
            .filter(|claim| self.stands(claim, &seen))
            .map(|claim| claim.id)
            .collect();
        let award = Award {
            ruling: ruling.id,
            change,
            sides,
            winner: winner.id,
            deal: winner.deal,
            against,
        };
        self.awards.push(award);
    }

    fn pack_is_barred(&self, id: FactId, visited: &BTreeSet<FactId>) -> bool {
        let Some(pack) = self.packs.get(&id) else {
            return false;
        };
        let seen = |other: &ChangeHash| self.document.author_of(&pack.change).had_seen(other);
        let packed = self
            .packs
            .values()
            .any(|other| visited.contains(&other.id) && self.pack_holds(other, &seen));
        packed
            || self
                .claims
                .values()
                .any(|claim| visited.contains(&claim.id) && self.stands(claim, &seen))
    }

    fn claim_is_barred(&self, id: FactId, visited: &BTreeSet<FactId>) -> bool {
        let Some(claim) = self.claims.get(&id) else {
            return false;
        };
        let seen = |other: &ChangeHash| self.document.author_of(&claim.change).had_seen(other);
        let own_pack = self
            .pack_of(claim)
            .filter(|pack| self.confirmed_in(*pack, &seen))
            .and_then(|pack| self.packs.get(&pack));
        let foreign_pack = self.packs.values().any(|pack| {
            visited.contains(&pack.id)
                && !pack.team.contains(&claim.claim.staff)
                && self.pack_holds(pack, &seen)
        });
        // Two packs of one vehicle are not both confirmed: the other waits for the release.
        if foreign_pack && own_pack.is_none() {
            return true;
        }
        self.claims.values().any(|other| {
            visited.contains(&other.id)
                && other.deal != claim.deal
                && self.stands(other, &seen)
                && own_pack.is_none_or(|pack| self.holds_against_team(other, pack))
        })
    }

    /// Whether a claim holds against the team of a pack once the pack is confirmed. A team-mate's
    /// does, from the pack or not. Somebody's from outside who had not known of the pack does not:
    /// it waits for the release, or the two become a case.
    fn holds_against_team(&self, claim: &ClaimFact, pack: &PackFact) -> bool {
        let author = self.document.author_of(&claim.change);
        author.had_seen(&pack.change) || pack.team.contains(&claim.claim.staff)
    }

    /// The pack that a claim was made from, if it counts: see [`super`].
    fn pack_of(&self, claim: &ClaimFact) -> Option<FactId> {
        let pack = self.packs.get(&claim.named_pack?)?;
        let seen = |other: &ChangeHash| self.document.author_of(&claim.change).had_seen(other);
        let order = &claim.claim.order;
        let counts = claim.strength == Strength::Hard
            && pack.team.contains(&claim.claim.staff)
            && self.pack_holds(pack, &seen)
            && order.may_have_been_within(pack.from, pack.until);
        counts.then_some(pack.id)
    }

    /// Whether a hard claim holds in the view of someone who has seen some changes.
    fn stands(&self, claim: &ClaimFact, seen: &dyn Fn(&ChangeHash) -> bool) -> bool {
        if claim.strength != Strength::Hard
            || self.barred.contains(&claim.id)
            || !seen(&claim.change)
        {
            return false;
        }
        let invoiced = self
            .invoiced
            .is_some_and(|final_| final_.claim == claim.id && seen(&final_.change));
        invoiced || !(self.ended(claim.id, seen) || self.ruled_against(claim.id, seen))
    }

    fn pack_holds(&self, pack: &PackFact, seen: &dyn Fn(&ChangeHash) -> bool) -> bool {
        !self.barred.contains(&pack.id) && seen(&pack.change) && !self.released(pack.id, seen)
    }

    fn confirmed_in(&self, id: FactId, seen: &dyn Fn(&ChangeHash) -> bool) -> bool {
        self.confirmed
            .get(&id)
            .is_some_and(|changes| changes.iter().any(seen))
    }

    fn released(&self, pack: FactId, seen: &dyn Fn(&ChangeHash) -> bool) -> bool {
        self.releases
            .get(&pack)
            .is_some_and(|releases| releases.iter().any(seen))
    }

    fn ended(&self, claim: FactId, seen: &dyn Fn(&ChangeHash) -> bool) -> bool {
        self.ends
            .get(&claim)
            .is_some_and(|ends| ends.iter().any(|end| seen(&end.change)))
    }

    fn ruled_against(&self, claim: FactId, seen: &dyn Fn(&ChangeHash) -> bool) -> bool {
        self.awards_in_force(seen)
            .iter()
            .any(|award| award.against.contains(&claim))
    }

    fn chosen(&self, claim: FactId) -> bool {
        self.awards_in_force(&everything)
            .iter()
            .any(|award| award.winner == claim)
    }

    /// The last rulings that somebody has seen. Where the last ones contradict each other,
    /// neither counts and those that both had seen stay in force.
    fn awards_in_force(&self, seen: &dyn Fn(&ChangeHash) -> bool) -> Vec<&Award> {
        let mut known: Vec<_> = self
            .awards
            .iter()
            .filter(|award| seen(&award.change))
            .collect();
        loop {
            let last = self
                .document
                .heads_by_seeing(known.iter().copied(), |award| award.change);
            let agree = last
                .first()
                .is_none_or(|first| last.iter().all(|award| award.deal == first.deal));
            if agree {
                return last;
            }
            known.retain(|award| {
                last.iter().all(|later| {
                    let author = self.document.author_of(&later.change);
                    later.change != award.change && author.had_seen(&award.change)
                })
            });
        }
    }

    fn finds_rivals(&self) -> bool {
        let mut deals = self
            .claims
            .values()
            .filter(|fact| self.stands(fact, &everything))
            .map(|fact| fact.deal);
        deals
            .next()
            .is_some_and(|first| deals.any(|deal| deal != first))
    }

    fn state_of(&self, fact: &ClaimFact) -> (ClaimState, Option<ClaimEndReason>) {
        let id = fact.id;
        if self.invoiced() == Some(id) {
            return (ClaimState::Final, None);
        }
        if self.barred.contains(&id) {
            return (ClaimState::Barred, None);
        }
        // Several ends may be concurrent: a conversion says the most, then the first reason.
        let reason = self
            .ends
            .get(&id)
            .and_then(|ends| ends.iter().map(|end| end.reason).max_by_key(rank));
        if let Some(reason) = reason {
            let state = match reason {
                ClaimEndReason::Converted => ClaimState::Converted,
                _ => ClaimState::Released,
            };
            return (state, Some(reason));
        }
        if fact.strength != Strength::Hard {
            return (ClaimState::Active, None);
        }
        if self.ruled_against(id, &everything) {
            return (ClaimState::LostDispute, None);
        }
        let settled = (self.is_confirmed(id) || self.chosen(id)) && !self.disputed;
        let state = if settled {
            ClaimState::Confirmed
        } else {
            ClaimState::Provisional
        };
        (state, None)
    }
}

fn rank(reason: &ClaimEndReason) -> (bool, Reverse<ClaimEndReason>) {
    (*reason == ClaimEndReason::Converted, Reverse(*reason))
}

/// The view of this replica: all that it holds.
fn everything(_: &ChangeHash) -> bool {
    true
}
