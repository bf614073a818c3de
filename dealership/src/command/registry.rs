//! Every command, by name: what CLI, bridge and tests list and run.

use crate::command::{
    AddIntent, AddNote, AddPhone, CancelTask, ClaimVehicle, CloseDeal, ConfirmLost,
    CorrectFollowUp, CreateCustomer, CreateStaff, CreateStore, DecideCase, DeleteCustomer,
    EditCustomer, EditDeal, EditIntent, EditStaff, EditStore, EditTask, Entry, FinaliseClaim,
    HardenClaim, LogFollowUp, MarkPhoneInvalid, MergeCustomers, NoteCompetitor, OpenDeal, OptOut,
    PlanTask, QuickCard, RecordConsent, RecordStage, ReleaseClaim, ReopenStage, RequestLost,
    RestoreCustomer, ReverseFinal, ReviveDeal, SetGrade, SetPrimaryPhone, SetStaffRoles,
    SetStaffStores, SkipStage, StaffLeft, StockIn, TransferOwner, UndoMerge, WithdrawConsent,
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
    Entry::of::<EditCustomer>(),
    Entry::of::<OptOut>(),
    Entry::of::<SetGrade>(),
    Entry::of::<RequestLost>(),
    Entry::of::<ConfirmLost>(),
    Entry::of::<TransferOwner>(),
    Entry::of::<MergeCustomers>(),
    Entry::of::<UndoMerge>(),
    Entry::of::<DeleteCustomer>(),
    Entry::of::<RestoreCustomer>(),
    // Contacts
    Entry::of::<AddPhone>(),
    Entry::of::<SetPrimaryPhone>(),
    Entry::of::<MarkPhoneInvalid>(),
    Entry::of::<AddIntent>(),
    Entry::of::<EditIntent>(),
    Entry::of::<NoteCompetitor>(),
    Entry::of::<LogFollowUp>(),
    Entry::of::<CorrectFollowUp>(),
    Entry::of::<PlanTask>(),
    Entry::of::<EditTask>(),
    Entry::of::<CancelTask>(),
    Entry::of::<RecordConsent>(),
    Entry::of::<WithdrawConsent>(),
    Entry::of::<AddNote>(),
    // Deals
    Entry::of::<OpenDeal>(),
    Entry::of::<EditDeal>(),
    Entry::of::<RecordStage>(),
    Entry::of::<SkipStage>(),
    Entry::of::<ReopenStage>(),
    Entry::of::<CloseDeal>(),
    Entry::of::<ReviveDeal>(),
    // Cases
    Entry::of::<DecideCase>(),
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
