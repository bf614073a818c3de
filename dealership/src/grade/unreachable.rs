//! When a customer may be called unreachable 失联.

use std::collections::BTreeSet;

use chrono::NaiveDate;

/// On how many different days a customer must have been tried before they count as unreachable.
pub const LEAST_ATTEMPT_DAYS: usize = 3;

/// Whether attempts on these dates allow giving a customer up as unreachable: three different
/// days (the trade's rule).
pub fn may_be_called_unreachable(attempts: impl IntoIterator<Item = NaiveDate>) -> bool {
    let days: BTreeSet<NaiveDate> = attempts.into_iter().collect();
    days.len() >= LEAST_ATTEMPT_DAYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_calls_on_one_day_do_not_make_a_customer_unreachable() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 5, day).unwrap();

        assert!(!may_be_called_unreachable([day(1), day(1), day(1)]));
        assert!(!may_be_called_unreachable([day(1), day(2), day(1)]));
        assert!(may_be_called_unreachable([day(3), day(1), day(2)]));
    }
}
