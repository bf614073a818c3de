//! Edits that a drill can count: each has a name of its own, which is what was said to a customer.

use serde_json::{Value as Json, json};

use crate::processes::{Ledger, Tablet};

/// Runs a stream of commands that say these to a customer, and notes in the ledger what was tried
/// and what the program called saved.
pub fn say(tablet: &Tablet, customer: &Json, edits: &[String], ledger: &mut Ledger) {
    for edit in edits {
        ledger.try_edit(edit);
    }
    let stream = tablet.stream(edits.iter().map(|edit| {
        let input = json!({"customer": customer, "type": "call_out", "outcome": "reached",
                           "content": edit});
        ("log_follow_up", input)
    }));
    let answers = Tablet::outcome(stream).expect("edits need no network");
    assert_eq!(answers.len(), edits.len(), "{answers:?}");
    for (edit, answer) in edits.iter().zip(&answers) {
        assert!(answer["batch"].is_string(), "{answer}");
        ledger.promise(edit);
    }
}

/// What was said to customers, as a device shows it.
pub fn said(tablet: &Tablet, customers: &[Json]) -> Vec<String> {
    let of_one = |customer: &Json| {
        let shown = tablet.show("customer_detail", &json!({"customer": customer}));
        let timeline = shown["timeline"].as_array().cloned().unwrap_or_default();
        let content = |entry: &Json| entry["content"].as_str().map(str::to_owned);
        timeline.iter().filter_map(content).collect::<Vec<_>>()
    };
    customers.iter().flat_map(of_one).collect()
}
