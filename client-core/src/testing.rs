//! What the tests of this crate share: a group with two salespeople, commands of their own, and
//! a relay that is a list.

use std::path::Path;

use dealership::access::StaffAccess;
use dealership::document::Document;
use dealership::edit::{Edits, Fields};
use dealership::id::{DeviceNumber, DocumentId, GroupId, StaffId, StoreId};
use dealership::kind::Kind;
use dealership::receipt::Receipts;
use dealership::space::Space;
use dealership::{Timestamp, Value};
use rusqlite::Connection;
use serde_json::Value as Json;

use crate::entropy::Entropy;
use crate::identity::Identity;
use crate::replica::{Executed, Replica};
use crate::settings::Medium;

pub(crate) mod commands;
pub(crate) mod relay;

/// Randomness that is the same in every run.
pub(crate) struct SeededEntropy(u64);

impl SeededEntropy {
    pub(crate) fn boxed(seed: u64) -> Box<dyn Entropy> {
        Box::new(Self(seed))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            // SplitMix64 (Steele, Lea, Flood 2014).
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = self.0;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (word ^ (word >> 31)).to_be_bytes()[0];
        }
    }
}

/// A moment so many minutes after the tests begin.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_777_777_740_000 + minutes * 60_000)
}

pub(crate) fn group() -> GroupId {
    GroupId::from_bytes([0xaa; 16])
}

pub(crate) fn store() -> StoreId {
    DocumentId::of_content(&[b"store"]).into()
}

/// A person with a device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) number: u64,
}

pub(crate) const LI_NA: Person = Person { number: 1 };
pub(crate) const WANG_QIANG: Person = Person { number: 2 };
/// Sees and may do everything; no relay knows them before they are enrolled there.
pub(crate) const HE_JIANGUO: Person = Person { number: 3 };

impl Person {
    pub(crate) fn staff(self) -> StaffId {
        DocumentId::of_content(&[b"staff", &self.number.to_be_bytes()]).into()
    }

    pub(crate) fn identity(self) -> Identity {
        Identity {
            group: group(),
            device: DeviceNumber(self.number),
            device_name: format!("T{}", self.number),
            signing_key: [u8::try_from(self.number).unwrap(); 32],
            staff: self.staff(),
            staff_name: format!("person {}", self.number),
            phone_key: [7; 32],
            server: "http://127.0.0.1:8080".into(),
            server_name: "relay".into(),
            certificates: None,
        }
    }

    /// The registers of the person's document: a consultant of the store, or who may do all.
    pub(crate) fn registers(self) -> Fields {
        let roles: &[&str] = match self {
            HE_JIANGUO => &["general_manager", "manager", "stock_keeper"],
            _ => &["consultant"],
        };
        let name = format!("person {}", self.number);
        let mut registers = Fields::from([("name".to_owned(), Value::from(name))]);
        registers.insert(format!("store/{}", store()), Value::Bool(true));
        for role in roles {
            registers.insert(format!("role/{role}"), Value::Bool(true));
        }
        registers
    }

    pub(crate) fn spaces(self) -> Vec<Space> {
        let everyone = [LI_NA, WANG_QIANG, HE_JIANGUO].map(Self::access);
        self.access().spaces(&everyone).into_iter().collect()
    }

    fn access(self) -> StaffAccess {
        let mut automerge = automerge::Automerge::new();
        let mut edits = Edits::default();
        edits.create(
            self.staff().into(),
            Kind::Staff,
            Space::Group,
            self.registers(),
        );
        for (_, edits) in edits.by_document() {
            let authorship = dealership::Authorship {
                staff: StaffId::RELAY,
                command: "found".into(),
                base_seq: dealership::Seq(0),
            };
            dealership::edit::write(&mut automerge, edits, &authorship, minute(0)).unwrap();
        }
        let id = self.staff().into();
        let document = Document::read(id, Space::Group, automerge, Receipts::default()).unwrap();
        StaffAccess::read(&document).unwrap()
    }

    /// A new replica in memory that never synchronised.
    pub(crate) fn replica(self) -> Replica {
        let connection = Connection::open_in_memory().unwrap();
        let entropy = SeededEntropy::boxed(self.number);
        let mut replica =
            Replica::create_in(connection, Medium::Memory, &self.identity(), entropy).unwrap();
        replica.use_commands(commands::find);
        replica
    }

    /// A new replica in a folder that never synchronised.
    pub(crate) fn replica_at(self, folder: &Path) -> Replica {
        let entropy = SeededEntropy::boxed(self.number);
        let mut replica = Replica::create(folder, &self.identity(), entropy).unwrap();
        replica.use_commands(commands::find);
        replica
    }
}

/// Opens a replica again, as a program that was started anew does.
pub(crate) fn reopen(folder: &Path, seed: u64) -> Replica {
    reopen_at(folder, seed, minute(0))
}

/// Opens a replica again at a time.
pub(crate) fn reopen_at(folder: &Path, seed: u64, now: Timestamp) -> Replica {
    let entropy = SeededEntropy::boxed(seed);
    let mut replica = Replica::open(folder, entropy, now, &mut |_| {}).unwrap();
    replica.use_commands(commands::find);
    replica
}

/// Runs a command that must not be refused.
pub(crate) fn run(replica: &mut Replica, command: &str, input: Json, minutes: i64) -> Executed {
    replica.execute(command, input, minute(minutes)).unwrap()
}

/// The document that a command made, from its output.
pub(crate) fn made(executed: &Executed) -> DocumentId {
    executed.output["document"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}
