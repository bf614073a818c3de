//! A member's device on its disk.

use std::path::PathBuf;

use client_core::{Entropy, Identity, Moment, Replica};
use dealership::Timestamp;
use serde_json::{Value as Json, json};
use sync_protocol::{Backoff, Cursor, Versions};

use crate::chaos::{Dice, SeededEntropy};
use crate::connection::{Direction, Spoiling, chain};
use crate::planted::device::SameActor;
use crate::planted::{self, Bug};

use super::disk::{Disk, Files};
use super::line::Line;
use super::plan::Role;

/// How long a message takes in good weather, in milliseconds.
pub(super) const LATENCY: u64 = 20;

/// A member with a device.
pub(super) struct Member {
    pub(super) role: Role,
    /// What is wrong with the device.
    bug: Option<Bug>,
    pub(super) disk: Disk,
    /// What its program speaks; that of a new device, all there is.
    pub(super) versions: Versions,
    /// `None` while its process does not run.
    pub(super) replica: Option<Replica>,
    pub(super) line: Option<Line>,
    /// How many lines there were.
    pub(super) lines: u64,
    /// The number of the dial that counts.
    pub(super) dial: u64,
    pub(super) backoff: Backoff,
    pub(super) is_online: bool,
    /// Until when nothing arrives.
    pub(super) isolated_until: u64,
    pub(super) latency: u64,
    /// What happens to the next message of a direction.
    pub(super) spoils: Option<(Direction, Spoiling)>,
    pub(super) clock_ahead: i64,
    /// The number of the member whose device is a copy of this one, or the other way round.
    pub(super) twin: Option<usize>,
    /// Where the replica stood when somebody last looked.
    pub(super) cursor: Option<Cursor>,
    /// After how many more long messages from the relay the connection breaks.
    pub(super) cut_after: Option<u64>,
    /// How often its disk had failed when somebody last looked.
    failures: u64,
}

impl Member {
    /// A new device of somebody.
    pub(super) fn new(role: &Role, identity: &Identity, bug: Option<Bug>, dice: &mut Dice) -> Self {
        let mut member = Self::on(Disk::new(), role, bug);
        let (folder, entropy) = (member.disk.folder(), member.entropy(dice));
        let replica = Replica::create(folder, identity, entropy).expect("an empty folder");
        planted::device::plant(bug, &member.database());
        member.replica = Some(replica);
        member
    }

    /// Whose device it is, and what is on its disk once its process has ended.
    pub(super) fn into_parts(mut self) -> (Role, Files) {
        self.replica = None;
        (self.role, self.disk.into_files())
    }

    /// A member whose device has this disk; its process does not run.
    pub(super) fn on(disk: Disk, role: &Role, bug: Option<Bug>) -> Self {
        Self {
            role: role.clone(),
            bug,
            disk,
            versions: Versions::SPOKEN,
            replica: None,
            line: None,
            lines: 0,
            dial: 0,
            backoff: Backoff::default(),
            is_online: true,
            isolated_until: 0,
            latency: LATENCY,
            spoils: None,
            clock_ahead: 0,
            twin: None,
            cursor: None,
            cut_after: None,
            failures: 0,
        }
    }

    /// Starts the device's process.
    pub(super) fn start(&mut self, now: Timestamp, dice: &mut Dice) -> Result<(), String> {
        let entropy = self.entropy(dice);
        let wall = now.plus_millis(self.clock_ahead);
        let opened = Replica::open(self.disk.folder(), entropy, wall, &mut |_| {});
        self.replica = Some(opened.map_err(|error| chain(&error))?);
        Ok(())
    }

    /// What the device's clocks show.
    pub(super) fn moment(&self, monotonic: u64, now: Timestamp) -> Moment {
        Moment {
            monotonic,
            wall: now.plus_millis(self.clock_ahead),
        }
    }

    /// The device's database.
    pub(super) fn database(&self) -> PathBuf {
        self.disk.folder().join("replica.sqlite")
    }

    fn entropy(&self, dice: &mut Dice) -> Box<dyn Entropy> {
        let entropy = SeededEntropy::new(dice.bytes());
        if self.bug == Some(Bug::ActorKept) {
            Box::new(SameActor::new(entropy, *b"the same"))
        } else {
            Box::new(entropy)
        }
    }

    /// The documents that the device has set aside; none while its process does not run.
    pub(super) fn set_aside(&self, now: Timestamp) -> Vec<Json> {
        let status = |replica: &Replica| replica.show("sync_status", json!({}), now);
        let status = self.replica.as_ref().map(status);
        let unreadable = status.and_then(Result::ok);
        let unreadable = unreadable.and_then(|status| status["unreadable"].as_array().cloned());
        unreadable.unwrap_or_default()
    }

    /// Counts a long message of the relay's; whether the connection breaks behind it.
    pub(super) fn is_cut_now(&mut self) -> bool {
        self.cut_after = self.cut_after.map(|left| left - 1);
        self.cut_after.take_if(|left| *left == 0).is_some()
    }

    /// Whether its disk has failed since somebody last asked, so that the replica may fail too.
    pub(super) fn has_excuse(&mut self) -> bool {
        let failures = self.disk.failures();
        let has_failed = failures > self.failures || self.disk.is_dead();
        self.failures = failures;
        has_failed
    }
}
