//! A disk that fails at each operation of a scenario, once, for good, or because it is full.
//!
//! A relay and a device each have a disk. A person works, both sync, the relay takes in what
//! another device made, both sync again, checkpoints and backups are made. The scenario is played
//! as often as one of the disks has operations in it, each time with another one failing. Whatever
//! fails is to say so; then the disk is mended, and all must go on, with everything there that
//! anybody was told is kept.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use client_core::{BatchId, Replica, ReplicaError};
use serde_json::{Value as Json, json};
use sync_protocol::Outcome;
use sync_server::relay::Relay;
use sync_server::store::{ReadStore, SqliteStore, Verdict};

use super::stage::{NOW, RELAY, Stage, Worker, at, carry_all, entropy, sync};
use crate::chaos::Dice;
use crate::connection::{Connection, Judged, JudgedChange, chain};
use crate::invariants;
use crate::sim::disk::{Disk, Outage};

/// How many commands the person runs.
const COMMANDS: usize = 4;

/// How many batches another device pushes.
const PUSHED: usize = 3;

/// Whose disk fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The relay's.
    Relay,
    /// The device's.
    Device,
}

/// How it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// One operation.
    Once,
    /// That operation and all that follow, until the program was started again.
    ForGood,
    /// There is no room, from that operation on, until somebody makes some.
    Full,
}

/// Every disk with every fault.
pub const FAULTS: [(End, Fault); 6] = [
    (End::Relay, Fault::Once),
    (End::Relay, Fault::ForGood),
    (End::Relay, Fault::Full),
    (End::Device, Fault::Once),
    (End::Device, Fault::ForGood),
    (End::Device, Fault::Full),
];

/// What came of faults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// At how many operations a disk failed.
    pub points: u64,
    /// After how many of them everything was done all the same.
    pub done: u64,
    /// After how many of them something was refused.
    pub refused: u64,
    /// What was promised and is not there.
    pub lost: u64,
    /// What does not hold, each with its fault and operation.
    pub violations: Vec<String>,
}

/// Fails at every `step`-th operation of the scenario, each disk in each way.
pub fn fail(stage: &Stage, step: u64) -> Tally {
    let mut tally = Tally::default();
    for (end, fault) in FAULTS {
        fail_so(stage, end, fault, step, &mut tally);
    }
    tally
}

fn fail_so(stage: &Stage, end: End, fault: Fault, step: u64, tally: &mut Tally) {
    let next = AtomicU64::new(0);
    let shared = Mutex::new(tally);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            let work = || {
                loop {
                    let operation = next.fetch_add(step, Ordering::Relaxed);
                    let played = Scene::play(stage, end, fault, operation);
                    if !played.was_hit {
                        return;
                    }
                    let mut tally = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    played.count(end, fault, operation, &mut tally);
                }
            };
            let builder = thread::Builder::new().stack_size(change_gate::limits::STACK_BYTES);
            builder.spawn_scoped(scope, work).expect("a thread");
        }
    });
}

/// What a play came to.
#[derive(Debug, Default)]
struct Played {
    /// Whether the disk failed; it does not where the scenario is over before.
    was_hit: bool,
    complaints: Vec<String>,
    lost: u64,
    violations: Vec<String>,
}

impl Played {
    fn count(self, end: End, fault: Fault, operation: u64, tally: &mut Tally) {
        tally.points += 1;
        if self.complaints.is_empty() {
            tally.done += 1;
        } else {
            tally.refused += 1;
        }
        tally.lost += self.lost;
        let number = FAULTS.iter().position(|known| *known == (end, fault));
        let point = format!("point {}.{operation}", number.unwrap_or_default());
        let violations = self.violations.into_iter();
        let told = violations.map(|it| format!("{point}: {end:?}, {fault:?}: {it}"));
        tally.violations.extend(told);
    }
}

