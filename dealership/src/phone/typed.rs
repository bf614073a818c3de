//! Phones as people type them and as spreadsheets damage them.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PhoneNumber;
use crate::half_width::{half_width, is_dash, is_invisible};
use crate::spreadsheet_damage::is_scientific_notation;

/// The country codes that are read, the mainland's first.
const COUNTRIES: [&str; 4] = ["86", "852", "853", "886"];

/// The longest text that is looked at; a phone with every separator is far shorter.
const LONGEST_TYPED: usize = 60;

/// A phone as typed: the number, and the extension behind a switchboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TypedPhone {
    /// The number in normal form.
    pub number: PhoneNumber,
    /// One to six digits to dial after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
}

/// Why a text is no phone.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error,
)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum PhoneError {
    /// No digits.
    #[error("no digits")]
    Empty,
    /// A spreadsheet turned it into `1.38E+10`: the last digits are lost.
    #[error("a spreadsheet cut the number off: format the column as text and enter it again")]
    Rounded,
    /// A character that does not belong there.
    #[error("{character:?} at character {position} does not belong in a phone")]
    Character {
        /// The character as typed.
        character: char,
        /// Its place, counted in characters from 1.
        position: usize,
    },
    /// A country that is not read: the mainland, Hong Kong, Macau and Taiwan are.
    #[error("phones of this country are not known here")]
    Country,
    /// Seven or eight digits: a landline, but of which city?
    #[error("a landline needs its area code")]
    AreaCodeMissing,
    /// Eleven digits from 10 to 12: no mobile begins so.
    #[error("no mobile begins with 10, 11 or 12")]
    MobilePrefix,
    /// Too many or too few digits.
    #[error("{digits} digits are no phone")]
    Length {
        /// How many there are.
        digits: usize,
    },
    /// A phone, but not in the form in which it is stored.
    #[error("not in E.164 form")]
    NotNormal,
}

/// Reads mobiles, landlines with an extension, 400 and 800 numbers, with or without country code,
/// with spaces, hyphens, brackets or full-width digits; drops a spreadsheet's `'` and `.0`.
impl FromStr for TypedPhone {
    type Err = PhoneError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let cleaned = clean(typed)?;
        // The head must be a landline or service number by itself, so `010-1234-5678` is whole.
        if let Some((head, tail)) = cleaned.rsplit_once('-')
            && (1..=6).contains(&tail.len())
            && let Ok(number) = number_of(head)
            && !is_mobile(number.country_and_national().1)
        {
            let extension = Some(tail.to_owned());
            return Ok(Self { number, extension });
        }
        let number = number_of(&cleaned)?;
        let extension = None;
        Ok(Self { number, extension })
    }
}

/// Keeps digits, a leading `+`, and one `-` wherever something separated digits that may be an
/// extension.
fn clean(typed: &str) -> Result<String, PhoneError> {
    if typed.len() > LONGEST_TYPED {
        let digits = typed.chars().filter(char::is_ascii_digit).count();
        return Err(PhoneError::Length { digits });
    }
    if is_scientific_notation(typed.trim()) {
        return Err(PhoneError::Rounded);
    }
    let typed = whole_number(typed).unwrap_or(typed);
    let mut cleaned = String::with_capacity(typed.len());
    for (index, raw) in typed.chars().enumerate() {
        match half_width(raw) {
            digit @ '0'..='9' => cleaned.push(digit),
            '+' if cleaned.is_empty() => cleaned.push('+'),
            dash if is_dash(dash) => push_separator(&mut cleaned),
            ')' | '转' => push_separator(&mut cleaned),
            '(' | '.' | '\'' => {}
            filling if filling.is_whitespace() || is_invisible(filling) => {}
            _ => {
                let position = index + 1;
                return Err(PhoneError::Character {
                    character: raw,
                    position,
                });
            }
        }
    }
    Ok(cleaned)
}

/// What a spreadsheet keeps of a number that it took for a decimal, without its `.0`.
fn whole_number(typed: &str) -> Option<&str> {
    let (whole, fraction) = typed.trim().split_once('.')?;
    let is_whole = whole.chars().all(|character| character.is_ascii_digit())
        && fraction.chars().all(|character| character == '0');
    is_whole.then_some(whole)
}

fn push_separator(cleaned: &mut String) {
    if cleaned.ends_with(|last: char| last.is_ascii_digit()) {
        cleaned.push('-');
    }
}

