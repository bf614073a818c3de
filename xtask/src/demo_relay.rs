//! `cargo xtask run`: a relay with the demo group on this machine, two people to
//! enrol as, and the commands that show what the product does.

mod walkthrough;

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{process, workspace};
use walkthrough::{Person, Walkthrough};

/// How to run the demo relay.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Builds both programs optimised
    #[arg(long)]
    release: bool,
    /// The address to listen on: loopback, because the demo speaks without TLS
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The folder for the relay's database and the replicas of the walkthrough
    #[arg(long, default_value = ".forecourt")]
    data: PathBuf,
}

/// Two salespeople of the demo group, each with what the shell calls them.
const SALESPEOPLE: [(&str, &str); 2] = [("李娜", "lina"), ("王强", "wangqiang")];

/// How long the codes are good: a day of trying things.
const CODE_LIFE: &str = "24h";

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
    drop(TcpListener::bind(options.listen).with_context(|| {
        format!(
            "cannot listen on {}; choose another address with --listen",
            options.listen
        )
    })?);

    let programs = build(options.release)?;
    let server = workspace::root().join(&programs).join("forecourt-server");
    let data = options.data.join("relay");
    make_demo_group(&server, &data)?;

    let mut people = Vec::new();
    for (name, handle) in SALESPEOPLE {
        people.push(Person {
            name,
            handle,
            code: enrolment_code(&server, &data, name)?,
        });
    }
    let walkthrough = Walkthrough {
        program: programs.join("forecourt"),
        replicas: options.data.clone(),
        relay: options.listen,
        people,
    };
    println!("\n{walkthrough}");

    let mut serve = process::command(&server);
    serve
        .args(["serve", "--listen", &options.listen.to_string(), "--data"])
        .arg(&data);
    become_process(&mut serve)
}

/// Builds the relay and the client and returns the folder that holds them, as a
/// person in the workspace's root would name it.
fn build(release: bool) -> Result<PathBuf> {
    let mut build = process::cargo("build --locked --package sync-server --package client-cli");
    if release {
        build.arg("--release");
    }
    process::run(&mut build)?;
    let profile = if release { "release" } else { "debug" };
    Ok(workspace::target_folder().join(profile))
}

/// Makes the demo group's database; the relay leaves one that is there as it is.
fn make_demo_group(server: &Path, data: &Path) -> Result<()> {
    let mut demo = process::command(server);
    process::run(demo.arg("demo").arg("--data").arg(data))
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
