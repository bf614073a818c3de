//! Commands and views of the library, by name.

use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};
use client_core::native::Clock;
use client_core::{Replica, ReplicaError, command, view};
use schemars::Schema;
use serde::Serialize;

use crate::table::Columns;
use crate::{console, input, opening};
use lines::{Line, Lines};

mod lines;

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    about: &'static str,
    input: Schema,
    output: Schema,
}

/// What `do -` answers to one line.
#[derive(Serialize)]
#[serde(untagged)]
enum LineAnswer<D> {
    Done(D),
    Refused {
        line: usize,
        code: &'static str,
        refused: String,
    },
}

/// Lists the commands.
pub(crate) fn list_commands() -> Result<()> {
    command::REGISTRY.iter().try_for_each(|entry| {
        console::answer(&Listed {
            name: entry.name,
            about: entry.about,
            input: (entry.input)(),
            output: (entry.output)(),
        })
    })
}

/// Lists the views.
pub(crate) fn list_views() -> Result<()> {
    view::REGISTRY.iter().try_for_each(|entry| {
        console::answer(&Listed {
            name: entry.name,
            about: entry.about,
            input: (entry.input)(),
            output: (entry.output)(),
        })
    })
}

/// Runs one command, or with `-` those on stdin.
pub(crate) fn execute(folder: &Path, name: &str, typed: &[String]) -> Result<()> {
    let mut replica = opening::open(folder)?;
    if name == "-" {
        return execute_lines(&mut replica);
    }
    let executed = replica.execute(name, input::read(typed)?, Clock::wall())?;
    console::answer(&executed)
}

/// Shows a view, as JSON or as a table of some of its fields.
pub(crate) fn show(
    folder: &Path,
    name: &str,
    typed: &[String],
    columns: Option<&Columns>,
) -> Result<()> {
    let replica = opening::open(folder)?;
    let answer = replica.show(name, input::read(typed)?, Clock::wall())?;
    match columns {
        Some(columns) => console::print(&columns.table(&answer)?),
        None => console::answer(&answer),
    }
}

/// Goes on after a refusal, as the commands are independent, and fails in the end if there was
/// any; stops at whatever is wrong with the replica itself.
fn execute_lines(replica: &mut Replica) -> Result<()> {
    let mut refusals = 0_usize;
    let mut lines = Lines::of(io::stdin().lock());
    while let Some(line) = lines.next()? {
        let Line { command, input } = line;
        let number = lines.number;
        match replica.execute(&command, input, Clock::wall()) {
            Ok(executed) => console::answer(&LineAnswer::Done(executed))?,
            Err(ReplicaError::Refused(refusal)) => {
                refusals += 1;
                console::answer(&LineAnswer::<()>::Refused {
                    line: number,
                    code: refusal.code(),
                    refused: refusal.to_string(),
                })?;
            }
            Err(error) => return Err(error).with_context(|| format!("line {number} of stdin")),
        }
    }
    if refusals > 0 {
        bail!("{refusals} commands were refused");
    }
    Ok(())
}
