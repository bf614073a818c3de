//! What the fields of commands accept.

use chrono::NaiveDate;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::civil;
use crate::refusal::Refusal;
use crate::schema;
use crate::time::Timestamp;
use crate::value::Value;

/// What an edit does to one register: left out keeps it, null clears it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is cleared.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T> Change<T> {
    /// Whether it stays as it is.
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// What the register becomes, if it changes.
    pub fn value(self) -> Option<Value>
    where
        T: Into<Value>,
    {
        match self {
            Self::Keep => None,
            Self::Clear => Some(Value::Null),
            Self::Set(value) => Some(value.into()),
        }
    }

    /// Checks or changes what is set.
    ///
    /// # Errors
    ///
    /// What `check` says.
    pub fn try_map<U, E>(self, check: impl FnOnce(T) -> Result<U, E>) -> Result<Change<U>, E> {
        Ok(match self {
            Self::Keep => Change::Keep,
            Self::Clear => Change::Clear,
            Self::Set(value) => Change::Set(check(value)?),
        })
    }
}

impl<T: Serialize> Serialize for Change<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // Left out by `skip_serializing_if` wherever it stands.
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::Set(value) => serializer.serialize_some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T: JsonSchema> JsonSchema for Change<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Change_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }

    fn inline_schema() -> bool {
        true
    }
}

/// The longest name of a customer, in characters.
pub(super) const LONGEST_NAME: usize = 60;

/// A line of text: trimmed, not empty, without control characters, of at most so many characters.
pub(super) fn line(field: &'static str, text: &str, longest: usize) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::invalid(field, "is empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::invalid(field, "has control characters"));
    }
    within(field, text, longest)
}

/// A text of several lines: trimmed, not empty, of at most so many characters.
pub(super) fn prose(field: &'static str, text: &str, longest: usize) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::invalid(field, "is empty"));
    }
    within(field, text, longest)
}

fn within(field: &'static str, text: &str, longest: usize) -> Result<String, Refusal> {
    let characters = text.chars().count();
    if characters > longest {
        let problem = format!("has {characters} characters, {longest} are the most");
        return Err(Refusal::invalid(field, problem));
    }
    Ok(text.to_owned())
}

/// A line that may be left out; an empty one is left out.
pub(super) fn optional_line(
    field: &'static str,
    text: Option<&str>,
    longest: usize,
) -> Result<Option<String>, Refusal> {
    text.filter(|text| !text.trim().is_empty())
        .map(|text| line(field, text, longest))
        .transpose()
}

/// A text that may be left out; an empty one is left out.
pub(super) fn optional_prose(
    field: &'static str,
    text: Option<&str>,
) -> Result<Option<String>, Refusal> {
    text.filter(|text| !text.trim().is_empty())
        .map(|text| prose(field, text, LONGEST_PROSE))
        .transpose()
}

/// The longest line, in characters: what every script fits into the bytes of a name.
pub(super) const LONGEST_LINE: usize = 60;

/// The longest text, in characters.
pub(super) const LONGEST_PROSE: usize = 3_000;

/// A code: what may be a member of a set.
pub(super) fn code(field: &'static str, text: &str) -> Result<String, Refusal> {
    if schema::is_member(text) {
        Ok(text.to_owned())
    } else {
        let problem = format!("{:?} is no code", text.chars().take(60).collect::<String>());
        Err(Refusal::invalid(field, problem))
    }
}

/// The name of a blob: SHA-256 in lower-case hex digits.
pub(super) fn blob(field: &'static str, sha256: &str) -> Result<String, Refusal> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if sha256.len() == 64 && sha256.bytes().all(is_hex) {
        Ok(sha256.to_owned())
    } else {
        Err(Refusal::invalid(field, "is no SHA-256 in hex digits"))
    }
}

/// The six digits of province, city and district (GB/T 2260).
pub(super) fn region(text: &str) -> Result<String, Refusal> {
    if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err(Refusal::invalid("region", "is not six digits"))
    }
}

/// When something happened: now, or at an instant that has passed.
pub(super) fn past(
    field: &'static str,
    at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    match at {
        Some(at) if at > now => Err(Refusal::invalid(field, "is still to come")),
        Some(at) => Ok(at),
        None => Ok(now),
    }
}

/// The civil date of an instant.
pub(super) fn today(now: Timestamp) -> Result<NaiveDate, Refusal> {
    civil::civil_date(now.millis())
        .ok_or_else(|| Refusal::invalid("now", "the device's clock shows no date"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::schema as schema_of;
    use crate::schema::{Class, Scalar};

    #[derive(Debug, Default, Serialize, Deserialize, JsonSchema, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Edit {
        #[serde(default, skip_serializing_if = "Change::is_keep")]
        name: Change<String>,
    }

    #[test]
    fn left_out_keeps_and_null_clears() {
        let read = |json: &str| serde_json::from_str::<Edit>(json).unwrap().name;
        assert_eq!(read("{}"), Change::Keep);
        assert_eq!(read(r#"{"name":null}"#), Change::Clear);
        assert_eq!(read(r#"{"name":"a"}"#), Change::Set("a".into()));
        for json in ["{}", r#"{"name":null}"#, r#"{"name":"a"}"#] {
            let edit: Edit = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&edit).unwrap(), json);
        }
        let schema = schemars::schema_for!(Edit);
        assert_eq!(schema.get("required"), None);
    }

    #[test]
    fn the_longest_texts_fit_their_fields_in_every_script() {
        let customer = schema_of(crate::kind::Kind::Customer);
        let Some((field, _)) = customer.field_of("name") else {
            panic!("a customer has a name");
        };
        let Class::Contested(Scalar::Text(bytes)) = field.class else {
            panic!("a name is a contested text");
        };
        assert!(LONGEST_NAME * 4 <= bytes);
        assert!(LONGEST_LINE * 4 <= bytes);
    }

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!(line("name", " 张伟 ", 60).unwrap(), "张伟");
        for bad in ["", "   ", "a\nb", &"长".repeat(61)] {
            assert!(line("name", bad, 60).is_err(), "{bad:?}");
        }
    }
}
