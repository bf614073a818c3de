//! How every world begins: its groups are founded, have something to work with, and everybody has
//! all of it.
//!
//! Nothing goes wrong until then, so it is played a few times in a process and not for every seed.
//! What is on the disks at its end is kept, and a world begins with copies of these: all its
//! processes start.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde_json::{Value as Json, json};
use sync_protocol::{OLDEST_PROTOCOL_VERSION, Versions};
use sync_server::relay::RelayKey;

use crate::chaos::Dice;
use crate::commands::{Made, opening};
use crate::group;
use crate::planted::{self, Bug};

use super::disk::{Disk, Files};
use super::dues::{Due, Dues};
use super::generate::{CHAOS, everybody};
use super::ledger::{Saved, Verdicts};
use super::member::Member;
use super::plan::{Event, Plan, Role};
use super::seen::Seen;
use super::site::Site;
use super::trace::Trace;
use super::world::{World, instant};

/// How many are played, with other ids each.
const OPENINGS: usize = 4;

/// When each part is played, in milliseconds.
const PARTS: [u64; 3] = [2_000, 20_000, 40_000];

/// An opening that was played.
struct Opening {
    relays: Vec<(RelayKey, Files)>,
    devices: Vec<(Role, Files)>,
    made: Vec<Made>,
    /// What each device promised.
    saved: Vec<Saved>,
    verdicts: Vec<Verdicts>,
}

impl Opening {
    /// The opening of a seed.
    fn of_seed(seed: u64) -> &'static Self {
        static PLAYED: [OnceLock<Opening>; OPENINGS] = [const { OnceLock::new() }; OPENINGS];
        let number = seed % OPENINGS as u64;
        PLAYED[number as usize].get_or_init(|| World::found(number).played())
    }
}

impl World {
    /// The world of a plan when the chaos begins; something may be wrong in it from now on.
    pub(super) fn begin(plan: Plan, bug: Option<Bug>) -> Self {
        let opening = Opening::of_seed(plan.seed);
        let relays = opening.relays.iter();
        let sites = relays.map(|(key, files)| Site::on(Disk::with(files), key.clone(), bug));
        let device_of = |role: &Role| {
            let mut devices = opening.devices.iter().zip(&opening.saved);
            let found = devices.find(|((owner, _), _)| owner == role);
            found.expect("everybody of a plan has a device at the opening")
        };
        let (mut members, mut saved) = (Vec::new(), Vec::new());
        for (number, role) in plan.members.iter().enumerate() {
            let ((_, files), promised) = device_of(role);
            let mut member = Member::on(Disk::with(files), role, bug);
            if plan.old.contains(&number) {
                member.versions = Versions::only(OLDEST_PROTOCOL_VERSION);
            }
            planted::device::plant(bug, &member.database());
            members.push(member);
            saved.push(promised.clone());
        }
        let dice = Dice::new(!plan.seed);
        let mut world = Self::of(plan, bug, sites.collect(), members, dice);
        (world.made, world.saved) = (opening.made.clone(), saved);
        world.verdicts.clone_from(&opening.verdicts);
        world.now = CHAOS;
        world.start_everything();
        world
    }

    /// Founds the groups of an opening and gives everybody a device.
    fn found(number: u64) -> Self {
        let mut dice = Dice::new(number);
        let (roles, now) = (everybody(), instant(0));
        let groups = roles.iter().map(|role| role.group + 1).max();
        let found = |group| Site::found(group, now, &mut dice);
        let mut sites: Vec<Site> = (0..groups.unwrap_or(0)).map(found).collect();
        let mut members = Vec::new();
        for role in &roles {
            let relay = sites[role.group].relay.as_mut().expect("just founded");
            let identity = group::enrol(relay, now, &role.name, dice.bytes());
            members.push(Member::new(role, &identity, None, &mut dice));
        }
        let plan = Plan {
            seed: number,
            members: roles,
            old: BTreeSet::new(),
            events: Vec::<Event>::new(),
        };
        let mut world = Self::of(plan, None, sites, members, dice);
        for member in 0..world.members.len() {
            world
                .dues
                .put(10 * member as u64, Due::Dial { member, dial: 0 });
        }
        for (part, at) in PARTS.into_iter().enumerate() {
            world.dues.put(at, Due::Opening(part));
        }
        world
    }

