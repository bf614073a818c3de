//! Rates in basis points.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::typed_amount::{self, AmountError};
use crate::half_width::half_width;

/// A rate in basis points, hundredths of a percent: 4.50 % is 450, VAT of 13 % is 1300.
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
pub struct BasisPoints(i32);

impl BasisPoints {
    /// How many make the whole, 100 %.
    pub const WHOLE: i64 = 10_000;

    /// Wraps a number of basis points.
    pub const fn new(basis_points: i32) -> Self {
        Self(basis_points)
    }

    /// The number of basis points.
    pub const fn get(self) -> i32 {
        self.0
    }
}

/// Why what was typed is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// Without the percent sign `0.5` may mean half a percent or a half.
    #[error("the percent sign is missing")]
    PercentSignMissing,
    /// What stands before the percent sign is no number that can be kept.
    #[error(transparent)]
    Number(#[from] AmountError),
}

/// Reads a rate as a person types it: `4.5%`, `13 ％`.
impl FromStr for BasisPoints {
    type Err = RateError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let percent = typed
            .trim_end()
            .strip_suffix(|sign| half_width(sign) == '%')
            .ok_or(RateError::PercentSignMissing)?;
        let basis_points = typed_amount::parse(percent, 2)?;
        i32::try_from(basis_points)
            .map(Self)
            .map_err(|_| RateError::Number(AmountError::TooLarge))
    }
}

/// Shows `4.50%`.
impl fmt::Display for BasisPoints {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(
            formatter,
            "{sign}{}.{:02}%",
            magnitude / 100,
            magnitude % 100
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rates_are_read_and_shown_in_percent() {
        for (typed, basis_points) in [("4.5%", 450), ("13％", 1300), ("-0.25 %", -25), ("0%", 0)] {
            assert_eq!(typed.parse(), Ok(BasisPoints::new(basis_points)), "{typed}");
        }
        assert_eq!(BasisPoints::new(450).to_string(), "4.50%");
        assert_eq!(BasisPoints::new(-25).to_string(), "-0.25%");
    }

    #[test]
    fn a_rate_without_its_sign_or_finer_than_a_basis_point_is_refused() {
        assert_eq!(
            "0.5".parse::<BasisPoints>(),
            Err(RateError::PercentSignMissing)
        );
        assert_eq!(
            "0.125%".parse::<BasisPoints>(),
            Err(RateError::Number(AmountError::TooPrecise))
        );
        assert_eq!(
            "99999999999%".parse::<BasisPoints>(),
            Err(RateError::Number(AmountError::TooLarge))
        );
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(basis_points in any::<i32>()) {
            let rate = BasisPoints::new(basis_points);
            prop_assert_eq!(rate.to_string().parse(), Ok(rate));
        }
    }
}
