//! Power cuts under the databases of a relay and of a device.
//!
//! A seed puts one of the two on a disk and cuts its power again and again, after any operation.
//! After each cut the product opens it as it does, and everything that was acknowledged must be
//! there, once. Of a disk that syncs late, or that lies
//! about syncing, the same must lose something, or else the cuts prove nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use client_core::{BatchId, Replica};
use dealership::Seq;
use rusqlite::Connection;
use serde_json::json;
use sync_server::relay::{Relay, verify_documents, verify_log};
use sync_server::store::{ReadStore, SqliteStore, Store, StoreError};

use super::stage::{NOW, RELAY, REPLICA, Stage, Step, Worker, entropy};
use crate::chaos::Dice;
use crate::connection::chain;
use crate::invariants;
use crate::sim::disk::{Disk, Outage};

/// How many cuts a seed makes.
pub const CUTS_OF_A_SEED: u64 = 50;

/// After how many operations the power fails at the latest: some five commits.
const LONGEST_FUSE: usize = 160;

/// Every so many seeds are those of a device, of which a cut costs more; the others of a relay.
const SEEDS_PER_DEVICE: u64 = 4;

/// How many rows of the log and batches are looked at after each cut: what was written last. All
/// are at the end of a seed.
const LATEST: usize = 12;

/// What is wrong with a disk, beside its power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    None,
    /// Commits are synced with the next checkpoint, as `synchronous=NORMAL` does.
    SyncsLate,
    /// What it says is synced is not.
    Lies,
}

/// What came of cuts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often the power failed.
    pub cuts: u64,
    /// What was acknowledged: batches by the relay, commands by the device.
    pub acknowledged: u64,
    /// What of it was lost.
    pub lost: u64,
    /// How many writes never reached the disk.
    pub unwritten: u64,
    /// What does not hold, each with its seed.
    pub violations: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.cuts += other.cuts;
        self.acknowledged += other.acknowledged;
        self.lost += other.lost;
        self.unwritten += other.unwritten;
        self.violations.extend(other.violations);
    }
}

/// Runs seeds on as many threads as there are cores.
pub fn cut(stage: &Stage, seeds: std::ops::Range<u64>, flaw: Flaw) -> Tally {
    let next = AtomicU64::new(seeds.start);
    let tally = Mutex::new(Tally::default());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            let work = || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let came_of = cut_of_seed(stage, seed, flaw);
                    tally
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .add(came_of);
                }
            };
            // What the relay's program gives the thread that judges changes.
            let builder = thread::Builder::new().stack_size(change_gate::limits::STACK_BYTES);
            builder.spawn_scoped(scope, work).expect("a thread");
        }
    });
    tally.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Cuts the power of a relay, or of a device.
fn cut_of_seed(stage: &Stage, seed: u64, flaw: Flaw) -> Tally {
    let mut dice = Dice::new(seed);
    let mut cuts = Cuts {
        stage,
        flaw,
        disk: flawed(flaw),
        dice: &mut dice,
        tally: Tally::default(),
    };
    let held = if !seed.is_multiple_of(SEEDS_PER_DEVICE) {
        cuts.of_relay()
    } else {
        cuts.of_device()
    };
    if let Err(problem) = held {
        cuts.tally.lost += 1;
        let violation = format!("seed {seed}: {problem}");
        cuts.tally.violations.push(violation);
    }
    cuts.tally
}

fn flawed(flaw: Flaw) -> Disk {
    let disk = Disk::new();
    disk.set_lying(flaw == Flaw::Lies);
    disk.set_syncing_late(flaw == Flaw::SyncsLate);
    disk
}

/// The cuts of one seed.
struct Cuts<'s> {
    stage: &'s Stage,
    flaw: Flaw,
    disk: Disk,
    dice: &'s mut Dice,
    tally: Tally,
}

