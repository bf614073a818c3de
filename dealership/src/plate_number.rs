//! Plate numbers 车牌号 by GA 36-2018.
//!
//! ```text
//!   京 A 1 2 3 4 5       five places: fuel
//!   京 A D 1 2 3 4 5     six, a class letter first: small new-energy cars
//!   京 A 1 2 3 4 5 D     six, the class letter last: large new-energy cars
//! ```

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::coded_enum;
use crate::half_width::{half_width, is_dash, is_invisible};
use crate::text_form::text_form;

/// The one-character names of the provinces.
const PROVINCES: &str = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新";

/// The last place of plates for driving schools, police, cross-border cars, trailers and consuls.
const SPECIAL: &str = "学警港澳挂领";

/// The plate number of a registered car, province first, without the separating dot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlateNumber(String);

/// The plate of a car as it stands in its file: a number, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plate {
    /// 已上牌.
    Number(PlateNumber),
    /// 临牌: a paper plate for some days.
    Temporary,
    /// 未上牌.
    Unregistered,
}

coded_enum! {
    /// What a plate number says about its car.
    pub enum PlateKind {
        /// Five places: burns fuel.
        Fuel = "fuel",
        /// A small battery-electric car: D, A, B, C or E.
        SmallElectric = "small_electric",
        /// Another small new-energy car: F, G, H, J or K.
        SmallOtherNewEnergy = "small_other_new_energy",
        /// A large battery-electric vehicle.
        LargeElectric = "large_electric",
        /// Another large new-energy vehicle.
        LargeOtherNewEnergy = "large_other_new_energy",
        /// A driving school's, police, cross-border, trailer or consular plate.
        Special = "special",
    }
}

/// Why a text is no plate number.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error,
)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum PlateError {
    /// It does not begin with a province.
    #[error("a plate begins with its province")]
    Province,
    /// The second place is no letter, or is I or O.
    #[error("the province is followed by a letter, not I or O")]
    Letter,
    /// Not seven places, nor eight for a new-energy car.
    #[error("a plate has 7 places, of a new-energy car 8, not {found}")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// A place after the second is no digit or letter, or is I or O.
    #[error("{character:?} at place {position} cannot stand in a plate")]
    Character {
        /// What was found.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
    /// Eight places, but no class letter where new-energy plates have it.
    #[error("a plate of 8 places has a class letter A to K first or last, and digits")]
    NewEnergyClass,
}

impl PlateNumber {
    /// The number without the dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the number says about its car.
    pub fn kind(&self) -> PlateKind {
        let mut places = self.0.chars();
        let last = places.next_back().unwrap_or('0');
        let first = places.nth(2).unwrap_or('0');
        match (self.0.chars().count(), first, last) {
            _ if SPECIAL.contains(last) => PlateKind::Special,
            (7, ..) => PlateKind::Fuel,
            (_, 'A'..='E', '0'..='9') => PlateKind::SmallElectric,
            (_, _, '0'..='9') => PlateKind::SmallOtherNewEnergy,
            (_, _, 'A'..='E') => PlateKind::LargeElectric,
            _ => PlateKind::LargeOtherNewEnergy,
        }
    }

    /// The number as it stands on the plate: `京A·12345`.
    pub fn grouped(&self) -> String {
        let place: String = self.0.chars().take(2).collect();
        let serial: String = self.0.chars().skip(2).collect();
        format!("{place}·{serial}")
    }

    /// The number as on posters: `京A·**345`.
    pub fn masked(&self) -> String {
        let shown_from = self.0.chars().count().saturating_sub(3);
        let place: String = self.0.chars().take(2).collect();
        let masked = self.0.chars().enumerate().skip(2);
        let serial: String = masked
            .map(|(at, c)| if at < shown_from { '*' } else { c })
            .collect();
        format!("{place}·{serial}")
    }
}

/// Reads a number as typed: full-width characters, lower case, dots, spaces and hyphens are
/// cleaned up.
impl FromStr for PlateNumber {
    type Err = PlateError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        // Ten characters tell that it is too long; the rest is not looked at.
        let cleaned: String = cleaned(typed).take(10).collect();
        let mut characters = cleaned.chars();
        if !characters.next().is_some_and(is_province) {
            return Err(PlateError::Province);
        }
        if !characters
            .next()
            .is_some_and(|letter| letter.is_ascii_uppercase() && may_stand(letter))
        {
            return Err(PlateError::Letter);
        }
        let serial: Vec<char> = characters.collect();
        let (Some((last, body)), 5 | 6) = (serial.split_last(), serial.len()) else {
            return Err(PlateError::Length {
                found: serial.len() + 2,
            });
        };
        let wrong_body = body.iter().position(|character| !may_stand(*character));
        let is_special = serial.len() == 5 && SPECIAL.contains(*last);
        let wrong = wrong_body.or((!is_special && !may_stand(*last)).then_some(body.len()));
        if let Some(index) = wrong {
            let character = serial.get(index).copied().unwrap_or_default();
            return Err(PlateError::Character {
                character,
                position: index + 3,
            });
        }
        if serial.len() == 6 && !has_new_energy_class(&serial) {
            return Err(PlateError::NewEnergyClass);
        }
        Ok(Self(cleaned))
    }
}

/// Whether a character is the one-character name of a province.
pub(crate) fn is_province(character: char) -> bool {
    PROVINCES.contains(character)
}

fn cleaned(typed: &str) -> impl Iterator<Item = char> {
    typed
        .chars()
        .map(|character| half_width(character).to_ascii_uppercase())
        .filter(|character| {
            !(character.is_whitespace()
                || is_dash(*character)
                || is_invisible(*character)
                || matches!(character, '·' | '•' | '・' | '.' | '\''))
        })
}

