//! Every command, by name: what CLI, bridge and tests list and run.

use crate::command::Entry;

/// Every command, in the order in which help lists them.
pub static REGISTRY: &[Entry] = &[];

/// The command of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    REGISTRY.iter().find(|entry| entry.name == name)
}
