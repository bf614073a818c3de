//! What a view asks of the database costs what it shows, not what there is.
//!
//! Every statement is caught as it runs, whoever wrote it, and every view is run with every
//! combination of its filters; a view or a filter that these tests do not know fails them.

use std::collections::{BTreeMap, BTreeSet};
use std::slice::from_ref;

use serde_json::{Map, Value as Json, json};

use crate::testing::{HE_JIANGUO, LI_NA, store};
use crate::view::REGISTRY;
use crate::view::tests::group::Group;

/// Plans that go through something whole, with why that is little.
const SMALL: &[(&str, &str)] = &[
    ("SCAN CONSTANT ROW", "no table"),
    ("SCAN json_each", "the statuses that somebody asked for"),
    ("SCAN page", "the rows of one page"),
    ("SCAN hit", "fewer candidates than are too many to look at"),
    ("SCAN member", "the cards that are merged with one another"),
    ("SCAN batch", "what no relay has acknowledged yet"),
    ("SCAN quarantine", "what was refused and nobody decided yet"),
    ("SCAN unreadable", "documents that this version cannot read"),
    (
        "SCAN document USING COVERING INDEX",
        "a count: pages, not rows",
    ),
    ("SCAN cursor", "one row"),
    (
        "SCAN i",
        "the marks of every import, counted only when one is to be taken back",
    ),
    ("SCAN last_sync", "one row"),
];

/// Views whose cost grows with what is open or in stock, because they count or sort all of it.
const COUNTS_THE_PRESENT: &[&str] = &[
    "deal_board",
    "vehicle_list",
    "vehicle_matrix",
    // Others of one specification that can be sold.
    "vehicle_detail",
    // One person's live claims, or those in the states that are asked for.
    "claim_list",
    // How many cases are open.
    "sync_status",
];

/// The values to ask a view with, for each of its properties.
fn samples(group: &Group, view: &str) -> BTreeMap<&'static str, Vec<Json>> {
    let owner = json!(LI_NA.staff());
    let id = group.customer.as_str().unwrap();
    let after_text = json!(format!("[\"zhang1\",\"{id}\"]"));
    let after_number = json!(format!("[5,\"{id}\"]"));
    let samples: &[(&'static str, &[Json])] = match view {
        "today" => &[("staff", &[owner])],
        "customer_list" => &[
            ("owner", &[owner]),
            ("store", &[json!(store())]),
            ("grade", &[json!("H")]),
            ("source", &[json!("walk_in")]),
            ("order", &[json!("name"), json!("last_contact")]),
            ("limit", &[json!(20)]),
            ("after", &[after_text, after_number]),
        ],
        "customer_search" => &[(
            "query",
            &[
                "z",
                "zh",
                "zhangwei",
                "z 990",
                "z 0001",
                "伟",
                "990",
                "19900000001",
                "0002",
            ]
            .map(Json::from),
        )],
        "customer_detail" => &[("customer", from_ref(&group.customer))],
        "deal_list" => &[
            ("owner", &[owner]),
            ("store", &[json!(store())]),
            ("state", &[json!("open"), json!("delivered")]),
            ("stage", &[json!("reception")]),
            ("limit", &[json!(20)]),
            ("after", &[after_number]),
        ],
        "deal_board" => &[("owner", &[owner]), ("store", &[json!(store())])],
        "deal_detail" => &[("deal", from_ref(&group.deal))],
        "vehicle_list" => &[
            ("store", &[json!(store())]),
            ("trim", from_ref(&group.trim)),
            ("series", &[json!("风帆")]),
            ("ext_color", &[json!("black")]),
            ("status", &[json!(["available", "soft_held"])]),
            ("max_price", &[json!(20_000_000)]),
            ("limit", &[json!(20)]),
            ("after", &[json!(format!("[\"2026-01-01\",\"{id}\"]"))]),
        ],
        "vehicle_search" => &[("query", &["zzz", "000101", "a0001"].map(Json::from))],
        "claim_list" => &[
            ("vehicle", from_ref(&group.vehicle)),
            ("deal", from_ref(&group.deal)),
            ("staff", &[json!(HE_JIANGUO.staff())]),
            ("state", &[json!(["active", "expired"])]),
            ("limit", &[json!(20)]),
            ("after", &[json!(format!("[null,\"{id}\"]"))]),
        ],
        "unsynced_devices" => &[
            ("show", from_ref(&group.show)),
            ("vehicles", &[json!([group.packed])]),
        ],
        "imports" | "vehicle_matrix" | "sync_status" => &[],
        "vehicle_detail" => &[("vehicle", from_ref(&group.vehicle))],
        "cases" => &[
            ("decided", &[json!(true), json!(false)]),
            ("document", from_ref(&group.customer)),
            ("kind", &[json!("duplicate")]),
            ("limit", &[json!(20)]),
            ("after", &[json!(format!("[\"duplicate\",\"{id}\"]"))]),
        ],
        "history" => &[("document", from_ref(&group.customer))],
        _ => panic!("say here what {view} is to be asked with"),
    };
    samples
        .iter()
        .map(|(property, values)| (*property, values.to_vec()))
        .collect()
}

