//! SIGKILL, again and again: what was called saved or acknowledged is there, once.
//!
//! Each cycle a client runs a stream of commands and syncs; at a point that the seed decides one
//! of the processes is killed: the client after it called so many edits saved, or either end
//! after so many bytes of a sync, with the rest of the message withheld. A killed process shows
//! that nothing is promised before it is handed to the operating system; power cuts are another
//! matter, which the databases' own settings answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value as Json, json};

use super::Figure;
use super::edits::said;
use crate::chaos::Dice;
use crate::processes::{Audit, Killer, Ledger, Showroom, Tablet, Towards};

/// So many cycles kill each victim at least once in time, whatever the seed.
const ENOUGH: usize = 100;

/// How many cycles' edits go to one customer before the next one comes.
const CYCLES_PER_CUSTOMER: usize = 5;

/// What is killed, and while it does what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    ClientSaving,
    ClientSyncing,
    RelaySyncing,
    RelayStarting,
}

struct Run {
    showroom: Showroom,
    dice: Dice,
    /// The client whose edits are counted, and a second one of the same person.
    tablet: Tablet,
    second: Tablet,
    customers: Vec<Json>,
    /// What `do` called saved.
    saved: Ledger,
    /// What the relay acknowledged.
    acknowledged: Ledger,
    /// How often each was killed at the very point that the seed decided.
    killed: BTreeMap<Victim, usize>,
}

/// Kills processes in so many cycles, as a seed decides.
///
/// # Panics
///
/// If anything does not hold.
pub fn run(seed: u64, cycles: usize) -> Figure {
    let mut run = Run::begin(seed);
    for cycle in 0..cycles {
        run.cycle(cycle);
    }
    run.audit(cycles)
}

impl Run {
    fn begin(seed: u64) -> Self {
        let showroom = Showroom::open(&["李娜"]);
        Self {
            tablet: showroom.another_tablet("李娜", "first"),
            second: showroom.another_tablet("李娜", "second"),
            showroom,
            dice: Dice::new(seed),
            customers: Vec::new(),
            saved: Ledger::default(),
            acknowledged: Ledger::default(),
            killed: BTreeMap::new(),
        }
    }

    fn cycle(&mut self, cycle: usize) {
        if cycle.is_multiple_of(CYCLES_PER_CUSTOMER) {
            let card = json!({"name": format!("客户{cycle}"), "phone": format!("138{cycle:08}")});
            let carded = self.tablet.execute("create_customer", &card);
            self.customers.push(carded["customer"].clone());
        }
        let victim = [
            Victim::ClientSaving,
            Victim::ClientSyncing,
            Victim::RelaySyncing,
            Victim::RelaySyncing,
            Victim::RelayStarting,
        ][self.dice.below(5)];
        self.save(cycle, victim);
        let is_dead = self.sync(victim);
        if is_dead {
            self.restart(victim);
            self.compare();
        }
    }

    /// Runs a stream of commands, and kills the client after some of them were called saved.
    fn save(&mut self, cycle: usize, victim: Victim) {
        let customer = self.customers.last().expect("the first cycle made one");
        let edits: Vec<_> = (0..2 + self.dice.below(9))
            .map(|number| format!("第{cycle}轮第{number}条"))
            .collect();
        let last = match victim {
            Victim::ClientSaving => self.dice.below(edits.len()),
            _ => edits.len(),
        };
        let mut stream = self.tablet.stream(edits.iter().map(|edit| {
            let input = json!({"customer": customer, "type": "call_out", "outcome": "reached",
                               "content": edit});
            ("log_follow_up", input)
        }));
        for edit in &edits {
            self.saved.try_edit(edit);
        }
        let mut heard = Vec::new();
        while heard.len() < last
            && let Some(answer) = stream.answer()
        {
            heard.push(answer);
        }
        if victim == Victim::ClientSaving {
            stream.killer().kill();
            *self.killed.entry(victim).or_default() += 1;
        }
        // What it said before it died it has said.
        let (ended, rest, complaints) = stream.end();
        heard.extend(rest);
        assert!(
            ended.success() || victim == Victim::ClientSaving,
            "{complaints:?}"
        );
        for (edit, answer) in edits.iter().zip(&heard) {
            let answer: Json = serde_json::from_str(answer).expect("whole lines");
            assert!(answer["batch"].is_string(), "{answer}");
            self.saved.promise(edit);
        }
    }

