//! The others: what they are called, and how their ends are started.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command as Start;

use tempfile::TempDir;

use super::end::{End, Shortfall};
use super::{Command, Expected, Host};
use crate::bench::records::records;
use crate::bench::serving::target;
use crate::processes::Consumption;

/// One of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// What it is called, here and where it is published.
    pub name: &'static str,
    program: Program,
    has_an_end: bool,
    acknowledges: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    /// A module beside `bench/peers/driver.mjs`.
    Node,
    /// The package `bench/peers/samod`.
    Samod,
}

/// All of them.
pub const PEERS: [Peer; 4] = [
    Peer {
        name: "pouchdb",
        program: Program::Node,
        has_an_end: true,
        acknowledges: true,
    },
    Peer {
        name: "tinybase",
        program: Program::Node,
        has_an_end: true,
        acknowledges: false,
    },
    Peer {
        name: "samod",
        program: Program::Samod,
        has_an_end: false,
        acknowledges: false,
    },
    Peer {
        name: "automerge-repo",
        program: Program::Node,
        has_an_end: false,
        acknowledges: false,
    },
];

impl Peer {
    fn start(self) -> Start {
        match self.program {
            Program::Node => {
                let drivers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/peers");
                let mut start = Start::new("node");
                start.arg(drivers.join("driver.mjs")).arg(self.name);
                start
            }
            Program::Samod => {
                Start::new(target().join(format!("peers/samod/release/samod-driver{EXE_SUFFIX}")))
            }
        }
    }
}

/// The server of a peer.
pub struct PeerHost {
    peer: Peer,
    /// The server's documents and its index; removed with the value.
    _folder: TempDir,
    server: End,
    address: SocketAddr,
    index: Option<PathBuf>,
    documents: usize,
    bytes: usize,
}

impl PeerHost {
    /// Makes a server with so many documents.
    pub fn start(peer: Peer, documents: usize) -> Result<Self, Shortfall> {
        let folder = tempfile::tempdir_in(target()).expect("a folder in target");
        let file = folder.path().join("records.jsonl");
        let bytes = write_records(&file, documents);
        let kept = folder.path().join("kept");
        fs::create_dir(&kept).expect("a folder in target");
        let mut start = peer.start();
        start.arg("server").arg("--records").arg(&file);
        let (server, ready) = End::start(start.arg("--folder").arg(kept))?;
        let port = ready["port"].as_u64().and_then(|port| port.try_into().ok());
        Ok(Self {
            peer,
            _folder: folder,
            server,
            address: SocketAddr::from(([127, 0, 0, 1], port.expect("a port"))),
            index: ready["index"].as_str().map(PathBuf::from),
            documents,
            bytes,
        })
    }
}

impl Host for PeerHost {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn documents(&self) -> usize {
        self.documents
    }

    fn consumption(&self) -> Consumption {
        self.server.consumption()
    }

    fn launch_client(&mut self, dial: SocketAddr) -> End {
        let mut start = self.peer.start();
        start.args(["client", "--url", &format!("ws://{dial}")]);
        if let Some(index) = &self.index {
            start.arg("--index").arg(index);
        }
        End::launch(&mut start)
    }

    fn has_an_end(&self) -> bool {
        self.peer.has_an_end
    }

    fn acknowledges(&self) -> bool {
        self.peer.acknowledges
    }

    fn watch_for(&mut self, expected: &Expected) {
        let expect = expected.clone();
        self.server.tell(&Command::Hold { expect });
    }

    fn until_they_came(&mut self) -> Result<(), Shortfall> {
        self.server.hear().map(drop)
    }

    fn bytes_a_document(&self) -> f64 {
        self.bytes as f64 / self.documents as f64
    }
}

/// Writes so many records, one a line; gives their bytes.
fn write_records(file: &Path, count: usize) -> usize {
    let mut output = BufWriter::new(fs::File::create(file).expect("a file in target"));
    let mut bytes = 0;
    for record in records(count) {
        let line = serde_json::to_string(&record).expect("a record is JSON");
        bytes += line.len();
        writeln!(output, "{line}").expect("room for it");
    }
    output.flush().expect("room for it");
    bytes
}
