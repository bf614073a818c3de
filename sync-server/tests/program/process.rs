//! Runs the program, and talks to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use tempfile::TempDir;

/// A relay's folder that is removed with the value.
pub(crate) struct Home {
    folder: TempDir,
}

/// A process that is killed with the value.
struct Process(Child);

/// A relay that serves.
pub(crate) struct Serving {
    process: Process,
    /// Kept open, so that the relay can go on logging.
    log: BufReader<ChildStderr>,
    pub(crate) address: SocketAddr,
}

impl Home {
    pub(crate) fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// With a group and its administrator.
    pub(crate) fn founded() -> Self {
        let home = Self::empty();
        let init = ["--server-name", "relay.example", "--administrator", "马超"];
        let founded = home.run(["group", "init"].iter().chain(&init));
        assert!(founded.status.success(), "{founded:?}");
        home
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("relay")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.data().join("relay.sqlite")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command to its end.
    pub(crate) fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a &'a str>) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed, and gives what it said.
    pub(crate) fn say<'a>(&self, arguments: impl IntoIterator<Item = &'a &'a str>) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Runs a command that must fail, and gives its one sentence.
    pub(crate) fn complaint<'a>(&self, arguments: impl IntoIterator<Item = &'a &'a str>) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        let last = stderr.lines().last().unwrap_or_default();
        last.strip_prefix("forecourt-server: ")
            .unwrap_or_else(|| panic!("{stderr}"))
            .to_owned()
    }

    pub(crate) fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a &'a str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_forecourt-server"));
        command
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .env_clear()
            .stdin(Stdio::null());
        command
    }

    /// Serves on a port that is free.
    pub(crate) fn serve(&self) -> Serving {
        let mut command =
            self.command(&["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = Process(command.spawn().unwrap());
        let mut log = BufReader::new(process.0.stderr.take().unwrap());
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "{seen}");
            let fields: serde_json::Value = serde_json::from_str(&line).unwrap();
            if fields["fields"]["message"] == "serving" {
                let address = fields["fields"]["address"].as_str().unwrap();
                let address = address.parse().unwrap();
                return Serving {
                    process,
                    log,
                    address,
                };
            }
            seen.push_str(&line);
        }
    }
}

impl Serving {
    /// Asks the relay to stop, and gives its exit code and what it logged since.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        self.terminate();
        let mut log = String::new();
        self.log.read_to_string(&mut log).unwrap();
        (self.process.0.wait().unwrap().code(), log)
    }

    /// Waits for the end of a relay that was asked to stop before.
    pub(crate) fn ended(mut self) -> Option<i32> {
        let mut log = String::new();
        self.log.read_to_string(&mut log).unwrap();
        self.process.0.wait().unwrap().code()
    }

    pub(crate) fn terminate(&self) {
        let pid = self.process.0.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(killed.unwrap().success());
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n"
        ))
    }

    pub(crate) fn post(&self, path: &str, body: &serde_json::Value) -> (u16, serde_json::Value) {
        let body = body.to_string();
        let (status, body) = self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        (status, serde_json::from_str(&body).unwrap_or_default())
    }

    fn ask(&self, request: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (status, body.to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// Every file below a folder with its bytes.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}
