//! What a device shows, and whether it still shows what it once did.

use client_core::Replica;
use dealership::Timestamp;
use serde_json::{Map, Value as Json, json};

/// Everything that screens of every version show of a small group.
pub(super) fn shown(replica: &Replica, now: Timestamp) -> Json {
    let show = |view: &str, input: Json| {
        let shown = replica.show(view, input, now);
        shown.unwrap_or_else(|error| panic!("{view}: {error}"))
    };
    let mut all = Map::new();
    for view in ["customer_list", "deal_list", "vehicle_list", "cases"] {
        all.insert(view.to_owned(), show(view, json!({})));
    }
    for (list, view, key) in [
        ("customer_list", "customer_detail", "customer"),
        ("deal_list", "deal_detail", "deal"),
        ("vehicle_list", "vehicle_detail", "vehicle"),
    ] {
        let rows = all[list]["rows"].as_array().cloned().unwrap_or_default();
        for row in rows {
            let id = &row[key];
            let shown = show(view, json!({ key: id }));
            all.insert(format!("{view} {}", id.as_str().expect("an id")), shown);
        }
    }
    Json::Object(all)
}

/// What of `expected` is not in `actual`: later versions may show more, and nothing less or else.
pub fn lacking(expected: &Json, actual: &Json) -> Vec<String> {
    let mut found = Vec::new();
    compare("", expected, actual, &mut found);
    found
}

fn compare(path: &str, expected: &Json, actual: &Json, found: &mut Vec<String>) {
    match (expected, actual) {
        (Json::Object(expected), Json::Object(actual)) => {
            for (name, value) in expected {
                let path = format!("{path}/{name}");
                match actual.get(name) {
                    Some(actual) => compare(&path, value, actual, found),
                    // A field without a value may be left out.
                    None if value.is_null() => {}
                    None => found.push(format!("{path} is missing")),
                }
            }
        }
        (Json::Array(expected), Json::Array(actual)) if expected.len() == actual.len() => {
            for (place, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                compare(&format!("{path}/{place}"), expected, actual, found);
            }
        }
        (expected, actual) if expected == actual => {}
        (expected, actual) => found.push(format!("{path} is {actual} and was {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_version_may_show_more_and_nothing_less_or_else() {
        let expected = json!({"rows": [{"name": "张伟", "grade": null}], "total": 1});
        let more = json!({"rows": [{"name": "张伟", "owner": "李娜"}], "total": 1, "page": 0});
        assert_eq!(lacking(&expected, &more), [""; 0]);
        for (other, said) in [
            (
                json!({"rows": [{"name": "刘洋"}], "total": 1}),
                "/rows/0/name",
            ),
            (json!({"rows": [], "total": 1}), "/rows"),
            (json!({"rows": [{"name": "张伟"}]}), "/total"),
        ] {
            let found = lacking(&expected, &other);
            assert!(found.len() == 1 && found[0].starts_with(said), "{found:?}");
        }
    }
}
