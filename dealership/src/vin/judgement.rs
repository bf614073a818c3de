//! What to do with a VIN as someone typed, pasted or scanned it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Vin, VinShapeError, check_digit, from_characters};
use crate::half_width::{half_width, is_dash, is_invisible};

/// What to do with what was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum VinVerdict {
    /// It is no VIN: it must be typed again, or the suggestion taken.
    Blocked {
        /// Why.
        reason: VinShapeError,
        /// What was probably meant: O and Q read as 0 and I as 1, if the check digit then fits.
        suggestion: Option<Vin>,
    },
    /// It is one, but a person must confirm it with a photo and a reason.
    Warned {
        /// What was typed, cleaned up.
        vin: Vin,
        /// Why.
        doubts: Vec<VinDoubt>,
    },
    /// It is one whose maker fills the doubtful places as it likes: tell the person, ask nothing.
    Noted {
        /// What was typed, cleaned up.
        vin: Vin,
        /// What does not fit.
        doubts: Vec<VinDoubt>,
    },
    /// Nothing speaks against it.
    Fits {
        /// What was typed, cleaned up.
        vin: Vin,
    },
}

/// What does not fit in a VIN of the right shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "doubt", rename_all = "snake_case")]
pub enum VinDoubt {
    /// The ninth character is not the check digit of the others.
    CheckDigit {
        /// The check digit that the others ask for.
        expected: char,
        /// The ninth character.
        found: char,
    },
    /// The tenth character is not among the year codes.
    YearCode {
        /// The tenth character.
        found: char,
    },
}

/// Judges a VIN as typed.
///
/// Full-width characters, lower case, `★`, `*`, spaces and hyphens are cleaned up first. A wrong
/// shape blocks. A wrong check digit or year code warns; where the region does not require the
/// check digit and the ninth character cannot be one (European makers fill it with Z), it is a
/// note only.
pub fn judge(typed: &str) -> VinVerdict {
    let cleaned = typed.chars().map(half_width).filter(|c| !is_decoration(*c));
    let capitals = cleaned.map(|character| character.to_ascii_uppercase());
    match from_characters(capitals.clone()) {
        Ok(vin) => judge_shaped(vin),
        Err(reason) => {
            let corrected = from_characters(capitals.map(look_alike)).ok();
            let suggestion = corrected.filter(Vin::check_digit_fits);
            VinVerdict::Blocked { reason, suggestion }
        }
    }
}

impl VinVerdict {
    /// The verdict on a car that is known to be imported: what would be warned of is noted.
    pub fn for_import(self) -> Self {
        match self {
            Self::Warned { vin, doubts } => Self::Noted { vin, doubts },
            other => other,
        }
    }

    /// The VIN that may be stored, with or without a person's confirmation.
    pub const fn vin(&self) -> Option<Vin> {
        match self {
            Self::Blocked { .. } => None,
            Self::Warned { vin, .. } | Self::Noted { vin, .. } | Self::Fits { vin } => Some(*vin),
        }
    }
}

fn judge_shaped(vin: Vin) -> VinVerdict {
    let mut doubts = Vec::new();
    let found = vin.check_digit();
    let expected = vin.expected_check_digit();
    if found != expected {
        doubts.push(VinDoubt::CheckDigit { expected, found });
    }
    if !vin.year_code_is_known() {
        let found = vin.year_code();
        doubts.push(VinDoubt::YearCode { found });
    }
    let filled_freely = !check_digit::is_possible(found) && !vin.region().requires_check_digit();
    if doubts.is_empty() {
        VinVerdict::Fits { vin }
    } else if filled_freely {
        VinVerdict::Noted { vin, doubts }
    } else {
        VinVerdict::Warned { vin, doubts }
    }
}

/// What is stamped or typed around and between the characters.
const fn is_decoration(character: char) -> bool {
    matches!(character, '★' | '☆' | '*')
        || character.is_whitespace()
        || is_dash(character)
        || is_invisible(character)
}

