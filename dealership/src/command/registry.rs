//! Every command, by name: what CLI, bridge and tests list and run.

use crate::command::{
    AddIntent, AddNote, AddPhone, AddVehiclePhoto, CancelTask, ClaimVehicle, CloseDeal,
    ConfirmLost, CorrectFollowUp, CreateCustomer, CreateShow, CreateStaff, CreateStore, CreateTrim,
    DecideCase, DeleteCustomer, DeliverVehicle, EditCustomer, EditDeal, EditIntent, EditShow,
    EditStaff, EditStore, EditTask, EditTrim, EditVehicle, Entry, FinaliseClaim, FreezeVehicle,
    HardenClaim, ImportPrices, ImportSheetRow, InspectVehicle, LogCare, LogFollowUp,
    MarkPhoneInvalid, MergeCustomers, MoveVehicle, NoteCompetitor, NoteDamage, NoteOdometer,
    NoteRepair, OpenDeal, OptOut, PackVehicles, PlanTask, PublishPriceList, QuickCard, ReadBattery,
    RecordConsent, RecordPdi, RecordStage, ReleaseClaim, ReleasePack, ReopenStage, RequestLost,
    RestoreCustomer, RestoreVehicle, ReverseFinal, ReviveDeal, RuleOnVehicle, SetCustody, SetGrade,
    SetPrimaryPhone, SetStaffRoles, SetStaffStores, SkipStage, StaffLeft, StockIn, TransferOwner,
    UndoImport, UndoMerge, UnfreezeVehicle, VoidVehicle, WithdrawConsent,
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
    Entry::of::<CreateTrim>(),
    Entry::of::<EditTrim>(),
    Entry::of::<PublishPriceList>(),
    Entry::of::<StockIn>(),
    Entry::of::<EditVehicle>(),
    Entry::of::<MoveVehicle>(),
    Entry::of::<SetCustody>(),
    Entry::of::<FreezeVehicle>(),
    Entry::of::<UnfreezeVehicle>(),
    Entry::of::<VoidVehicle>(),
    Entry::of::<RestoreVehicle>(),
    Entry::of::<InspectVehicle>(),
    Entry::of::<RecordPdi>(),
    Entry::of::<NoteOdometer>(),
    Entry::of::<NoteDamage>(),
    Entry::of::<NoteRepair>(),
    Entry::of::<LogCare>(),
    Entry::of::<ReadBattery>(),
    Entry::of::<AddVehiclePhoto>(),
    // Holding a vehicle
    Entry::of::<ClaimVehicle>(),
    Entry::of::<HardenClaim>(),
    Entry::of::<ReleaseClaim>(),
    Entry::of::<FinaliseClaim>(),
    Entry::of::<DeliverVehicle>(),
    Entry::of::<ReverseFinal>(),
    Entry::of::<RuleOnVehicle>(),
    // Spreadsheets
    Entry::of::<ImportSheetRow>(),
    Entry::of::<ImportPrices>(),
    Entry::of::<UndoImport>(),
    // Shows
    Entry::of::<CreateShow>(),
    Entry::of::<EditShow>(),
    Entry::of::<PackVehicles>(),
    Entry::of::<ReleasePack>(),
];

/// The command of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    REGISTRY.iter().find(|entry| entry.name == name)
}