/// Reads cleaned text without an extension.
fn number_of(cleaned: &str) -> Result<PhoneNumber, PhoneError> {
    let digits: String = cleaned.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() {
        return Err(PhoneError::Empty);
    }
    let international = if cleaned.starts_with('+') {
        Some(digits.as_str())
    } else {
        digits.strip_prefix("00")
    };
    if let Some(digits) = international {
        return COUNTRIES
            .iter()
            .find_map(|country| Some((*country, digits.strip_prefix(country)?)))
            .ok_or(PhoneError::Country)
            .and_then(|(country, national)| of_country(country, national));
    }
    of_mainland(&digits, false).or_else(|error| {
        let national = digits.strip_prefix("86").ok_or(error)?;
        of_mainland(national, true).map_err(|_| error)
    })
}

fn of_country(country: &str, national: &str) -> Result<PhoneNumber, PhoneError> {
    let wanted = match country {
        "86" => return of_mainland(national, true),
        "886" => 8..=9,
        _ => 8..=8,
    };
    let national = national.strip_prefix('0').unwrap_or(national);
    if wanted.contains(&national.len()) && !national.starts_with(['0', '1']) {
        Ok(PhoneNumber::of_parts(country, national))
    } else {
        let digits = national.len();
        Err(PhoneError::Length { digits })
    }
}

/// Reads digits of the mainland, by the numbering plan of the telephone network (电信网编号计划).
/// Only after a country code may a landline lack its leading zero.
fn of_mainland(digits: &str, after_country_code: bool) -> Result<PhoneNumber, PhoneError> {
    let without_zero = digits.strip_prefix('0');
    let national = without_zero.unwrap_or(digits);
    let may_be_landline = without_zero.is_some() || after_country_code;
    let is_landline = may_be_landline && split_area(national).is_some();
    if is_mobile(national) || is_landline || (without_zero.is_none() && is_service(national)) {
        return Ok(PhoneNumber::of_parts("86", national));
    }
    Err(match (digits.len(), digits.starts_with('1')) {
        (11, true) => PhoneError::MobilePrefix,
        (7 | 8, _) => PhoneError::AreaCodeMissing,
        (digits, _) => PhoneError::Length { digits },
    })
}

/// Whether national digits of the mainland are a mobile: `1[3-9]` and nine more.
pub(super) fn is_mobile(national: &str) -> bool {
    national.len() == 11 && matches!(national.as_bytes(), [b'1', b'3'..=b'9', ..])
}

/// Whether national digits of the mainland are a 400 or 800 number.
pub(super) fn is_service(national: &str) -> bool {
    national.len() == 10 && (national.starts_with("400") || national.starts_with("800"))
}

