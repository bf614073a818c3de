//! Money in integer fen and rates in integer basis points; no floating point anywhere.

mod basis_points;
mod typed_amount;

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use basis_points::{BasisPoints, RateError};
pub use typed_amount::AmountError;

/// An amount of money in fen, 100 to the yuan; negative for what is owed back.
///
/// Arithmetic is checked: it answers `None` where the result does not fit.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Fen(i64);

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The largest amount that may be typed: the largest integer that every JSON reader keeps
    /// exact (2⁵³ − 1 fen, some 90 trillion yuan).
    pub const LARGEST_TYPED: Self = Self((1 << 53) - 1);

    /// Wraps a number of fen.
    pub const fn new(fen: i64) -> Self {
        Self(fen)
    }

    /// Converts whole yuan; `None` past the range.
    pub const fn from_yuan(yuan: i64) -> Option<Self> {
        match yuan.checked_mul(100) {
            Some(fen) => Some(Self(fen)),
            None => None,
        }
    }

    /// The number of fen.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether it is less than nothing.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Adds.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        wrap(self.0.checked_add(other.0))
    }

    /// Subtracts.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        wrap(self.0.checked_sub(other.0))
    }

    /// Multiplies by a count.
    pub const fn checked_mul(self, count: i64) -> Option<Self> {
        wrap(self.0.checked_mul(count))
    }

    /// Turns the sign.
    pub const fn checked_neg(self) -> Option<Self> {
        wrap(self.0.checked_neg())
    }

    /// Adds up.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// Multiplies by `numerator / denominator`, rounded half away from zero to one fen, so that a
    /// refund mirrors its payment; `None` past the range or for a denominator of zero.
    pub fn checked_scale(self, numerator: i64, denominator: i64) -> Option<Self> {
        let product = i128::from(self.0) * i128::from(numerator);
        let denominator = i128::from(denominator);
        if denominator == 0 {
            return None;
        }
        let quotient = product / denominator;
        let rest = (product % denominator).abs();
        let away_from_zero = if (product < 0) == (denominator < 0) {
            1
        } else {
            -1
        };
        let rounded = if rest * 2 >= denominator.abs() {
            quotient + away_from_zero
        } else {
            quotient
        };
        i64::try_from(rounded).ok().map(Self)
    }

    /// A share of this amount, rounded half away from zero to one fen.
    pub fn checked_share(self, rate: BasisPoints) -> Option<Self> {
        self.checked_scale(i64::from(rate.get()), BasisPoints::WHOLE)
    }
}

/// Reads an amount as a person types it: `159800`, `159,800.00`, `¥159,800`, `15.98万`, `1.2亿`,
/// `3000元`, full-width digits, a leading minus.
///
/// Commas must stand between groups of three digits, and nothing below one fen is rounded away.
impl FromStr for Fen {
    type Err = AmountError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let fen = typed_amount::parse(typed, 2)?;
        if fen.unsigned_abs() > Self::LARGEST_TYPED.0.unsigned_abs() {
            return Err(AmountError::TooLarge);
        }
        Ok(Self(fen))
    }
}

/// Shows `¥159,800.00`, negative `-¥159,800.00`.
impl fmt::Display for Fen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let (yuan, fen) = (magnitude / 100, magnitude % 100);
        if self.is_negative() {
            formatter.write_str("-")?;
        }
        formatter.write_str("¥")?;
        let digits = yuan.to_string();
        for (position, digit) in digits.chars().enumerate() {
            let digits_left = digits.len() - position;
            if position > 0 && digits_left.is_multiple_of(3) {
                formatter.write_str(",")?;
            }
            write!(formatter, "{digit}")?;
        }
        write!(formatter, ".{fen:02}")
    }
}

const fn wrap(fen: Option<i64>) -> Option<Fen> {
    match fen {
        Some(fen) => Some(Fen(fen)),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_shown_with_grouped_yuan_and_two_digits_of_fen() {
        for (fen, shown) in [
            (15_980_000, "¥159,800.00"),
            (-15_980_000, "-¥159,800.00"),
            (0, "¥0.00"),
            (5, "¥0.05"),
            (-5, "-¥0.05"),
            (99_999, "¥999.99"),
            (100_000, "¥1,000.00"),
            (100_000_000_000, "¥1,000,000,000.00"),
            (i64::MIN, "-¥92,233,720,368,547,758.08"),
        ] {
            assert_eq!(Fen::new(fen).to_string(), shown);
        }
    }

    #[test]
    fn a_share_is_rounded_half_away_from_zero() {
        let rate = BasisPoints::new(50);
        assert_eq!(Fen::new(100).checked_share(rate), Some(Fen::new(1)));
        assert_eq!(Fen::new(99).checked_share(rate), Some(Fen::new(0)));
        assert_eq!(Fen::new(-100).checked_share(rate), Some(Fen::new(-1)));
        assert_eq!(Fen::new(300).checked_share(rate), Some(Fen::new(2)));
        assert_eq!(
            Fen::new(15_980_000).checked_scale(10_000, 11_300),
            Some(Fen::new(14_141_593)),
            "the net of a price with 13 % VAT"
        );
    }

    #[test]
    fn what_does_not_fit_is_none() {
        let most = Fen::new(i64::MAX);
        assert_eq!(most.checked_add(Fen::new(1)), None);
        assert_eq!(Fen::new(i64::MIN).checked_neg(), None);
        assert_eq!(most.checked_mul(2), None);
        assert_eq!(most.checked_scale(2, 1), None);
        assert_eq!(most.checked_scale(1, 0), None);
        assert_eq!(Fen::from_yuan(i64::MAX), None);
        assert_eq!(Fen::checked_sum([most, Fen::new(1)]), None);
    }

    #[test]
    fn json_holds_the_integer() {
        assert_eq!(serde_json::to_string(&Fen::new(-7)).unwrap(), "-7");
        assert_eq!(
            serde_json::from_str::<Fen>("15980000").unwrap(),
            Fen::new(15_980_000)
        );
        assert!(serde_json::from_str::<Fen>("1.5").is_err());
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(fen in -Fen::LARGEST_TYPED.get()..=Fen::LARGEST_TYPED.get()) {
            let amount = Fen::new(fen);
            prop_assert_eq!(amount.to_string().parse(), Ok(amount));
        }

        #[test]
        fn a_scaled_amount_is_within_half_a_fen(
            fen in -1_000_000_000_000_i64..1_000_000_000_000,
            numerator in -1_000_000_i64..1_000_000,
            denominator in 1_i64..1_000_000,
        ) {
            let scaled = Fen::new(fen).checked_scale(numerator, denominator).unwrap();
            let exact = i128::from(fen) * i128::from(numerator);
            let error = (i128::from(scaled.get()) * i128::from(denominator) - exact).abs();
            prop_assert!(error * 2 <= i128::from(denominator));
            let mirrored = Fen::new(-fen).checked_scale(numerator, denominator).unwrap();
            prop_assert_eq!(Some(mirrored), scaled.checked_neg());
        }
    }
}
