//! Identity numbers 公民身份号码 by GB 11643-1999.
//!
//! ```text
//!   110105   19491231   00      2       X
//!   region   birth      order   order   check digit (ISO 7064, MOD 11-2)
//!                               odd: male, even: female
//! ```
//!
//! The number of a foreigner's permanent residence card follows the same standard: 9, the
//! province, the nationality, then as above. Numbers of fifteen digits have not been valid since
//! 2013.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::coded_enum;
use crate::half_width::{half_width, is_invisible};
use crate::spreadsheet_damage::is_scientific_notation;
use crate::text_form::text_form;

const LENGTH: usize = 18;

/// An identity number whose check digit, birth date and region fit.
///
/// `Debug` shows the masked form, so that no log betrays a person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityNumber([u8; LENGTH]);

/// Why a text is no identity number.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error,
)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum IdentityNumberError {
    /// A spreadsheet rounded it to fifteen digits: the rest is lost, the source must be asked for.
    #[error("a spreadsheet shortened the number: format the column as text and enter it again")]
    Rounded,
    /// Not eighteen characters.
    #[error("an identity number has 18 characters, not {found}")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// Something other than a digit, or other than a digit or X at the end.
    #[error("{character:?} at position {position} cannot stand in an identity number")]
    Character {
        /// What was found.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
    /// The first digits name no province.
    #[error("the first digits name no province")]
    Region,
    /// The seventh to fourteenth digits are no date since 1800.
    #[error("the birth date does not exist")]
    BirthDate,
    /// The last character does not fit the others: one of them is mistyped.
    #[error("the last character does not fit the others: it should be {expected}")]
    CheckDigit {
        /// The check digit that the others ask for.
        expected: char,
    },
}

coded_enum! {
    /// The sex that an identity number records.
    pub enum RecordedSex {
        /// 男.
        Male = "m",
        /// 女.
        Female = "f",
    }
}

impl IdentityNumber {
    /// The eighteen characters.
    pub fn as_str(&self) -> &str {
        // Only ASCII enters, so there always is a text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The code of the place of first registration, or of issue for a foreigner.
    pub fn region_code(&self) -> &str {
        self.as_str().get(..6).unwrap_or_default()
    }

    /// The date of birth.
    pub fn birth_date(&self) -> NaiveDate {
        birth_date(&self.0).unwrap_or_default()
    }

    /// The age in completed years on a date; `None` before birth.
    pub fn age_on(&self, date: NaiveDate) -> Option<u32> {
        date.years_since(self.birth_date())
    }

    /// The sex, by the parity of the seventeenth digit.
    pub fn sex(&self) -> RecordedSex {
        if digit(&self.0, 16) % 2 == 1 {
            RecordedSex::Male
        } else {
            RecordedSex::Female
        }
    }

    /// The form that a screen shows by default: `110105********002X`.
    pub fn masked(&self) -> String {
        let text = self.as_str();
        let part = |range| text.get(range).unwrap_or_default();
        [part(0..6), "********", part(14..LENGTH)].concat()
    }
}

/// Reads a number as typed: full-width characters, spaces and a small x are cleaned up.
impl FromStr for IdentityNumber {
    type Err = IdentityNumberError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let characters = typed
            .chars()
            .map(|character| half_width(character).to_ascii_uppercase())
            .filter(|character| !is_filling(*character));
        let found = characters.clone().count();
        if found != LENGTH {
            return Err(if is_scientific_notation(typed.trim()) {
                IdentityNumberError::Rounded
            } else {
                IdentityNumberError::Length { found }
            });
        }
        let mut number = [0; LENGTH];
        for (index, (place, character)) in number.iter_mut().zip(characters).enumerate() {
            let may_stand = character.is_ascii_digit() || (character == 'X' && index == LENGTH - 1);
            if !may_stand {
                let position = index + 1;
                return Err(IdentityNumberError::Character {
                    character,
                    position,
                });
            }
            *place = character as u8;
        }
        if !has_province(&number) {
            return Err(IdentityNumberError::Region);
        }
        if birth_date(&number).is_none() {
            return Err(IdentityNumberError::BirthDate);
        }
        let expected = expected_check_digit(&number);
        if number.last().copied().map(char::from) != Some(expected) {
            return Err(IdentityNumberError::CheckDigit { expected });
        }
        Ok(Self(number))
    }
}

text_form!(
    IdentityNumber,
    "An identity number by GB 11643.",
    pattern = "^[1-9][0-9]{16}[0-9X]$"
);

impl fmt::Debug for IdentityNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "IdentityNumber({})", self.masked())
    }
}

/// What is typed or pasted around and between the digits; spreadsheets put a `'` before them.
const fn is_filling(character: char) -> bool {
    character.is_whitespace() || is_invisible(character) || character == '\''
}

/// Whether the first two digits name a province (GB/T 2260), or, after the 9 of a foreigner, the
/// second and third do.
fn has_province(number: &[u8; LENGTH]) -> bool {
    let at = if digit(number, 0) == 9 { 1 } else { 0 };
    matches!(
        digit(number, at) * 10 + digit(number, at + 1),
        11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83
    )
}

