//! Random sequences of what people do, and playing them on a whole group.

use std::collections::{BTreeMap, BTreeSet};

use client_core::ReplicaError;
use dealership::command::{self, REGISTRY};
use dealership::refusal::Refusal;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use stories::chaos::Dice;
use stories::commands::{self, CHOICES, Choices, Made, opening};
use stories::{Device, Network, Weather};

/// Who has a device.
const PEOPLE: [&str; 6] = ["李娜", "赵敏", "陈刚", "周勇", "何建国", "马超"];

/// How many inputs are tried until a command is accepted.
const ATTEMPTS: usize = 300;

/// How many commands a device runs between two looks at its projection.
const COMMANDS_BETWEEN_LOOKS: usize = 8;

/// A sequence, with the seed of the network's faults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sequence {
    seed: u64,
    is_foul: bool,
    steps: Vec<Step>,
}

/// What happens.
#[derive(Clone, Debug)]
enum Step {
    /// Somebody runs a command.
    Command(Vec<u16>),
    /// Somebody decides an open case.
    Decide(Vec<u16>),
    /// A device syncs.
    Sync(usize),
    /// Every device syncs.
    SyncAll,
    /// Time passes, in minutes.
    Later(u32),
    /// A device's clock is set wrong, by so many minutes.
    WrongClock(usize, i32),
    /// A customer is purged at the relay.
    Purge(u16),
}

/// Sequences that shrink to few steps with small choices.
pub(crate) fn strategy() -> impl Strategy<Value = Sequence> {
    let step = prop_oneof![
        24 => vec(any::<u16>(), CHOICES).prop_map(Step::Command),
        2 => vec(any::<u16>(), 6).prop_map(Step::Decide),
        6 => (0..PEOPLE.len()).prop_map(Step::Sync),
        2 => Just(Step::SyncAll),
        2 => (1_u32..20_000).prop_map(Step::Later),
        1 => (0..PEOPLE.len(), -30..30).prop_map(|(device, minutes)| Step::WrongClock(device, minutes)),
        1 => any::<u16>().prop_map(Step::Purge),
    ];
    (any::<u64>(), any::<bool>(), vec(step, 40..90)).prop_map(|(seed, is_foul, steps)| Sequence {
        seed,
        is_foul,
        steps,
    })
}

/// A sequence on its way.
pub(crate) struct Run {
    network: Network,
    devices: Vec<Device>,
    commands_since_look: Vec<usize>,
    made: Made,
    /// The commands that were not refused.
    pub(crate) accepted: BTreeSet<&'static str>,
    /// Why commands were refused, the last time they were.
    pub(crate) refused: BTreeMap<&'static str, String>,
    /// What happened, for people.
    pub(crate) told: Vec<String>,
}

impl Run {
    /// Founds the group.
    pub(crate) fn begin(sequence: &Sequence) -> Self {
        let weather = if sequence.is_foul {
            Weather::Foul
        } else {
            Weather::Fair
        };
        let mut network = Network::found(sequence.seed, weather);
        let devices: Vec<_> = PEOPLE.iter().map(|name| network.enrol(name)).collect();
        let mut run = Self {
            network,
            commands_since_look: vec![0; devices.len()],
            devices,
            made: Made::at_the_founding(),
            accepted: BTreeSet::new(),
            refused: BTreeMap::new(),
            told: Vec::new(),
        };
        run.open();
        run
    }

    fn open(&mut self) {
        let parts: [&dyn Fn(&Self) -> opening::Commands; 4] = [
            &|run| opening::first(run.network.now()),
            &|run| opening::second(&|id_type| run.made.documents(id_type)),
            &|run| opening::third(&|id_type| run.made.documents(id_type)),
            &|run| opening::fourth(&|id_type| run.made.documents(id_type)),
        ];
        for part in parts {
            let commands = part(self);
            for (number, (name, input)) in commands.iter().enumerate() {
                let first = usize::from(number + 1 == commands.len());
                self.run_by_somebody(first, name, input);
                let refused = self.refused.get(name);
                assert!(self.accepted.contains(name), "{name} {input}: {refused:?}");
            }
            self.sync_all();
        }
    }

    fn sync_all(&mut self) {
        for device in self.devices.clone() {
            self.network.try_sync(device);
        }
        self.told.push("all sync".to_owned());
    }

    /// Plays it, and gives what is not as a rebuild gives it.
    pub(crate) fn play(&mut self, sequence: &Sequence) -> Vec<String> {
        for step in &sequence.steps {
            let touched = self.step(step);
            if let Some(device) = touched {
                let differences = self.look(device);
                if !differences.is_empty() {
                    return differences;
                }
            }
        }
        let differences = (0..self.devices.len()).flat_map(|device| self.look(device));
        differences.collect()
    }

