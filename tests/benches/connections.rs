//! Many devices in front of one relay: how soon one sees what another did, and what a connection
//! costs that only waits.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and stops at the first surprise"
)]

use std::path::Path;
use std::thread;
use std::time::Instant;

use client_core::native::{Clock, Errand, SystemEntropy, WatchEvent, enrol, sync_once, watch};
use client_core::{LinkEffect, Replica};
use dealership::id::DocumentId;
use dealership::{DeviceNumber, StaffId};
use ed25519_dalek::SigningKey;
use serde_json::json;
use stories::bench::figures::{memory_of, say_bound, say_peer};
use stories::bench::listener::{Credentials, Listener};
use stories::bench::serving::{administer, target};
use stories::bench::{Serving, Spread, say};
use sync_server::store::{DeviceRow, SqliteStore, Store as _};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};

/// How many devices hear of an edit, the one that looks among them.
const DEVICES: u64 = 200;

/// How many edits are made while they listen.
const EDITS: usize = 300;

/// How many connections wait.
const IDLE: u64 = 10_000;

/// How many of them are opened at a time.
const AT_A_TIME: usize = 100;

fn main() {
    let group = Group::found();
    let (each, held) = idle(&group, IDLE);
    let bound = "the buffers of a WebSocket, the session and its task";
    say_bound("idle_connection/memory", each, "KiB", bound);
    let limit = "beside them the limit of open files of either process";
    say_peer("idle_connection/held", held, "connections", limit);
    fan_out(&group);
    let (each, _) = idle(&group, IDLE / 10);
    let bound = "what a WebSocket has once made room for it keeps: here a page of 300 changes";
    say_bound("idle_connection/memory/after_reading", each, "KiB", bound);
}

/// The time from an edit on one device until another one shows it, while all others of the group
/// hear of it too.
fn fan_out(group: &Group) {
    let serving = group.serve();
    let mut writer = group.replica(&serving, "writer");
    let mut reader = group.replica(&serving, "reader");
    let crowd = Crowd::gather(&serving, group.devices(DEVICES - 2));
    let clock = Clock::start();
    let (errands, mut of_writer) = mpsc::channel::<Errand>(1);
    let (_nothing, mut of_reader) = mpsc::channel::<Errand>(1);
    let (changed, mut seen) = mpsc::unbounded_channel();
    let tell = |event: WatchEvent<'_>| {
        if let WatchEvent::Link(LinkEffect::Changed(documents)) = event {
            let _nobody_asks = changed.send((documents.clone(), Instant::now()));
        }
    };
    let measure = async {
        let (made, mut at) = mpsc::unbounded_channel();
        let mut took = Vec::new();
        for number in 0..EDITS {
            let made = made.clone();
            let errand = move |replica: &mut Replica| {
                let store = json!({"name": format!("{number}店"), "code": format!("S{number}")});
                let began = Instant::now();
                let created = replica.execute("create_store", store, Clock::wall());
                let changed = created.expect("the command runs").changed;
                let _nobody_asks = made.send((changed, began));
            };
            errands.send(Box::new(errand)).await.expect("it stays");
            let (made, began) = at.recv().await.expect("the errand runs");
            loop {
                let (documents, shown) = seen.recv().await.expect("the reader stays");
                if documents.iter().any(|document| made.contains(document)) {
                    took.push(shown - began);
                    break;
                }
            }
        }
        Spread::from(took)
    };
    let (mut quiet, mut telling) = (|_: WatchEvent<'_>| {}, tell);
    let spread = runtime().block_on(async {
        tokio::select! {
            spread = measure => spread,
            ended = watch(&mut writer, &clock, "bench", &mut of_writer, &mut quiet) => {
                panic!("the writer's connection ended: {ended:?}")
            }
            ended = watch(&mut reader, &clock, "bench", &mut of_reader, &mut telling) => {
                panic!("the reader's connection ended: {ended:?}")
            }
        }
    });
    let name = format!("fan_out/{DEVICES}_devices");
    say(&format!("{name}/p50"), spread.percentile(50), "ms");
    say_bound(
        &format!("{name}/p99"),
        spread.percentile(99),
        "ms",
        "the relay reads the log once for each of the devices, on the cores that all share",
    );
    crowd.disperse();
}

