//! Ages of stock in days, the buckets they are reported in and what to do at an age.

use chrono::NaiveDate;

use super::days_between;
use crate::code::coded_enum;

/// Stock age 库龄 in days: since the car first entered stock. A transfer between stores does not
/// reset it (the trade's rule); a date still to come counts as today.
pub fn stock_age(first_in: NaiveDate, today: NaiveDate) -> u32 {
    days_since(first_in, today)
}

/// Vehicle age 车龄 in days: since production, whoever held the car; a date still to come counts
/// as today.
pub fn vehicle_age(produced: NaiveDate, today: NaiveDate) -> u32 {
    days_since(produced, today)
}

/// Whether a battery-electric or plug-in car of this stock age, in days, is due for battery care:
/// from 60 days on (the trade's rule).
pub const fn needs_battery_care(stock_age: u32) -> bool {
    stock_age >= 60
}

coded_enum! {
    /// The buckets in which dealers report stock ages.
    pub enum AgeBucket {
        /// Up to 30 days.
        UpTo30 = "0_30",
        /// 31 to 60 days.
        UpTo60 = "31_60",
        /// 61 to 90 days.
        UpTo90 = "61_90",
        /// 91 to 180 days.
        UpTo180 = "91_180",
        /// More than 180 days.
        Over180 = "181p",
    }
}

impl AgeBucket {
    /// The bucket of an age in days.
    pub const fn of(days: u32) -> Self {
        match days {
            0..=30 => Self::UpTo30,
            31..=60 => Self::UpTo60,
            61..=90 => Self::UpTo90,
            91..=180 => Self::UpTo180,
            181.. => Self::Over180,
        }
    }
}

coded_enum! {
    /// What the trade advises at a stock age.
    pub enum StockAdvice {
        /// Up to 45 days: nothing.
        Normal = "normal",
        /// 46 to 90 days: sell it first.
        Warn = "warn",
        /// More than 90 days: clear it out.
        ClearOut = "clear_out",
    }
}

impl StockAdvice {
    /// The advice at a stock age in days.
    pub const fn at(stock_age: u32) -> Self {
        match stock_age {
            0..=45 => Self::Normal,
            46..=90 => Self::Warn,
            91.. => Self::ClearOut,
        }
    }
}

fn days_since(date: NaiveDate, today: NaiveDate) -> u32 {
    u32::try_from(days_between(date, today)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_and_advice_change_after_their_last_day() {
        use AgeBucket::*;
        for (days, bucket) in [
            (0, UpTo30),
            (30, UpTo30),
            (31, UpTo60),
            (60, UpTo60),
            (61, UpTo90),
            (90, UpTo90),
            (91, UpTo180),
            (180, UpTo180),
            (181, Over180),
            (u32::MAX, Over180),
        ] {
            assert_eq!(AgeBucket::of(days), bucket, "{days} days");
        }
        assert_eq!([45, 46, 90, 91].map(StockAdvice::at), {
            use StockAdvice::*;
            [Normal, Warn, Warn, ClearOut]
        });
        assert!(!needs_battery_care(59) && needs_battery_care(60));
    }

    #[test]
    fn an_arrival_still_to_come_is_of_age_zero() {
        let today = NaiveDate::from_ymd_opt(2026, 5, 3).unwrap();
        let tomorrow = today.succ_opt().unwrap();

        assert_eq!(stock_age(tomorrow, today), 0);
        assert_eq!(stock_age(today, tomorrow), 1);
        assert_eq!(vehicle_age(today, today), 0);
    }
}
