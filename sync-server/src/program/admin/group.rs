//! `group`: a new group, with the one person who makes everything else.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use dealership::edit::Edits;
use dealership::{Kind, Role, Space, Value};
use sync_server::relay::Relay;

use super::CACHED_DOCUMENTS;
use crate::settings::Place;
use crate::{clock, console, folder::Folder};

/// What is done with the group.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Founds a group in an empty folder, with its first administrator
    ///
    /// Then `device code` lets the administrator's first device in, and stores and staff are
    /// made on it.
    Init(Init),
}

/// What a new group needs.
#[derive(Args)]
pub(crate) struct Init {
    /// The name that devices know the relay by, for ever: its host name, as in relay.example.com
    #[arg(long)]
    server_name: String,
    /// The name of the first administrator
    #[arg(long)]
    administrator: String,
    #[command(flatten)]
    place: Place,
}

/// Does what was asked.
pub(crate) fn run(command: Command) -> Result<()> {
    match command {
        Command::Init(init) => found(&init),
    }
}

fn found(init: &Init) -> Result<()> {
    let (server_name, administrator) = (init.server_name.trim(), init.administrator.trim());
    if server_name.is_empty() || administrator.is_empty() {
        bail!("--server-name and --administrator must not be empty");
    }
    let folder = Folder::of(&init.place.settings()?);
    folder.create()?;
    let _lock = folder.lock()?;
    if folder.database().exists() {
        bail!("there is a group in {} already", folder.path().display());
    }
    let opening = folder.opening(folder.key_or_new()?, CACHED_DOCUMENTS)?;
    let mut relay = Relay::found(folder.store()?, server_name, opening)?;
    let now = clock::now();
    let staff = relay.fresh_ids(now).document();
    let role = format!("role/{}", Role::Administrator.code());
    let registers = [
        ("name".to_owned(), Value::from(administrator)),
        (role, Value::from(true)),
    ];
    let mut edits = Edits::default();
    edits.create(staff, Kind::Staff, Space::Group, registers.into());
    relay.establish(now, "found", &edits)?;
    relay.tidy_up(true)?;
    console::say(format_args!(
        "founded group {} in {}; next: forecourt-server device code --staff {staff}",
        relay.group().group,
        folder.path().display(),
    ))?;
    Ok(())
}
