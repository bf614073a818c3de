//! Processes that end and start again, and disks that fail.

use super::disk::{Disk, Outage};
use super::dues::Due;
use super::plan::Node;
use super::world::World;

/// How long a process is down at most, in milliseconds.
const LONGEST_OUTAGE: usize = 15_000;

/// When a process that could not start tries again, in milliseconds.
const AGAIN: u64 = 3_000;

impl World {
    /// The disk of a node.
    pub(super) fn disk(&self, node: Node) -> &Disk {
        match node {
            Node::Device(number) => &self.members[number].disk,
            Node::Relay(number) => &self.sites[number].disk,
        }
    }

    /// Whether a node's process runs.
    pub(super) fn runs(&self, node: Node) -> bool {
        match node {
            Node::Device(number) => self.members[number].replica.is_some(),
            Node::Relay(number) => self.sites[number].relay.is_some(),
        }
    }

    /// Ends the processes whose power has failed.
    pub(super) fn look_at_power(&mut self) {
        let devices = (0..self.members.len()).map(Node::Device);
        let relays = (0..self.sites.len()).map(Node::Relay);
        for node in devices.chain(relays).collect::<Vec<_>>() {
            if self.disk(node).is_dead() && self.runs(node) {
                self.end(node, Outage::Power);
            }
        }
    }

    /// Ends a process; it starts again later.
    pub(super) fn end(&mut self, node: Node, outage: Outage) {
        if !self.runs(node) {
            return;
        }
        self.seen.note(match (node, outage) {
            (Node::Device(_), Outage::Kill) => "a device is killed",
            (Node::Device(_), Outage::Power) => "a device loses power",
            (Node::Relay(_), Outage::Kill) => "a relay is killed",
            (Node::Relay(_), Outage::Power) => "a relay loses power",
        });
        // What SQLite would do when it closes is not done any more.
        self.disk(node).fail_now();
        match node {
            Node::Device(number) => {
                let member = &mut self.members[number];
                member.line = None;
                member.dial += 1;
                member.replica = None;
            }
            Node::Relay(number) => {
                self.sites[number].relay = None;
                for member in 0..self.members.len() {
                    let line = self.members[member].line.as_ref();
                    if line.is_some_and(|line| line.site == number) {
                        self.cut(member);
                    }
                }
            }
        }
        self.restore_power(node, outage);
        let pause = 200 + self.dice.below(LONGEST_OUTAGE) as u64;
        self.dues.put(self.now + pause, Due::Start(node));
    }

    fn restore_power(&mut self, node: Node, outage: Outage) {
        let disk = match node {
            Node::Device(number) => &self.members[number].disk,
            Node::Relay(number) => &self.sites[number].disk,
        };
        let lost = disk.restart(outage, &mut self.dice);
        if lost > 0 {
            self.seen.note("writes are lost with the power");
        }
        self.trace.say(self.now, &format!("{node:?}: {outage:?}"));
    }

    /// Starts a process.
    pub(super) fn start(&mut self, node: Node) {
        if self.runs(node) {
            return;
        }
        if !self.is_healing && self.dice.once_in(6) {
            let operations = self.dice.below(12) as u64;
            self.disk(node).fail_after(operations);
        }
        let now = self.timestamp();
        let (started, has_excuse) = match node {
            Node::Device(number) => {
                let member = &mut self.members[number];
                let started = member.start(now, &mut self.dice);
                (started, member.has_excuse())
            }
            Node::Relay(number) => {
                let site = &mut self.sites[number];
                let started = site.start(&mut self.dice);
                (started, site.has_excuse())
            }
        };
        self.trace
            .say(self.now, &format!("{node:?} starts: {started:?}"));
        if let Err(error) = started {
            if !has_excuse {
                self.violated(format!("I15: {node:?} does not start: {error}"));
            }
            if self.disk(node).is_dead() {
                self.seen
                    .note("power fails again while a database is opened");
                self.restore_power(node, Outage::Power);
            }
            return self.dues.put(self.now + AGAIN, Due::Start(node));
        }
        match node {
            Node::Device(number) => {
                self.audit(number);
                if !self.members[number].set_aside(now).is_empty() {
                    self.seen.note("a document is set aside for a while");
                    self.strike(number);
                }
                let group = self.members[number].role.group;
                self.dial(number, group);
            }
            Node::Relay(number) => self.publish(number),
        }
        self.look_at_power();
    }

    /// Makes every fault stop, and lets everyone come back.
    pub(super) fn heal(&mut self) {
        self.is_healing = true;
        self.trace.say(self.now, "faults stop");
        for site in &self.sites {
            site.disk.mend();
        }
        for number in 0..self.members.len() {
            let member = &mut self.members[number];
            member.disk.mend();
            (member.is_online, member.isolated_until) = (true, self.now);
            (member.spoils, member.cut_after) = (None, None);
            (member.latency, member.clock_ahead) = (super::member::LATENCY, 0);
            let is_spoiled = |line: &super::line::Line| line.cut_at.is_some();
            if member.line.as_ref().is_some_and(is_spoiled) {
                member.line = None;
            }
            if member.line.is_none() {
                self.dial_again(number, None);
            }
        }
    }
}