/// A relay and a device that play.
struct Scene<'s> {
    stage: &'s Stage,
    dice: Dice,
    relay_disk: Disk,
    device_disk: Disk,
    relay: Option<Relay<SqliteStore>>,
    replica: Option<Replica>,
    /// How often it was played, so that nothing is named twice.
    take: usize,
    /// What people were told is saved.
    saved: Vec<BatchId>,
    /// What devices were told is accepted.
    accepted: Vec<Judged>,
    /// The backups that are said to be made.
    backups: Vec<std::path::PathBuf>,
    /// What was refused, and how it was said.
    complaints: Vec<String>,
    violations: Vec<String>,
}

impl<'s> Scene<'s> {
    fn play(stage: &'s Stage, end: End, fault: Fault, operation: u64) -> Played {
        let mut scene = Self::set(stage, operation);
        let disk = match end {
            End::Relay => &scene.relay_disk,
            End::Device => &scene.device_disk,
        };
        match fault {
            Fault::Once => disk.fault_after(operation),
            Fault::ForGood => disk.fail_after(operation),
            Fault::Full => disk.fill_after(operation),
        }
        scene.act(Some(fault));
        let was_hit = scene.mend(end);
        let complaints = std::mem::take(&mut scene.complaints);
        let mut lost = 0;
        if was_hit {
            // Whoever failed goes on as if nothing had been.
            scene.act(None);
            for complaint in std::mem::take(&mut scene.complaints) {
                let text = format!("it does not go on after that: {complaint}");
                scene.violations.push(text);
            }
            lost = scene.check();
        }
        Played {
            was_hit,
            complaints,
            lost,
            violations: scene.violations,
        }
    }

    fn set(stage: &'s Stage, operation: u64) -> Self {
        let scene = Self {
            stage,
            dice: Dice::new(operation),
            relay_disk: Disk::new(),
            device_disk: Disk::new(),
            relay: None,
            replica: None,
            take: 0,
            saved: Vec::new(),
            accepted: Vec::new(),
            backups: Vec::new(),
            complaints: Vec::new(),
            violations: Vec::new(),
        };
        stage.put_relay(scene.relay_disk.folder());
        stage.put_replica(scene.device_disk.folder());
        scene
    }

    /// The scenario; what is refused is noted, and whatever can goes on.
    fn act(&mut self, fault: Option<Fault>) {
        self.take += 1;
        if let Err(complaint) = self.start() {
            return self.complaints.push(complaint);
        }
        let (Some(mut relay), Some(mut replica)) = (self.relay.take(), self.replica.take()) else {
            return;
        };
        let mut worker = Worker::new(10 + self.take);
        for _ in 0..COMMANDS {
            match worker.work(&mut replica) {
                Ok(executed) => self.saved.extend(executed.batch),
                Err(error) => self.note_replica(&error, fault),
            }
        }
        self.sync(&mut relay, &mut replica, fault);
        let first = (self.take - 1) * PUSHED;
        for pushed in &self.stage.pushed[first..first + PUSHED] {
            match relay.accept(NOW, std::slice::from_ref(pushed)) {
                Ok(outcomes) => match outcomes.as_slice() {
                    [Outcome::Accepted(_)] => self.accepted.push(judged(pushed)),
                    // Tried again where nothing could be kept, as the device would.
                    [Outcome::Later(_) | Outcome::NeedsDependencies(_)] => {
                        self.complaints.push("later".to_owned());
                    }
                    other => self.violations.push(format!("refused for ever: {other:?}")),
                },
                Err(error) => self.complaints.push(chain(&error)),
            }
        }
        self.sync(&mut relay, &mut replica, fault);
        if let Err(error) = relay.tidy_up(true) {
            self.complaints.push(chain(&error));
        }
        if let Err(error) = replica.tidy_up() {
            self.note_replica(&error, fault);
        }
        self.back_up(&relay, &replica);
        (self.relay, self.replica) = (Some(relay), Some(replica));
    }

