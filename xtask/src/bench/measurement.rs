//! One measured value, as a benchmark prints it:
//!
//! ```text
//! {"name": "reconnect/changed_200/20000", "value": 41.5, "unit": "ms",
//!  "peer": "CouchDB protocol 160 ms", "bound": "decoding"}
//! ```
//!
//! `peer` is what someone else's software took in the same run; `bound` is what
//! the time goes into, where a goal is missed. Both may be left out.

use anyhow::{Context as _, Result};
use serde_json::Value;

/// A value that a benchmark measured.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measurement {
    /// What was measured, from the general to the particular, with `/` between.
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) unit: String,
    pub(super) peer: Option<String>,
    pub(super) bound: Option<String>,
}

impl Measurement {
    /// Reads a printed line; a line that is no JSON object is something else
    /// that the benchmark said.
    ///
    /// # Errors
    /// When an object lacks its name, value or unit: a misspelt key must not
    /// lose a measurement.
    pub(super) fn parse(line: &str) -> Result<Option<Self>> {
        let Ok(Value::Object(fields)) = serde_json::from_str(line) else {
            return Ok(None);
        };
        let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
        let required = |key: &str| text(key).with_context(|| format!("no text `{key}` in {line}"));
        Ok(Some(Self {
            name: required("name")?,
            value: fields
                .get("value")
                .and_then(Value::as_f64)
                .with_context(|| format!("no number `value` in {line}"))?,
            unit: required("unit")?,
            peer: text("peer"),
            bound: text("bound"),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_is_read_with_and_without_a_peer() {
        let alone = Measurement::parse(r#"{"name":"a/b","value":3,"unit":"ms"}"#);
        let beside =
            Measurement::parse(r#"{"name":"a/b","value":3,"unit":"ms","peer":"CouchDB 9 ms"}"#);

        assert_eq!(alone.unwrap().unwrap().peer, None);
        assert_eq!(
            beside.unwrap().unwrap().peer.as_deref(),
            Some("CouchDB 9 ms")
        );
    }

    #[test]
    fn other_words_of_a_benchmark_are_not_measurements() {
        assert_eq!(
            Measurement::parse("building 20,000 documents").unwrap(),
            None
        );
        assert_eq!(Measurement::parse("42").unwrap(), None);
    }

    #[test]
    fn a_misspelt_measurement_is_an_error() {
        assert!(Measurement::parse(r#"{"name":"a","valeu":3,"unit":"ms"}"#).is_err());
    }
}
