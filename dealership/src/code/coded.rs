//! A code that this version may or may not know.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a document bears where an enum's code stands: a newer version's code is kept and shown
/// raw.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(untagged)]
pub enum Coded<T> {
    /// A value that this version knows.
    Known(T),
    /// A code of another version.
    Unknown(String),
}

impl<T: FromStr> Coded<T> {
    /// Reads a code.
    pub fn read(code: &str) -> Self {
        code.parse()
            .map_or_else(|_| Self::Unknown(code.to_owned()), Self::Known)
    }
}

impl<T: Copy> Coded<T> {
    /// The value, if this version knows it.
    pub const fn known(&self) -> Option<T> {
        match self {
            Self::Known(value) => Some(*value),
            Self::Unknown(_) => None,
        }
    }
}

impl<T: PartialEq> PartialEq<T> for Coded<T> {
    fn eq(&self, other: &T) -> bool {
        matches!(self, Self::Known(value) if value == other)
    }
}

impl<T: fmt::Display> fmt::Display for Coded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(f),
            Self::Unknown(code) => code.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grade::Grade;

    #[test]
    fn a_code_of_another_version_is_kept_in_json() {
        for (code, known) in [("H", Some(Grade::H)), ("H+", None)] {
            let coded = Coded::<Grade>::read(code);
            assert_eq!(coded.known(), known);
            let json = serde_json::to_value(&coded).unwrap();
            assert_eq!(json, code);
            assert_eq!(serde_json::from_value::<Coded<Grade>>(json).unwrap(), coded);
        }
    }
}
