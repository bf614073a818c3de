//! What was typed into a search field.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::readings::fold;
use crate::code::coded_enum;
use crate::plate_number::is_province;

/// How many characters of a query are looked at.
const LONGEST: usize = 60;

/// From how many digits on a number is a part of a phone or the tail of a VIN.
const LEAST_DIGITS: usize = 3;

/// A query taken apart: what a name must match, what a phone or VIN must contain, and what a VIN
/// or plate may be. What is there must all hold, but for the code, which is another way to read
/// the same text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SearchQuery {
    /// What a name must match: letters and characters in their order, folded; empty for none.
    pub name: String,
    /// Three or more digits: a part of a phone, most often its last four, or the tail of a VIN.
    pub digits: Option<String>,
    /// Letters and digits in one word, in capitals, with a province before them or not: a part of
    /// a VIN or of a plate.
    pub code: Option<String>,
}

coded_enum! {
    /// What a query consists of, and so what to ask.
    pub enum QueryKind {
        /// Nothing to search for.
        Nothing = "nothing",
        /// Digits alone: phones and VINs.
        Digits = "digits",
        /// Letters alone: initials, or the beginning of pinyin.
        Letters = "letters",
        /// Characters, with letters or without: text, then [`match_name`](super::match_name).
        Text = "text",
        /// A name and digits: both must hold.
        Mixed = "mixed",
    }
}

impl SearchQuery {
    /// Takes a query apart.
    pub fn parse(typed: &str) -> Self {
        let folded: Vec<char> = fold(typed.trim()).take(LONGEST).collect();
        let mut query = Self {
            code: code(&folded),
            ..Self::default()
        };
        let mut number = String::new();
        for character in folded {
            if character.is_ascii_digit() {
                number.push(character);
            } else if character.is_alphanumeric() {
                query.take_number(&mut number);
                query.name.push(character);
            }
            // Spaces and hyphens group the digits of one phone: they do not end a number.
        }
        query.take_number(&mut number);
        query
    }

    /// What the query consists of.
    pub fn kind(&self) -> QueryKind {
        match (self.name.is_empty(), &self.digits) {
            (true, None) => QueryKind::Nothing,
            (true, Some(_)) => QueryKind::Digits,
            (false, Some(_)) => QueryKind::Mixed,
            (false, None) if self.name.is_ascii() => QueryKind::Letters,
            (false, None) => QueryKind::Text,
        }
    }

    /// Ends a number: a long one is kept as digits, the longest if there are several; a short one
    /// belongs to the name, as in 4S店.
    fn take_number(&mut self, number: &mut String) {
        let number = std::mem::take(number);
        if number.len() < LEAST_DIGITS {
            self.name.push_str(&number);
        } else if self
            .digits
            .as_ref()
            .is_none_or(|digits| digits.len() < number.len())
        {
            self.digits = Some(number);
        }
    }
}

/// One word that has letters and digits, and before them at most a province.
fn code(folded: &[char]) -> Option<String> {
    let word = match folded {
        [province, word @ ..] if is_province(*province) => word,
        word => word,
    };
    let is_word = word.iter().all(char::is_ascii_alphanumeric);
    let has_letter = word.iter().any(char::is_ascii_alphabetic);
    let has_digit = word.iter().any(char::is_ascii_digit);
    (is_word && has_letter && has_digit)
        .then(|| folded.iter().map(char::to_ascii_uppercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(typed: &str) -> (QueryKind, String, Option<String>, Option<String>) {
        let query = SearchQuery::parse(typed);
        (query.kind(), query.name, query.digits, query.code)
    }

    #[test]
    fn a_query_is_taken_apart_by_what_it_consists_of() {
        use QueryKind::*;
        for (typed, kind, name, digits, code) in [
            ("", Nothing, "", None, None),
            (" - ", Nothing, "", None, None),
            ("8888", Digits, "", Some("8888"), None),
            ("138 0000 0000", Digits, "", Some("13800000000"), None),
            ("138-0000", Digits, "", Some("1380000"), None),
            ("１３８", Digits, "", Some("138"), None),
            ("88", Letters, "88", None, None),
            ("zw", Letters, "zw", None, None),
            ("Zhang Wei", Letters, "zhangwei", None, None),
            ("lü", Letters, "lv", None, None),
            ("张伟", Text, "张伟", None, None),
            ("张 w", Text, "张w", None, None),
            ("4S店", Text, "4s店", None, None),
            ("zw8888", Mixed, "zw", Some("8888"), Some("ZW8888")),
            ("张伟 8888", Mixed, "张伟", Some("8888"), None),
            ("rn100001", Mixed, "rn", Some("100001"), Some("RN100001")),
            ("x5", Letters, "x5", None, Some("X5")),
            ("粤b123", Mixed, "粤b", Some("123"), Some("粤B123")),
            ("张b123", Mixed, "张b", Some("123"), None),
        ] {
            let text = |part: Option<&str>| part.map(str::to_owned);
            assert_eq!(
                parse(typed),
                (kind, name.into(), text(digits), text(code)),
                "{typed}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_query_makes_it_panic_or_grow(typed in "\\PC{0,200}") {
            let query = SearchQuery::parse(&typed);
            prop_assert!(query.name.chars().count() <= LONGEST);
        }
    }
}