/// What the relay needs for each of so many connections on which nothing happens any more, in
/// KiB, and how many it held.
fn idle(group: &Group, many: u64) -> (f64, f64) {
    let serving = group.serve();
    let devices = group.devices(many);
    // What the first connections make the relay allocate once is not a connection's.
    let (first, rest) = devices.split_at(AT_A_TIME);
    let first = Crowd::gather(&serving, first.to_vec());
    let (before, _) = memory_of(serving.process());
    let rest = Crowd::gather(&serving, rest.to_vec());
    let (after, _) = memory_of(serving.process());
    let each = (after - before) * 1_024.0 / rest.held as f64;
    let held = (first.held + rest.held) as f64;
    first.disperse();
    rest.disperse();
    (each, held)
}

/// A group whose administrator has very many devices.
struct Group {
    folder: TempDir,
    server_name: String,
}

impl Group {
    fn found() -> Self {
        let folder = tempfile::tempdir_in(target()).expect("a folder in target");
        let group = Self {
            folder,
            server_name: "relay.example".to_owned(),
        };
        let init = ["group", "init", "--server-name", &group.server_name];
        let administrator = ["--administrator", "马超"];
        administer(group.path(), &[&init[..], &administrator].concat());
        let serving = group.serve();
        let founder = group.replica(&serving, "founder");
        let (staff, devices) = (founder.identity().staff, DEVICES + IDLE);
        drop(serving);
        group.enrol_many(staff, devices);
        group
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn serve(&self) -> Serving {
        Serving::start_with(self.path(), &["--connections-per-address", "15000"])
    }

    /// A replica of the administrator's with a device of its own, that has everything.
    fn replica(&self, serving: &Serving, name: &str) -> Replica {
        let code = administer(self.path(), &["device", "code", "--staff", "马超"]);
        let identity = enrol(&serving.address, None, &code, name, &mut SystemEntropy);
        let identity = identity.expect("the relay enrols the device");
        let folder = self.path().join(name);
        let replica = Replica::create(&folder, &identity, Box::new(SystemEntropy));
        let mut replica = replica.expect("a new replica");
        let clock = Clock::start();
        runtime()
            .block_on(sync_once(&mut replica, &clock, "bench", &mut |_| {}))
            .expect("it syncs");
        replica
    }

    /// Enrols devices without asking: they number far more than codes are given out in a minute.
    fn enrol_many(&self, staff: StaffId, devices: u64) {
        let mut store = SqliteStore::open(&self.path().join("relay.sqlite")).expect("a store");
        store.begin().expect("a transaction");
        for who in self.credentials(0..devices) {
            let row = DeviceRow {
                number: DeviceNumber(who.device),
                staff,
                public_key: SigningKey::from_bytes(&who.signing_key)
                    .verifying_key()
                    .to_bytes(),
                document: DocumentId::of_content(&[b"device", &who.device.to_be_bytes()]),
                enrolled_at: Clock::wall(),
                revoked_at: None,
            };
            store.put_device(&row).expect("a row");
        }
        store.commit().expect("a commit");
    }

    fn devices(&self, many: u64) -> Vec<Credentials> {
        self.credentials(0..many).collect()
    }

    fn credentials(&self, numbers: std::ops::Range<u64>) -> impl Iterator<Item = Credentials> {
        numbers.map(|number| {
            let device = 1_000_000 + number;
            let mut signing_key = [7; 32];
            signing_key[..8].copy_from_slice(&device.to_be_bytes());
            Credentials {
                device,
                signing_key,
                server_name: self.server_name.clone(),
            }
        })
    }
}

/// Devices that listen, on a thread of their own.
struct Crowd {
    held: usize,
    over: oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl Crowd {
    /// Connects devices; gives when each has caught up or was turned away.
    fn gather(serving: &Serving, devices: Vec<Credentials>) -> Self {
        let address = serving.address.clone();
        let (over, is_over) = oneshot::channel();
        let (gathered, held) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            runtime().block_on(async {
                let mut held = 0;
                for some in devices.chunks(AT_A_TIME) {
                    let entering = some.iter().map(|who| Listener::enter(&address, who));
                    let entered = futures_util::future::join_all(entering).await;
                    for listener in entered.into_iter().flatten() {
                        held += 1;
                        tokio::spawn(listener.stay());
                    }
                }
                gathered.send(held).expect("somebody waits");
                // Also when nobody is left to say so.
                let _over = is_over.await;
            });
        });
        Self {
            held: held.recv().expect("they gather"),
            over,
            thread,
        }
    }

    fn disperse(self) {
        self.over.send(()).expect("they listen");
        self.thread.join().expect("they listen");
    }
}

fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}
