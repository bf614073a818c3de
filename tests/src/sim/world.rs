//! A world in virtual time, and what runs it.

use std::any::Any;

use dealership::{Timestamp, civil};

use crate::chaos::Dice;
use crate::commands::Made;
use crate::connection::Direction;
use crate::planted::Bug;

use super::disk::Outage;
use super::dues::{Due, Dues};
use super::generate::CHAOS;
use super::ledger::{Saved, Verdicts};
use super::member::Member;
use super::plan::{Node, Plan, What};
use super::seen::Seen;
use super::site::Site;
use super::trace::Trace;

/// How long everyone may take, once faults have stopped, to have everything: in milliseconds.
const PATIENCE: u64 = 30 * 60_000;

/// How long a document may be set aside after that because the power failed in the middle of it,
/// in milliseconds: five times in a row, and the waits behind that come to less.
const LONGEST_WAIT: u64 = 12 * 60 * 60_000;

/// How often somebody looks whether that is so, in milliseconds.
const LOOK: u64 = 1_000;

/// The end of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What does not hold; nothing, if all is well.
    pub violations: Vec<String>,
    /// A hash of all that happened.
    pub trace: String,
    /// What happened last, for a person.
    pub told: Vec<String>,
    /// What was seen.
    pub seen: Seen,
    /// How much time passed in the world, in milliseconds.
    pub millis: u64,
}

/// Groups with everything that they have.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) now: u64,
    pub(super) dues: Dues,
    pub(super) dice: Dice,
    pub(super) sites: Vec<Site>,
    pub(super) members: Vec<Member>,
    /// What people made until now, by group.
    pub(super) made: Vec<Made>,
    /// What devices promised, by member.
    pub(super) saved: Vec<Saved>,
    /// What relays said, by group.
    pub(super) verdicts: Vec<Verdicts>,
    /// What is wrong, in a world that must find it.
    pub(super) bug: Option<Bug>,
    pub(super) is_healing: bool,
    pub(super) seen: Seen,
    pub(super) trace: Trace,
    pub(super) violations: Vec<String>,
}

/// Runs a plan to its end.
pub fn run(plan: &Plan) -> Outcome {
    run_with(plan, None)
}

/// Runs a plan with a planted bug until something does not hold.
pub fn run_planted(plan: &Plan, bug: Bug) -> Outcome {
    run_with(plan, Some(bug))
}

/// Runs a plan, on a thread with the stack that the relay's program gives its writer.
fn run_with(plan: &Plan, bug: Option<Bug>) -> Outcome {
    let plan = plan.clone();
    let thread = std::thread::Builder::new()
        .name(format!("seed {}", plan.seed))
        .stack_size(change_gate::limits::STACK_BYTES)
        .spawn(move || World::begin(plan, bug).run());
    match thread.expect("a thread").join() {
        Ok(outcome) => outcome,
        Err(panic) => Outcome {
            violations: vec![format!("I15: panicked: {}", said(panic.as_ref()))],
            trace: String::new(),
            told: Vec::new(),
            seen: Seen::default(),
            millis: 0,
        },
    }
}

impl World {
    /// Lets everything happen, then faults stop, then all must come to rest.
    fn run(mut self) -> Outcome {
        let last = self.plan.events.last().map_or(0, |event| event.at);
        self.go_on(last.max(CHAOS) + LOOK);
        if !self.is_over() {
            self.heal();
            let unrest = self
                .wait(PATIENCE, Self::unrest)
                .or_else(|| self.set_aside_for_good())
                .or_else(|| self.wait(LONGEST_WAIT, Self::unrest_of_any_kind));
            match unrest {
                _ if self.is_over() => {}
                Some(unrest) => self.violated(format!("I15: no rest: {unrest}")),
                None => self.check_everything(),
            }
        }
        let millis = self.now;
        let (trace, told) = self.trace.end();
        Outcome {
            violations: self.violations,
            trace,
            told,
            seen: self.seen,
            millis,
        }
    }

    /// Lets everything happen until then.
    pub(super) fn go_on(&mut self, end: u64) {
        while !self.is_over()
            && let Some((at, due)) = self.dues.next_until(end)
        {
            self.now = at;
            self.happen(due);
        }
        self.now = self.now.max(end);
    }

    /// Waits until nothing stands against rest, so long at most; gives what still does.
    fn wait(&mut self, patience: u64, unrest: fn(&Self) -> Option<String>) -> Option<String> {
        let end = self.now + patience;
        self.dues.put(self.now + LOOK, Due::Look);
        while !self.is_over()
            && let Some((at, due)) = self.dues.next_until(end)
        {
            self.now = at;
            if due == Due::Look {
                unrest(self)?;
                self.dues.put(at + LOOK, Due::Look);
            }
            self.happen(due);
        }
        unrest(self)
    }

    /// What the clocks of the relays show.
    pub(super) fn timestamp(&self) -> Timestamp {
        instant(self.now)
    }

    /// Whether a planted bug was found: nobody asks what else it breaks.
    const fn is_over(&self) -> bool {
        self.bug.is_some() && !self.violations.is_empty()
    }