    /// Plays the opening to its end.
    fn played(mut self) -> Opening {
        self.go_on(CHAOS);
        let unrest = self.unrest();
        assert!(unrest.is_none(), "the opening comes to rest: {unrest:?}");
        assert_eq!(self.violations, [""; 0], "nothing goes wrong at first");
        for member in &mut self.members {
            member.line = None;
        }
        Opening {
            relays: self.sites.into_iter().map(Site::into_parts).collect(),
            devices: self.members.into_iter().map(Member::into_parts).collect(),
            made: self.made,
            saved: self.saved,
            verdicts: self.verdicts,
        }
    }

    fn of(
        plan: Plan,
        bug: Option<Bug>,
        sites: Vec<Site>,
        members: Vec<Member>,
        dice: Dice,
    ) -> Self {
        Self {
            now: 0,
            dues: Dues::default(),
            made: sites.iter().map(|_| Made::at_the_founding()).collect(),
            saved: members.iter().map(|_| Saved::default()).collect(),
            verdicts: sites.iter().map(|_| Verdicts::default()).collect(),
            bug,
            sites,
            members,
            plan,
            dice,
            is_healing: false,
            seen: Seen::default(),
            trace: Trace::default(),
            violations: Vec::new(),
        }
    }

    /// Starts every process; whose disks sync late do so from now on.
    fn start_everything(&mut self) {
        let now = self.timestamp();
        for site in &mut self.sites {
            site.start(&mut self.dice).expect("a relay's folder");
            let is_late = self.bug == Some(Bug::RelaySyncsLate);
            site.disk.set_syncing_late(is_late);
        }
        for (number, member) in self.members.iter_mut().enumerate() {
            let started = member.start(now, &mut self.dice);
            started.expect("a device's folder");
            let is_late = self.bug == Some(Bug::DeviceSyncsLate);
            member.disk.set_syncing_late(is_late);
            let (member, dial) = (number, 0);
            self.dues
                .put(self.now + 10 * number as u64, Due::Dial { member, dial });
        }
        for (number, event) in self.plan.events.iter().enumerate() {
            self.dues.put(event.at, Due::Event(number));
        }
    }

    /// Plays a part of the opening.
    pub(super) fn open(&mut self, part: usize) {
        for group in 0..self.sites.len() {
            // The second group stocks the same vehicles and has little else.
            if group > 0 && part > 0 {
                continue;
            }
            let ids = |id_type: &str| self.made[group].documents(id_type);
            let commands = match part {
                0 => opening::first(self.timestamp()),
                1 => opening::second(&ids),
                _ => opening::third(&ids),
            };
            let members = self.members.iter().enumerate();
            let of_group = members.filter(|(_, member)| member.role.group == group);
            let of_group: Vec<usize> = of_group.map(|(number, _)| number).collect();
            for (number, (name, input)) in commands.iter().enumerate() {
                // The last is somebody else's, who has not heard of the one before.
                let first = usize::from(number + 1 == commands.len());
                self.run_by_somebody(of_group[first], name, input);
            }
            if part == 0 && group == 0 {
                self.stock_the_second_store();
            }
        }
    }

    /// The second store has customers too, so that whoever goes there gains something.
    fn stock_the_second_store(&mut self) {
        for number in 0..3 {
            let card: Json = json!({
                "name": "林霞", "phone": format!("188{number:08}"), "intent": {},
                "store": group::store(2), "owner": group::staff("王强"),
            });
            let is_made = self.run_by_somebody(0, "create_customer", &card);
            assert!(is_made, "somebody may card a customer of the second store");
        }
    }
}