/// Digits and capital letters, without I and O.
const fn may_stand(character: char) -> bool {
    matches!(character, '0'..='9' | 'A'..='H' | 'J'..='N' | 'P'..='Z')
}

/// A class letter first, a digit or letter, four digits; or five digits and a class letter.
fn has_new_energy_class(serial: &[char]) -> bool {
    let is_class = |character: &char| matches!(character, 'A'..='H' | 'J' | 'K');
    let are_digits = |part: &[char]| part.iter().all(char::is_ascii_digit);
    match serial {
        [first, _, digits @ ..] if is_class(first) && are_digits(digits) => true,
        [digits @ .., last] => is_class(last) && are_digits(digits),
        [] => false,
    }
}

text_form!(
    PlateNumber,
    "A plate number without the dot: 京A12345.",
    pattern = "^[^ -~][A-HJ-NP-Z][^IO]{5,6}$"
);

impl fmt::Debug for PlateNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PlateNumber({})", self.masked())
    }
}

/// Reads a plate number, the stored codes, or what people write where there is no number.
impl FromStr for Plate {
    type Err = PlateError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        match typed.trim() {
            "temporary" | "临牌" | "临时牌" | "临时牌照" => Ok(Self::Temporary),
            "unregistered" | "未上牌" | "无牌" => Ok(Self::Unregistered),
            number => number.parse().map(Self::Number),
        }
    }
}

impl Plate {
    /// The stored form: the number, `temporary` or `unregistered`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(number) => number.as_str(),
            Self::Temporary => "temporary",
            Self::Unregistered => "unregistered",
        }
    }
}

text_form!(
    Plate,
    "A plate number without the dot, or `temporary`, or `unregistered`.",
    pattern = "^([^ -~][A-HJ-NP-Z][^IO]{5,6}|temporary|unregistered)$"
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_places_tell_the_kind() {
        for (typed, kind) in [
            ("京A12345", PlateKind::Fuel),
            ("粤B8888X", PlateKind::Fuel),
            ("京AD12345", PlateKind::SmallElectric),
            ("京AE12345", PlateKind::SmallElectric),
            ("京AF12345", PlateKind::SmallOtherNewEnergy),
            ("京AKA2345", PlateKind::SmallOtherNewEnergy),
            ("京A12345D", PlateKind::LargeElectric),
            ("京A12345F", PlateKind::LargeOtherNewEnergy),
            ("京A1234学", PlateKind::Special),
            ("粤Z1234港", PlateKind::Special),
        ] {
            assert_eq!(
                typed.parse::<PlateNumber>().unwrap().kind(),
                kind,
                "{typed}"
            );
        }
    }

    #[test]
    fn it_is_read_as_people_type_it_and_shown_with_its_dot() {
        for typed in [
            "粤B12345",
            "粤b·12345",
            " 粤B-12345 ",
            "粤Ｂ １２３４５",
            "粤B•12345",
        ] {
            let plate: PlateNumber = typed.parse().unwrap();
            assert_eq!(plate.as_str(), "粤B12345");
            assert_eq!(plate.grouped(), "粤B·12345");
            assert_eq!(plate.masked(), "粤B·**345");
        }
    }

    #[test]
    fn what_is_no_plate_number_says_why() {
        use PlateError::*;
        for (typed, error) in [
            ("", Province),
            ("B12345", Province),
            ("晨B12345", Province),
            ("粤", Letter),
            ("粤112345", Letter),
            ("粤I12345", Letter),
            ("粤O12345", Letter),
            ("粤B1234", Length { found: 6 }),
            ("粤B1234567", Length { found: 9 }),
            ("粤B123456789012", Length { found: 10 }),
            (
                "粤B1O345",
                Character {
                    character: 'O',
                    position: 4,
                },
            ),
            (
                "粤B1234I",
                Character {
                    character: 'I',
                    position: 7,
                },
            ),
            (
                "粤B1234王",
                Character {
                    character: '王',
                    position: 7,
                },
            ),
            (
                "粤B12345学",
                Character {
                    character: '学',
                    position: 8,
                },
            ),
            ("粤B123456", NewEnergyClass),
            ("粤BL12345", NewEnergyClass),
            ("粤BDD234A", NewEnergyClass),
        ] {
            assert_eq!(typed.parse::<PlateNumber>(), Err(error), "{typed}");
        }
    }

    #[test]
    fn a_car_may_have_no_number_yet() {
        assert_eq!("临牌".parse(), Ok(Plate::Temporary));
        assert_eq!("未上牌".parse(), Ok(Plate::Unregistered));
        let number = Plate::Number("粤B12345".parse().unwrap());
        for plate in [Plate::Temporary, Plate::Unregistered, number] {
            assert_eq!(plate.to_string().parse().as_ref(), Ok(&plate));
            let json = serde_json::to_string(&plate).unwrap();
            assert_eq!(serde_json::from_str::<Plate>(&json).unwrap(), plate);
        }
    }

    proptest! {
        #[test]
        fn a_plate_number_reads_back_from_what_is_shown(
            typed in "[京沪粤新][A-HJ-NP-Z]([0-9A-HJ-NP-Z]{5}|[A-HJK][0-9A-HJ-NP-Z][0-9]{4}|[0-9]{5}[A-HJK])",
        ) {
            let plate: PlateNumber = typed.parse().unwrap();
            prop_assert_eq!(plate.as_str(), &typed);
            prop_assert_eq!(plate.grouped().parse(), Ok(plate));
        }

        #[test]
        fn no_text_makes_the_reader_panic(typed in "[京A-K0-9·\\PC]{0,12}") {
            let _read_or_refused = typed.parse::<Plate>().is_ok();
        }
    }
}
