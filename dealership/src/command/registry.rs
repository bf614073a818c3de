//! Every command, by name: what CLI, bridge and tests list and run.

use crate::command::{
    ClaimVehicle, CreateCustomer, CreateStaff, CreateStore, EditStaff, EditStore, Entry,
    FinaliseClaim, HardenClaim, LogFollowUp, OpenDeal, QuickCard, RecordStage, ReleaseClaim,
    ReopenStage, ReverseFinal, SetStaffRoles, SetStaffStores, SkipStage, StaffLeft, StockIn,
};

/// Every command, in the order in which help lists them.
pub static REGISTRY: &[Entry] = &[
    // Stores and staff
    Entry::of::<CreateStore>(),
    Entry::of::<EditStore>(),
    Entry::of::<CreateStaff>(),
    Entry::of::<EditStaff>(),
    Entry::of::<SetStaffRoles>(),
    Entry::of::<SetStaffStores>(),
    Entry::of::<StaffLeft>(),
    // Customers
    Entry::of::<CreateCustomer>(),
    Entry::of::<QuickCard>(),
    Entry::of::<LogFollowUp>(),
    // Deals
    Entry::of::<OpenDeal>(),
    Entry::of::<RecordStage>(),
    Entry::of::<SkipStage>(),
    Entry::of::<ReopenStage>(),
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
