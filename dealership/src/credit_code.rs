//! Unified social credit codes 统一社会信用代码 of companies, by GB 32100-2015.
//!
//! ```text
//!   9           1          350100   M000100Y4      3
//!   authority   category   region   organisation   check character (MOD 31)
//! ```

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::half_width::{half_width, is_dash};
use crate::text_form::text_form;

const LENGTH: usize = 18;

/// The characters in order of their values: digits and capital letters without I, O, S, V and Z.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// A unified social credit code whose check character fits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditCode([u8; LENGTH]);

/// Why a text is no unified social credit code.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error,
)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum CreditCodeError {
    /// Not eighteen characters.
    #[error("a credit code has 18 characters, not {found}")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// A character that cannot stand there: I, O, S, V and Z nowhere, letters not in the region.
    #[error("{character:?} at position {position} cannot stand in a credit code")]
    Character {
        /// What was found.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
    /// The last character does not fit the others: one of them is mistyped.
    #[error("the last character does not fit the others: it should be {expected}")]
    CheckCharacter {
        /// The check character that the others ask for.
        expected: char,
    },
}

impl CreditCode {
    /// The eighteen characters.
    pub fn as_str(&self) -> &str {
        // Only ASCII enters, so there always is a text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The code of the region of registration, six digits (GB/T 2260).
    pub fn region_code(&self) -> &str {
        self.as_str().get(2..8).unwrap_or_default()
    }
}

/// Reads a code as typed: full-width characters, lower case, spaces and hyphens are cleaned up.
impl FromStr for CreditCode {
    type Err = CreditCodeError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let characters = typed
            .chars()
            .map(|character| half_width(character).to_ascii_uppercase())
            .filter(|character| !character.is_whitespace() && !is_dash(*character));
        let found = characters.clone().count();
        if found != LENGTH {
            return Err(CreditCodeError::Length { found });
        }
        let mut code = [0; LENGTH];
        for (index, (place, character)) in code.iter_mut().zip(characters).enumerate() {
            let in_region = (2..8).contains(&index);
            if value(character).is_none() || (in_region && !character.is_ascii_digit()) {
                let position = index + 1;
                return Err(CreditCodeError::Character {
                    character,
                    position,
                });
            }
            *place = character as u8;
        }
        let expected = expected_check_character(&code);
        if code.last().copied().map(char::from) != Some(expected) {
            return Err(CreditCodeError::CheckCharacter { expected });
        }
        Ok(Self(code))
    }
}

text_form!(
    CreditCode,
    "A unified social credit code by GB 32100.",
    pattern = "^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$"
);

impl fmt::Debug for CreditCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CreditCode({self})")
    }
}

fn value(character: char) -> Option<usize> {
    ALPHABET.find(character)
}

/// ISO 7064-like, MOD 31: the weight of each place is a power of three modulo 31.
fn expected_check_character(code: &[u8; LENGTH]) -> char {
    let mut weight = 1;
    let mut sum = 0;
    for character in code.iter().take(LENGTH - 1) {
        sum += value(char::from(*character)).unwrap_or(0) * weight;
        weight = weight * 3 % 31;
    }
    ALPHABET.chars().nth((31 - sum % 31) % 31).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_known_example_is_valid() {
        let code: CreditCode = "91350100M000100Y43".parse().unwrap();

        assert_eq!(code.region_code(), "350100");
        assert_eq!(code.to_string(), "91350100M000100Y43");
    }

    #[test]
    fn it_is_read_as_people_type_it() {
        for typed in [
            "91350100m000100y43",
            " 91350100-M000100Y4-3",
            "９１３５０１００Ｍ０００１００Ｙ４３",
        ] {
            let code: CreditCode = typed.parse().unwrap();
            assert_eq!(code.as_str(), "91350100M000100Y43");
        }
    }

    #[test]
    fn what_is_no_credit_code_says_why() {
        use CreditCodeError::*;
        for (typed, error) in [
            ("", Length { found: 0 }),
            ("350100100014003", Length { found: 15 }),
            (
                "9135010OM000100Y43",
                Character {
                    character: 'O',
                    position: 8,
                },
            ),
            (
                "91350A00M000100Y43",
                Character {
                    character: 'A',
                    position: 6,
                },
            ),
            (
                "91350100M000100S43",
                Character {
                    character: 'S',
                    position: 16,
                },
            ),
            ("91350100M000100Y44", CheckCharacter { expected: '3' }),
            (
                "京1350100M000100Y43",
                Character {
                    character: '京',
                    position: 1,
                },
            ),
        ] {
            assert_eq!(typed.parse::<CreditCode>(), Err(error), "{typed}");
        }
    }

    #[test]
    fn the_alphabet_has_thirty_one_characters() {
        assert_eq!(ALPHABET.len(), 31);
        assert!(!ALPHABET.contains(['I', 'O', 'S', 'V', 'Z']));
    }

    proptest! {
        #[test]
        fn no_single_wrong_character_passes(
            text in "[19][1-9][0-9]{6}[0-9A-HJ-NPQRTUWXY]{9}",
            index in 0_usize..17,
            other in 0_usize..31,
        ) {
            let mut code: [u8; LENGTH] = format!("{text}0").as_bytes().try_into().unwrap();
            code[17] = expected_check_character(&code) as u8;
            let right = String::from_utf8(code.to_vec()).unwrap();
            let parsed: CreditCode = right.parse().unwrap();
            let json = serde_json::to_string(&parsed).unwrap();
            prop_assert_eq!(serde_json::from_str::<CreditCode>(&json).unwrap(), parsed);

            let character = ALPHABET.as_bytes()[other];
            prop_assume!(code[index] != character);
            code[index] = character;
            let wrong = String::from_utf8(code.to_vec()).unwrap();
            prop_assert!(wrong.parse::<CreditCode>().is_err());
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,24}") {
            let _read_or_refused = text.parse::<CreditCode>().is_ok();
        }
    }
}
