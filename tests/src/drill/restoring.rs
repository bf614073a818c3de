//! A relay under load is lost and restored from an older backup; its devices bring back what it
//! lacks.
//!
//! Three devices write and sync. Backups are taken at points that the seed decides, the relay is
//! killed at another, and one of the backups is restored. One device never comes back. Whatever the
//! others hold must be at the relay in the end (I16): their own edits, and what they had read of
//! the device that is gone.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use serde_json::{Value as Json, json};

use super::Figure;
use super::agreement::disagreements;
use super::edits::{said, say};
use crate::chaos::Dice;
use crate::processes::{Audit, Ledger, Showroom, Tablet};

/// Who writes; the last one's device is never seen again.
const WRITERS: [&str; 3] = ["李娜", "陈刚", "李娜"];

/// How often each writes and syncs before the relay is lost, at most.
const STEPS: usize = 8;

/// Loses and restores a relay once.
///
/// # Panics
///
/// If anything does not hold.
pub fn run(seed: u64) -> Figure {
    let mut dice = Dice::new(seed);
    let mut showroom = Showroom::open(&["李娜", "陈刚"]);
    let tablets: Vec<_> = WRITERS
        .iter()
        .enumerate()
        .map(|(number, name)| showroom.another_tablet(name, &format!("device {number}")))
        .collect();
    let card = json!({"name": "张伟", "phone": "13800000001"});
    let customer = tablets[0].execute("create_customer", &card)["customer"].clone();
    tablets.iter().for_each(|tablet| drop(tablet.sync()));

    let backups: Vec<_> = (0..1 + dice.below(3))
        .map(|number| showroom.site.path(&format!("{number}.sqlite")))
        .collect();
    let mut ledgers = under_load(&mut showroom, &tablets, &customer, &backups, &mut dice);
    let live = &tablets[..tablets.len() - 1];
    let of_gone = ledgers.pop().expect("three");
    let mut ledger = Ledger::default();
    ledgers.iter().for_each(|of_one| ledger.absorb(of_one));
    ledger.absorb_tried(&of_gone);
    // What somebody alive has read of the one that is gone must come back as well.
    let customers = [customer];
    for tablet in live {
        said(tablet, &customers)
            .iter()
            .for_each(|edit| ledger.promise(edit));
    }

    restore(&showroom, &backups[dice.below(backups.len())]);
    showroom.relay = showroom.site.serve();
    let kept = said_at_relay(&showroom, &customers, "before");
    for tablet in live.iter().chain(live) {
        tablet.sync();
    }
    let new = showroom.another_tablet("陈刚", "new");
    let everyone: Vec<_> = live.iter().chain([&new]).collect();
    for tablet in &everyone {
        let found = said(tablet, &customers);
        let audit = ledger.audit(found.iter().map(String::as_str));
        assert_eq!(audit, Audit::default(), "seed {seed}");
    }
    showroom.check(&everyone);
    let came_back = said(&new, &customers).len() - kept;
    let disagreements = disagreements(&mut showroom, &everyone);
    assert_eq!(disagreements, [""; 0], "seed {seed}");
    Figure::new("restore", came_back, "edits came back")
        .with("edits promised", ledger.promised())
        .with("kept by the backup", kept)
}

/// Lets devices write and sync while backups are taken, until the relay is killed; what each
/// promised.
fn under_load(
    showroom: &mut Showroom,
    tablets: &[Tablet],
    customer: &Json,
    backups: &[PathBuf],
    dice: &mut Dice,
) -> Vec<Ledger> {
    let steps = 3 + dice.below(STEPS - 3);
    let all = steps * tablets.len();
    let mut moments: Vec<_> = backups.iter().map(|_| dice.below(all * 2 / 3)).collect();
    moments.sort_unstable();
    let lost_at = all * 2 / 3 + dice.below(all / 3);
    let seeds: Vec<u64> = tablets.iter().map(|_| dice.below(1 << 40) as u64).collect();
    let (done, steps_done) = sync_channel(all);
    thread::scope(|scope| {
        let working: Vec<_> = tablets
            .iter()
            .zip(seeds)
            .enumerate()
            .map(|(number, (tablet, seed))| {
                let (done, dice) = (done.clone(), Dice::new(seed));
                scope.spawn(move || work(tablet, number, customer, dice, steps, &done))
            })
            .collect();
        drop(done);
        for (step, ()) in steps_done.iter().enumerate() {
            for (backup, _) in backups.iter().zip(&moments).filter(|(_, at)| **at == step) {
                let backup = backup.to_str().expect("a plain path");
                showroom.site.administer(&["backup", backup]);
            }
            if step == lost_at {
                showroom.relay.killer().kill();
                showroom.relay.wait();
            }
        }
        let joined = working
            .into_iter()
            .map(|it| it.join().expect("it works on"));
        joined.collect()
    })
}

fn work(
    tablet: &Tablet,
    number: usize,
    customer: &Json,
    mut dice: Dice,
    steps: usize,
    done: &SyncSender<()>,
) -> Ledger {
    let mut saved = Ledger::default();
    for step in 0..steps {
        let edits: Vec<_> = (0..1 + dice.below(3))
            .map(|edit| format!("{number}号第{step}次第{edit}条"))
            .collect();
        say(tablet, customer, &edits, &mut saved);
        if let Err(complaint) = tablet.run(&["sync"]) {
            // The relay may be gone by now.
            assert!(!complaint.contains("panicked"), "{complaint}");
        }
        done.send(()).expect("somebody counts");
    }
    saved
}

/// Puts a backup where the relay's database was.
fn restore(showroom: &Showroom, backup: &Path) {
    let data = showroom.site.data();
    for file in ["relay.sqlite", "relay.sqlite-wal", "relay.sqlite-shm"] {
        let lost = data.join(file);
        if lost.exists() {
            fs::remove_file(lost).expect("a folder of one's own");
        }
    }
    let backup = backup.to_str().expect("a plain path");
    showroom.site.administer(&["restore", backup]);
}

/// How much of what was said a new device reads from the relay.
fn said_at_relay(showroom: &Showroom, customers: &[Json], device: &str) -> usize {
    said(&showroom.another_tablet("陈刚", device), customers).len()
}
