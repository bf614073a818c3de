//! Enums that are stored as ASCII codes.
//!
//! Documents, JSON and SQL hold the code; the label that a person reads is the screen's affair.
//! A code of a newer version is an [`UnknownCode`]: shown raw and preserved, never a crash.

mod coded;

pub use coded::Coded;

/// A code that names nothing in this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code:?} is no {of} that this version knows")]
pub struct UnknownCode {
    /// What the code should have named.
    pub of: &'static str,
    /// The code, cut to 60 characters.
    pub code: String,
}

impl UnknownCode {
    /// Keeps the beginning of a code that named nothing.
    pub(crate) fn new(of: &'static str, code: &str) -> Self {
        let code = code.chars().take(60).collect();
        Self { of, code }
    }
}

/// Declares an enum whose variants are stored as ASCII codes: serde, JSON Schema, `ALL`, `code()`,
/// `Display` and `FromStr` all speak the code.
macro_rules! coded_enum {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident = $code:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        pub enum $name {
            $($(#[$variant_attribute])* #[serde(rename = $code)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of the trade.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The ASCII code under which it is stored.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.code())
            }
        }

        impl From<$name> for $crate::value::Value {
            fn from(value: $name) -> Self {
                Self::Text(value.code().to_owned())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::code::UnknownCode;

            fn from_str(code: &str) -> Result<Self, Self::Err> {
                match code {
                    $($code => Ok(Self::$variant),)+
                    unknown => Err($crate::code::UnknownCode::new(stringify!($name), unknown)),
                }
            }
        }
    };
}

pub(crate) use coded_enum;

#[cfg(test)]
#[allow(unreachable_pub, reason = "the macro declares public enums")]
mod tests {
    use super::*;

    coded_enum! {
        /// A colour.
        pub enum Colour {
            /// Like snow.
            White = "white",
            /// Like coal.
            Black = "black",
        }
    }

    #[test]
    fn a_code_is_the_same_in_json_and_in_text() {
        for colour in Colour::ALL {
            assert_eq!(colour.code().parse(), Ok(*colour));
            assert_eq!(serde_json::to_value(colour).unwrap(), colour.code());
        }
    }

    #[test]
    fn a_code_of_a_newer_version_is_named_in_the_error() {
        let error = "green".parse::<Colour>().unwrap_err();

        assert_eq!(
            error,
            UnknownCode {
                of: "Colour",
                code: "green".into()
            }
        );
    }
}