    /// Sells a car up to its delivery, and takes the invoice back; gives what is not as a rebuild
    /// gives it.
    pub(crate) fn sell(&mut self) -> Vec<String> {
        for (name, input) in opening::sale(&|id_type| self.made.documents(id_type)) {
            let input = self.made.with_fact(input);
            self.run_by_somebody(0, name, &input);
            let refused = self.refused.get(name);
            assert!(self.accepted.contains(name), "{name} {input}: {refused:?}");
            // Twice: who synced before the step's author has heard of it too.
            self.sync_all();
            self.sync_all();
        }
        (0..self.devices.len())
            .flat_map(|device| self.look(device))
            .collect()
    }

    /// Runs every command, with inputs that chance makes until one is accepted; gives what is not
    /// as a rebuild gives it.
    pub(crate) fn run_each(&mut self) -> Vec<String> {
        let mut dice = Dice::new(7);
        for entry in REGISTRY {
            let schema = (entry.input)().to_value();
            for _ in 0..ATTEMPTS {
                if self.accepted.contains(entry.name) {
                    break;
                }
                let choices: [u16; CHOICES] =
                    std::array::from_fn(|_| u16::from_be_bytes(dice.bytes()));
                let mut choices = Choices::of(&choices);
                if matches!(entry.name, "decide_case" | "rule_on_vehicle") {
                    self.decide(&mut choices);
                    continue;
                }
                let first = choices.below(PEOPLE.len());
                if let Some(input) = self.made.input(&schema, self.network.now(), &mut choices) {
                    self.run_by_somebody(first, entry.name, &input);
                }
            }
        }
        self.sync_all();
        (0..self.devices.len())
            .flat_map(|device| self.look(device))
            .collect()
    }

    /// Takes a step; gives the device whose projection is to be looked at.
    fn step(&mut self, step: &Step) -> Option<usize> {
        match step {
            Step::Command(choices) => self.command(&mut Choices::of(choices)),
            Step::Decide(choices) => self.decide(&mut Choices::of(choices)),
            Step::Sync(device) => {
                self.network.try_sync(self.devices[*device]);
                self.told.push(format!("{} syncs", PEOPLE[*device]));
                Some(*device)
            }
            Step::SyncAll => {
                self.sync_all();
                None
            }
            Step::Later(minutes) => {
                self.network.later(i64::from(*minutes));
                self.told.push(format!("{minutes} minutes pass"));
                None
            }
            Step::WrongClock(device, minutes) => {
                let ahead = i64::from(*minutes) * 60_000;
                self.network.set_clock_ahead(self.devices[*device], ahead);
                None
            }
            Step::Purge(choice) => {
                let customers = self.made.documents("CustomerId");
                let customer = Choices::of(&[*choice]).one_of(&customers)?.clone();
                let now = self.network.now();
                let document = customer.parse().expect("an id");
                if self.network.relay.purge(now, &[document]).is_ok() {
                    self.told.push(format!("{customer} is purged"));
                }
                None
            }
        }
    }

    /// Somebody runs a command; if they may not, somebody else does.
    fn command(&mut self, choices: &mut Choices<'_>) -> Option<usize> {
        let first = choices.below(PEOPLE.len());
        let (name, input) = commands::asked(&self.made, self.network.now(), choices)?;
        self.run_by_somebody(first, name, &input)
    }

    /// Somebody decides a case that they see.
    fn decide(&mut self, choices: &mut Choices<'_>) -> Option<usize> {
        let device = choices.below(PEOPLE.len());
        let cases = self.network.show(self.devices[device], "cases", json!({}));
        let case = choices.one_of(cases["rows"].as_array().expect("a page"))?;
        let (name, input) = commands::decision(case, choices);
        self.run_by_somebody(device, name, &input)
    }

    fn run_by_somebody(&mut self, first: usize, name: &str, input: &Json) -> Option<usize> {
        let entry = command::find(name).expect("a command of the registry");
        for turn in 0..PEOPLE.len() {
            let device = (first + turn) % PEOPLE.len();
            let ran = self
                .network
                .try_run(self.devices[device], name, input.clone());
            match ran {
                Ok(executed) => {
                    self.made.note(entry.name, input, &executed.output);
                    self.accepted.insert(entry.name);
                    self.told.push(format!("{} {name} {input}", PEOPLE[device]));
                    let since = &mut self.commands_since_look[device];
                    *since += 1;
                    return (*since >= COMMANDS_BETWEEN_LOOKS).then_some(device);
                }
                Err(ReplicaError::Refused(Refusal::Storage(_))) => {
                    panic!("{name} {input} met a store that fails")
                }
                Err(ReplicaError::Refused(Refusal::NotHere { .. })) => {}
                Err(error) => {
                    self.refused.insert(entry.name, format!("{input}: {error}"));
                }
            }
        }
        None
    }

    /// What of a device's projection is not what a rebuild gives.
    fn look(&mut self, device: usize) -> Vec<String> {
        self.commands_since_look[device] = 0;
        let replica = self.network.replica(self.devices[device]);
        let verified = replica.verify(&mut |_| {}).expect("the replica is read");
        let problems = verified.problems.into_iter();
        problems
            .map(|problem| format!("{}: {}", PEOPLE[device], problem.text))
            .collect()
    }
}