impl Cuts<'_> {
    /// A relay keeps what a device made, some batches with each commit.
    fn of_relay(&mut self) -> Result<(), String> {
        self.stage.put_relay(self.disk.folder());
        let steps = self.stage.steps.as_slice();
        let mut done = 0;
        while self.tally.cuts < CUTS_OF_A_SEED {
            let Some(mut store) = self.open(Self::open_store)? else {
                continue;
            };
            done = self.kept_of(&store, done, LATEST)?;
            while !self.disk.is_dead() && done < steps.len() {
                if self.dice.once_in(6) {
                    // A store whose disk fails here goes on with what it has.
                    let _tidied = store.tidy_up(self.dice.once_in(3));
                }
                let end = (done + 1 + self.dice.below(3)).min(steps.len());
                match keep(&mut store, &steps[done..end]) {
                    Ok(()) => {
                        self.tally.acknowledged += (end - done) as u64;
                        done = end;
                    }
                    Err(_) if self.disk.is_dead() => break,
                    Err(error) => return Err(chain(&error)),
                }
            }
            drop(store);
            self.fail_and_restart();
            if done == steps.len() {
                self.check_relay(done)?;
                done = 0;
                self.start_anew(Stage::put_relay);
            }
        }
        self.check_relay(done)
    }

    /// A person works on a device.
    fn of_device(&mut self) -> Result<(), String> {
        self.stage.put_replica(self.disk.folder());
        let mut saved: Vec<BatchId> = Vec::new();
        let mut worker = Worker::new(1);
        while self.tally.cuts < CUTS_OF_A_SEED {
            let Some(mut replica) = self.open(Self::open_replica)? else {
                continue;
            };
            self.check_outbox(&saved)?;
            if self.dice.once_in(20) {
                let problems = invariants::a_replica_is_sound(&mut replica);
                if let Some(problem) = problems.first() {
                    return Err(problem.clone());
                }
            }
            while !self.disk.is_dead() {
                let executed = match worker.work(&mut replica) {
                    Ok(executed) => executed,
                    Err(_) if self.disk.is_dead() => break,
                    Err(error) => return Err(chain(&error)),
                };
                saved.extend(executed.batch);
                self.tally.acknowledged += 1;
                // What the driver does when nobody waits.
                let _tidied = replica.tidy_up();
                if self.dice.once_in(12) {
                    break;
                }
            }
            // An orderly end writes too, while there is power.
            drop(replica);
            self.fail_and_restart();
            if saved.len() > self.stage.pushed.len() {
                saved.clear();
                worker = Worker::new(1);
                self.start_anew(Stage::put_replica);
            }
        }
        Ok(())
    }

    /// Opens a database; nothing comes of it if the power fails meanwhile.
    fn open<T>(&mut self, open: fn(&mut Self) -> Result<T, String>) -> Result<Option<T>, String> {
        self.light_fuse();
        match open(self) {
            Ok(opened) => Ok(Some(opened)),
            Err(_) if self.disk.is_dead() => {
                self.fail_and_restart();
                Ok(None)
            }
            Err(problem) => Err(problem),
        }
    }

    fn open_store(&mut self) -> Result<SqliteStore, String> {
        SqliteStore::open(&self.disk.folder().join(RELAY)).map_err(|error| chain(&error))
    }

    fn open_replica(&mut self) -> Result<Replica, String> {
        let entropy = entropy(self.dice);
        let opened = Replica::open(self.disk.folder(), entropy, NOW, &mut |_| {});
        opened.map_err(|error| chain(&error))
    }

    /// How many of the batches are in a relay's log: those that were acknowledged, and maybe those
    /// that were being kept. The log must be whole; of what it holds the `latest` are looked at.
    fn kept_of(
        &mut self,
        store: &SqliteStore,
        done: usize,
        latest: usize,
    ) -> Result<usize, String> {
        let failed = |error: StoreError| chain(&error);
        let steps = self.stage.steps.as_slice();
        let head = store.head().map_err(failed)?.seq;
        let after = Seq(head.0.saturating_sub(latest as u64));
        let mut problems = store.problems().map_err(failed)?;
        problems.extend(verify_log(store, after).map_err(failed)?.problems);
        if let Some(problem) = problems.into_iter().next() {
            return Err(problem);
        }
        let last = |step: &Step| step.rows.last().map(|(row, _)| row.seq);
        let kept = steps
            .iter()
            .take_while(|step| last(step) <= Some(head))
            .count();
        if kept < done {
            self.tally.lost += (done - kept) as u64;
            return Err(format!("{} acknowledged batches are lost", done - kept));
        }
        for step in &steps[kept.saturating_sub(latest)..kept] {
            let batch = store.batch(step.batch.id).map_err(failed)?;
            let has_rows = step.rows.iter().all(|(row, _)| {
                let found = store.log_row(row.seq);
                found.is_ok_and(|found| found.as_ref() == Some(row))
            });
            if batch.as_ref() != Some(&step.batch) || !has_rows {
                self.tally.lost += 1;
                return Err("an acknowledged batch is not as it was".to_owned());
            }
        }
        Ok(kept)
    }

    /// Opens the relay, and looks at everything that it holds.
    fn check_relay(&mut self, done: usize) -> Result<(), String> {
        let store = self.open_store()?;
        self.kept_of(&store, done, usize::MAX)?;
        let verified = verify_documents(&store).map_err(|error| chain(&error))?;
        verified.problems.into_iter().next().map_or(Ok(()), Err)?;
        let opened = Relay::open(store, self.stage.opening(self.dice));
        opened.map(drop).map_err(|error| chain(&error))
    }

    /// Whether what was saved is in the outbox, and nothing else but what was being saved.
    fn check_outbox(&mut self, saved: &[BatchId]) -> Result<(), String> {
        let failed = |error: rusqlite::Error| chain(&error);
        let connection = Connection::open(self.disk.folder().join(REPLICA)).map_err(failed)?;
        let check: String = connection
            .query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))
            .map_err(failed)?;
        if check != "ok" {
            return Err(check);
        }
        let mut statement = connection.prepare("SELECT id FROM batch").map_err(failed)?;
        let waiting = statement.query_map((), |row| row.get(0).map(BatchId));
        let waiting: Vec<BatchId> = waiting.and_then(Iterator::collect).map_err(failed)?;
        let lost = saved
            .iter()
            .filter(|batch| !waiting.contains(batch))
            .count();
        if lost > 0 {
            self.tally.lost += lost as u64;
            return Err(format!("{lost} saved commands are lost"));
        }
        Ok(())
    }

    fn light_fuse(&mut self) {
        self.disk.fail_after(self.dice.below(LONGEST_FUSE) as u64);
    }

    /// Lets the power fail if it has not, and gives it back.
    fn fail_and_restart(&mut self) {
        self.disk.fail_now();
        self.tally.cuts += 1;
        self.tally.unwritten += self.disk.restart(Outage::Power, self.dice) as u64;
    }

    /// Goes on with an empty disk that is as flawed as the one before.
    fn start_anew(&mut self, put: fn(&Stage, &std::path::Path)) {
        self.disk = flawed(self.flaw);
        put(self.stage, self.disk.folder());
    }
}

