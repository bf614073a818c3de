//! Rows of spreadsheets: whatever stands in the cells, a row is taken whole or refused whole, and
//! a second time says nothing new.

use std::collections::BTreeMap;

use dealership::ImportId;
use dealership::command::ImportSheetRow;
use dealership::import::{DuplicateRule, RowTaken, Verdict};
use dealership::refusal::Refusal;
use dealership::sheet::Sheet;
use proptest::prelude::*;

use crate::world::{Device, store, sunday};

fn row(number: u32, duplicates: DuplicateRule, cells: &BTreeMap<String, String>) -> ImportSheetRow {
    ImportSheetRow {
        sheet: Sheet::Customers,
        import: ImportId::from_bytes([9; 16]),
        row: number,
        duplicates,
        store: None,
        vin_reason: None,
        cells: cells.clone(),
    }
}

fn rule() -> impl Strategy<Value = DuplicateRule> {
    prop::sample::select(DuplicateRule::ALL.to_vec())
}

/// Cells as people fill them, and as nobody should.
fn cells() -> impl Strategy<Value = BTreeMap<String, String>> {
    let columns: Vec<String> = Sheet::Customers
        .columns()
        .iter()
        .map(|column| column.name.to_owned())
        .collect();
    let cell = prop_oneof![
        Just("13800000001".to_owned()),
        Just("13800000002/13800000003".to_owned()),
        Just("2026-05-09".to_owned()),
        Just("46145".to_owned()),
        Just("15-20万".to_owned()),
        Just("男".to_owned()),
        Just("A".to_owned()),
        Just("贷款".to_owned()),
        Just("1.38E+10".to_owned()),
        "\\PC{0,12}",
        ".{0,70}",
    ];
    prop::collection::btree_map(prop::sample::select(columns), cell, 0..17)
}

fn taken(device: &mut Device, row: &ImportSheetRow) -> Option<RowTaken> {
    match device.run(sunday(10, 0), row) {
        Ok(taken) => Some(taken),
        Err(Refusal::RowNotTaken { findings }) => {
            assert!(!findings.is_empty(), "a refusal says why");
            None
        }
        Err(other) => panic!("{other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_row_is_a_verdict_and_the_second_time_nothing(
        rows in prop::collection::vec(cells(), 1..5),
        rule in rule(),
    ) {
        let mut device = Device::consultant(1, store(1));
        for (number, cells) in (2..).zip(&rows) {
            taken(&mut device, &row(number, rule, cells));
        }
        let count = device.documents().len();
        for (number, cells) in (2..).zip(&rows) {
            let row = row(number, rule, cells);
            let plan = device.plan(sunday(11, 0), &row);
            if let Ok(plan) = plan {
                prop_assert!(plan.edits.is_empty(), "{:?}", plan.output);
                let quiet = [Verdict::Unchanged, Verdict::Duplicate];
                prop_assert!(quiet.contains(&plan.output.verdict), "{:?}", plan.output);
            }
        }
        prop_assert_eq!(device.documents().len(), count);
    }

    #[test]
    fn filling_blanks_changes_nothing_that_somebody_said(cells in cells()) {
        let mut device = Device::consultant(1, store(1));
        let first = BTreeMap::from([
            ("name".to_owned(), "张伟".to_owned()),
            ("phone".to_owned(), "13800000001".to_owned()),
            ("gender".to_owned(), "女".to_owned()),
            ("source_channel".to_owned(), "车展".to_owned()),
        ]);
        let made = taken(&mut device, &row(2, DuplicateRule::Skip, &first)).expect("a customer");
        let id = made.document.expect("a card").into();
        let mut cells = cells;
        cells.insert("phone".to_owned(), "13800000001".to_owned());
        taken(&mut device, &row(3, DuplicateRule::FillBlanks, &cells));
        let customer = device.customer(id);
        prop_assert_eq!(customer.name, "张伟");
        prop_assert_eq!(customer.gender.map(|code| code.to_string()), Some("f".to_owned()));
        let channel = customer.source.channel.map(|code| code.to_string());
        prop_assert_eq!(channel, Some("show".to_owned()));
    }
}
