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
mod sheet;
mod table;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use dealership::sheet::Sheet;

use crate::arguments::{Arguments, ExportTask, ImportTask, Task};

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
        Task::Import(task) => import(folder, task),
        Task::Export(task) => export(folder, task),
        Task::Restore { file } => keep::restore(folder, file),
    }
}

fn import(folder: &Path, task: &ImportTask) -> Result<()> {
    match task {
        ImportTask::Customers(options) => sheet::import(folder, Sheet::Customers, options, None),
        ImportTask::Vehicles {
            options,
            vin_reason,
        } => sheet::import(folder, Sheet::Vehicles, options, vin_reason.as_deref()),
        ImportTask::PriceList(options) => sheet::import(folder, Sheet::PriceList, options, None),
        ImportTask::Undo { import } => sheet::undo(folder, *import),
    }
}

fn export(folder: &Path, task: &ExportTask) -> Result<()> {
    match task {
        ExportTask::Customers(options) => sheet::export(folder, Sheet::Customers, options),
        ExportTask::Vehicles(options) => sheet::export(folder, Sheet::Vehicles, options),
        ExportTask::PriceList(options) => sheet::export(folder, Sheet::PriceList, options),
    }
}
