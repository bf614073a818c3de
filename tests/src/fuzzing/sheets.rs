//! Spreadsheets.

use std::collections::BTreeMap;

use client_cli::grid::{Format, Grid, from_bytes, to_bytes};
use client_core::ImportOrder;
use csv::ReaderBuilder;
use dealership::import::DuplicateRule;
use dealership::sheet::Sheet;

use super::world::World;

/// What a cell begins with that such a program runs (OWASP ASVS 1.2.10).
const FORMULAS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// A csv file: what is read of it is written, and nothing in that is a formula.
pub(super) fn delimited(_: &mut World, bytes: &[u8]) {
    let Some(grid) = grid(bytes) else { return };
    let written = to_bytes(Format::Delimited, "表", &grid, &[]).expect("text is written");
    no_formula(&written);
    let again = from_bytes(written).expect("what was written is read").0;
    let lines = |grid: &Grid| -> Vec<Vec<String>> {
        // A line of one empty cell is an empty line, and a formula bears an apostrophe.
        let cell = |cell: &String| cell.strip_prefix('\'').unwrap_or(cell).to_owned();
        let line = |line: &Vec<String>| line.iter().map(cell).collect::<Vec<_>>();
        let full = |line: &Vec<String>| line.iter().any(|cell| !cell.is_empty());
        grid.iter().map(line).filter(full).collect()
    };
    assert_eq!(lines(&again), lines(&grid));
}

fn no_formula(written: &[u8]) {
    let text = written.strip_prefix(b"\xef\xbb\xbf").expect("a mark");
    let mut reader = ReaderBuilder::new();
    let reader = reader.has_headers(false).flexible(true);
    for record in reader.from_reader(text).records() {
        for cell in record.expect("text").iter() {
            let is_number = cell.parse::<f64>().is_ok_and(f64::is_finite);
            let is_risky = cell.starts_with(FORMULAS) && !(cell.starts_with('-') && is_number);
            assert!(!is_risky, "{cell:?}");
        }
    }
}

/// A workbook.
pub(super) fn workbook(_: &mut World, bytes: &[u8]) {
    // Either way in, whatever the first bytes are.
    for magic in [&b"PK\x03\x04"[..], b"\xd0\xcf\x11\xe0"] {
        let rest = bytes.get(magic.len()..).unwrap_or_default();
        if let Err(error) = from_bytes([magic, rest].concat()) {
            assert!(error.to_string().len() > 3, "{error:?}");
        }
    }
}

/// A csv file that is imported: the first byte says as which sheet.
pub(super) fn import(world: &mut World, bytes: &[u8]) {
    let (first, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let Some(grid) = grid(bytes) else { return };
    let (device, sheet) = match first % 3 {
        0 => (world.lina, Sheet::Customers),
        1 => (world.keeper, Sheet::Vehicles),
        _ => (world.director, Sheet::PriceList),
    };
    let order = ImportOrder {
        sheet,
        duplicates: DuplicateRule::ALL[usize::from(first / 3) % DuplicateRule::ALL.len()],
        store: None,
        headings: BTreeMap::new(),
        vin_reason: None,
        dry_run: true,
    };
    let now = world.network.now();
    let replica = world.network.replica(device);
    match replica.import(&grid, &order, now, &mut |_| {}) {
        Ok(report) => assert_eq!(report.summary.rows, report.rows.len()),
        Err(error) => assert!(error.to_string().len() > 5, "{error:?}"),
    }
}

fn grid(bytes: &[u8]) -> Option<Grid> {
    match from_bytes(bytes.to_vec()) {
        Ok((grid, Format::Delimited)) => Some(grid),
        Ok((_, Format::Workbook)) | Err(_) => None,
    }
}

pub(super) fn seeds_of_texts(_: &World) -> Vec<Vec<u8>> {
    let texts = [
        "\u{0}姓名,手机,等级,意向车系\n张伟,13800000003,H,E7\n王芳,010-12345678,A,\n",
        "\u{1}VIN,品牌,车系,车型,外观颜色,入库日期\nZZZAB1C26SA000208,启程,E7,长续航,黑,2026-05-01\n",
        "\u{2}车型编码,指导价,生效日期\nE7-LR,15.98万,2026-05-01\n",
        "a;b\n=1+1;'+2\n\"x;=1\";-5\n",
        "姓名\t手机\n张伟\t1.38E+10\n",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

pub(super) fn seeds_of_workbooks(_: &World) -> Vec<Vec<u8>> {
    let line = |cells: &[&str]| {
        cells
            .iter()
            .map(|cell| (*cell).to_owned())
            .collect::<Vec<_>>()
    };
    let grid = [line(&["姓名", "手机"]), line(&["张伟", "13800000001"])];
    vec![to_bytes(Format::Workbook, "客户", &grid, &[]).expect("a workbook")]
}
