//! Devices that are copied onto others, and go on as two.

use client_core::Replica;

use super::disk::Disk;
use super::dues::Due;
use super::member::Member;
use super::world::World;

impl World {
    /// Copies a member's device, as it is, onto a new one; both go on with one identity, the old one
    /// without a network until it returns to it.
    pub(super) fn copy(&mut self, number: usize) {
        let (now, at) = (self.timestamp(), self.now);
        let member = &self.members[number];
        let Some(replica) = member.replica.as_ref().filter(|_| member.twin.is_none()) else {
            return;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let backup = folder.path().join("backup");
        let disk = Disk::new();
        replica
            .backup(&backup, &mut |_| {})
            .expect("nothing stands against a backup");
        Replica::restore(disk.folder(), &backup, &mut |_| {}).expect("a backup");
        let mut twin = Member::on(disk, &member.role, self.bug);
        twin.twin = Some(number);
        twin.start(now, &mut self.dice).expect("a copy");
        let twin_number = self.members.len();
        self.members[number].twin = Some(twin_number);
        self.members.push(twin);
        let saved = self.saved[number].clone();
        self.saved.push(saved);
        self.seen.note("a device is copied");
        // The old one goes into a drawer; somebody takes it out again.
        (self.members[number].is_online, self.members[number].line) = (false, None);
        let member = twin_number;
        self.dues.put(at + 1, Due::Dial { member, dial: 0 });
    }
}
