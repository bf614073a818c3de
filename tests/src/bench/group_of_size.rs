//! The demo group in the size that is wanted.

use std::fs;
use std::path::{Path, PathBuf};

use client_core::Replica;
use client_core::native::{Clock, Report, SystemEntropy, enrol, sync_once};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::serving::{Serving, administer, target};

/// How many documents the demo group has at scale 1.
const DOCUMENTS_AT_SCALE_1: f64 = 5_800.0;

/// Counts up when what is kept in `target/bench` no longer fits.
const EDITION: u32 = 1;

/// Sees everything.
pub const GENERAL_MANAGER: &str = "何建国";

/// Sells cars.
pub const CONSULTANT: &str = "李娜";

/// A demo group: its relay, and a replica that holds all of it.
pub struct GroupOfSize {
    base: PathBuf,
    runtime: Runtime,
}

impl GroupOfSize {
    /// The group with about so many documents, made now if it was not before.
    pub fn of(documents: usize) -> Self {
        let base = target().join(format!("bench/{EDITION}/{documents}"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let group = Self { base, runtime };
        let scale = (documents as f64 / DOCUMENTS_AT_SCALE_1).to_string();
        let recipe = [
            "demo",
            "--seed",
            "7",
            "--anchor",
            "2026-05-01",
            "--scale",
            &scale,
        ];
        fs::create_dir_all(&group.base).expect("a folder in target");
        administer(&group.relay_folder(), &recipe);
        if !group.replica_folder().exists() {
            // Under another name until it is whole.
            let making = group.base.join("replica-making");
            if making.exists() {
                fs::remove_dir_all(&making).expect("a folder in target");
            }
            let serving = Serving::start(&group.relay_folder());
            let folder = group.relay_folder();
            let (mut replica, _) = group.enrol(&folder, &serving, GENERAL_MANAGER, &making);
            group.sync(&mut replica);
            drop(replica);
            fs::rename(&making, group.replica_folder()).expect("a folder in target");
        }
        group
    }

    /// A copy to work on.
    pub fn copy(&self) -> WorkingCopy {
        let folder = tempfile::tempdir_in(&self.base).expect("a folder in target");
        copy_folder(&self.relay_folder(), &folder.path().join("relay"));
        copy_folder(&self.replica_folder(), &folder.path().join("replica"));
        WorkingCopy { folder }
    }

    /// Makes a device for somebody, with a replica that has nothing yet; the relay of the folder
    /// serves.
    pub fn enrol(
        &self,
        relay: &Path,
        serving: &Serving,
        name: &str,
        folder: &Path,
    ) -> (Replica, PathBuf) {
        self.enrol_to_dial(relay, serving, name, folder, &serving.address)
    }

    /// The same for a device that will dial another address.
    pub fn enrol_to_dial(
        &self,
        relay: &Path,
        serving: &Serving,
        name: &str,
        folder: &Path,
        address: &str,
    ) -> (Replica, PathBuf) {
        let code = administer(relay, &["device", "code", "--staff", name]);
        let mut entropy = SystemEntropy;
        let mut identity = enrol(&serving.address, None, &code, name, &mut entropy)
            .expect("the relay enrols the device");
        address.clone_into(&mut identity.server);
        let replica = Replica::create(folder, &identity, Box::new(SystemEntropy));
        (replica.expect("a new replica"), folder.to_owned())
    }

    /// Syncs a replica once.
    pub fn sync(&self, replica: &mut Replica) -> Report {
        let clock = Clock::start();
        self.runtime
            .block_on(sync_once(replica, &clock, "bench", &mut |_| {}))
            .expect("it syncs")
    }

    fn relay_folder(&self) -> PathBuf {
        self.base.join("relay")
    }

    fn replica_folder(&self) -> PathBuf {
        self.base.join("replica")
    }
}

/// A copy of a group; it is removed with the value.
pub struct WorkingCopy {
    folder: TempDir,
}

impl WorkingCopy {
    /// The relay's folder.
    pub fn relay(&self) -> PathBuf {
        self.folder.path().join("relay")
    }

    /// A folder for something else.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Opens the general manager's replica, which dials a relay.
    pub fn replica(&self, server: Option<&str>) -> Replica {
        let folder = self.path("replica");
        if let Some(server) = server {
            let database = folder.join("replica.sqlite");
            let connection = rusqlite::Connection::open(database).expect("a replica");
            connection
                .execute("UPDATE identity SET server = ?", [server])
                .expect("its identity");
        }
        let entropy = Box::new(SystemEntropy);
        Replica::open(&folder, entropy, Clock::wall(), &mut |_| {}).expect("a replica")
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder in target");
    for entry in fs::read_dir(from).expect("a folder in target") {
        let entry = entry.expect("a file");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}