/// The digit that a letter which cannot stand in a VIN is mistaken for.
const fn look_alike(character: char) -> char {
    match character {
        'O' | 'Q' => '0',
        'I' => '1',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vin(text: &str) -> Vin {
        text.parse().unwrap()
    }

    #[test]
    fn a_vin_without_fault_fits_however_it_is_typed() {
        for typed in [
            "LSVAA4BR5RN100001",
            "lsvaa4br5rn100001",
            "LSV AA4BR5 RN100001",
            "★LSVAA4BR5RN100001★",
            "*LSVAA4BR5RN100001*",
            " LSVAA4BR5-RN100001\r\n",
            "ＬＳＶＡＡ４ＢＲ５ＲＮ１００００１",
        ] {
            let vin = vin("LSVAA4BR5RN100001");
            assert_eq!(judge(typed), VinVerdict::Fits { vin }, "{typed}");
        }
    }

    #[test]
    fn a_wrong_shape_blocks() {
        for (typed, reason) in [
            ("LSVAA4BR5RN10001", VinShapeError::Length { found: 16 }),
            ("LSVAA4BR5RN1000011", VinShapeError::Length { found: 18 }),
            ("", VinShapeError::Length { found: 0 }),
            (
                "LGXCI4CB8S0123456",
                VinShapeError::Character {
                    character: 'I',
                    position: 5,
                },
            ),
            (
                "LSVAA4BR5RN10000京",
                VinShapeError::Character {
                    character: '京',
                    position: 17,
                },
            ),
        ] {
            let suggestion = None;
            assert_eq!(
                judge(typed),
                VinVerdict::Blocked { reason, suggestion },
                "{typed}"
            );
        }
    }

    #[test]
    fn letters_mistaken_for_digits_are_corrected_if_the_check_digit_then_fits() {
        assert_eq!(
            judge("LSVAA4BR5RN1OO001"),
            VinVerdict::Blocked {
                reason: VinShapeError::Character {
                    character: 'O',
                    position: 13
                },
                suggestion: Some(vin("LSVAA4BR5RN100001")),
            }
        );
        assert_eq!(
            judge("lsvaa4br5rnlqoooi"),
            VinVerdict::Blocked {
                reason: VinShapeError::Character {
                    character: 'Q',
                    position: 13
                },
                suggestion: None,
            },
            "L for 1 is a letter that may stand"
        );
    }

    #[test]
    fn a_wrong_check_digit_or_year_code_warns() {
        use VinDoubt::*;
        for (typed, doubt) in [
            (
                "LSVAA4BR6RN100001",
                CheckDigit {
                    expected: '5',
                    found: '6',
                },
            ),
            (
                "LGXCE4CB8S0123457",
                CheckDigit {
                    expected: 'X',
                    found: '8',
                },
            ),
            (
                "SLVAA4BR5RN100001",
                CheckDigit {
                    expected: '4',
                    found: '5',
                },
            ),
            ("ZZZAB1C22UA000001", YearCode { found: 'U' }),
        ] {
            let (vin, doubts) = (vin(typed), vec![doubt]);
            assert_eq!(judge(typed), VinVerdict::Warned { vin, doubts }, "{typed}");
        }
    }

    #[test]
    fn a_european_filler_is_noted_and_a_chinese_one_warned_of() {
        let doubts = vec![VinDoubt::CheckDigit {
            expected: '8',
            found: 'Z',
        }];
        let european = vin("WP0ZZZ99ZTS392124");
        assert_eq!(
            judge(european.as_str()),
            VinVerdict::Noted {
                vin: european,
                doubts
            }
        );

        assert!(matches!(
            judge("LSVAA4BRZRN100001"),
            VinVerdict::Warned { .. }
        ));
    }

    #[test]
    fn a_car_known_to_be_imported_is_noted_only() {
        let verdict = judge("SLVAA4BR5RN100001").for_import();

        assert!(matches!(verdict, VinVerdict::Noted { .. }));
        assert_eq!(verdict.vin(), Some(vin("SLVAA4BR5RN100001")));
        assert!(matches!(
            judge("short").for_import(),
            VinVerdict::Blocked { .. }
        ));
    }

    #[test]
    fn the_screen_receives_codes() {
        let json = serde_json::to_value(judge("LSVAA4BR6RN100001")).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "verdict": "warned",
                "vin": "LSVAA4BR6RN100001",
                "doubts": [{"doubt": "check_digit", "expected": "5", "found": "6"}],
            })
        );
    }

    proptest! {
        #[test]
        fn a_generated_vin_fits(first in "[1-5LHJKW][0-9A-HJ-NPR-Z]{7}", last in "[1-9A-HJ-NPR-TV-Y][0-9A-HJ-NPR-Z]{7}") {
            let vin = Vin::with_check_digit(&first, &last).unwrap();
            prop_assert_eq!(judge(&vin.grouped()), VinVerdict::Fits { vin });
        }

        #[test]
        fn a_suggestion_always_fits(typed in "[0-9A-Z]{17}") {
            if let VinVerdict::Blocked { suggestion: Some(vin), .. } = judge(&typed) {
                prop_assert!(vin.check_digit_fits());
            }
        }

        #[test]
        fn no_text_makes_the_judge_panic(typed in "\\PC{0,40}") {
            let verdict = judge(&typed);
            prop_assert_eq!(verdict.vin().is_none(), matches!(verdict, VinVerdict::Blocked { .. }));
        }
    }
}
