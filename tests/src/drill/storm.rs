//! The network between real processes misbehaves while people work at both ends of it.
//!
//! Two devices of a consultant and one of a manager write and sync through a [`Proxy`], each at its
//! own pace, whatever becomes of their connections. Then the storm ends, and everything that was
//! called saved must be everywhere, once.

use std::thread;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::Figure;
use super::agreement::disagreements;
use super::edits::{said, say};
use crate::chaos::Dice;
use crate::processes::{Audit, Ledger, Showroom, Tablet};
use crate::proxy::{Climate, Proxy};

/// Who writes: whose devices they are.
const WRITERS: [&str; 3] = ["李娜", "李娜", "陈刚"];

/// How a run is to be.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// What decides everything but the order of processes.
    pub seed: u64,
    /// How often each device writes and syncs.
    pub rounds: usize,
    /// Whether everybody speaks TLS; then bytes are changed on the way, too.
    pub is_sealed: bool,
    /// How long a connection in which nothing moves is held, at most.
    pub patience: Duration,
}

/// What a device did.
#[derive(Default)]
struct Worked {
    saved: Ledger,
    cards: Vec<Json>,
    synced: u64,
    broken: u64,
}

/// Plays one storm.
///
/// # Panics
///
/// If anything does not hold.
pub fn run(run: Run) -> Figure {
    let people = ["李娜", "陈刚"];
    let mut showroom = match run.is_sealed {
        true => Showroom::open_sealed(&people),
        false => Showroom::open(&people),
    };
    let proxy = Proxy::lay();
    let relay = showroom.site.line().leads_to();
    proxy.lead_to(relay.expect("the relay serves"));
    let tablets: Vec<_> = WRITERS
        .iter()
        .enumerate()
        .map(|(number, name)| {
            let device = format!("device {number}");
            let tablet = showroom.site.enrol_at(proxy.address(), name, &device);
            tablet.sync();
            tablet
        })
        .collect();
    let shared = card(&tablets[0], "张伟", 0);
    tablets.iter().for_each(|tablet| drop(tablet.sync()));

    let mut dice = Dice::new(run.seed);
    let climate = Climate {
        patience: run.patience,
        is_sealed: run.is_sealed,
    };
    proxy.storm(u64::from_be_bytes(dice.bytes()), climate);
    let seeds: Vec<u64> = tablets.iter().map(|_| dice.below(1 << 40) as u64).collect();
    let mut worked: Vec<Worked> = thread::scope(|scope| {
        let shared = &shared;
        let working: Vec<_> = tablets
            .iter()
            .zip(seeds)
            .enumerate()
            .map(|(number, (tablet, seed))| {
                scope.spawn(move || work(tablet, number, shared, Dice::new(seed), run.rounds))
            })
            .collect();
        let joined = working
            .into_iter()
            .map(|it| it.join().expect("it works on"));
        joined.collect()
    });
    proxy.clear();

    // What waits goes out now, at the first try of each, and comes in at the second.
    for tablet in tablets.iter().chain(&tablets) {
        tablet.sync();
    }
    let new = showroom.site.enrol_at(proxy.address(), "陈刚", "new");
    new.sync();
    let everyone: Vec<_> = tablets.iter().chain([&new]).collect();
    let mut ledger = Ledger::default();
    let mut customers = vec![shared];
    for worked in &mut worked {
        ledger.absorb(&worked.saved);
        customers.append(&mut worked.cards);
    }
    for tablet in &everyone {
        let found = said(tablet, &customers);
        let audit = ledger.audit(found.iter().map(String::as_str));
        assert_eq!(audit, Audit::default(), "seed {}", run.seed);
    }
    showroom.check(&everyone);
    let disagreements = disagreements(&mut showroom, &everyone);
    assert_eq!(disagreements, [""; 0], "seed {}", run.seed);

    let sum = |count: fn(&Worked) -> u64| worked.iter().map(count).sum::<u64>();
    let mut figure = Figure::new("proxy", ledger.promised(), "edits saved")
        .with("syncs that went through", sum(|it| it.synced))
        .with("syncs that broke", sum(|it| it.broken));
    for (what, times) in proxy.seen() {
        figure = figure.with(what, times);
    }
    figure
}

/// Writes and syncs, whatever becomes of the connections.
fn work(tablet: &Tablet, number: usize, shared: &Json, mut dice: Dice, rounds: usize) -> Worked {
    let mut worked = Worked::default();
    for round in 0..rounds {
        // What a manager cards himself the consultant does not read.
        if WRITERS[number] == WRITERS[0] && dice.once_in(4) {
            let name = format!("客户{number}之{round}");
            worked
                .cards
                .push(card(tablet, &name, 1 + number * 10_000 + round));
        }
        let places: Vec<_> = worked.cards.iter().chain([shared]).cloned().collect();
        let customer = &places[dice.below(places.len())];
        let edits: Vec<_> = (0..1 + dice.below(4))
            .map(|edit| format!("{number}号第{round}轮第{edit}条"))
            .collect();
        say(tablet, customer, &edits, &mut worked.saved);
        match tablet.run(&["sync"]) {
            Ok(_) => worked.synced += 1,
            Err(complaint) => {
                assert!(!complaint.contains("panicked"), "{complaint}");
                worked.broken += 1;
            }
        }
    }
    worked
}

fn card(tablet: &Tablet, name: &str, number: usize) -> Json {
    let card = json!({"name": name, "phone": format!("138{number:08}")});
    tablet.execute("create_customer", &card)["customer"].clone()
}
