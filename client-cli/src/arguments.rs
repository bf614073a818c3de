//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use dealership::import::DuplicateRule;
use dealership::{DocumentId, ImportId};

use crate::sheet;

use crate::table::Columns;

/// Sells cars with no network at all: the native client of Forecourt 展厅通.
///
/// Answers are JSON on stdout, one value a line, or a table where `show` is asked for one. Trouble is one line on stderr, and then the exit
/// code is not 0.
#[derive(Debug, Parser)]
#[command(name = "forecourt", version, propagate_version = true)]
pub(crate) struct Arguments {
    /// The folder of this device's replica
    #[arg(
        long,
        value_name = "DIR",
        env = "FORECOURT_REPLICA",
        default_value = "forecourt-replica",
        global = true
    )]
    pub(crate) replica: PathBuf,

    /// Says on stderr what goes on, twice for more
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,

    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Makes this device known to a relay, once, with a code that an administrator handed out
    Enrol {
        /// Where the relay is: https://…, or http://… on this machine
        #[arg(long, value_name = "URL")]
        server: String,
        /// A file of certificates in PEM to trust, for a relay with a certificate of its own
        #[arg(long, value_name = "FILE")]
        certificates: Option<PathBuf>,
        /// The code; it works once
        #[arg(long)]
        code: String,
        /// What colleagues call this device
        #[arg(long)]
        name: Option<String>,
    },
    /// Sends what waits and fetches what is new
    Sync {
        /// Stays connected, and comes back by itself when the network does
        #[arg(long)]
        watch: bool,
    },
    /// Shows what is unsent since when, what was refused, the last contact
    Status,
    /// Checks every change, document and table of the replica
    Verify,
    /// Shows who changed a document, by what, when, and when the relay received it
    History {
        /// The document's id
        document: DocumentId,
    },
    /// Writes a copy of the replica to a file, also while it is in use elsewhere
    Backup {
        /// The file to write; must not exist
        file: PathBuf,
    },
    /// Makes the replica anew from a backup; the folder must not hold one
    Restore {
        /// The backup
        file: PathBuf,
    },
    /// Imports a spreadsheet: xlsx, xls, or csv in UTF-8 or GB18030
    ///
    /// Says of each row what became of it, one JSON a line, and in the end the import's id and
    /// how many rows came to what. The same file again changes nothing.
    #[command(subcommand)]
    Import(ImportTask),
    /// Exports a spreadsheet that imports again without a change: xlsx, or csv in UTF-8
    #[command(subcommand)]
    Export(ExportTask),
    /// Lists the commands with the JSON Schema of their input and output
    Commands,
    /// Lists the views with the JSON Schema of their input and output
    Views,
    /// Runs a command on the replica, with no network: `do log_follow_up '{…}'`
    ///
    /// The input is one JSON object, or fields: `name=text`, and `name:=JSON` for numbers, true,
    /// false and lists.
    ///
    /// With `-` for the command, reads one command a line from stdin,
    /// `{"command": NAME, "input": {…}}`, with a single opening of the replica.
    Do {
        /// The command's name, or `-`
        command: String,
        /// Its input: one JSON object, or fields
        input: Vec<String>,
    },
    /// Shows a view: `show customer_search query=zw`
    ///
    /// The input is given as for `do`.
    Show {
        /// The view's name
        view: String,
        /// Its input: one JSON object, or fields
        input: Vec<String>,
        /// Shows these fields of each row as a table instead of JSON: `--table name,owner_name`
        #[arg(long, value_name = "FIELDS")]
        table: Option<Columns>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportTask {
    /// 客户: customers, told apart by their phones
    Customers(ImportOptions),
    /// 整车入库: vehicles that come into stock, told apart by their VINs
    Vehicles {
        #[command(flatten)]
        options: ImportOptions,
        /// Why VINs are right whose check digit or year code does not fit; without it such rows
        /// are not taken
        #[arg(long, value_name = "TEXT")]
        vin_reason: Option<String>,
    },
    /// 价格表: the prices of trims, told apart by their codes; publishes a version of the list
    PriceList(ImportOptions),
    /// Takes back what an import did, but for what somebody worked on since
    Undo {
        /// The import's id, as importing said it
        import: ImportId,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExportTask {
    /// 客户: customers who are on the books
    Customers(ExportOptions),
    /// 整车入库: vehicles that are not delivered
    Vehicles(ExportOptions),
    /// 价格表: the prices that are in force today
    PriceList(ExportOptions),
}

#[derive(Debug, Args)]
pub(crate) struct ExportOptions {
    /// The file to write: csv if it ends so, otherwise xlsx
    pub(crate) file: PathBuf,
    /// Of one store only, by name, code or id
    #[arg(long)]
    pub(crate) store: Option<String>,
    /// Why; managers are asked
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportOptions {
    /// The spreadsheet
    pub(crate) file: PathBuf,
    /// Says what the import would do, and does nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What to do with rows that are here already: skip (跳过), fill-blanks (只补空白),
    /// overwrite (覆盖), create-and-mark (新增并标记)
    #[arg(long, value_name = "RULE", default_value = "skip", value_parser = sheet::rule)]
    pub(crate) duplicates: DuplicateRule,
    /// Which column a heading is, as in 车主=name; remembered. `-` for none
    #[arg(long, value_name = "HEADING=COLUMN", value_parser = sheet::assignment)]
    pub(crate) map: Vec<(String, String)>,
    /// The store, by name, code or id; needed where you work in several
    #[arg(long)]
    pub(crate) store: Option<String>,
    /// Where to write the rows that were not taken [default: beside the file]
    #[arg(long, value_name = "FILE")]
    pub(crate) errors: Option<PathBuf>,
}
