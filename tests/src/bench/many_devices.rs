//! A group whose administrator has very many devices.

use std::path::Path;

use client_core::Replica;
use client_core::native::{Clock, SystemEntropy, enrol, sync_once};
use dealership::id::DocumentId;
use dealership::{DeviceNumber, StaffId};
use ed25519_dalek::SigningKey;
use sync_server::store::{DeviceRow, SqliteStore, Store as _};
use tempfile::TempDir;

use super::crowd::runtime;
use super::listener::Credentials;
use super::serving::{Serving, administer, target};

/// Who owns all of them.
const ADMINISTRATOR: &str = "马超";

/// The number of the first of them.
const FIRST: u64 = 1_000_000;

/// The group; its folder is removed with the value.
pub struct ManyDevices {
    folder: TempDir,
    server_name: String,
}

impl ManyDevices {
    /// Founds the group, and enrols so many devices.
    pub fn found(devices: u64) -> Self {
        let group = Self {
            folder: tempfile::tempdir_in(target()).expect("a folder in target"),
            server_name: "relay.example".to_owned(),
        };
        let init = ["group", "init", "--server-name", &group.server_name];
        let administrator = ["--administrator", ADMINISTRATOR];
        administer(group.path(), &[&init[..], &administrator].concat());
        let serving = group.serve();
        let founder = group.replica(&serving, "founder");
        let staff = founder.identity().staff;
        drop(serving);
        group.enrol_many(staff, devices);
        group
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Serves the group, to very many devices of one address.
    pub fn serve(&self) -> Serving {
        self.serve_with(&["--connections-per-address", "15000"])
    }

    /// Serves the group with settings.
    pub fn serve_with(&self, settings: &[&str]) -> Serving {
        Serving::start_with(self.path(), settings)
    }

    /// A replica of the administrator's with a device of its own, that has everything.
    pub fn replica(&self, serving: &Serving, name: &str) -> Replica {
        let code = administer(self.path(), &["device", "code", "--staff", ADMINISTRATOR]);
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
        for who in self.devices(devices) {
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

    /// The first of the devices.
    pub fn devices(&self, many: u64) -> Vec<Credentials> {
        let credentials = |device: u64| {
            let mut signing_key = [7; 32];
            signing_key[..8].copy_from_slice(&device.to_be_bytes());
            Credentials {
                device,
                signing_key,
                server_name: self.server_name.clone(),
            }
        };
        (FIRST..FIRST + many).map(credentials).collect()
    }
}
