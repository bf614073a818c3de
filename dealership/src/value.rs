//! Scalars as documents hold them.

use std::fmt;

use automerge::{ScalarValue, ScalarValueRef, ValueRef};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A scalar in a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// Cleared.
    Null,
    /// Yes or no.
    Bool(bool),
    /// Fen, basis points, kilometres, milliseconds, counts.
    Int(i64),
    /// Text, codes, civil dates, ids.
    Text(String),
}

impl Value {
    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one.
    pub const fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            _ => None,
        }
    }

    /// The yes or no, if it is one.
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(bool) => Some(*bool),
            _ => None,
        }
    }

    /// Reads what Automerge holds; `None` for what no version of ours writes (the gate refuses
    /// it from outside) and for objects.
    pub fn from_automerge(value: &ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Scalar(ScalarValueRef::Null) => Some(Self::Null),
            ValueRef::Scalar(ScalarValueRef::Boolean(bool)) => Some(Self::Bool(*bool)),
            ValueRef::Scalar(ScalarValueRef::Int(int)) => Some(Self::Int(*int)),
            ValueRef::Scalar(ScalarValueRef::Str(text)) => Some(Self::Text(text.to_string())),
            ValueRef::Scalar(_) | ValueRef::Object(_) => None,
        }
    }

    /// Reads a scalar as a decoded operation carries it; `None` as in [`Self::from_automerge`].
    pub fn from_scalar(scalar: &ScalarValue) -> Option<Self> {
        match scalar {
            ScalarValue::Null => Some(Self::Null),
            ScalarValue::Boolean(bool) => Some(Self::Bool(*bool)),
            ScalarValue::Int(int) => Some(Self::Int(*int)),
            ScalarValue::Str(text) => Some(Self::Text(text.to_string())),
            _ => None,
        }
    }

    /// The scalar that Automerge is to hold.
    pub fn to_scalar(&self) -> ScalarValue {
        match self {
            Self::Null => ScalarValue::Null,
            Self::Bool(bool) => ScalarValue::Boolean(*bool),
            Self::Int(int) => ScalarValue::Int(*int),
            Self::Text(text) => ScalarValue::Str(text.as_str().into()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(bool) => bool.fmt(f),
            Self::Int(int) => int.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

impl From<Timestamp> for Value {
    fn from(instant: Timestamp) -> Self {
        Self::Int(instant.millis())
    }
}

impl From<NaiveDate> for Value {
    fn from(date: NaiveDate) -> Self {
        Self::Text(date.to_string())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
