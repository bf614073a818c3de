//! A relay as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

/// A relay that serves a folder; it is killed with the value.
pub struct Serving {
    process: Child,
    /// Kept open, so that the relay can go on logging.
    _log: BufReader<ChildStderr>,
    /// Where it listens, as devices dial it.
    pub address: String,
}

impl Serving {
    /// Serves a folder on a port that is free.
    pub fn start(folder: &Path) -> Self {
        let mut command = Command::new(program());
        let mut process = command
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
            .arg("--data")
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("forecourt-server starts");
        let mut log = BufReader::new(process.stderr.take().expect("piped"));
        loop {
            let mut line = String::new();
            let read = log.read_line(&mut line).expect("the relay's log");
            assert_ne!(read, 0, "the relay ended before it served");
            let said: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if said["fields"]["message"] == "serving" {
                let address = said["fields"]["address"].as_str().expect("an address");
                return Self {
                    address: format!("http://{address}"),
                    process,
                    _log: log,
                };
            }
        }
    }

    /// The process's number.
    pub fn process(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// Runs a command of the relay's program on a folder, and gives what it said.
pub fn administer(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program())
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
    let benchmark = std::env::current_exe().expect("this program");
    let target = benchmark.ancestors().nth(3);
    target.expect("a program in target/PROFILE/deps").to_owned()
}

/// The relay's program, built in the same profile as this one.
fn program() -> PathBuf {
    let benchmark = std::env::current_exe().expect("this program");
    let profile = benchmark.ancestors().nth(2).expect("a folder of a profile");
    let program = profile.join("forecourt-server");
    assert!(program.exists(), "{} is built first", program.display());
    program
}
