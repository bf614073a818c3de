//! `device`: codes with which devices are enrolled.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use dealership::StaffId;
use sync_server::relay::Directory;

use super::CACHED_DOCUMENTS;
use crate::settings::Place;
use crate::{clock, console, folder::Folder};

/// The longest life of a code.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3_600);

/// What is done with devices.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Prints a code that enrols one device for a member of staff, once
    ///
    /// Works while the relay serves. A code bears five wrong tries.
    Code(Code),
}

/// Whose device, and for how long the code is good.
#[derive(Args)]
pub(crate) struct Code {
    /// The name or the id of the member of staff who will own the device
    #[arg(long, value_name = "NAME_OR_ID")]
    staff: String,
    /// How long the code is good, as in 90s, 10m, 24h, 7d
    #[arg(long, default_value = "10m", value_parser = duration)]
    ttl: Duration,
    #[command(flatten)]
    place: Place,
}

/// Does what was asked.
pub(crate) fn run(command: Command) -> Result<()> {
    match command {
        Command::Code(code) => issue(&code),
    }
}

/// Needs no lock: it writes nothing but the code, and the relay looks codes up in the database.
fn issue(code: &Code) -> Result<()> {
    let folder = Folder::of(&code.place.settings()?);
    folder.must_hold_a_group()?;
    let mut relay = folder.relay(CACHED_DOCUMENTS)?;
    let staff = member(relay.directory(), &code.staff)?;
    let millis = i64::try_from(code.ttl.as_millis()).context("--ttl is too long")?;
    let issued = relay.issue_code(staff, clock::now().plus_millis(millis))?;
    console::say(issued)?;
    Ok(())
}

/// Finds one active member of staff.
fn member(directory: &Directory, name_or_id: &str) -> Result<StaffId> {
    let found = directory.find(name_or_id);
    match found.as_slice() {
        [] => {
            let names: Vec<&str> = directory
                .members()
                .filter(|member| member.access.active)
                .map(|member| member.name.as_str())
                .collect();
            bail!(
                "nobody here is called {name_or_id:?}; there are: {}",
                names.join(", ")
            )
        }
        [member] => Ok(member.access.staff),
        many => {
            let ids: Vec<String> = many
                .iter()
                .map(|member| member.access.staff.to_string())
                .collect();
            bail!(
                "{} people are called {name_or_id:?}; say which by id: {}",
                many.len(),
                ids.join(", ")
            )
        }
    }
}

fn duration(text: &str) -> Result<Duration> {
    let (number, unit) = text
        .char_indices()
        .last()
        .and_then(|(at, _)| text.split_at_checked(at))
        .context("a number with s, m, h or d")?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 24 * 3_600,
        _ => bail!("a number with s, m, h or d"),
    };
    let number: u64 = number.parse().context("a number with s, m, h or d")?;
    let duration = Duration::from_secs(number.saturating_mul(seconds));
    if duration.is_zero() || duration > LONGEST {
        bail!("between one second and seven days");
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        assert_eq!(duration("10m").unwrap(), Duration::from_secs(600));
        assert_eq!(duration("7d").unwrap(), LONGEST);
        for wrong in [
            "", "m", "10", "10x", "0s", "8d", "-1m", "1.5h", "十m", "5分",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
