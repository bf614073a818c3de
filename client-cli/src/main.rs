//! `forecourt`, the native client: all that the library can do, JSON in and out.
//!
//! What was asked for goes to stdout as JSON, one value a line; what goes wrong goes to stderr as
//! one line, causes after colons. The exit code is 0 only on success.

mod act;
mod arguments;
mod console;
mod input;
mod keep;
mod link;
mod opening;
mod table;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::arguments::{Arguments, Task};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    console::start_log(arguments.verbose);
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let folder = arguments.replica.as_path();
    match &arguments.task {
        Task::Enrol {
            server,
            certificates,
            code,
            name,
        } => link::enrol(
            folder,
            server,
            certificates.as_deref(),
            code,
            name.as_deref(),
        ),
        Task::Sync { watch } => link::sync(folder, *watch),
        Task::Status => act::show(folder, "sync_status", &[], None),
        Task::Commands => act::list_commands(),
        Task::Views => act::list_views(),
        Task::Do { command, input } => act::execute(folder, command, input),
        Task::Show { view, input, table } => act::show(folder, view, input, table.as_ref()),
        Task::History { document } => keep::history(folder, *document),
        Task::Verify => keep::verify(folder),
        Task::Backup { file } => keep::backup(folder, file),
        Task::Restore { file } => keep::restore(folder, file),
    }
}
