//! Amounts as people type them into a field or a spreadsheet.

use crate::half_width::{half_width, is_dash};

/// Why what was typed is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Nothing but spaces, or a sign or unit without a digit.
    #[error("no digits")]
    NoDigits,
    /// A character that does not belong there.
    #[error("{character:?} does not belong at character {position}")]
    Character {
        /// The character as typed.
        character: char,
        /// Its place, counted in characters from 1.
        position: usize,
    },
    /// A comma that does not stand between groups of three digits: `15,98` may mean 15.98.
    #[error("a comma must stand between groups of three digits")]
    MisplacedComma,
    /// Digits below the smallest unit, which is one fen or one basis point.
    #[error("more digits after the point than can be kept")]
    TooPrecise,
    /// More than can be kept.
    #[error("too large")]
    TooLarge,
}

/// Reads a decimal number with its optional sign, currency mark and unit, as an integer of
/// 10^-`decimals` units.
pub(super) fn parse(typed: &str, decimals: u32) -> Result<i64, AmountError> {
    let mut number = Decimal::default();
    let mut unit_exponent = 0;
    let mut place = Place::BeforeDigits;
    for (index, raw) in typed.chars().enumerate() {
        let character = half_width(raw);
        let unexpected = AmountError::Character {
            character: raw,
            position: index + 1,
        };
        match (place, character) {
            (_, space) if space.is_whitespace() => {}
            (Place::BeforeDigits, '¥') => {}
            (Place::BeforeDigits, dash) if is_dash(dash) && !number.negative => {
                number.negative = true;
            }
            (Place::BeforeDigits | Place::Whole, '0'..='9') => {
                place = Place::Whole;
                number.push_whole(character)?;
            }
            (Place::Whole, ',') => number.close_group()?,
            (Place::Whole, '.') => {
                number.end_whole()?;
                place = Place::Fraction;
            }
            (Place::Fraction, '0'..='9') => number.push_fraction(character)?,
            (Place::Whole | Place::Fraction, '万' | '亿') => {
                unit_exponent = if character == '万' { 4 } else { 8 };
                place = Place::AfterUnit;
            }
            (Place::Whole | Place::Fraction | Place::AfterUnit, '元') => place = Place::End,
            _ => return Err(unexpected),
        }
    }
    number.end_whole()?;
    number.scaled(unit_exponent + decimals)
}

#[derive(Clone, Copy)]
enum Place {
    BeforeDigits,
    Whole,
    Fraction,
    AfterUnit,
    End,
}

/// A decimal number while it is read: `mantissa` × 10^-`fraction_digits`.
#[derive(Default)]
struct Decimal {
    negative: bool,
    mantissa: i128,
    digits: u32,
    /// Digits since the last comma, once there was one.
    group: Option<u32>,
    fraction_digits: u32,
    /// Zeros at the end of the fraction that count only if another digit follows.
    pending_zeros: u32,
}

impl Decimal {
    fn push_whole(&mut self, digit: char) -> Result<(), AmountError> {
        if let Some(group) = &mut self.group {
            *group += 1;
        }
        self.push(digit)
    }

    fn push_fraction(&mut self, digit: char) -> Result<(), AmountError> {
        if digit == '0' {
            self.pending_zeros = self.pending_zeros.saturating_add(1);
            return Ok(());
        }
        // No unit reaches below the twelfth digit (亿 and fen), so more of them cannot be kept.
        if self.fraction_digits.saturating_add(self.pending_zeros) > 12 {
            return Err(AmountError::TooPrecise);
        }
        for _ in 0..std::mem::take(&mut self.pending_zeros) {
            self.push('0')?;
            self.fraction_digits += 1;
        }
        self.push(digit)?;
        self.fraction_digits += 1;
        Ok(())
    }

    fn push(&mut self, digit: char) -> Result<(), AmountError> {
        let value = digit.to_digit(10).map_or(0, i128::from);
        self.digits = self.digits.saturating_add(1);
        self.mantissa = self
            .mantissa
            .checked_mul(10)
            .and_then(|shifted| shifted.checked_add(value))
            .ok_or(AmountError::TooLarge)?;
        Ok(())
    }

