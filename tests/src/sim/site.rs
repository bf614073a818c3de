//! A group's relay on its disk.

use std::path::PathBuf;

use dealership::{Seq, Timestamp};
use sync_server::relay::{Opening, Relay, RelayKey};
use sync_server::store::SqliteStore;

use crate::chaos::Dice;
use crate::connection::chain;
use crate::group;
use crate::planted::{Bug, PlantedStore};

use super::disk::{Disk, Files};
use super::restored::Backup;

/// Few, so that documents are loaded again and again.
const CACHED_DOCUMENTS: usize = 8;

/// The relay of a group.
pub(super) struct Site {
    pub(super) disk: Disk,
    /// `None` while its process does not run.
    pub(super) relay: Option<Relay<PlantedStore>>,
    /// What is wrong with the relay.
    bug: Option<Bug>,
    /// The end of the log that sessions were told of.
    pub(super) published: Seq,
    /// The last backup of its database.
    pub(super) backup: Option<Backup>,
    /// How often its disk had failed when somebody last looked.
    pub(super) failures: u64,
    key: RelayKey,
}

impl Site {
    /// Founds a group; the groups of one world have the same people and the same stores.
    pub(super) fn found(number: usize, now: Timestamp, dice: &mut Dice) -> Self {
        let key = RelayKey::new(dice.bytes());
        let mut site = Self::on(Disk::new(), key, None);
        let store = SqliteStore::open(&site.database()).expect("an empty folder");
        let store = PlantedStore::new(store, None);
        let name = format!("relay-{number}.test");
        let mut relay = Relay::found(store, &name, site.opening(dice)).expect("an empty store");
        relay
            .establish(now, "found", &group::founding())
            .expect("the relay founds the group");
        site.relay = Some(relay);
        site
    }

    /// A site whose relay has this disk; its process does not run.
    pub(super) const fn on(disk: Disk, key: RelayKey, bug: Option<Bug>) -> Self {
        Self {
            disk,
            relay: None,
            bug,
            published: Seq(0),
            backup: None,
            failures: 0,
            key,
        }
    }

    /// The relay's secret, and what is on its disk once its process has ended.
    pub(super) fn into_parts(mut self) -> (RelayKey, Files) {
        self.relay = None;
        (self.key, self.disk.into_files())
    }

    /// Starts the relay's process.
    pub(super) fn start(&mut self, dice: &mut Dice) -> Result<(), String> {
        let store = SqliteStore::open(&self.database()).map_err(|error| chain(&error))?;
        let store = PlantedStore::new(store, self.bug);
        let relay = Relay::open(store, self.opening(dice)).map_err(|error| chain(&error))?;
        self.relay = Some(relay);
        Ok(())
    }

    /// Whether its disk has failed since somebody last asked, so that the relay may fail too.
    pub(super) fn has_excuse(&mut self) -> bool {
        let failures = self.disk.failures();
        let has_failed = failures > self.failures || self.disk.is_dead();
        self.failures = failures;
        has_failed
    }

    /// The relay's database.
    pub(super) fn database(&self) -> PathBuf {
        self.disk.folder().join("relay.sqlite")
    }

    fn opening(&self, dice: &mut Dice) -> Opening {
        Opening {
            key: self.key.clone(),
            seed: dice.bytes(),
            cached_documents: CACHED_DOCUMENTS,
        }
    }
}

#[cfg(test)]
mod tests {
    use dealership::{DocumentId, Space};
    use sync_server::store::{LogEntry, LogRow, ReadStore, Store, StoreError};

    use super::*;

    /// Writes the next row of the log in a transaction of its own.
    fn write(store: &mut SqliteStore) -> Result<(), StoreError> {
        let seq = Seq(store.head()?.seq.0 + 1);
        let row = LogRow {
            seq,
            received_at: Timestamp::from_millis(0),
            space: Space::Finance,
            document: DocumentId::from_bytes([1; 16]),
            entry: LogEntry::Gone,
        };
        store.begin()?;
        if let Err(error) = store.append(&row, &[0; 32]) {
            store.roll_back()?;
            return Err(error);
        }
        store.commit()
    }

    #[test]
    fn a_store_goes_on_whichever_operation_of_its_disk_fails_once() {
        let mut failed = 0;
        for operations in 0..40 {
            let disk = Disk::new();
            let mut store = SqliteStore::open(&disk.folder().join("relay.sqlite")).unwrap();
            disk.fault_after(operations);
            // The first row of a space gives the space its number.
            failed += usize::from(write(&mut store).is_err());
            disk.mend();

            write(&mut store).unwrap();
        }
        assert!(failed > 5, "else nothing failed");
    }
}
