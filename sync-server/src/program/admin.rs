//! What an administrator does beside serving, one file for each command.

pub(crate) mod backup;
pub(crate) mod demo;
pub(crate) mod device;
pub(crate) mod group;
pub(crate) mod purge;
pub(crate) mod restore;
pub(crate) mod verify;

/// How many documents a command keeps in memory.
const CACHED_DOCUMENTS: usize = 200;