    fn close_group(&mut self) -> Result<(), AmountError> {
        let well_placed = match self.group {
            None => (1..=3).contains(&self.digits),
            Some(digits) => digits == 3,
        };
        self.group = Some(0);
        if well_placed {
            Ok(())
        } else {
            Err(AmountError::MisplacedComma)
        }
    }

    /// Checks the last group of the whole part; from then on there is none.
    fn end_whole(&mut self) -> Result<(), AmountError> {
        match self.group.take() {
            None | Some(3) => Ok(()),
            Some(_) => Err(AmountError::MisplacedComma),
        }
    }

    fn scaled(self, exponent: u32) -> Result<i64, AmountError> {
        if self.digits == 0 {
            return Err(AmountError::NoDigits);
        }
        let exponent = exponent
            .checked_sub(self.fraction_digits)
            .ok_or(AmountError::TooPrecise)?;
        10_i128
            .checked_pow(exponent)
            .and_then(|factor| self.mantissa.checked_mul(factor))
            .map(|magnitude| if self.negative { -magnitude } else { magnitude })
            .and_then(|value| i64::try_from(value).ok())
            .ok_or(AmountError::TooLarge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fen::Fen;
    use proptest::prelude::*;

    #[test]
    fn typed_amounts_are_read_to_the_fen() {
        for (typed, fen) in [
            ("159800", 15_980_000),
            ("159,800.00", 15_980_000),
            ("¥159,800", 15_980_000),
            ("￥159，800．50", 15_980_050),
            ("15.98万", 15_980_000),
            ("１５．９８万元", 15_980_000),
            ("1.2亿", 12_000_000_000),
            ("0.01亿元", 100_000_000),
            ("3000元", 300_000),
            (" - ¥ 1,200.5 ", -120_050),
            ("−5", -500),
            ("-0", 0),
            ("0.1000000000000000000000000000000000000000", 10),
            ("0.000001万", 1),
            ("1,234,567", 123_456_700),
            ("90071992547409.91", 9_007_199_254_740_991),
        ] {
            assert_eq!(typed.parse(), Ok(Fen::new(fen)), "{typed}");
        }
    }

    #[test]
    fn what_is_no_amount_says_why() {
        use AmountError::*;
        for (typed, error) in [
            ("", NoDigits),
            ("  ", NoDigits),
            ("¥", NoDigits),
            ("-", NoDigits),
            ("15,98", MisplacedComma),
            ("1598,00", MisplacedComma),
            ("15,9800", MisplacedComma),
            ("1,", MisplacedComma),
            ("1,.5", MisplacedComma),
            ("0.001", TooPrecise),
            ("15.9800001万", TooPrecise),
            ("90071992547409.92", TooLarge),
            ("99999999999999999999999999999999999999999999", TooLarge),
            (
                "1.5E+05",
                Character {
                    character: 'E',
                    position: 4,
                },
            ),
            (
                "--5",
                Character {
                    character: '-',
                    position: 2,
                },
            ),
            (
                "1.5.2",
                Character {
                    character: '.',
                    position: 4,
                },
            ),
            (
                ",500",
                Character {
                    character: ',',
                    position: 1,
                },
            ),
            (
                "万",
                Character {
                    character: '万',
                    position: 1,
                },
            ),
            (
                "5万3千",
                Character {
                    character: '3',
                    position: 3,
                },
            ),
            (
                "about 5",
                Character {
                    character: 'a',
                    position: 1,
                },
            ),
        ] {
            assert_eq!(typed.parse::<Fen>(), Err(error), "{typed}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(typed in "\\PC{0,60}") {
            let _read_or_refused = typed.parse::<Fen>().is_ok();
        }

        #[test]
        fn ten_thousands_are_ten_thousand_times_the_number(whole in 0_i64..1_000_000, fraction in 0_i64..10_000) {
            let typed = format!("{whole}.{fraction:04}万");
            prop_assert_eq!(typed.parse(), Ok(Fen::new((whole * 10_000 + fraction) * 100)));
        }
    }
}
