//! Vehicle identification numbers 车辆识别代号 by GB 16735-2019, the Chinese ISO 3779.
//!
//! ```text
//!   L S V   A A 4 B R   5   R      N       1 0 0 0 0 1
//!   └─┬─┘   └───┬───┘   │   │      │       └────┬────┘
//!   maker   descriptor  │   year   plant      serial
//!                 check digit
//! ```
//!
//! A [`Vin`] has the shape of one. Whether its check digit and year code fit is judged where it is
//! typed ([`judge`]), because a wrong one is not always a mistake: European makers fill those
//! places as they like, and a person may confirm a warned one with a photo.
//!
//! The check digit sees one wrong digit or two swapped neighbours, but not a letter for another
//! of the same value (A, J and 1; B, K, S and 2; D, M, U and 4 …): compare with the certificate.

mod check_digit;
mod judgement;
mod model_year;
mod region;

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use judgement::{VinDoubt, VinVerdict, judge};
pub use model_year::ModelYearClue;
pub use region::Region;

use crate::text_form::text_form;

/// How many characters a VIN has.
const LENGTH: usize = 17;

/// Where the check digit stands, counted from 0.
const CHECK_DIGIT_INDEX: usize = 8;

/// Seventeen characters, digits and capital letters without I, O and Q.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vin([u8; LENGTH]);

