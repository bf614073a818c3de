//! What people do: they ask for something, decide cases, and begin with something to work with.

use client_core::{LinkInput, ReplicaError};
use dealership::refusal::Refusal;
use serde_json::{Value as Json, json};

use crate::commands::{self, Choices};
use crate::group;

use super::world::World;

/// Who stays what they are: of these, one is there always who may do everything.
const GROUP_WIDE: [&str; 2] = ["何建国", "马超"];

/// What somebody may become.
const ROLES: [&[&str]; 6] = [
    &["consultant"],
    &["manager"],
    &["stock_keeper"],
    &["consultant", "finance"],
    &["call_centre"],
    &["service_adviser", "stock_keeper"],
];

/// How much somebody writes who writes much.
const NOTES: usize = 10;

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

    /// Somebody's stores or roles change, as whoever may decide that decides it.
    pub(super) fn reassign(&mut self, member: usize, choices: &[u16]) {
        let mut choices = Choices::of(choices);
        let role = &self.members[member].role;
        // Somebody must be left who may do everything.
        if GROUP_WIDE.contains(&role.name.as_str()) {
            return;
        }
        let staff = group::staff(&role.name);
        let (name, input) = if choices.below(2) == 0 {
            let stores = [vec![1], vec![2], vec![1, 2]];
            let stores = choices.one_of(&stores).into_iter().flatten();
            let stores: Vec<_> = stores.map(|number| group::store(*number)).collect();
            (
                "set_staff_stores",
                json!({"staff": staff, "stores": stores}),
            )
        } else {
            let roles = choices.one_of(&ROLES);
            ("set_staff_roles", json!({"staff": staff, "roles": roles}))
        };
        let decides = choices.below(self.members.len());
        let of_group = self.members[member].role.group;
        let first = if self.members[decides].role.group == of_group {
            decides
        } else {
            member
        };
        if self.run_by_somebody(first, name, &input) {
            self.seen.note("somebody's stores or roles change");
        }
    }

    /// Somebody writes much about two customers, one after the other.
    pub(super) fn talk(&mut self, member: usize, choices: &[u16]) {
        let mut choices = Choices::of(choices);
        let customers = self.made[self.members[member].role.group].documents("CustomerId");
        let two = [choices.one_of(&customers), choices.one_of(&customers)];
        for number in 0..NOTES {
            let input = json!({
                "customer": two[number % 2], "type": "call_out", "outcome": "reached",
                "content": commands::long_text(number),
            });
            self.run_by_somebody(member, "log_follow_up", &input);
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

    /// Runs a command at the first of the group, from a member on, who may; whether one may.
    pub(super) fn run_by_somebody(&mut self, first: usize, name: &str, input: &Json) -> bool {
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
