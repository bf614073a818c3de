//! What a program says that it measured, as one JSON object on a line:
//!
//! ```text
//! {"figure": "powerloss", "value": 20000, "unit": "power cuts", "range": "seeds 0..400",
//!  "lost": 0, "violations": 0, "details": {"commits acknowledged": 102345}}
//! ```
//!
//! `lost` counts what was promised and is not there; `violations` whatever else did not hold.
//! `details` are numbers by what they count, and may be left out.

use anyhow::{Result, bail};
use serde_json::Value;

/// Numbers that every result has.
const NUMBERS: [&str; 3] = ["value", "lost", "violations"];

/// Texts that every result has.
const TEXTS: [&str; 3] = ["figure", "unit", "range"];

/// Makes sure that a result says what it must: a misspelt key must not hide a loss.
///
/// # Errors
/// When it does not.
pub(super) fn check(figure: &str, result: &Value) -> Result<()> {
    for key in NUMBERS {
        if !result.get(key).is_some_and(Value::is_u64) {
            bail!("no number `{key}` in {result}");
        }
    }
    for key in TEXTS {
        if !result.get(key).is_some_and(Value::is_string) {
            bail!("no text `{key}` in {result}");
        }
    }
    if result.get("figure").and_then(Value::as_str) != Some(figure) {
        bail!("this is not the result of {figure}: {result}");
    }
    Ok(())
}

/// Whether something was lost or did not hold.
pub(super) fn has_failed(result: &Value) -> bool {
    let count = |key| result.get(key).and_then(Value::as_u64).unwrap_or(u64::MAX);
    count("lost") > 0 || count("violations") > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn result() -> Value {
        json!({"figure": "powerloss", "value": 3, "unit": "power cuts", "range": "seeds 0..1",
               "lost": 0, "violations": 0})
    }

    #[test]
    fn a_result_that_lacks_something_is_an_error() {
        check("powerloss", &result()).unwrap();
        for key in NUMBERS.into_iter().chain(TEXTS) {
            let mut lacking = result();
            lacking.as_object_mut().unwrap().remove(key);
            assert!(check("powerloss", &lacking).is_err(), "{key}");
        }
        assert!(check("another", &result()).is_err());
    }

    #[test]
    fn a_loss_and_a_violation_are_failures_and_so_is_a_result_without_them() {
        assert!(!has_failed(&result()));
        for key in ["lost", "violations"] {
            let mut failed = result();
            failed[key] = 1.into();
            assert!(has_failed(&failed));
        }
        assert!(has_failed(&json!({})));
    }
}