/// Why a text has not the shape of a VIN.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error,
)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum VinShapeError {
    /// Not seventeen characters.
    #[error("a VIN has 17 characters, not {found}")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// Something other than a digit or a capital letter, or one of I, O and Q.
    #[error("{character:?} at position {position} cannot stand in a VIN")]
    Character {
        /// What was found.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
}

impl Vin {
    /// Completes a VIN by its check digit, from the eight characters before it and the eight after.
    ///
    /// # Errors
    ///
    /// When the two parts do not have the shape of one.
    pub fn with_check_digit(first_eight: &str, last_eight: &str) -> Result<Self, VinShapeError> {
        let mut vin: Self = format!("{first_eight}0{last_eight}").parse()?;
        let expected = vin.expected_check_digit();
        if let Some(place) = vin.0.get_mut(CHECK_DIGIT_INDEX) {
            *place = expected as u8;
        }
        Ok(vin)
    }

    /// The seventeen characters.
    pub fn as_str(&self) -> &str {
        // Only ASCII enters, so there always is a text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The character at the place of the check digit, the ninth.
    pub fn check_digit(&self) -> char {
        self.at(CHECK_DIGIT_INDEX)
    }

    /// The check digit that the other sixteen characters ask for: a digit or `X`.
    pub fn expected_check_digit(&self) -> char {
        check_digit::expected(&self.0)
    }

    /// Whether the check digit is the expected one.
    pub fn check_digit_fits(&self) -> bool {
        self.check_digit() == self.expected_check_digit()
    }

    /// The tenth character: the model year's code, if its maker uses it.
    pub fn year_code(&self) -> char {
        self.at(9)
    }

    /// The maker: the first three characters, and for a maker of fewer than a thousand cars a year
    /// (9 at the third place) also the twelfth to fourteenth.
    pub fn maker(&self) -> String {
        let text = self.as_str();
        let part = |range| text.get(range).unwrap_or_default();
        if self.at(2) == '9' {
            [part(0..3), part(11..14)].concat()
        } else {
            part(0..3).to_owned()
        }
    }

    /// The plant, as its maker codes it.
    pub fn plant(&self) -> char {
        self.at(10)
    }

    /// The serial number, the last six characters: what people search by.
    pub fn serial(&self) -> &str {
        self.as_str().get(11..).unwrap_or_default()
    }

    /// The VIN in groups as people read it aloud: `LSV AA4BR5 RN100001`.
    pub fn grouped(&self) -> String {
        let text = self.as_str();
        let part = |range| text.get(range).unwrap_or_default();
        [part(0..3), part(3..9), part(9..17)].join(" ")
    }

    fn at(&self, index: usize) -> char {
        self.0.get(index).copied().map_or('0', char::from)
    }
}

/// Accepts the exact form only, as it is stored; [`judge`] reads what people type.
impl FromStr for Vin {
    type Err = VinShapeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        from_characters(text.chars())
    }
}

/// Takes exactly seventeen characters, each of which may stand in a VIN.
fn from_characters(characters: impl Iterator<Item = char> + Clone) -> Result<Vin, VinShapeError> {
    let found = characters.clone().count();
    if found != LENGTH {
        return Err(VinShapeError::Length { found });
    }
    let mut vin = [0; LENGTH];
    for (index, (place, character)) in vin.iter_mut().zip(characters).enumerate() {
        if check_digit::value(character).is_none() {
            let position = index + 1;
            return Err(VinShapeError::Character {
                character,
                position,
            });
        }
        *place = character as u8;
    }
    Ok(Vin(vin))
}

text_form!(
    Vin,
    "A vehicle identification number: 17 digits and capital letters without I, O and Q.",
    pattern = "^[0-9A-HJ-NPR-Z]{17}$"
);

impl fmt::Debug for Vin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Vin({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_check_digit_of_every_known_vin_fits() {
        for text in [
            "LSVAA4BR5RN100001",
            "LGXCE4CB8S0123456",
            "LFV2A21KXP3000042",
            "HLX33B128TK000007",
            "LVGBV85G7SG000311",
            "ZZZAB1C20TA000013",
            "1M8GDM9AXKP042788",
            "11111111111111111",
        ] {
            let vin: Vin = text.parse().unwrap();
            assert!(vin.check_digit_fits(), "{text}");
            assert_eq!(vin_with_right_check_digit(text), vin);
        }
    }

    #[test]
    fn a_letter_of_the_same_value_is_invisible_to_the_check_digit() {
        let mistyped: Vin = "LSVAADBR5RN100001".parse().unwrap();

        assert!(mistyped.check_digit_fits());
    }

    #[test]
    fn the_stored_form_is_exact() {
        assert_eq!(
            "LSVAA4BR5RN10001".parse::<Vin>(),
            Err(VinShapeError::Length { found: 16 })
        );
        assert_eq!(
            "lSVAA4BR5RN100001".parse::<Vin>(),
            Err(VinShapeError::Character {
                character: 'l',
                position: 1
            })
        );
        assert_eq!(
            "LSVAA4BR5RN10000é".parse::<Vin>(),
            Err(VinShapeError::Character {
                character: 'é',
                position: 17
            })
        );
        assert!(Vin::with_check_digit("LSVAA4B", "RN100001").is_err());
        assert!(serde_json::from_str::<Vin>("\"LSVAA4BR5RN1OO001\"").is_err());
    }

    #[test]
    fn its_parts_stand_at_their_places() {
        let vin: Vin = "LSVAA4BR5RN100001".parse().unwrap();

        assert_eq!(vin.grouped(), "LSV AA4BR5 RN100001");
        assert_eq!(vin.maker(), "LSV");
        assert_eq!(
            (vin.year_code(), vin.plant(), vin.serial()),
            ('R', 'N', "100001")
        );
        let small = Vin::with_check_digit("LA9AB1C2", "RA0AB013").unwrap();
        assert_eq!(small.maker(), "LA90AB");
    }

    fn vin_with_right_check_digit(text: &str) -> Vin {
        let (first_eight, rest) = text.split_at(8);
        Vin::with_check_digit(first_eight, rest.split_at(1).1).unwrap()
    }

    fn any_vin() -> impl Strategy<Value = Vin> {
        "[0-9A-HJ-NPR-Z]{17}".prop_map(|text| text.parse().unwrap())
    }

    proptest! {
        #[test]
        fn a_vin_reads_back_from_text_and_json(vin in any_vin()) {
            prop_assert_eq!(vin.to_string().parse(), Ok(vin));
            let json = serde_json::to_string(&vin).unwrap();
            prop_assert_eq!(serde_json::from_str::<Vin>(&json).unwrap(), vin);
        }

        #[test]
        fn one_wrong_digit_never_fits(
            text in "[0-9A-HJ-NPR-Z]{17}", index in 0_usize..17, digit in b'0'..=b'9', step in 1..10_u8,
        ) {
            let mut text = text.into_bytes();
            text[index] = digit;
            let right = vin_with_right_check_digit(std::str::from_utf8(&text).unwrap());
            let mut wrong = right;
            // The check digit itself may be an X, beside which every digit is wrong.
            let value = right.0[index].checked_sub(b'0').filter(|value| *value < 10).unwrap_or(0);
            wrong.0[index] = b'0' + (value + step) % 10;
            prop_assert!(!wrong.check_digit_fits());
        }
    }
}
