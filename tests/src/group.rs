//! The cast: a group with three stores and the people of the stories.

use client_core::Identity;
use dealership::edit::{Edits, Fields};
use dealership::id::{DocumentId, StaffId, StoreId};
use dealership::{Kind, Space, Timestamp, Value};
use ed25519_dalek::SigningKey;
use sync_server::relay::{Enrolment, Relay};
use sync_server::store::Store;

/// Who plays in the stories: name, role, number of the store (0 for none).
pub const CAST: &[(&str, &str, usize)] = &[
    ("李娜", "consultant", 1),
    ("赵敏", "consultant", 1),
    ("王强", "consultant", 2),
    ("陈刚", "manager", 1),
    ("孙莉", "manager", 2),
    ("周勇", "stock_keeper", 1),
    ("钱进", "stock_keeper", 3),
    ("何建国", "general_manager", 0),
    ("马超", "administrator", 0),
];

/// The stores, the first being number 1.
pub const STORES: &[(&str, &str)] = &[("城东店", "CD"), ("城西店", "CX"), ("高新店", "GX")];

/// The id of a person of the cast.
pub fn staff(name: &str) -> StaffId {
    DocumentId::of_content(&[b"cast", name.as_bytes()]).into()
}

/// The id of a store by its number.
pub fn store(number: usize) -> StoreId {
    DocumentId::of_content(&[b"store", &number.to_be_bytes()]).into()
}

/// What the relay writes to found the group.
pub fn founding() -> Edits {
    let mut edits = Edits::default();
    for (index, (name, code)) in STORES.iter().enumerate() {
        let registers = fields([("name", (*name).into()), ("code", (*code).into())]);
        edits.create(
            store(index + 1).into(),
            Kind::Store,
            Space::Group,
            registers,
        );
    }
    for (name, role, number) in CAST {
        let mut registers = fields([("name", (*name).into()), ("status", "active".into())]);
        registers.insert(format!("role/{role}"), true.into());
        if *number > 0 {
            registers.insert(format!("store/{}", store(*number)), true.into());
        }
        edits.create(staff(name).into(), Kind::Staff, Space::Group, registers);
    }
    edits
}

/// Enrols a device for a person of the cast.
pub fn enrol(
    relay: &mut Relay<impl Store>,
    now: Timestamp,
    name: &str,
    signing_key: [u8; 32],
) -> Identity {
    let expires = now.plus_hours(1);
    let code = relay
        .issue_code(staff(name), expires)
        .expect("a person of the cast");
    let key = SigningKey::from_bytes(&signing_key);
    let enrolment = Enrolment {
        code: &code,
        public_key: key.verifying_key().to_bytes(),
        device_name: name,
    };
    let enrolled = relay.enrol(now, &enrolment).expect("a fresh code");
    Identity {
        group: enrolled.group,
        device: enrolled.device,
        device_name: name.to_owned(),
        signing_key,
        staff: enrolled.staff,
        staff_name: enrolled.staff_name,
        phone_key: enrolled.phone_key,
        server: "http://127.0.0.1".to_owned(),
        server_name: enrolled.server_name,
        certificates: None,
    }
}

fn fields<const N: usize>(pairs: [(&str, Value); N]) -> Fields {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
