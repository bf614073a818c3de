//! Every view, by name: what CLI, bridge and tests list and run.

use crate::view::Entry;
use crate::view::cases::Cases;
use crate::view::claim_list::ClaimList;
use crate::view::customer_detail::CustomerDetail;
use crate::view::customer_list::CustomerList;
use crate::view::customer_search::CustomerSearch;
use crate::view::deal_board::DealBoard;
use crate::view::deal_detail::DealDetail;
use crate::view::deal_list::DealList;
use crate::view::history::History;
use crate::view::imports::ImportList;
use crate::view::sync_status::ShowSyncStatus;
use crate::view::today::Today;
use crate::view::unsynced_devices::UnsyncedDevices;
use crate::view::vehicle_detail::VehicleDetail;
use crate::view::vehicle_list::VehicleList;
use crate::view::vehicle_matrix::VehicleMatrix;
use crate::view::vehicle_search::VehicleSearch;

/// Every view, in the order in which help lists them.
pub static REGISTRY: &[Entry] = &[
    Entry::of::<Today>(),
    Entry::of::<CustomerList>(),
    Entry::of::<CustomerSearch>(),
    Entry::of::<CustomerDetail>(),
    Entry::of::<DealList>(),
    Entry::of::<DealBoard>(),
    Entry::of::<DealDetail>(),
    Entry::of::<VehicleList>(),
    Entry::of::<VehicleSearch>(),
    Entry::of::<VehicleMatrix>(),
    Entry::of::<VehicleDetail>(),
    Entry::of::<ClaimList>(),
    Entry::of::<UnsyncedDevices>(),
    Entry::of::<Cases>(),
    Entry::of::<ImportList>(),
    Entry::of::<ShowSyncStatus>(),
    Entry::of::<History>(),
];

/// The view of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    REGISTRY.iter().find(|entry| entry.name == name)
}
