//! What is fuzzed: one function for each kind of bytes that come from outside.
//!
//! The fuzzers in `fuzz/` call [`run`] with bytes that they make up, guided by what the code does
//! with them; a test calls it with the [`seeds`](Target::seeds) and with everything that a fuzzer
//! once found worth keeping (`fuzz/corpus`). A function panics if something does not hold; that
//! bytes are refused is no failure.

use std::cell::RefCell;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

mod changes;
mod chunk;
mod enrolment;
mod files;
mod sessions;
mod sheets;
mod texts;
mod world;

use world::World;

/// A kind of bytes from outside.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// What the bytes are.
    pub about: &'static str,
    run: fn(&mut World, &[u8]),
    seeds: fn(&World) -> Vec<Vec<u8>>,
}

/// Every kind.
pub static TARGETS: &[Target] = &[
    Target {
        name: "frames",
        about: "a frame of the protocol, of either end",
        run: sessions::frames,
        seeds: sessions::seeds_of_frames,
    },
    Target {
        name: "entries",
        about: "a body of entries, packed either way, read by a device",
        run: sessions::entries,
        seeds: sessions::seeds_of_entries,
    },
    Target {
        name: "greeting",
        about: "a greeting with its cursor, signed by an enrolled device",
        run: sessions::greeting,
        seeds: sessions::seeds_of_greetings,
    },
    Target {
        name: "device-hears",
        about: "frames, one after the other, to a device",
        run: sessions::device_hears,
        seeds: sessions::seeds_of_streams,
    },
    Target {
        name: "relay-hears",
        about: "frames, one after the other, to a relay",
        run: sessions::relay_hears,
        seeds: sessions::seeds_of_streams,
    },
    Target {
        name: "gate",
        about: "a change as it comes",
        run: changes::gate,
        seeds: changes::seeds_of_changes,
    },
    Target {
        name: "gate-sealed",
        about: "the body of a change, with its length and checksum mended",
        run: changes::gate_sealed,
        seeds: changes::seeds_of_bodies,
    },
    Target {
        name: "push",
        about: "the body of a change, mended and pushed to a relay",
        run: changes::push,
        seeds: changes::seeds_of_bodies,
    },
    Target {
        name: "snapshot",
        about: "a saved document, as it comes and with its checksum mended",
        run: changes::snapshot,
        seeds: changes::seeds_of_snapshots,
    },
    Target {
        name: "enrolment",
        about: "the body of a request to be enrolled",
        run: enrolment::enrolment,
        seeds: enrolment::seeds,
    },
    Target {
        name: "delimited",
        about: "a csv file, read, and written again",
        run: sheets::delimited,
        seeds: sheets::seeds_of_texts,
    },
    Target {
        name: "workbook",
        about: "an xlsx or xls file",
        run: sheets::workbook,
        seeds: sheets::seeds_of_workbooks,
    },
    Target {
        name: "import",
        about: "a csv file, imported",
        run: sheets::import,
        seeds: sheets::seeds_of_texts,
    },
    Target {
        name: "backup",
        about: "the file of a replica or of a relay",
        run: files::backup,
        seeds: files::seeds,
    },
    Target {
        name: "texts",
        about: "numbers, phones, amounts, plates, ids as people type them",
        run: texts::texts,
        seeds: texts::seeds,
    },
];

impl Target {
    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// Examples that are as they should be, for a fuzzer to begin with.
    pub fn seeds(&'static self) -> Vec<Vec<u8>> {
        on_the_bench(move |world| (self.seeds)(world))
    }

    /// What fuzzers found worth keeping.
    pub fn kept(&self) -> Vec<Vec<u8>> {
        let files = fs::read_dir(corpus().join(self.name)).into_iter().flatten();
        let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
        paths.sort();
        paths
            .iter()
            .map(|path| fs::read(path).expect("a file"))
            .collect()
    }
}

/// Where what fuzzers found worth keeping is, in a folder for each target.
pub fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}

/// Hands bytes to the target of this name.
///
/// # Panics
///
/// If something does not hold, wherever the panic was caught.
pub fn run(name: &str, bytes: &[u8]) {
    let target = Target::named(name).unwrap_or_else(|| panic!("there is no target {name}"));
    let bytes = bytes.to_vec();
    on_the_bench(move |world| {
        PANICKED.store(false, Ordering::SeqCst);
        (target.run)(world, &bytes);
        let panicked = PANICKED.load(Ordering::SeqCst);
        assert!(!panicked, "something panicked and was caught");
    });
}

/// Whether something but Automerge panicked, even if it was caught.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// A task for the one thread that has the world, and the stack that the gate wants.
type Task = Box<dyn FnOnce(&mut World) + Send>;

/// Where tasks are handed in, and where it is said how they ended.
type Bench = (SyncSender<Task>, Receiver<thread::Result<()>>);

fn on_the_bench<T: Send + 'static>(work: impl FnOnce(&mut World) -> T + Send + 'static) -> T {
    static BENCH: OnceLock<Mutex<Bench>> = OnceLock::new();
    let bench = BENCH.get_or_init(|| Mutex::new(set_up()));
    let (tasks, ended) = &*bench.lock().unwrap_or_else(PoisonError::into_inner);
    let (answer, answered) = sync_channel(1);
    let task: Task = Box::new(move |world| {
        answer.send(work(world)).expect("somebody waits");
    });
    tasks.send(task).expect("the bench works");
    match ended.recv().expect("the bench works") {
        Ok(()) => answered.recv().expect("it answered"),
        Err(panic) => resume_unwind(panic),
    }
}

fn set_up() -> Bench {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // Those that the gate is there to catch are nothing new.
        let place = panic.location();
        if !place.is_some_and(|place| place.file().contains("automerge-")) {
            PANICKED.store(true, Ordering::SeqCst);
            default(panic);
        }
    }));
    let (tasks, to_do) = sync_channel::<Task>(0);
    let (done, ended) = sync_channel(0);
    let work = move || {
        let world = RefCell::new(World::made());
        for task in to_do {
            let outcome = catch_unwind(AssertUnwindSafe(|| task(&mut world.borrow_mut())));
            if outcome.is_err() {
                // What a panic leaves behind would hide or feign the next one.
                world.replace(World::made());
            }
            if done.send(outcome).is_err() {
                return;
            }
        }
    };
    thread::Builder::new()
        .stack_size(change_gate::limits::STACK_BYTES)
        .spawn(work)
        .expect("a thread");
    (tasks, ended)
}