/// Keeps batches in one transaction, each as the relay does.
fn keep(store: &mut SqliteStore, steps: &[Step]) -> Result<(), StoreError> {
    store.begin()?;
    for step in steps {
        let kept = keep_one(store, step);
        if kept.is_err() {
            store.roll_back()?;
            return kept;
        }
    }
    store.commit()
}

fn keep_one(store: &mut SqliteStore, step: &Step) -> Result<(), StoreError> {
    store.set_savepoint()?;
    for (row, running) in &step.rows {
        store.append(row, running)?;
    }
    for document in &step.documents {
        store.put_document(document)?;
    }
    store.put_batch(&step.batch)?;
    store.release_savepoint()
}

/// The result of a run for the scoreboard.
pub fn figure(stage: &Stage, from: u64, cuts: u64) -> (serde_json::Value, Vec<String>) {
    let seeds = from..from + cuts.div_ceil(CUTS_OF_A_SEED);
    // A control is as long as it takes to be sure, not as long as the run.
    let control = from..seeds.end.min(from + 20);
    let honest = cut(stage, seeds.clone(), Flaw::None);
    let late = cut(stage, control.clone(), Flaw::SyncsLate);
    let lying = cut(stage, control, Flaw::Lies);
    let mut violations = honest.violations;
    for (name, tally) in [("syncs late", &late), ("lies about syncing", &lying)] {
        if tally.lost == 0 {
            violations.push(format!(
                "a disk that {name} loses nothing: the cuts prove nothing"
            ));
        }
    }
    let figure = json!({
        "figure": "powerloss",
        "value": honest.cuts,
        "unit": "power cuts",
        "range": format!("seeds {}..{}", seeds.start, seeds.end),
        "lost": honest.lost,
        "violations": violations.len(),
        "details": {
            "acknowledged": honest.acknowledged,
            "writes that never reached the disk": honest.unwritten,
            "control, lost with synchronous=NORMAL": late.lost,
            "control, lost on a disk that lies": lying.lost,
        },
    });
    (figure, violations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_acknowledged_survives_every_power_cut() {
        let seeds = 0..if std::env::var_os("FORECOURT_LONG").is_some() {
            2_000
        } else {
            40
        };
        let tally = cut(&Stage::set(), seeds, Flaw::None);

        assert_eq!(tally.violations, [""; 0]);
        assert_eq!(tally.lost, 0);
        assert!(tally.acknowledged > tally.cuts, "{tally:?}");
    }

    #[test]
    fn disks_that_sync_late_or_lie_lose_what_was_acknowledged() {
        let stage = Stage::set();
        for flaw in [Flaw::SyncsLate, Flaw::Lies] {
            let tally = cut(&stage, 0..8, flaw);

            assert!(tally.lost > 0, "{flaw:?}: the cuts prove nothing");
        }
    }
}