    /// Syncs, and kills one end after some bytes; says whether the relay is dead.
    fn sync(&mut self, victim: Victim) -> bool {
        let (bytes, towards) = match self.dice.below(2) {
            0 => (1 + self.dice.below(4_000), Towards::Relay),
            _ => (1 + self.dice.below(2_000), Towards::Device),
        };
        let line = self.showroom.site.line();
        let was_killed = Arc::new(AtomicBool::new(false));
        let kill_with = |killer: Killer| {
            let was_killed = Arc::clone(&was_killed);
            move || {
                // Said first: whoever sees the process dead looks here at once.
                was_killed.store(true, Ordering::SeqCst);
                killer.kill();
            }
        };
        let relay = self.showroom.relay.killer();
        let is_relays_turn = matches!(victim, Victim::RelaySyncing | Victim::RelayStarting);
        if is_relays_turn {
            line.cut_after(bytes, towards, kill_with(relay.clone()));
        }
        let syncing = self.tablet.start(&["sync"]);
        if victim == Victim::ClientSyncing {
            line.cut_after(bytes, towards, kill_with(syncing.killer()));
        }
        let outcome = Tablet::outcome(syncing);
        line.call_off();
        let was_killed = was_killed.load(Ordering::SeqCst);
        if was_killed {
            *self.killed.entry(victim).or_default() += 1;
        } else {
            outcome.expect("nobody was killed");
        }
        if is_relays_turn {
            relay.kill();
        }
        is_relays_turn
    }

    /// Starts the relay again, and before that sometimes kills it while it starts.
    fn restart(&mut self, victim: Victim) {
        self.showroom.relay.wait();
        if victim == Victim::RelayStarting {
            let mut starting = self.showroom.site.start();
            if self.dice.once_in(2) {
                // It has begun to work.
                starting.complaint();
            }
            starting.killer().kill();
            starting.end();
        }
        self.showroom.relay = self.showroom.site.serve();
    }

    /// Whatever the relay acknowledged to one client before it was killed it gives to the other.
    fn compare(&mut self) {
        let customer = self.customers.last().expect("the first cycle made one");
        let follow_ups = contact_of(&self.tablet, customer);
        let Some(contact) = follow_ups else { return };
        let acknowledged = |tablet: &Tablet| -> BTreeMap<String, Json> {
            let history = tablet.run(&["history", &contact]).unwrap_or_default();
            let entries = history.into_iter().filter(|entry| !entry["seq"].is_null());
            entries
                .map(|entry| {
                    (
                        entry["change"].as_str().unwrap().to_owned(),
                        entry["seq"].clone(),
                    )
                })
                .collect()
        };
        let before = acknowledged(&self.tablet);
        self.second.sync();
        let after = acknowledged(&self.second);
        for (change, seq) in &before {
            self.acknowledged.promise(change);
            assert_eq!(after.get(change), Some(seq), "{change} was acknowledged");
        }
    }

    fn audit(self, cycles: usize) -> Figure {
        for _ in 0..2 {
            self.tablet.sync();
            self.second.sync();
        }
        let third = self.showroom.another_tablet("李娜", "third");
        for (who, tablet) in [
            ("the client", &self.tablet),
            ("the second client", &self.second),
            ("the relay, as a new client reads it", &third),
        ] {
            let found = said(tablet, &self.customers);
            let audit = self.saved.audit(found.iter().map(String::as_str));
            assert_eq!(audit, Audit::default(), "at {who}");
        }
        let tablets = [&self.tablet, &self.second, &third];
        self.showroom.check(&tablets);
        let kills: usize = self.killed.values().sum();
        let mut figure = Figure::new("kill9", kills, "kills in time")
            .with("edits saved", self.saved.promised())
            .with("changes acknowledged", self.acknowledged.promised());
        for victim in [
            Victim::ClientSaving,
            Victim::ClientSyncing,
            Victim::RelaySyncing,
            Victim::RelayStarting,
        ] {
            let times = self.killed.get(&victim).copied().unwrap_or_default();
            let is_enough = times > 0 || cycles < ENOUGH;
            assert!(is_enough, "{victim:?} was never killed in time");
            figure = figure.with(&format!("{victim:?}"), times);
        }
        figure
    }
}

/// The document that holds a customer's follow-ups.
fn contact_of(tablet: &Tablet, customer: &Json) -> Option<String> {
    let shown = tablet.show("customer_detail", &json!({"customer": customer}));
    shown["contacts"][0]["id"].as_str().map(str::to_owned)
}