    fn start(&mut self) -> Result<(), String> {
        if self.relay.is_none() {
            let path = self.relay_disk.folder().join(RELAY);
            let store = SqliteStore::open(&path).map_err(|error| chain(&error))?;
            let opening = self.stage.opening(&mut self.dice);
            self.relay = Some(Relay::open(store, opening).map_err(|error| chain(&error))?);
        }
        if self.replica.is_none() {
            let entropy = entropy(&mut self.dice);
            let opened = Replica::open(self.device_disk.folder(), entropy, NOW, &mut |_| {});
            self.replica = Some(opened.map_err(|error| chain(&error))?);
        }
        Ok(())
    }

    fn sync(
        &mut self,
        relay: &mut Relay<SqliteStore>,
        replica: &mut Replica,
        fault: Option<Fault>,
    ) {
        let nonce = self.dice.bytes();
        let mut connection = match Connection::open(replica, relay, nonce, at(1), NOW) {
            Ok(connection) => connection,
            Err(error) => return self.note_replica(&error, fault),
        };
        if let Err(error) = carry_all(&mut connection, replica, relay) {
            self.note_replica(&error, fault);
        }
        self.accepted.append(&mut connection.acknowledged);
        self.complaints.extend(connection.relay_failure);
        if !connection.refused.is_empty() {
            self.violations
                .push("the relay refused for ever".to_owned());
        }
    }

    fn back_up(&mut self, relay: &Relay<SqliteStore>, replica: &Replica) {
        let take = self.take;
        let of_relay = self.relay_disk.folder().join(format!("{take}.relay"));
        let made = relay.store().back_up(&of_relay).map(|_| ());
        self.note_backup(of_relay, made.map_err(|error| chain(&error)));
        let of_device = self.device_disk.folder().join(format!("{take}.device"));
        let made = replica.backup(&of_device, &mut |_| {});
        self.note_backup(of_device, made.map_err(|error| chain(&error)));
    }

    fn note_backup(&mut self, path: std::path::PathBuf, made: Result<(), String>) {
        match made {
            Ok(()) => self.backups.push(path),
            Err(complaint) => {
                if path.exists() {
                    let text = format!("a backup that failed is there: {complaint}");
                    self.violations.push(text);
                }
                self.complaints.push(complaint);
            }
        }
    }

    /// A device says by a code what is wrong, and of a full disk that it is full.
    fn note_replica(&mut self, error: &ReplicaError, fault: Option<Fault>) {
        let expected: &[&str] = match fault {
            Some(Fault::Full) => &["disk_full"],
            _ => &["storage"],
        };
        if !expected.contains(&error.code()) {
            let text = format!("said as {}: {}", error.code(), chain(error));
            self.violations.push(text);
        }
        self.complaints.push(chain(error));
    }

    /// Makes the disks sound; whether one had failed.
    fn mend(&mut self, end: End) -> bool {
        let disk = match end {
            End::Relay => &self.relay_disk,
            End::Device => &self.device_disk,
        };
        if disk.is_dead() {
            // Who cannot write at all is started again.
            (self.relay, self.replica) = (None, None);
            disk.restart(Outage::Kill, &mut self.dice);
            return true;
        }
        disk.mend();
        disk.failures() > 0
    }

