//! Civil dates in Asia/Shanghai, and the ages that are counted in them.
//!
//! The whole country keeps one time, UTC+8, without daylight saving since 1991: no instant of
//! this product lies before that, so the offset is fixed and no zone table is needed.

mod age;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

pub use age::{AgeBucket, StockAdvice, needs_battery_care, stock_age, vehicle_age};

const SHANGHAI_SECONDS: i32 = 8 * 3600;

/// The civil date in Asia/Shanghai at an instant given in milliseconds since the Unix epoch;
/// `None` outside the years that a date can hold.
pub fn civil_date(unix_milliseconds: i64) -> Option<NaiveDate> {
    civil_time(unix_milliseconds).map(|time| time.date())
}

/// The civil date and time in Asia/Shanghai at an instant given in milliseconds since the Unix
/// epoch; `None` outside the years that a date can hold.
pub fn civil_time(unix_milliseconds: i64) -> Option<NaiveDateTime> {
    let shanghai = FixedOffset::east_opt(SHANGHAI_SECONDS)?;
    let utc = DateTime::from_timestamp_millis(unix_milliseconds)?.naive_utc();
    utc.checked_add_offset(shanghai)
}

/// The business date of an event: the civil date in Asia/Shanghai at which it happened, whenever
/// it is synced. Showrooms keep no night hours, so a business day is a civil day.
pub fn business_date(happened_at_unix_milliseconds: i64) -> Option<NaiveDate> {
    civil_date(happened_at_unix_milliseconds)
}

/// The instant at which a civil date begins in Asia/Shanghai, in milliseconds since the Unix
/// epoch.
pub fn start_of_day(date: NaiveDate) -> i64 {
    let midnight_utc = date.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
    midnight_utc - i64::from(SHANGHAI_SECONDS) * 1000
}

/// The number of days from one date to another; negative if `to` is the earlier one.
pub fn days_between(from: NaiveDate, to: NaiveDate) -> i64 {
    to.signed_duration_since(from).num_days()
}

/// The date a number of days later; `None` outside the years that a date can hold.
pub fn days_after(date: NaiveDate, days: u16) -> Option<NaiveDate> {
    date.checked_add_signed(TimeDelta::days(i64::from(days)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn instant(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp_millis()
    }

    #[test]
    fn a_day_in_shanghai_begins_at_sixteen_hours_utc() {
        let last_millisecond = instant("2026-05-03T15:59:59.999Z");

        assert_eq!(civil_date(last_millisecond), Some(date("2026-05-03")));
        assert_eq!(civil_date(last_millisecond + 1), Some(date("2026-05-04")));
        assert_eq!(start_of_day(date("2026-05-04")), last_millisecond + 1);
    }

    #[test]
    fn an_event_before_the_epoch_has_its_date() {
        assert_eq!(civil_date(-1), Some(date("1970-01-01")));
        assert_eq!(civil_date(-8 * 3_600_000 - 1), Some(date("1969-12-31")));
    }

    #[test]
    fn an_instant_beyond_the_calendar_has_no_date() {
        assert_eq!(civil_date(i64::MAX), None);
        assert_eq!(civil_date(i64::MIN), None);
        assert_eq!(days_after(NaiveDate::MAX, 1), None);
    }

    #[test]
    fn leap_days_count() {
        assert_eq!(days_between(date("2024-02-28"), date("2024-03-01")), 2);
        assert_eq!(days_between(date("2025-02-28"), date("2025-03-01")), 1);
        assert_eq!(days_between(date("2025-03-01"), date("2025-02-28")), -1);
        assert_eq!(days_between(date("2025-07-10"), date("2025-12-20")), 163);
    }

    proptest! {
        #[test]
        fn every_instant_lies_within_its_day(milliseconds in -4_000_000_000_000_i64..8_000_000_000_000) {
            let begins = start_of_day(civil_date(milliseconds).unwrap());
            prop_assert!((begins..begins + 86_400_000).contains(&milliseconds));
        }

        #[test]
        fn no_instant_makes_it_panic(milliseconds in any::<i64>()) {
            prop_assert_eq!(civil_date(milliseconds).is_some(), civil_time(milliseconds).is_some());
        }
    }
}
