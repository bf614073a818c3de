//! Devices that are lost, and those that their owners get instead.

use crate::group;

use super::dues::Due;
use super::ledger::Saved;
use super::member::Member;
use super::world::World;

impl World {
    /// A device is lost with all that was not sent, and its owner gets a new one, if the relay is
    /// there to enrol it and somebody may have one.
    pub(super) fn replace(&mut self, number: usize) {
        let (now, at) = (self.timestamp(), self.now);
        let role = self.members[number].role.clone();
        let may_enrol = self.members[number].twin.is_none() && self.author(number).is_some();
        let site = &mut self.sites[role.group];
        // Whoever enrols a device has looked after the relay.
        site.disk.mend();
        let Some(relay) = site.relay.as_mut().filter(|_| may_enrol) else {
            return;
        };
        let identity = group::enrol(relay, now, &role.name, self.dice.bytes());
        // A backup from before does not know the device, and somebody would have to enrol it again.
        site.backup = None;
        let mut device = Member::new(&role, &identity, self.bug, &mut self.dice);
        let lost = &self.members[number];
        let dial = lost.dial + 1;
        (device.dial, device.lines) = (dial, lost.lines);
        self.members[number] = device;
        self.saved[number] = Saved::default();
        self.strike(number);
        self.seen.note("a device is lost and replaced");
        let member = number;
        self.dues.put(at + 1, Due::Dial { member, dial });
        self.publish(role.group);
    }
}
