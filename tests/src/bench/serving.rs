//! A relay as a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::processes::{Process, Programs};

/// A relay that serves a folder; it is killed with the value.
pub struct Serving {
    process: Process,
    /// Where it listens, as devices dial it.
    pub address: String,
}

impl Serving {
    /// Serves a folder on a port that is free.
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    /// The same with settings.
    pub fn start_with(folder: &Path, settings: &[&str]) -> Self {
        let mut command = Command::new(Programs::built().server);
        let mut process = Process::start(
            command
                .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
                .args(settings)
                .arg("--data")
                .arg(folder),
        );
        loop {
            let line = process.complaint().expect("the relay serves");
            let said: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if said["fields"]["message"] == "serving" {
                let address = said["fields"]["address"].as_str().expect("an address");
                return Self {
                    address: format!("http://{address}"),
                    process,
                };
            }
        }
    }

    /// The process's number.
    pub fn process(&self) -> u32 {
        self.process.id()
    }
}

/// Runs a command of the relay's program on a folder, and gives what it said.
pub fn administer(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(Programs::built().server)
        .args(arguments)
        .arg("--data")
        .arg(folder)
        .stderr(Stdio::inherit())
        .output()
        .expect("forecourt-server starts");
    assert!(output.status.success(), "{arguments:?} fails");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The folder of what cargo builds.
pub fn target() -> PathBuf {
    let folder = Programs::folder();
    folder.parent().expect("a folder in target").to_owned()
}
