//! Every view, by name: what CLI, bridge and tests list and run.

use crate::view::Entry;
use crate::view::history::History;
use crate::view::sync_status::ShowSyncStatus;

/// Every view, in the order in which help lists them.
pub static REGISTRY: &[Entry] = &[Entry::of::<ShowSyncStatus>(), Entry::of::<History>()];

/// The view of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    REGISTRY.iter().find(|entry| entry.name == name)
}
