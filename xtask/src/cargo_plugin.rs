//! Cargo's subcommands that the checks use. A missing one is built from source
//! at a pinned version; one that is there is taken as it is.

use anyhow::Result;

use crate::process;

/// A subcommand of cargo that has its own crate.
pub(crate) struct CargoPlugin {
    subcommand: &'static str,
    version: &'static str,
    features: &'static [&'static str],
}

/// Licences, bans and sources of what we depend on.
pub(crate) const DENY: CargoPlugin = CargoPlugin {
    subcommand: "deny",
    version: "0.20.2",
    features: &[],
};

/// Builds and runs fuzzers.
pub(crate) const FUZZ: CargoPlugin = CargoPlugin {
    subcommand: "fuzz",
    version: "0.13.1",
    features: &[],
};

/// Runs each test in a process of its own.
pub(crate) const NEXTEST: CargoPlugin = CargoPlugin {
    subcommand: "nextest",
    version: "0.9.143",
    features: &["--no-default-features", "--features", "default-no-update"],
};

impl CargoPlugin {
    /// Installs the subcommand if it is missing, saying so.
    ///
    /// # Errors
    /// When it cannot be built.
    pub(crate) fn ensure(&self) -> Result<()> {
        let mut version = process::cargo(self.subcommand);
        if process::succeeds(version.arg("--version")) {
            return Ok(());
        }
        let name = format!("cargo-{}", self.subcommand);
        println!("{name} is missing: building version {} once", self.version);
        // Unoptimised, it is built in a third of the time, and a check of ours
        // takes it a second or two.
        let mut install = process::cargo("install --locked --debug");
        install
            .args([&name, "--version", self.version])
            .args(self.features)
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env_remove("CARGO_TARGET_DIR");
        process::run(&mut install)
    }
}
