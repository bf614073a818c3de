//! What people ask for, drawn from numbers: inputs that fit what was made before.

mod input;
pub mod opening;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use dealership::Timestamp;
use dealership::command::{Entry, REGISTRY};
use serde_json::{Value as Json, json};

pub use input::{Choices, Made, long_text};

/// How many numbers decide an input.
pub const CHOICES: usize = 24;

/// What happens more often than the rest: what makes something, and what can only happen after
/// something else has.
const OFTEN: [&str; 25] = [
    "claim_vehicle",
    "close_deal",
    "confirm_lost",
    "create_customer",
    "decide_case",
    "deliver_vehicle",
    "edit_task",
    "finalise_claim",
    "harden_claim",
    "log_follow_up",
    "merge_customers",
    "move_vehicle",
    "note_repair",
    "open_deal",
    "plan_task",
    "record_consent",
    "record_stage",
    "release_claim",
    "release_pack",
    "reopen_stage",
    "reverse_final",
    "revive_deal",
    "undo_merge",
    "unfreeze_vehicle",
    "withdraw_consent",
];

/// A command with an input; `None` where it asks for what there is none of yet.
pub fn asked(
    made: &Made,
    now: Timestamp,
    choices: &mut Choices<'_>,
) -> Option<(&'static str, Json)> {
    let name = if choices.below(2) == 0 {
        OFTEN[choices.below(OFTEN.len())]
    } else {
        REGISTRY[choices.below(REGISTRY.len())].name
    };
    let (name, schema) = schemas().get_key_value(name)?;
    let input = made.input(schema, now, choices)?;
    Some((name, input))
}

/// The schema of every command's input, by the command's name.
fn schemas() -> &'static BTreeMap<&'static str, Json> {
    static SCHEMAS: OnceLock<BTreeMap<&str, Json>> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let schema = |entry: &Entry| (entry.name, (entry.input)().to_value());
        REGISTRY.iter().map(schema).collect()
    })
}

/// The command that decides a case, as `cases` shows it.
pub fn decision(case: &Json, choices: &mut Choices<'_>) -> (&'static str, Json) {
    let sides = case["sides"].as_array().expect("sides");
    let winner = choices.one_of(sides).map(|side| side["key"].clone());
    let decision = match case["kind"].as_str() {
        Some("double_vin" | "place") => {
            let input = json!({"vehicle": case["documents"][0], "case": case["id"],
                               "winner": winner, "reason": "如实"});
            return ("rule_on_vehicle", input);
        }
        Some("register") => "choose",
        Some("dup_customer") => "different_people",
        Some("delete_vs_edit") => ["keep", "delete"][choices.below(2)],
        _ => "noted",
    };
    let input = json!({
        "case": case["id"], "documents": case["documents"], "decision": decision,
        "winner": if decision == "choose" { json!(winner) } else { Json::Null },
    });
    ("decide_case", input)
}
