//! An enrolled device attacks a relay that serves others meanwhile.
//!
//! Every attack is refused, or, where it breaks no rule, taken; each costs the relay at most
//! 250 ms of a processor and 64 MiB, and another client's syncs all succeed.

use std::fs;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde_json::{Value as Json, json};
use stories::processes::{Audit, Consumption, Intruder, Ledger, Showroom, Tablet};
use sync_protocol::{Outcome, PushedChange};
use tokio_tungstenite::tungstenite::Message;

use forgery::Forger;

mod forgery;

/// The device under whose number the gate's corpus of attacks was written.
const CORPUS_DEVICE: u64 = 7;

/// The most that one attack may cost the relay, in milliseconds on a processor.
const PROCESSOR_MS: u64 = 250;

/// The most memory that one attack may cost the relay, in bytes.
const MEMORY: u64 = 64 << 20;

/// How often an attack that costs too much is tried again: the relay serves others meanwhile,
/// and what they cost is counted with it.
const TRIES: usize = 3;

/// Something that an enrolled device pushes.
struct Attack {
    name: String,
    /// Writes it; each time anew, so that an attack that is taken can be repeated.
    write: Write,
    expects: Expects,
}

/// What writes an attack.
type Write = Box<dyn FnMut(&mut Forger) -> Vec<PushedChange>>;

/// What becomes of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expects {
    /// It breaks a rule: it is refused, or lacks what it depends on.
    NotTaken,
    /// It breaks none.
    Taken,
    /// Chance decides whether it breaks one.
    Either,
}

/// The attacker's connection, and what it found out.
struct Assault<'a> {
    showroom: &'a Showroom,
    intruder: Intruder,
    forger: Forger,
    relay: Consumption,
    attacks: usize,
    dearest: (u64, String),
    largest: (u64, String),
}

#[test]
fn no_attack_of_an_enrolled_device_stops_a_relay_that_serves_others() {
    let showroom = Showroom::open(&["李娜", "周勇"]);
    let tablet = showroom.tablet("李娜");
    let card = json!({"name": "张伟", "phone": "13800000001"});
    let customer = tablet.execute("create_customer", &card)["customer"].clone();
    let over = AtomicBool::new(false);
    let (honest, report) = std::thread::scope(|scope| {
        let honest = scope.spawn(|| Honest::work(&tablet, &customer, &over));
        let report = {
            // Ends the other's work also when this one fails.
            let _over = Over(&over);
            Assault::of(&showroom).run()
        };
        let honest = honest.join();
        (honest.unwrap_or_else(|panic| resume_unwind(panic)), report)
    });
    println!("{report}\n{honest}");
    honest.check(&tablet, &customer);
    showroom.check(&[&tablet]);
}

/// Says that the attack is over when it is dropped.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A consultant who writes and syncs while the relay is attacked.
#[derive(Default)]
struct Honest {
    saved: Ledger,
    milliseconds: Vec<u128>,
}

impl Honest {
    fn work(tablet: &Tablet, customer: &Json, over: &AtomicBool) -> Self {
        let mut honest = Self::default();
        while !over.load(Ordering::SeqCst) || honest.milliseconds.len() < 10 {
            let edit = format!("第{}次", honest.milliseconds.len());
            tablet.execute(
                "log_follow_up",
                &json!({"customer": customer, "type": "call_out", "outcome": "reached",
                        "content": edit}),
            );
            honest.saved.promise(&edit);
            let started = Instant::now();
            let report = tablet.sync();
            honest.milliseconds.push(started.elapsed().as_millis());
            assert_eq!(report["unsent"], 0, "{report}");
        }
        honest.milliseconds.sort_unstable();
        honest
    }

    fn check(&self, tablet: &Tablet, customer: &Json) {
        let shown = tablet.show("customer_detail", &json!({"customer": customer}));
        let timeline = shown["timeline"].as_array().unwrap().iter();
        let found = timeline.filter_map(|entry| entry["content"].as_str());
        assert_eq!(self.saved.audit(found), Audit::default());
    }
}

impl std::fmt::Display for Honest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.milliseconds.len();
        let at = |part: usize| self.milliseconds[(count * part / 100).min(count - 1)];
        write!(
            f,
            "meanwhile {count} syncs of another client, each with its process: p50 {} ms, p99 {} ms",
            at(50),
            at(99)
        )
    }
}

impl<'a> Assault<'a> {
    fn of(showroom: &'a Showroom) -> Self {
        let mut intruder = Intruder::enter(&showroom.site, "周勇");
        while intruder.identity.device.0 < CORPUS_DEVICE {
            intruder = Intruder::enter(&showroom.site, "周勇");
        }
        assert_eq!(intruder.identity.device.0, CORPUS_DEVICE);
        Self {
            relay: Consumption::of(showroom.relay.id()),
            forger: Forger::of(&intruder),
            showroom,
            intruder,
            attacks: 0,
            dearest: (0, String::new()),
            largest: (0, String::new()),
        }
    }

