//! `cargo xtask bench peers`: installs the others as they are pinned in `bench/peers`, has
//! Forecourt and them do the same, and sets the figures side by side.

mod table;

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail};
use serde_json::Value as Json;
use toml::Table;

use super::{bench, build, document, measured_by, report::Circumstances};
use crate::{process, workspace};

/// At which sizes to measure, and beside whom.
#[derive(clap::Args)]
pub(super) struct Options {
    /// The numbers of documents to measure at
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', default_values_t = SIZES)]
    documents: Vec<u32>,
    /// Only beside these; the document is then left as it is
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = PEERS.map(|peer| peer.name))]
    peer: Vec<String>,
}

/// Somebody who stands beside us.
struct Peer {
    /// What the benchmark calls it.
    name: &'static str,
    /// What people call it.
    title: &'static str,
    /// The packages or the crate whose versions say what was measured.
    packages: &'static [&'static str],
    /// What becomes of a document in it.
    document: &'static str,
    /// How durable what is written is at the server and at the client.
    durability: &'static str,
}

/// The benchmark's target, which no other run includes.
pub(super) const TARGET: &str = "peers";

/// The part of the document that this writes.
const SECTION: &str = "peers";

/// The variable in which the benchmark finds whom to measure.
const WANTED: &str = "FORECOURT_BENCH_PEERS";

/// From a store to a large group.
const SIZES: [u32; 4] = [1_000, 4_000, 20_000, 100_000];

/// The packages of npm, and the crate's manifest.
const NPM: &str = "bench/peers";
const SAMOD: &str = "bench/peers/samod/Cargo.toml";

const PEERS: [Peer; 4] = [
    Peer {
        name: "pouchdb",
        title: "PouchDB",
        packages: &["pouchdb-core", "express-pouchdb"],
        document: "a JSON document with its revisions; of concurrent edits one wins, whole",
        durability: "server: LevelDB, not synced to disk; client: memory",
    },
    Peer {
        name: "tinybase",
        title: "TinyBase",
        packages: &["tinybase"],
        document: "a row of a mergeable store, a stamp for each cell",
        durability: "server: one file, written anew, not synced to disk; client: memory",
    },
    Peer {
        name: "samod",
        title: "samod",
        packages: &["samod"],
        document: "an Automerge document",
        durability: "server: files, not synced to disk; client: memory",
    },
    Peer {
        name: "automerge-repo",
        title: "automerge-repo",
        packages: &["@automerge/automerge-repo", "@automerge/automerge"],
        document: "an Automerge document",
        durability: "server: files, not synced to disk; client: memory",
    },
];

/// Installs the peers, measures, prints the tables and, after a run of all, writes them.
///
/// # Errors
/// When a peer cannot be installed or built, or the benchmark fails.
pub(super) fn run(options: &Options) -> Result<()> {
    let is_wanted = |peer: &&Peer| {
        options.peer.is_empty() || options.peer.iter().any(|wanted| wanted == peer.name)
    };
    let peers: Vec<&Peer> = PEERS.iter().filter(is_wanted).collect();
    let versions = versions(&peers)?;
    install_packages()?;
    let target = workspace::target_folder().join("peers/samod");
    let mut samod = process::cargo("build --release --locked --manifest-path");
    process::run(samod.arg(SAMOD).arg("--target-dir").arg(target))?;
    build([TARGET].into_iter())?;
    let mut circumstances = Circumstances::of_this_run()?;

    let sizes: Vec<String> = options.documents.iter().map(u32::to_string).collect();
    let names: Vec<&str> = peers.iter().map(|peer| peer.name).collect();
    let mut bench = bench(TARGET, &sizes);
    let measurements = measured_by(bench.env(WANTED, names.join(",")))?;

    circumstances.note_pace_at_end();
    let tables = table::markdown(
        &measurements,
        &peers,
        &versions,
        &circumstances,
        &options.documents,
    );
    println!("\n{tables}");
    if options.peer.is_empty() {
        document::write(SECTION, &tables)?;
    }
    Ok(())
}

/// Installs what the lock file names, unless it is there already.
fn install_packages() -> Result<()> {
    let node = process::read(process::command("node").arg("--version"))
        .context("the peers need Node 20 or newer, with npm")?;
    let major = node.trim_start_matches('v').split('.').next();
    if major.and_then(|major| major.parse().ok()) < Some(20) {
        bail!("the peers need Node 20 or newer; this is {}", node.trim());
    }
    let folder = workspace::root().join(NPM);
    let modified = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    let installed = modified(&folder.join("node_modules/.package-lock.json"));
    if installed >= modified(&folder.join("package-lock.json")) {
        return Ok(());
    }
    process::run(process::command("npm").args(["ci", "--no-audit", "--no-fund", "--prefix", NPM]))
}

/// What each of them is, with its versions: `PouchDB (pouchdb-core 9.0.0)`.
fn versions(peers: &[&Peer]) -> Result<Vec<String>> {
    let read = |path: &str| {
        let text = fs::read_to_string(workspace::root().join(path));
        text.with_context(|| format!("cannot read {path}"))
    };
    let npm: Json = serde_json::from_str(&read(&format!("{NPM}/package.json"))?)?;
    let crates: Table = read(SAMOD)?.parse()?;
    let version = |package: &str| {
        let of_npm = npm
            .get("dependencies")
            .and_then(|of| of.get(package)?.as_str());
        let of_crate = || {
            crates
                .get("workspace")?
                .get("dependencies")?
                .get(package)?
                .get("version")?
                .as_str()
        };
        let pinned = of_npm.or_else(of_crate);
        let pinned = pinned.with_context(|| format!("{package} is not pinned in {NPM}"))?;
        Ok(format!("{package} {}", pinned.trim_start_matches('=')))
    };
    let of_peer = |peer: &&Peer| {
        let versions: Result<Vec<_>> = peer
            .packages
            .iter()
            .map(|package| version(package))
            .collect();
        Ok(versions?.join(", "))
    };
    peers.iter().map(of_peer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peers_packages_are_pinned() {
        let all: Vec<&Peer> = PEERS.iter().collect();

        for versions in versions(&all).unwrap() {
            let digits = versions.chars().filter(char::is_ascii_digit).count();
            assert!(digits >= 3, "{versions}");
        }
    }
}