/// Every combination of the samples; `required` is in each.
fn combinations(
    samples: &BTreeMap<&'static str, Vec<Json>>,
    required: &BTreeSet<String>,
) -> Vec<Json> {
    let mut inputs = vec![Map::new()];
    for (property, values) in samples {
        let mut longer = Vec::new();
        if !required.contains(*property) {
            longer.clone_from(&inputs);
        }
        for value in values {
            for input in &inputs {
                let mut input = input.clone();
                input.insert((*property).to_owned(), value.clone());
                longer.push(input);
            }
        }
        inputs = longer;
    }
    inputs.into_iter().map(Json::Object).collect()
}

/// What every view is asked with: all combinations where `all`, each sample alone otherwise.
fn inputs(group: &Group, all: bool) -> Vec<(&'static str, Json)> {
    let mut every = Vec::new();
    for view in REGISTRY {
        let schema = (view.input)().to_value();
        let known: BTreeSet<String> = schema["properties"]
            .as_object()
            .map(|properties| properties.keys().cloned().collect())
            .unwrap_or_default();
        let required = schema["required"].as_array().into_iter().flatten();
        let required = required
            .map(|name| name.as_str().unwrap().to_owned())
            .collect();
        let samples = samples(group, view.name);
        let sampled: BTreeSet<String> = samples.keys().map(|name| (*name).to_owned()).collect();
        assert_eq!(
            sampled, known,
            "the samples of {} are of its properties",
            view.name
        );
        every.extend(
            combinations(&samples, &required)
                .into_iter()
                .filter(|input| all || input.as_object().unwrap().len() <= 1.max(required.len()))
                .map(|input| (view.name, input)),
        );
    }
    every
}

#[test]
fn no_view_goes_through_a_table_that_grows() {
    let mut group = Group::small();
    let mut plans: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut asked = BTreeSet::new();
    let mut found = BTreeSet::new();
    for (view, input) in inputs(&group, true) {
        let Some(statements) = group.watch(view, &input) else {
            continue;
        };
        asked.insert(view);
        for statement in statements.into_keys() {
            let plan = plans
                .entry(statement.clone())
                .or_insert_with(|| group.plan_of(&statement));
            for step in plan {
                let is_small = SMALL.iter().any(|(small, _)| is_plan(step, small));
                if step.contains("AUTOMATIC") || step.starts_with("SCAN") && !is_small {
                    found.insert(format!("{view}: {step}\n    in {statement}"));
                }
            }
        }
    }
    assert_eq!(
        asked.len(),
        REGISTRY.len(),
        "every view answered: {asked:?}"
    );
    assert!(
        found.is_empty(),
        "{}",
        found.into_iter().collect::<Vec<_>>().join("\n")
    );
}

/// Whether a step of a plan begins with these words.
fn is_plan(step: &str, words: &str) -> bool {
    step.strip_prefix(words)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// The steps that each view takes for each input.
fn steps(group: &mut Group) -> BTreeMap<(&'static str, String), i64> {
    let mut steps = BTreeMap::new();
    for (view, input) in inputs(group, false) {
        if let Some(statements) = group.watch(view, &input) {
            steps.insert((view, input.to_string()), statements.values().sum());
        }
    }
    steps
}

/// What takes more steps in the second group than in the first.
fn dearer(
    smaller: &BTreeMap<(&'static str, String), i64>,
    larger: &BTreeMap<(&'static str, String), i64>,
) -> Vec<String> {
    assert_eq!(smaller.len(), larger.len());
    smaller
        .iter()
        .zip(larger)
        .filter(|((_, before), (_, after))| **after > *before * 11 / 10 + 500)
        .map(|(((view, input), before), (_, after))| format!("{view} {input}: {before} → {after}"))
        .collect()
}

#[test]
fn a_page_costs_the_same_in_a_larger_group() {
    let smaller = steps(&mut Group::small().times(1_000));
    let larger = steps(&mut Group::small().times(2_000));
    let dearer: Vec<_> = dearer(&smaller, &larger)
        .into_iter()
        .filter(|line| {
            let mut known = COUNTS_THE_PRESENT.iter();
            !known.any(|view| line.starts_with(view))
        })
        .collect();
    assert!(dearer.is_empty(), "{}", dearer.join("\n"));
}

#[test]
fn what_is_over_costs_nothing() {
    let smaller = steps(&mut Group::small().times(10).in_the_past());
    let larger = steps(&mut Group::small().times(1_000).in_the_past());
    let dearer: Vec<_> = dearer(&smaller, &larger)
        .into_iter()
        .filter(|line| COUNTS_THE_PRESENT.iter().any(|view| line.starts_with(view)))
        .collect();
    assert!(dearer.is_empty(), "{}", dearer.join("\n"));
}

#[test]
fn a_plan_through_a_whole_table_would_be_seen() {
    let mut group = Group::small();
    let plan = group.plan_of("SELECT count(*) FROM customer WHERE name LIKE '%伟%'");
    assert!(
        plan.iter().any(|step| step.starts_with("SCAN customer")),
        "{plan:?}"
    );
}