    fn run(mut self) -> String {
        for attack in corpus() {
            self.launch(attack);
        }
        for attack in forgery::attacks() {
            self.launch(attack);
        }
        self.send_frames();
        let (ms, dearest) = &self.dearest;
        let (bytes, largest) = &self.largest;
        format!(
            "{} attacks; the dearest took {ms} ms of a processor ({dearest}), the largest {} KiB \
             ({largest})",
            self.attacks,
            bytes >> 10
        )
    }

    /// Pushes an attack, and holds its verdict and its cost against what is allowed.
    fn launch(&mut self, mut attack: Attack) {
        let name = attack.name;
        let (mut ms, mut bytes) = (u64::MAX, u64::MAX);
        for _ in 0..TRIES {
            let changes = (attack.write)(&mut self.forger);
            let mut outcome = None;
            let cost = self.cost_of(|assault| outcome = assault.intruder.push(changes));
            (ms, bytes) = (ms.min(cost.0), bytes.min(cost.1));
            let is_taken = matches!(outcome, Some(Outcome::Accepted(_)));
            let is_expected = match attack.expects {
                Expects::NotTaken => !is_taken,
                Expects::Taken => is_taken,
                Expects::Either => true,
            };
            assert!(is_expected, "{name}: {outcome:?}");
            if !matches!(outcome, Some(Outcome::Accepted(_) | Outcome::Refused(_))) {
                // A session holds what waits, and a closed one is over: begin anew.
                self.reconnect();
            }
            if ms <= PROCESSOR_MS && bytes <= MEMORY {
                break;
            }
        }
        self.note(name, ms, bytes);
    }

    /// Sends frames that no client sends; the relay ends the connection each time.
    fn send_frames(&mut self) {
        let longest = sync_protocol::limits::FRAME;
        let nested = [&[1][..], &[0x81; 100_000]].concat();
        let endless = [1, 0x5b, 255, 255, 255, 255, 255, 255, 255, 255];
        for (name, message) in [
            (
                "a frame that is too long",
                Message::binary(vec![1; longest + 1]),
            ),
            (
                "the longest frame of nothing",
                Message::binary(vec![0; longest]),
            ),
            ("a frame of nested arrays", Message::binary(nested)),
            (
                "a frame that claims 2^64 bytes",
                Message::binary(endless.to_vec()),
            ),
            ("no frame at all", Message::binary(Vec::new())),
            ("a message of text", Message::text("{}")),
        ] {
            let (ms, bytes) = self.cost_of(|assault| assault.intruder.send_raw(message));
            self.note(name.to_owned(), ms, bytes);
            self.reconnect();
        }
    }

    /// What something costs the relay: milliseconds on a processor, and bytes at the worst.
    fn cost_of(&mut self, something: impl FnOnce(&mut Self)) -> (u64, u64) {
        self.relay.forget_peak();
        let (before, held) = (self.relay.processor_ms(), self.relay.memory());
        something(self);
        let ms = self.relay.processor_ms().saturating_sub(before);
        (ms, self.relay.peak_memory().saturating_sub(held))
    }

    fn note(&mut self, name: String, ms: u64, bytes: u64) {
        assert!(ms <= PROCESSOR_MS, "{name} takes {ms} ms of a processor");
        assert!(bytes <= MEMORY, "{name} takes {bytes} bytes");
        self.attacks += 1;
        self.dearest = self.dearest.clone().max((ms, name.clone()));
        self.largest = self.largest.clone().max((bytes, name));
    }

    fn reconnect(&mut self) {
        self.intruder = self.intruder.again(&self.showroom.site);
    }
}

impl Attack {
    fn new(
        name: impl Into<String>,
        expects: Expects,
        write: impl FnMut(&mut Forger) -> Vec<PushedChange> + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            write: Box::new(write),
            expects,
        }
    }
}

/// Every hostile batch that the gate knows, each for a document of its own.
fn corpus() -> Vec<Attack> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../change-gate/corpus");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the gate's corpus")
        .map(|file| file.expect("a file").path())
        .collect();
    files.sort();
    let mut attacks = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("text");
        let changes: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("hostile "))
            .map(|digits| hex::decode(digits).expect("hexadecimal"))
            // Longer ones do not come as far as a batch.
            .filter(|raw| raw.len() <= sync_protocol::limits::CHANGE)
            .collect();
        if !changes.is_empty() {
            let name = file.file_stem().expect("a name").to_string_lossy();
            let write = move |forger: &mut Forger| forger.in_a_new_document(changes.clone());
            attacks.push(Attack::new(name, Expects::NotTaken, write));
        }
    }
    assert!(attacks.len() > 100, "the corpus is found");
    attacks
}
