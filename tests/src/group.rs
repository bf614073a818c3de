//! The cast: a group with three stores and the people of the stories.

use dealership::edit::{Edits, Fields};
use dealership::id::{DocumentId, StaffId, StoreId};
use dealership::{Kind, Space, Value};

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

fn fields<const N: usize>(pairs: [(&str, Value); N]) -> Fields {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