/// Splits national digits of a mainland landline into area code, without its zero, and seven or
/// eight digits: 10 and 20 to 29 are two digits long, 310 to 999 three.
pub(super) fn split_area(national: &str) -> Option<(&str, &str)> {
    let length = match national.as_bytes() {
        [b'1', b'0', ..] | [b'2', ..] => 2,
        [b'3'..=b'9', ..] => 3,
        _ => return None,
    };
    let (area, local) = national.split_at_checked(length)?;
    matches!(local.len(), 7 | 8).then_some((area, local))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(typed: &str) -> Result<String, PhoneError> {
        let phone: TypedPhone = typed.parse()?;
        let number = phone.number.to_string();
        Ok(phone
            .extension
            .map_or(number.clone(), |extension| format!("{number};{extension}")))
    }

    #[test]
    fn a_mobile_is_read_however_it_is_typed() {
        for typed in [
            "13800000000",
            "138 0000 0000",
            "138-0000-0000",
            "+8613800000000",
            "+86 138 0000 0000",
            "+86-138-0000-0000",
            "(+86)13800000000",
            "008613800000000",
            "8613800000000",
            "013800000000",
            "+86013800000000",
            "13800000000.0",
            "13800000000.00",
            "'13800000000",
            "１３８００００００００",
            "（＋８６）１３８ ００００ ００００",
            "\u{202D}13800000000\u{202C}",
            " 138.0000.0000 ",
        ] {
            assert_eq!(read(typed).as_deref(), Ok("+8613800000000"), "{typed}");
        }
    }

    #[test]
    fn landlines_and_service_numbers_are_read_with_their_extensions() {
        for (typed, number) in [
            ("010-12345678", "+861012345678"),
            ("(010)12345678", "+861012345678"),
            ("01012345678", "+861012345678"),
            ("010-1234-5678", "+861012345678"),
            ("010-12345678-801", "+861012345678;801"),
            ("010-12345678转801", "+861012345678;801"),
            ("0755 8888 8888", "+8675588888888"),
            ("0755-8888888-1", "+867558888888;1"),
            ("0311-8881234", "+863118881234"),
            ("+86 755 8888 8888", "+8675588888888"),
            ("86-10-12345678", "+861012345678"),
            ("400-820-8888", "+864008208888"),
            ("4008208888", "+864008208888"),
            ("400-820-8888-2", "+864008208888;2"),
            ("800 820 8888", "+868008208888"),
        ] {
            assert_eq!(read(typed).as_deref(), Ok(number), "{typed}");
        }
    }

    #[test]
    fn hong_kong_macau_and_taiwan_keep_their_country_code() {
        for (typed, number) in [
            ("+852 6123 4567", "+85261234567"),
            ("00852-61234567", "+85261234567"),
            ("+853 6612 3456", "+85366123456"),
            ("+886 0912 345 678", "+886912345678"),
            ("+886-2-2345-6789", "+886223456789"),
        ] {
            assert_eq!(read(typed).as_deref(), Ok(number), "{typed}");
        }
    }

    #[test]
    fn what_is_no_phone_says_why() {
        use PhoneError::*;
        for (typed, error) in [
            ("", Empty),
            (" - ", Empty),
            ("+", Empty),
            ("1.38E+10", Rounded),
            ("1.38e+10", Rounded),
            (
                "13800000000(王)",
                Character {
                    character: '王',
                    position: 13,
                },
            ),
            ("+1 202 555 0100", Country),
            ("0044 20 7946 0000", Country),
            ("88881234", AreaCodeMissing),
            ("8888123", AreaCodeMissing),
            ("12345678901", MobilePrefix),
            ("1380000000", Length { digits: 10 }),
            ("138000000000", Length { digits: 12 }),
            ("13800000000 13900000000", Length { digits: 22 }),
            ("0123-1234567", Length { digits: 11 }),
            ("+852 123", Length { digits: 3 }),
            ("+852 01234567", Length { digits: 7 }),
        ] {
            assert_eq!(read(typed), Err(error), "{typed}");
        }
        let long = "1".repeat(100_000);
        assert_eq!(read(&long), Err(Length { digits: 100_000 }));
    }

    proptest! {
        #[test]
        fn every_mobile_reads_back_from_what_is_shown(digits in "1[3-9][0-9]{9}") {
            let number = digits.parse::<TypedPhone>().unwrap().number;
            prop_assert_eq!(number.as_str(), format!("+86{digits}"));
            prop_assert_eq!(number.grouped().parse::<TypedPhone>().unwrap().number, number);
            prop_assert_eq!(number.as_str().parse::<PhoneNumber>(), Ok(number));
        }

        #[test]
        fn every_landline_reads_back_from_what_is_shown(
            digits in "0(10|2[0-9]|[3-9][1-9][0-9])-[0-9]{7,8}",
            extension in prop::option::of("[0-9]{1,6}"),
        ) {
            let number = digits.parse::<TypedPhone>().unwrap().number;
            prop_assert_eq!(number.grouped(), digits.as_str());
            prop_assert_eq!(number.as_str().parse::<PhoneNumber>(), Ok(number));
            if let Some(extension) = extension {
                let typed: TypedPhone = format!("{digits}-{extension}").parse().unwrap();
                prop_assert_eq!(typed, TypedPhone { number, extension: Some(extension) });
            }
        }

        #[test]
        fn whatever_is_read_is_in_normal_form(typed in "[+0]{0,2}(86|852|886)?[-0-9 .()]{6,16}") {
            if let Ok(phone) = typed.parse::<TypedPhone>() {
                prop_assert_eq!(phone.number.as_str().parse::<PhoneNumber>(), Ok(phone.number));
            }
        }

        #[test]
        fn no_text_makes_the_reader_panic(typed in "\\PC{0,40}") {
            let _read_or_refused = typed.parse::<TypedPhone>().is_ok();
        }
    }
}
