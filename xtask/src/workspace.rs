//! Where the workspace is on this machine.

use std::path::PathBuf;

/// The workspace's root folder.
///
/// Cargo sets the variable when it runs us; a binary started by hand falls back
/// to where it was compiled.
pub(crate) fn root() -> PathBuf {
    let crate_folder = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    match crate_folder.parent() {
        Some(parent) => parent.to_path_buf(),
        None => crate_folder,
    }
}

/// The folder that cargo builds into, from the root where it is below it.
pub(crate) fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}
