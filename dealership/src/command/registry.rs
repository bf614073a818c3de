//! Every command, by name: what CLI, bridge and tests list and run.

use crate::command::{
    ClaimVehicle, Entry, FinaliseClaim, HardenClaim, ReleaseClaim, ReverseFinal, StockIn,
};

/// Every command, in the order in which help lists them.
pub static REGISTRY: &[Entry] = &[
    // Stock
    Entry::of::<StockIn>(),
    // Holding a vehicle
    Entry::of::<ClaimVehicle>(),
    Entry::of::<HardenClaim>(),
    Entry::of::<ReleaseClaim>(),
    Entry::of::<FinaliseClaim>(),
    Entry::of::<ReverseFinal>(),
];

/// The command of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    REGISTRY.iter().find(|entry| entry.name == name)
}