fn birth_date(number: &[u8; LENGTH]) -> Option<NaiveDate> {
    let part = |from: usize, to: usize| (from..to).fold(0, |sum, at| sum * 10 + digit(number, at));
    let year = i32::try_from(part(6, 10)).ok()?;
    NaiveDate::from_ymd_opt(year, part(10, 12), part(12, 14)).filter(|date| date.year() >= 1800)
}

/// ISO 7064, MOD 11-2: the weight of each place is a power of two modulo eleven.
fn expected_check_digit(number: &[u8; LENGTH]) -> char {
    let rest = (0..LENGTH - 1).fold(0, |rest, at| (rest + digit(number, at)) * 2 % 11);
    char::from_digit((12 - rest) % 11, 10).unwrap_or('X')
}

fn digit(number: &[u8; LENGTH], index: usize) -> u32 {
    let character = number.get(index).copied().map_or('0', char::from);
    character.to_digit(10).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> IdentityNumber {
        text.parse().unwrap()
    }

    #[test]
    fn the_standards_own_examples_are_valid() {
        let woman = number("11010519491231002X");
        assert_eq!(
            woman.birth_date(),
            NaiveDate::from_ymd_opt(1949, 12, 31).unwrap()
        );
        assert_eq!(woman.sex(), RecordedSex::Female);
        assert_eq!(woman.region_code(), "110105");
        assert_eq!(woman.masked(), "110105********002X");

        let man = number("440524188001010014");
        assert_eq!(
            man.birth_date(),
            NaiveDate::from_ymd_opt(1880, 1, 1).unwrap()
        );
        assert_eq!(man.sex(), RecordedSex::Male);
    }

    #[test]
    fn it_is_read_as_people_type_it() {
        for typed in [
            "11010519491231002x",
            " 110105 19491231 002X ",
            "１１０１０５１９４９１２３１００２ｘ",
            "'11010519491231002X",
        ] {
            assert_eq!(number(typed).as_str(), "11010519491231002X");
        }
    }

    #[test]
    fn what_is_no_identity_number_says_why() {
        use IdentityNumberError::*;
        for (typed, error) in [
            ("", Length { found: 0 }),
            ("110105491231002", Length { found: 15 }),
            ("4.40524E+17", Rounded),
            (
                "1101051949123100X2",
                Character {
                    character: 'X',
                    position: 17,
                },
            ),
            (
                "11010519491231002京",
                Character {
                    character: '京',
                    position: 18,
                },
            ),
            ("99999919491231002X", Region),
            ("01010519491231002X", Region),
            ("110105194902300021", BirthDate),
            ("110105194900000021", BirthDate),
            ("110105179912310021", BirthDate),
            ("110105194912310021", CheckDigit { expected: 'X' }),
            ("110105194912310029", CheckDigit { expected: 'X' }),
            ("440524188001010015", CheckDigit { expected: '4' }),
        ] {
            assert_eq!(typed.parse::<IdentityNumber>(), Err(error), "{typed}");
        }
    }

    #[test]
    fn an_age_is_in_completed_years() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let born_on_new_years_eve = number("11010519491231002X");

        assert_eq!(born_on_new_years_eve.age_on(day("2026-12-30")), Some(76));
        assert_eq!(born_on_new_years_eve.age_on(day("2026-12-31")), Some(77));
        assert_eq!(born_on_new_years_eve.age_on(day("1949-12-30")), None);
    }

    #[test]
    fn a_log_shows_it_masked() {
        let shown = format!("{:?}", number("11010519491231002X"));

        assert_eq!(shown, "IdentityNumber(110105********002X)");
    }

    prop_compose! {
        fn any_number()(
            province in prop::sample::select(vec!["11", "31", "44", "65", "83", "911"]),
            day in 0_u64..55_000,
            order in 0_u32..1000,
        ) -> String {
            let birth = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::Days::new(day);
            let mut text = format!("{province:0<6}{}{order:03}0", birth.format("%Y%m%d"));
            let number: [u8; LENGTH] = text.as_bytes().try_into().unwrap();
            text.pop();
            text.push(expected_check_digit(&number));
            text
        }
    }

    proptest! {
        #[test]
        fn a_number_reads_back_from_text_and_json(text in any_number()) {
            let number = number(&text);
            prop_assert_eq!(number.as_str(), &text);
            let json = serde_json::to_string(&number).unwrap();
            prop_assert_eq!(serde_json::from_str::<IdentityNumber>(&json).unwrap(), number);
        }

        #[test]
        fn no_single_wrong_digit_passes(text in any_number(), index in 0_usize..17, digit in b'0'..=b'9') {
            let mut wrong = text.clone().into_bytes();
            prop_assume!(wrong[index] != digit);
            wrong[index] = digit;
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert!(wrong.parse::<IdentityNumber>().is_err());
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,24}") {
            let _read_or_refused = text.parse::<IdentityNumber>().is_ok();
        }
    }
}
