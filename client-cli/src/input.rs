//! The input of a command or view as people type it: one JSON object, or fields.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value as Json};

/// Reads `'{"query": "zw"}'`, or fields: `query=zw` is text, `limit:=5` is JSON.
///
/// # Errors
///
/// When it is neither.
pub(crate) fn read(arguments: &[String]) -> Result<Json> {
    if let [object] = arguments
        && object.trim_start().starts_with('{')
    {
        return serde_json::from_str(object).context("the input is not JSON");
    }
    let mut fields = Map::new();
    for argument in arguments {
        let (name, value) = field(argument)?;
        let before = fields.insert(name.to_owned(), value);
        ensure!(before.is_none(), "the field {name} is given twice");
    }
    Ok(Json::Object(fields))
}

fn field(argument: &str) -> Result<(&str, Json)> {
    let Some((name, text)) = argument.split_once('=') else {
        bail!("{argument:?} is neither a JSON object nor a field, as in name=text or name:=JSON");
    };
    let (name, value) = match name.strip_suffix(':') {
        Some(name) => {
            let value = serde_json::from_str(text);
            (
                name,
                value.with_context(|| format!("the value of {name} is not JSON"))?,
            )
        }
        None => (name, Json::from(text)),
    };
    ensure!(!name.is_empty(), "{argument:?} names no field");
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn input(arguments: &[&str]) -> Result<Json> {
        let owned: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        read(&owned)
    }

    #[test]
    fn an_object_and_fields_say_the_same() {
        let object = input(&[r#" {"query": "8001", "limit": 5, "deposit": true}"#]).unwrap();
        let fields = input(&["query=8001", "limit:=5", "deposit:=true"]).unwrap();
        assert_eq!(object, fields);
        assert_eq!(
            fields,
            json!({"query": "8001", "limit": 5, "deposit": true})
        );
        assert_eq!(input(&[]).unwrap(), json!({}));
    }

    #[test]
    fn text_may_hold_anything_after_the_first_equals_sign() {
        let content = r#"价格=159,800: {"说"}"#;
        let read = input(&[&format!("content={content}"), "empty="]).unwrap();
        assert_eq!(read, json!({"content": content, "empty": ""}));
    }

    #[test]
    fn what_is_no_input_is_refused() {
        for wrong in [
            vec!["zhangwei"],
            vec!["{"],
            vec!["[1]"],
            vec!["=x"],
            vec![":=1"],
            vec!["limit:=five"],
            vec!["a=1", "a=2"],
            vec![r#"{"a": 1}"#, "b=2"],
        ] {
            assert!(input(&wrong).is_err(), "{wrong:?}");
        }
    }
}
