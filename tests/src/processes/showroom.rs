//! A group with its stores and people, made with the programs alone.

use serde_json::{Value as Json, json};

use super::{ADMINISTRATOR, Process, Site, Tablet};
use crate::group;

/// A site whose relay serves, with the cast.
pub struct Showroom {
    /// Its folders.
    pub site: Site,
    /// The relay, which serves.
    pub relay: Process,
    /// The ids of the stores, in the order of the cast's table.
    pub stores: Vec<Json>,
}

impl Showroom {
    /// Founds the group, with the stores of the stories and these of their people.
    pub fn open(people: &[&str]) -> Self {
        Self::at(Site::found(), people)
    }

    /// The same where everybody speaks TLS.
    pub fn open_sealed(people: &[&str]) -> Self {
        Self::at(Site::found_sealed(), people)
    }

    fn at(site: Site, people: &[&str]) -> Self {
        let relay = site.serve();
        let office = site.enrol(ADMINISTRATOR, "office");
        office.sync();
        let stores: Vec<Json> = group::STORES
            .iter()
            .map(|(name, code)| {
                let made = office.execute("create_store", &json!({"name": name, "code": code}));
                made["store"].clone()
            })
            .collect();
        for (name, role, store) in group::CAST {
            if people.contains(name) {
                let stores = store.checked_sub(1).map(|index| &stores[index]);
                let stores: Vec<_> = stores.into_iter().collect();
                let input = json!({"name": name, "roles": [role], "stores": stores});
                office.execute("create_staff", &input);
            }
        }
        let report = office.sync();
        assert_eq!(report["unsent"], 0, "{report}");
        Self {
            site,
            relay,
            stores,
        }
    }

    /// A device of one of the people, synced once.
    pub fn tablet(&self, name: &str) -> Tablet {
        self.another_tablet(name, name)
    }

    /// A device with a name of its own.
    pub fn another_tablet(&self, staff: &str, device: &str) -> Tablet {
        let tablet = self.site.enrol(staff, device);
        tablet.sync();
        tablet
    }

    /// Checks what every story ends with: nothing unsent, nothing refused, sound replicas, a
    /// sound relay, and a second sync that carries nothing.
    pub fn check(&self, tablets: &[&Tablet]) {
        for _ in 0..2 {
            for tablet in tablets {
                tablet.sync();
            }
        }
        for tablet in tablets {
            let again = tablet.sync();
            assert_eq!(
                again["received"], 0,
                "syncing again changes nothing: {again}"
            );
            let status = tablet.show("sync_status", &json!({}));
            assert_eq!(status["unsent"], 0, "{status}");
            assert_eq!(status["quarantine"], json!([]), "nothing was refused");
            assert_eq!(status["unreadable"], json!([]));
            tablet.verify();
        }
        let verified = self.site.administer(&["verify"]);
        assert!(verified.ends_with("0 problems"), "{verified}");
    }
}
