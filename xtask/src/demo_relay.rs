//! `cargo xtask run`: a relay with the demo group on this machine, two people to
//! enrol as, and the commands that show what the product does.

mod walkthrough;

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value as Json;

use crate::{process, workspace};
use walkthrough::{SALESPEOPLE, Walkthrough};

/// How to run the demo relay.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Builds both programs optimised
    #[arg(long)]
    release: bool,
    /// Uses the programs of this folder instead of building them
    #[arg(long, value_name = "DIR", conflicts_with = "release")]
    programs: Option<PathBuf>,
    /// The address to listen on: loopback, because the demo speaks without TLS
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The folder for the relay's database and the replicas of the walkthrough
    #[arg(long, default_value = ".forecourt")]
    data: PathBuf,
    /// How large the demo group is: 1 is 2,000 customers, 1,200 deals and 600 vehicles
    #[arg(long)]
    scale: Option<f64>,
    /// Removes the demo group and the replicas of an earlier run first
    #[arg(long)]
    anew: bool,
}

/// How long the codes are good: a day of trying things.
const CODE_LIFE: &str = "24h";

/// What the relay's folder says of the demo that it holds.
const LABEL: &str = "demo.json";

/// Builds, makes the demo group once, prints the walkthrough and becomes the
/// relay, so that Ctrl-C reaches it and it drains as it would anywhere else.
///
/// # Errors
/// When a build, the demo or the relay fails, or the address is taken.
pub(crate) fn run(options: &Options) -> Result<()> {
    if !options.listen.ip().is_loopback() {
        bail!(
            "{} is not loopback: a relay for other machines needs TLS, see docs/certificates.md",
            options.listen
        );
    }
    // Asked before the build: a taken port is known at once, not minutes later.
    let relay = free_address(options.listen)?;
    let programs = match &options.programs {
        Some(programs) => programs.clone(),
        None => build(options.release)?,
    };
    let server = workspace::root().join(&programs).join("forecourt-server");
    let data = options.data.join("relay");
    if options.anew {
        remove_earlier(&options.data)?;
    }
    make_demo_group(&server, &data, options.scale)?;
    let walkthrough = Walkthrough {
        program: programs.join("forecourt"),
        replicas: options.data.clone(),
        relay,
        label: label(&data)?,
    };
    let is_enrolled = |handle: &str| from_root(&walkthrough.replica(handle)).exists();
    let text = if SALESPEOPLE.iter().all(|(_, handle)| is_enrolled(handle)) {
        walkthrough.going_on()?
    } else {
        walkthrough.steps(|name| enrolment_code(&server, &data, name))?
    };
    println!("\n{text}");
    let mut serve = process::command(&server);
    serve
        .args(["serve", "--listen", &relay.to_string(), "--data"])
        .arg(&data);
    become_process(&mut serve)
}

/// The address, with a free port in the place of port 0.
fn free_address(listen: SocketAddr) -> Result<SocketAddr> {
    let listener = TcpListener::bind(listen).with_context(|| {
        format!("cannot listen on {listen}; choose another address with --listen")
    })?;
    Ok(listener.local_addr()?)
}

/// Builds the relay and the client and returns the folder that holds them, as a
/// person in the workspace's root would name it.
fn build(release: bool) -> Result<PathBuf> {
    let mut build = process::cargo("build --workspace --bins --locked");
    if release {
        build.arg("--release");
    }
    process::run(&mut build)?;
    let profile = if release { "release" } else { "debug" };
    Ok(workspace::target_folder().join(profile))
}

/// Removes what earlier runs made, and nothing else: the relay's folder only if it
/// holds a demo.
fn remove_earlier(data: &Path) -> Result<()> {
    let relay = from_root(&data.join("relay"));
    ensure!(
        !relay.exists() || relay.join(LABEL).exists(),
        "{} holds no demo group: it is left as it is",
        relay.display()
    );
    let replicas = SALESPEOPLE.map(|(_, handle)| from_root(&data.join(handle)));
    for folder in replicas.into_iter().chain([relay]) {
        if folder.exists() {
            println!("removing {}", folder.display());
            fs::remove_dir_all(&folder)
                .with_context(|| format!("{} cannot be removed", folder.display()))?;
        }
    }
    Ok(())
}

/// Makes the demo group's database; the relay leaves one that is there as it is.
fn make_demo_group(server: &Path, data: &Path, scale: Option<f64>) -> Result<()> {
    let mut demo = process::command(server);
    demo.arg("demo").arg("--data").arg(data);
    if let Some(scale) = scale {
        demo.args(["--scale", &scale.to_string()]);
    }
    process::run(&mut demo)
}

/// What the relay's folder says of the demo.
fn label(data: &Path) -> Result<Json> {
    let path = from_root(&data.join(LABEL));
    let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", path.display()))
}

/// Where a path leads that is meant from the workspace's root, as every command is
/// run there.
fn from_root(path: &Path) -> PathBuf {
    workspace::root().join(path)
}

/// A fresh code with which a device enrols as this person.
fn enrolment_code(server: &Path, data: &Path, name: &str) -> Result<String> {
    let mut code = process::command(server);
    code.args(["device", "code", "--staff", name])
        .args(["--ttl", CODE_LIFE, "--data"])
        .arg(data);
    let printed = process::read(&mut code)?;
    let code = printed.trim();
    ensure!(
        !code.is_empty(),
        "the relay printed no enrolment code for {name}"
    );
    Ok(code.to_owned())
}

/// Replaces this process by the command's; returns only when that fails.
#[cfg(unix)]
fn become_process(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;
    let line = process::shown(command);
    println!("$ {line}");
    Err(command.exec()).with_context(|| format!("cannot start `{line}`"))
}

#[cfg(not(unix))]
fn become_process(command: &mut Command) -> Result<()> {
    process::run(command)
}
