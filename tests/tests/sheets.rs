//! Spreadsheets imported over real replicas: what a row becomes, what a second time changes, and
//! that it syncs as any edit.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a harness of tests fails by panicking"
)]

#[path = "sheets/customers.rs"]
mod customers;
#[path = "sheets/exports.rs"]
mod exports;
#[path = "sheets/live.rs"]
mod live;
#[path = "sheets/stock.rs"]
mod stock;
#[path = "sheets/undoing.rs"]
mod undoing;

use std::collections::BTreeMap;

use client_core::import::RowReport;
use client_core::{ImportOrder, ImportReport};
use dealership::import::{DuplicateRule, FindingCode, Verdict};
use dealership::sheet::Sheet;
use stories::{Device, Network, Weather};

/// A grid of text.
fn grid(lines: &[&[&str]]) -> Vec<Vec<String>> {
    lines
        .iter()
        .map(|line| line.iter().map(|cell| (*cell).to_owned()).collect())
        .collect()
}

/// An import by the rule that changes nothing that is here.
fn order(sheet: Sheet) -> ImportOrder {
    ImportOrder {
        sheet,
        duplicates: DuplicateRule::Skip,
        store: None,
        headings: BTreeMap::new(),
        vin_reason: None,
        dry_run: false,
    }
}

fn by(sheet: Sheet, duplicates: DuplicateRule) -> ImportOrder {
    ImportOrder {
        duplicates,
        ..order(sheet)
    }
}

#[track_caller]
fn import(
    network: &mut Network,
    device: Device,
    lines: &[Vec<String>],
    order: &ImportOrder,
) -> ImportReport {
    let now = network.now();
    network
        .replica(device)
        .import(lines, order, now, &mut |_| {})
        .unwrap()
}

fn verdicts(report: &ImportReport) -> Vec<Verdict> {
    report.rows.iter().map(|row| row.verdict).collect()
}

fn codes(row: &RowReport) -> Vec<FindingCode> {
    row.findings
        .iter()
        .map(|found| found.finding.code)
        .collect()
}

fn found() -> Network {
    Network::found(7, Weather::Fair)
}
