//! Who holds a vehicle against whom: what the relay asks before it confirms, and a command before
//! it writes a claim.

use super::{Standing, everything};
use crate::claim::{Claim, Strength};
use crate::id::{DealId, FactId, StaffId};
use crate::pack::{Pack, PackFact, PackState};
use crate::refusal::Hold;
use crate::time::Timestamp;

impl Standing<'_> {
    /// The packs that hold the vehicle for their teams.
    pub(crate) fn holding_packs(&self) -> impl Iterator<Item = &PackFact> {
        self.packs
            .values()
            .filter(|pack| self.pack_holds(pack, &everything))
    }

    /// A pack that holds the vehicle against a claim, if one does. Nothing does against a claim
    /// from a confirmed pack: another pack waits for its release.
    pub(crate) fn pack_against(&self, claim: &Claim) -> Option<FactId> {
        if self.confirmed_pack_of(claim).is_some() {
            return None;
        }
        self.holding_packs()
            .find(|pack| !pack.team.contains(&claim.staff))
            .map(|pack| pack.id)
    }

    /// Who keeps a person from claiming the vehicle for a deal, if somebody does: a standing claim
    /// of another deal, and for a hard claim a pack of a team that the person is not in.
    ///
    /// From one's own confirmed pack, in its window, one may claim although somebody outside did
    /// who had not known of the pack.
    pub(crate) fn hold_against(
        &self,
        deal: DealId,
        staff: StaffId,
        strength: Strength,
        now: Timestamp,
    ) -> Option<Hold> {
        if strength == Strength::Look {
            return None;
        }
        let packs = self.packs();
        let own_pack = packs
            .iter()
            .find(|pack| {
                pack.state == PackState::Confirmed && pack.team.contains(&staff) && pack.is_on(now)
            })
            .and_then(|pack| self.packs.get(&pack.id));
        let holds = |claim: &&&Claim| {
            claim.deal != deal
                && (self.invoiced() == Some(claim.id)
                    || own_pack.is_none_or(|pack| {
                        let fact = self.claims.get(&claim.id);
                        fact.is_none_or(|fact| self.holds_against_team(fact, pack))
                    }))
        };
        if let Some(claim) = self.contenders().iter().find(holds) {
            return Some(claim.hold());
        }
        let foreign = packs
            .iter()
            .find(|pack| pack.holds() && !pack.team.contains(&staff))
            .map(Pack::hold);
        foreign.filter(|_| strength == Strength::Hard && own_pack.is_none())
    }
}
