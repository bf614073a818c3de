//! Whether everything came to rest, and what must hold then.

use dealership::Author;
use sync_server::relay::Relay;

use crate::invariants;

use super::world::World;

impl World {
    /// Why the groups are not at rest; nothing if they are.
    pub(super) fn unrest(&self) -> Option<String> {
        (0..self.members.len()).find_map(|number| {
            let why = self.unrest_of(number)?;
            Some(format!("{number} {why}"))
        })
    }

    /// Which document a device does not try again.
    pub(super) fn set_aside_for_good(&self) -> Option<String> {
        let now = self.timestamp();
        self.members
            .iter()
            .enumerate()
            .find_map(|(number, member)| {
                let set_aside = member.set_aside(now);
                let lost = set_aside.iter().find(|it| it["tried_again_at"].is_null())?;
                Some(format!(
                    "{number} has set a document aside for good: {lost}"
                ))
            })
    }

    /// Why somebody waits until a document that is set aside is tried again; nothing if nobody does
    /// and all is at rest.
    pub(super) fn unrest_of_any_kind(&self) -> Option<String> {
        let now = self.timestamp();
        let set_aside = self
            .members
            .iter()
            .enumerate()
            .find_map(|(number, member)| {
                // Who was let go connects no more, and waits for nothing.
                self.author(number)?;
                let documents = member.set_aside(now).len();
                (documents > 0).then(|| format!("{number} has set {documents} documents aside"))
            });
        set_aside.or_else(|| self.unrest())
    }

    fn unrest_of(&self, number: usize) -> Option<String> {
        let member = &self.members[number];
        let Some(relay) = &self.sites[member.role.group].relay else {
            return Some("has no relay".to_owned());
        };
        let Some(replica) = &member.replica else {
            return Some("does not run".to_owned());
        };
        // Who was let go waits for nothing.
        self.author(number)?;
        let Some(line) = &member.line else {
            return Some("has no line".to_owned());
        };
        let head = relay.head().seq.0;
        let outbox = replica.outbox_summary().expect("the replica is read");
        if outbox.batches > 0 {
            return Some(format!("has {} batches unsent", outbox.batches));
        }
        let cursor = replica.cursor().expect("the replica is read");
        let read = cursor.map_or(0, |cursor| cursor.seq.0);
        if read != head {
            return Some(format!("has read the log up to {read} of {head}"));
        }
        let is_idle = line.connection.is_idle(replica);
        (!is_idle.expect("the replica is read")).then(|| "is busy".to_owned())
    }

    /// Checks everything that must hold at the end.
    pub(super) fn check_everything(&mut self) {
        let mut violations = Vec::new();
        for (site, verdicts) in self.sites.iter().zip(&self.verdicts) {
            let Some(relay) = &site.relay else { continue };
            let store = relay.store().sound();
            let accepted = &verdicts.accepted;
            violations.extend(invariants::a_relay_is_sound(store));
            violations.extend(invariants::acknowledged_is_kept(
                store,
                accepted,
                |change| verdicts.is_given_up(change),
            ));
            violations.extend(invariants::refused_is_not_kept(store, &verdicts.refused));
            let mut lost = verdicts.lost.keys();
            if lost.any(|(document, hash)| invariants::is_kept(store, *document, hash)) {
                self.seen.note("what a restored relay lost comes back");
            }
        }
        for number in 0..self.members.len() {
            self.audit(number);
            let found = self.check_member(number);
            violations.extend(found.into_iter().map(|text| format!("{text}, at {number}")));
        }
        for violation in violations {
            self.violated(violation);
        }
    }

    fn check_member(&mut self, number: usize) -> Vec<String> {
        let now = self.timestamp();
        let author = self.author(number);
        let member = &mut self.members[number];
        let database = member.database();
        let relay = self.sites[member.role.group].relay.as_ref();
        let (Some(relay), Some(replica)) = (relay, member.replica.as_mut()) else {
            return vec!["I15: does not run".to_owned()];
        };
        let mut found = invariants::a_replica_is_sound(replica);
        let store = relay.store().sound();
        let verdicts = &self.verdicts[member.role.group];
        // What a restored relay has lost is looked for change by change.
        if verdicts.lost.is_empty() {
            found.extend(self.saved[number].forgotten(store));
        }
        let refused = &verdicts.refused;
        found.extend(invariants::refused_came_to_nobody(&database, refused));
        if let Some(author) = author {
            let states = invariants::states_at_relay(store, &author.spaces);
            found.extend(invariants::a_replica_holds(replica, &states));
            found.extend(invariants::a_vehicle_is_sold_once(replica, now));
        }
        if let Ok(states) = replica.states() {
            for (document, state) in states {
                self.trace.add(0, document.as_bytes());
                self.trace.add(0, &state);
            }
        }
        found
    }

    /// What the relay says that a member may do; nothing if it no longer lets them in.
    pub(super) fn author(&self, number: usize) -> Option<Author> {
        let member = &self.members[number];
        let relay: &Relay<_> = self.sites[member.role.group].relay.as_ref()?;
        let device = member.replica.as_ref()?.identity().device;
        let author = relay.front_desk().author(device);
        author.expect("the store is read")
    }
}
