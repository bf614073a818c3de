//! What people do: they ask for something, decide cases, and begin with something to work with.

use client_core::{LinkInput, ReplicaError};
use dealership::refusal::Refusal;
use serde_json::{Value as Json, json};

use crate::commands::{self, Choices, opening};

use super::world::World;

impl World {
    /// Somebody asks for something, the member first; if they may not, somebody else does.
    pub(super) fn ask(&mut self, member: usize, choices: &[u16]) {
        let group = self.members[member].role.group;
        let now = self.timestamp();
        if let Some((name, input)) =
            commands::asked(&self.made[group], now, &mut Choices::of(choices))
        {
            self.run_by_somebody(member, name, &input);
            // Who has two devices does it on the other one, too.
            if let Some(twin) = self.members[member].twin {
                self.try_run(twin, name, &input);
            }
        }
    }

    /// Somebody decides a case that the member sees.
    pub(super) fn decide(&mut self, member: usize, choices: &[u16]) {
        let now = self.timestamp();
        let Some(replica) = &self.members[member].replica else {
            return;
        };
        // A document that is set aside may be asked for.
        let Ok(cases) = replica.show("cases", json!({}), now) else {
            return;
        };
        let cases = cases["rows"].as_array().expect("a page");
        if cases.iter().any(|case| case["kind"] == "double_vin") {
            self.seen.note("a vehicle is wanted by two");
        }
        let mut choices = Choices::of(choices);
        if let Some(case) = choices.one_of(cases) {
            let (name, input) = commands::decision(case, &mut choices);
            if self.run_by_somebody(member, name, &input) {
                self.seen.note("a case is decided");
            }
        }
    }

    /// A customer is purged at the relay.
    pub(super) fn purge(&mut self, group: usize, choice: u16) {
        let now = self.timestamp();
        let customers = self.made[group].documents("CustomerId");
        let customer = Choices::of(&[choice]).one_of(&customers).cloned();
        let site = &mut self.sites[group];
        let (Some(customer), Some(relay)) = (customer, site.relay.as_mut()) else {
            return;
        };
        let document = customer.parse().expect("an id");
        if relay.purge(now, &[document]).is_ok() {
            self.seen.note("a document is purged");
            self.trace.say(self.now, &format!("{customer} is purged"));
        }
        self.publish(group);
        self.look_at_power();
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
        }
    }

    /// Runs a command at the first of the group, from a member on, who may; whether one may.
    fn run_by_somebody(&mut self, first: usize, name: &str, input: &Json) -> bool {
        let group = self.members[first].role.group;
        let count = self.members.len();
        for number in (0..count).map(|turn| (first + turn) % count) {
            if self.members[number].role.group != group {
                continue;
            }
            match self.try_run(number, name, input) {
                Some(true) => return true,
                Some(false) => {}
                None => return false,
            }
        }
        false
    }

    /// Runs a command at a device: whether it was accepted, nothing if the device failed.
    fn try_run(&mut self, number: usize, name: &str, input: &Json) -> Option<bool> {
        let now = self.timestamp();
        let member = &mut self.members[number];
        let wall = member.moment(self.now, now).wall;
        let Some(replica) = member.replica.as_mut() else {
            return Some(false);
        };
        match replica.execute(name, input.clone(), wall) {
            Ok(executed) => {
                self.seen.note("a command is accepted");
                let group = member.role.group;
                self.made[group].note(name, input, &executed.output);
                if let Some(batch) = executed.batch {
                    self.saved[number].promise(batch, name, wall.millis());
                }
                let who = &member.role.name;
                let line = format!("{number} {who}: {name} {input} -> {:?}", executed.batch);
                self.trace.say(self.now, &line);
                if let Some(line) = member.line.as_ref().map(|line| line.number) {
                    self.on_line(number, line, |line, replica, _, moment, _| {
                        let connection = &mut line.connection;
                        connection.tell_device(replica, moment, LinkInput::OutboxChanged)
                    });
                }
                self.look_at_power();
                Some(true)
            }
            Err(error @ (ReplicaError::Store(_) | ReplicaError::Refused(Refusal::Storage(_)))) => {
                self.seen.note("a person is told that nothing was saved");
                self.replica_failed(number, &error);
                None
            }
            Err(error) => {
                self.seen.note("a command is refused");
                self.trace.add(self.now, error.code().as_bytes());
                Some(false)
            }
        }
    }
}
