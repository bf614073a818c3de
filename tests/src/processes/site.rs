//! A relay's folder with everything around it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;
use tempfile::TempDir;

use super::certificates::Certificates;
use super::{Line, Process, Programs, Tablet};

/// The name that devices know the relay by.
const SERVER_NAME: &str = "relay.example";

/// Who may do everything at the beginning.
pub const ADMINISTRATOR: &str = "马超";

/// A group with its relay's folder and the folders of its devices; removed with the value.
pub struct Site {
    folder: TempDir,
    programs: Programs,
    line: Line,
    /// What the relay shows, if it speaks TLS.
    certificates: Option<Certificates>,
}

impl Site {
    /// Founds a group.
    pub fn found() -> Self {
        Self::with(|_| None)
    }

    /// Founds a group whose relay speaks TLS.
    pub fn found_sealed() -> Self {
        Self::with(|folder| Some(Certificates::issue(folder)))
    }

    fn with(certificates: impl FnOnce(&Path) -> Option<Certificates>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let site = Self {
            certificates: certificates(folder.path()),
            folder,
            programs: Programs::built(),
            line: Line::lay(),
        };
        let name = ["--server-name", SERVER_NAME];
        site.administer(
            &[
                &["group", "init"][..],
                &name,
                &["--administrator", ADMINISTRATOR],
            ]
            .concat(),
        );
        site
    }

    /// The line that devices dial.
    pub const fn line(&self) -> &Line {
        &self.line
    }

    /// Starts the relay, and does not wait for it.
    pub fn start(&self) -> Process {
        self.start_with(&[])
    }

    /// The same with settings.
    pub fn start_with(&self, settings: &[&str]) -> Process {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--log-format", "json"];
        let mut command = self.server(&serve);
        command.args(settings).env("FORECOURT_LOG", "info");
        if let Some(certificates) = &self.certificates {
            command.arg("--tls-cert").arg(&certificates.chain);
            command.arg("--tls-key").arg(&certificates.key);
        }
        Process::start(&mut command)
    }

    /// Starts the relay, and leads the line to it when it serves.
    pub fn serve(&self) -> Process {
        self.serve_with(&[])
    }

    /// The same with settings.
    pub fn serve_with(&self, settings: &[&str]) -> Process {
        let mut relay = self.start_with(settings);
        let address = wait_until_it_serves(&mut relay);
        self.line.lead_to(address);
        relay
    }

    /// Runs a command of the relay's program that must succeed, and gives what it says.
    pub fn administer(&self, arguments: &[&str]) -> String {
        let said = self.try_to_administer(arguments);
        said.unwrap_or_else(|complaint| panic!("{arguments:?}: {complaint}"))
    }

    /// Enrols a device of a member of staff, at a relay that serves.
    pub fn enrol(&self, staff: &str, device: &str) -> Tablet {
        self.enrol_at(self.line.address(), staff, device)
    }

    /// The same for a device that dials another address than the line's.
    pub fn enrol_at(&self, address: SocketAddr, staff: &str, device: &str) -> Tablet {
        let code = self.administer(&["device", "code", "--staff", staff]);
        let tablet = Tablet::new(&self.programs, self.folder.path().join(device));
        let server = match &self.certificates {
            None => format!("http://{address}"),
            Some(_) => format!("https://{address}"),
        };
        let mut enrol = vec![
            "enrol", "--server", &server, "--code", &code, "--name", device,
        ];
        let authority = self.certificates.as_ref().map(|it| it.authority.as_path());
        if let Some(authority) = authority {
            enrol.extend(["--certificates", authority.to_str().expect("a plain path")]);
        }
        let answers = tablet.run(&enrol).expect("a fresh code");
        assert_eq!(answers[0]["staff_name"], staff);
        tablet
    }

    /// A path in the site's folder, for a file that a test makes.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command of the relay's program to its end: what it says, or its one sentence about
    /// what is wrong.
    pub fn try_to_administer(&self, arguments: &[&str]) -> Result<String, String> {
        let (ended, answers, complaints) = Process::start(&mut self.server(arguments)).end();
        if ended.success() {
            Ok(answers.join("\n"))
        } else {
            Err(complaints.join("\n"))
        }
    }

    /// A device that was never enrolled.
    pub fn stranger(&self, device: &str) -> Tablet {
        Tablet::new(&self.programs, self.folder.path().join(device))
    }

    /// The folder of the relay's data.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("relay")
    }

    fn server(&self, arguments: &[&str]) -> Command {
        program(&self.programs.server, arguments, "--data", &self.data())
    }
}

/// A program with a folder, and nothing of the environment.
pub(super) fn program(path: &Path, arguments: &[&str], option: &str, folder: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_clear().args(arguments).arg(option).arg(folder);
    command
}

fn wait_until_it_serves(relay: &mut Process) -> SocketAddr {
    let mut said = Vec::new();
    while let Some(line) = relay.complaint() {
        let logged: Json = serde_json::from_str(&line).unwrap_or_default();
        if logged["fields"]["message"] == "serving" {
            let address = logged["fields"]["address"].as_str().expect("an address");
            return address.parse().expect("an address");
        }
        said.push(line);
    }
    panic!("the relay does not serve: {said:#?}");
}