    /// Notes that something does not hold.
    pub(super) fn violated(&mut self, what: String) {
        self.trace.say(self.now, &format!("VIOLATED {what}"));
        self.violations.push(what);
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Event(number) => self.event(self.plan.events[number].what.clone()),
            Due::Opening(part) => self.open(part),
            Due::Deliver {
                member,
                line,
                direction,
            } => self.deliver(member, line, direction),
            Due::Wake { member, line } => self.wake(member, line),
            Due::Tick { member, line } => self.tick(member, line),
            Due::Ping { member, line } => self.ping(member, line),
            Due::Dial { member, dial } => {
                if self.members[member].dial == dial {
                    let group = self.members[member].role.group;
                    self.dial(member, group);
                }
            }
            Due::Start(node) => self.start(node),
            Due::Room(node) => self.disk(node).set_full(false),
            Due::Look => {}
        }
    }

    fn event(&mut self, what: What) {
        match what {
            What::Command { member, choices } => return self.ask(member, &choices),
            What::Decide { member, choices } => return self.decide(member, &choices),
            _ => self.trace.say(self.now, &format!("{what:?}")),
        }
        match what {
            What::Command { .. } | What::Decide { .. } => {}
            What::Leave { member } => {
                self.seen.note("a device leaves the network");
                self.members[member].is_online = false;
                self.members[member].line = None;
            }
            What::Return { member } => {
                self.members[member].is_online = true;
                self.dial_again(member, None);
            }
            What::Cut { member } => {
                self.seen.note("a connection is cut");
                self.cut(member);
            }
            What::Isolate { member, millis } => {
                self.members[member].isolated_until = self.now + millis;
            }
            What::Slow { member, millis } => self.members[member].latency = millis,
            What::Spoil {
                member,
                up,
                spoiling,
            } => {
                let direction = if up { Direction::Up } else { Direction::Down };
                self.members[member].spoils = Some((direction, spoiling));
            }
            What::Misdial { member } => self.misdial(member),
            What::Kill { node } => self.end(node, Outage::Kill),
            What::Crash { node, operations } => self.disk(node).fail_after(operations),
            What::Fill { node, millis } => {
                self.seen.note(match node {
                    Node::Device(_) => "a device's disk is full",
                    Node::Relay(_) => "a relay's disk is full",
                });
                self.disk(node).set_full(true);
                self.dues.put(self.now + millis, Due::Room(node));
            }
            What::Fault { node, operations } => {
                self.seen.note(match node {
                    Node::Device(_) => "a device's disk fails once",
                    Node::Relay(_) => "a relay's disk fails once",
                });
                self.disk(node).fault_after(operations);
            }
            What::WrongClock { member, ahead } => {
                self.seen.note("a clock is wrong");
                self.members[member].clock_ahead = ahead;
            }
            What::Purge { group, choice } => self.purge(group, choice),
            What::TidyUp { node } => self.tidy_up(node),
            What::Copy { member } => self.copy(member),
            What::Reassign { member, choices } => self.reassign(member, &choices),
            What::Talk { member, choices } => self.talk(member, &choices),
            What::CutAfter { member, messages } => {
                self.members[member].cut_after = Some(messages);
            }
            What::Replace { member } => self.replace(member),
            What::Forge { member, choices } => self.forge(member, &choices),
            What::BackUp { group } => self.back_up(group),
            What::Restore { group } => self.restore(group),
        }
    }

    fn misdial(&mut self, member: usize) {
        self.seen.note("a device dials the wrong relay");
        let wrong = (self.members[member].role.group + 1) % self.sites.len();
        self.members[member].line = None;
        self.dial(member, wrong);
    }

    fn tidy_up(&mut self, node: Node) {
        let done = match node {
            Node::Device(number) => {
                let replica = self.members[number].replica.as_mut();
                replica.map(|replica| replica.tidy_up().map_err(|error| error.to_string()))
            }
            Node::Relay(number) => {
                let relay = self.sites[number].relay.as_mut();
                relay.map(|relay| relay.tidy_up(false).map_err(|error| error.to_string()))
            }
        };
        let Some(done) = done else { return };
        self.seen.note(match node {
            Node::Device(_) => "a device puts its database in order",
            Node::Relay(_) => "a relay puts its database in order",
        });
        if let Err(error) = done
            && !self.has_excuse(node)
        {
            self.violated(format!("I15: {node:?} could not tidy up: {error}"));
        }
        self.look_at_power();
    }

    /// Whether the disk of a node has failed since somebody last asked.
    pub(super) fn has_excuse(&mut self, node: Node) -> bool {
        match node {
            Node::Device(number) => self.members[number].has_excuse(),
            Node::Relay(number) => self.sites[number].has_excuse(),
        }
    }
}

/// The instant at which so many milliseconds have passed since nine in the morning of the first
/// day.
pub(super) fn instant(millis: u64) -> Timestamp {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 5, 3).expect("a day");
    let nine = Timestamp::from_millis(civil::start_of_day(day)).plus_hours(9);
    nine.plus_millis(millis as i64)
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without words".to_owned())
}
