//! forecourt-server: the relay of a dealer group, as one program and one folder.

mod admin;
mod clock;
mod console;
mod folder;
mod logging;
mod serve;
mod settings;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use settings::{Flags, Settings};

/// The relay of a dealer group: it checks, merges, orders and keeps every change.
///
/// Everything is in one folder: the database, its key, and the lock that keeps a second relay
/// away. A setting is taken from its flag, else from its environment variable, else from the
/// file named by --config (TOML, the same names), else from its default.
#[derive(Parser)]
#[command(name = "forecourt-server", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves devices until it is told to stop (SIGTERM, SIGINT), then drains and ends
    Serve(Box<Flags>),
    /// Founds the group
    #[command(subcommand)]
    Group(admin::group::Command),
    /// Makes the demo group: a dealership's year of invented people and cars
    ///
    /// It is made once: a folder that holds it is left as it is, and one that holds anything else
    /// is refused.
    Demo(admin::demo::Options),
    /// Lets devices in
    #[command(subcommand)]
    Device(admin::device::Command),
    /// Copies the database to a file, also while the relay serves
    ///
    /// The copy is checked before it gets its name. The key (relay.key) is not in it: keep that
    /// somewhere else.
    Backup(admin::backup::Options),
    /// Makes an empty folder a relay's again, from a backup
    ///
    /// The restored log gets a new epoch, so that devices compare what they hold with it instead
    /// of trusting positions that the backup does not know.
    Restore(admin::restore::Options),
    /// Checks the database, the chain of the log, and every document against its changes
    Verify(admin::verify::Options),
    /// Deletes documents with their history, here and on every device, for good
    ///
    /// For a customer name the card and its contacts. The relay must not be serving.
    Purge(admin::purge::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(flags) => serve::run(&Settings::resolve(*flags)?),
        Command::Group(command) => admin::group::run(command),
        Command::Demo(options) => admin::demo::run(&options),
        Command::Device(command) => admin::device::run(command),
        Command::Backup(options) => admin::backup::run(&options),
        Command::Restore(options) => admin::restore::run(&options),
        Command::Verify(options) => admin::verify::run(&options),
        Command::Purge(options) => admin::purge::run(&options),
    }
}