    /// Starts both anew, lets them come to rest, and looks for everything that was promised; gives
    /// how much of it is lost.
    fn check(&mut self) -> u64 {
        (self.relay, self.replica) = (None, None);
        if let Err(problem) = self.start() {
            self.violations.push(problem);
            return 0;
        }
        let (Some(mut relay), Some(mut replica)) = (self.relay.take(), self.replica.take()) else {
            return 0;
        };
        let mut lost = Vec::new();
        let waiting = replica.show("sync_status", json!({}), NOW);
        let unsent = waiting.map_or(0, |status| status["unsent"].as_u64().unwrap_or(0));
        for _ in 0..3 {
            if let Err(error) = sync(&mut replica, &mut relay, &mut self.dice) {
                self.violations.push(chain(&error));
            }
        }
        let store = relay.store();
        for batch in &self.saved {
            let verdict = store.batch((*batch).into());
            let verdict = verdict.expect("a mended disk").map(|row| row.verdict);
            if !matches!(verdict, Some(Verdict::Durable { .. })) {
                lost.push(format!(
                    "I3: batch {batch} was saved and is nowhere ({unsent} waited)"
                ));
            }
        }
        lost.extend(invariants::acknowledged_is_kept(
            store,
            &self.accepted,
            |_| false,
        ));
        let count = lost.len() as u64;
        self.violations.extend(lost);
        self.violations.extend(invariants::a_relay_is_sound(store));
        self.violations
            .extend(invariants::a_replica_is_sound(&mut replica));
        let device = replica.identity().device;
        let author = relay.front_desk().author(device).expect("a mended disk");
        let states = author.map(|it| invariants::states_at_relay(store, &it.spaces));
        let held = states.map(|states| invariants::a_replica_holds(&replica, &states));
        self.violations.extend(held.unwrap_or_default());
        self.check_backups();
        count
    }

    fn check_backups(&mut self) {
        for path in &self.backups {
            let is_relay = path.extension().is_some_and(|it| it == "relay");
            let problem = if is_relay {
                let store = SqliteStore::open_to_read(path).map_err(|error| chain(&error));
                store.map(|store| invariants::a_relay_is_sound(&store).into_iter().next())
            } else {
                let home = path.with_extension("home");
                let restored = Replica::restore(&home, path, &mut |_| {});
                let opened = restored
                    .and_then(|()| Replica::open(&home, entropy(&mut self.dice), NOW, &mut |_| {}));
                let opened = opened.map_err(|error| chain(&error));
                opened.map(|mut it| invariants::a_replica_is_sound(&mut it).into_iter().next())
            };
            if let Some(problem) = problem.unwrap_or_else(Some) {
                self.violations
                    .push(format!("a backup is not sound: {problem}"));
            }
        }
    }
}

fn judged(pushed: &sync_server::relay::Pushed) -> Judged {
    let changes = pushed.batch.changes().iter().map(|change| JudgedChange {
        document: sync_server::wire::domain_document(change.document),
        hash: change_gate::prescan(&change.raw).map_or([0; 32], |header| header.hash),
        pushed: change.clone(),
    });
    Judged {
        batch: pushed.batch.id(),
        changes: changes.collect(),
    }
}

/// The result of a run for the scoreboard.
pub fn figure(stage: &Stage, step: u64) -> (Json, Vec<String>) {
    let range = match step {
        1 => "every operation of the scenario".to_owned(),
        step => format!("every {step}th operation of the scenario"),
    };
    result(fail(stage, step), &range)
}

/// Plays one point again, with a fault by its number, and says what was refused.
pub fn replay(stage: &Stage, fault: usize, operation: u64) -> (Json, Vec<String>) {
    let (end, fault) = FAULTS[fault % FAULTS.len()];
    let played = Scene::play(stage, end, fault, operation);
    for complaint in &played.complaints {
        println!("refused: {complaint}");
    }
    let mut tally = Tally::default();
    played.count(end, fault, operation, &mut tally);
    result(tally, &format!("operation {operation}: {end:?}, {fault:?}"))
}

fn result(tally: Tally, range: &str) -> (Json, Vec<String>) {
    let figure = json!({
        "figure": "ioerr",
        "value": tally.points,
        "unit": "failures of a disk",
        "range": range,
        "lost": tally.lost,
        "violations": tally.violations.len(),
        "details": {
            "all was done": tally.done,
            "something was refused": tally.refused,
        },
    });
    (figure, tally.violations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whichever_operation_of_a_disk_fails_nothing_promised_is_lost_and_all_goes_on() {
        let is_long = std::env::var_os("FORECOURT_LONG").is_some();
        let tally = fail(&Stage::set(), if is_long { 1 } else { 23 });

        assert_eq!(tally.violations, [""; 0]);
        assert!(tally.refused > 30, "else nothing failed: {tally:?}");
    }
}
