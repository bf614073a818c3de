//! Phones: the identity key of the trade.
//!
//! A [`PhoneNumber`] is the normal form, one per line however it was typed. [`TypedPhone`] reads
//! what people type and spreadsheets damage, [`phones_in`] a cell with several. Where a document
//! may not hold the number itself, it holds its [`PhoneHash`] under the group's [`PhoneKey`].

mod cell;
mod hash;
mod shown;
mod typed;

use std::fmt;
use std::str::FromStr;

pub use cell::{UnreadablePhone, phones_in};
pub use hash::{PhoneHash, PhoneHashError, PhoneKey};
pub use typed::{PhoneError, TypedPhone};

use crate::code::coded_enum;
use crate::text_form::text_form;

/// `+`, and up to fifteen digits (ITU-T E.164).
const LONGEST: usize = 16;

/// A phone number in E.164 form, `+8613800000000`, of one of the [`PhoneKind`]s.
///
/// `Debug` shows the masked form, so that no log betrays a person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber {
    /// Padded with zero bytes, so that order and equality are those of the text.
    text: [u8; LONGEST],
}

coded_enum! {
    /// What kind of line a number reaches.
    pub enum PhoneKind {
        /// A mobile of the mainland.
        Mobile = "mobile",
        /// A landline of the mainland.
        Landline = "landline",
        /// A 400 or 800 service number of the mainland.
        Service = "service",
        /// A number of Hong Kong.
        HongKong = "hong_kong",
        /// A number of Macau.
        Macau = "macau",
        /// A number of Taiwan.
        Taiwan = "taiwan",
    }
}

impl PhoneNumber {
    /// The number in E.164 form.
    pub fn as_str(&self) -> &str {
        let length = self
            .text
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(LONGEST);
        let text = self.text.get(..length).unwrap_or_default();
        // Only ASCII enters, so there always is a text.
        std::str::from_utf8(text).unwrap_or_default()
    }

    /// What kind of line it reaches.
    pub fn kind(&self) -> PhoneKind {
        let (country, national) = self.country_and_national();
        match country {
            "852" => PhoneKind::HongKong,
            "853" => PhoneKind::Macau,
            "886" => PhoneKind::Taiwan,
            _ if typed::is_mobile(national) => PhoneKind::Mobile,
            _ if typed::is_service(national) => PhoneKind::Service,
            _ => PhoneKind::Landline,
        }
    }

    /// The last four digits: what people ask for, and what a customer card may show to all.
    pub fn last_four(&self) -> &str {
        let text = self.as_str();
        text.len()
            .checked_sub(4)
            .and_then(|from| text.get(from..))
            .unwrap_or(text)
    }

    /// The country code and the digits after it.
    fn country_and_national(&self) -> (&str, &str) {
        let digits = self.as_str().trim_start_matches('+');
        let length = if digits.starts_with("86") { 2 } else { 3 };
        digits.split_at_checked(length).unwrap_or(("", digits))
    }

    /// Joins a country code and national digits that were checked.
    fn of_parts(country: &str, national: &str) -> Self {
        let mut text = [0; LONGEST];
        let characters = ["+", country, national].into_iter().flat_map(str::bytes);
        for (place, character) in text.iter_mut().zip(characters) {
            *place = character;
        }
        Self { text }
    }
}

/// Accepts the E.164 form only, as it is stored; [`TypedPhone`] reads what people type.
impl FromStr for PhoneNumber {
    type Err = PhoneError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = TypedPhone::from_str(text)?.number;
        if read.as_str() == text {
            Ok(read)
        } else {
            Err(PhoneError::NotNormal)
        }
    }
}

text_form!(
    PhoneNumber,
    "A phone number in E.164 form: +8613800000000.",
    pattern = "^[+](86|852|853|886)[0-9]{8,12}$"
);

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PhoneNumber({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_form_names_its_kind() {
        for (text, kind) in [
            ("+8613800000000", PhoneKind::Mobile),
            ("+861012345678", PhoneKind::Landline),
            ("+8675588888888", PhoneKind::Landline),
            ("+864008208888", PhoneKind::Service),
            ("+85261234567", PhoneKind::HongKong),
            ("+85366123456", PhoneKind::Macau),
            ("+886912345678", PhoneKind::Taiwan),
        ] {
            let number: PhoneNumber = text.parse().unwrap();
            assert_eq!((number.as_str(), number.kind()), (text, kind));
        }
    }

    #[test]
    fn the_stored_form_is_exact() {
        for text in [
            "13800000000",
            "+86013800000000",
            "+86 13800000000",
            "008613800000000",
        ] {
            assert_eq!(
                text.parse::<PhoneNumber>(),
                Err(PhoneError::NotNormal),
                "{text}"
            );
        }
        assert!(serde_json::from_str::<PhoneNumber>("\"+15550100\"").is_err());
        let number: PhoneNumber = serde_json::from_str("\"+8613800000000\"").unwrap();
        assert_eq!(
            serde_json::to_string(&number).unwrap(),
            "\"+8613800000000\""
        );
    }

    #[test]
    fn numbers_are_ordered_as_their_texts() {
        let number = |text: &str| text.parse::<PhoneNumber>().unwrap();

        assert!(number("+85261234567") < number("+8613800000000"));
        assert!(number("+86101234567") < number("+861012345678"));
    }
}
