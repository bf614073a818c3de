//! The year of the demo group: which days are busy, and at which hours people come.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use dealership::{Timestamp, civil};

use super::dice::Dice;

/// How busy the months are, January first: low at Spring Festival, high at the end of the year.
const MONTHS: [u64; 12] = [85, 60, 90, 90, 95, 105, 95, 102, 110, 110, 115, 130];

/// The busiest day of the week in the busiest month.
const BUSIEST: u64 = 130 * 220;

/// How busy the hours are, from half past nine.
const HOURS: [u64; 9] = [6, 14, 9, 6, 8, 14, 11, 9, 5];

const MINUTE: i64 = 60_000;

/// Half past nine.
const OPENING: i64 = (9 * 60 + 30) * MINUTE;

/// The days that the demo tells of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    /// The day on which the relay is founded and the first cars come in.
    pub(super) founded: NaiveDate,
    /// The first day of the twelve months.
    pub(super) start: NaiveDate,
    /// The last day.
    pub(super) end: NaiveDate,
}

impl Calendar {
    /// How long before the twelve months cars and customers begin to come, so that the first
    /// month has something to sell.
    const RUN_UP: i64 = 80;

    /// The twelve months before an anchor date; `None` at the ends of time.
    pub(super) fn before(anchor: NaiveDate) -> Option<Self> {
        let start = anchor.checked_sub_months(Months::new(12))?;
        Some(Self {
            founded: start.checked_sub_days(Days::new(Self::RUN_UP.unsigned_abs()))?,
            start,
            end: anchor.pred_opt()?,
        })
    }

    /// The first day on which customers come.
    pub(super) fn opening(&self) -> NaiveDate {
        plus(self.start, 10 - Self::RUN_UP)
    }

    /// A day between two, both included, busy ones more often.
    pub(super) fn busy_day(&self, dice: &mut Dice, from: NaiveDate, to: NaiveDate) -> NaiveDate {
        let from = from.min(self.end);
        let span = civil::days_between(from, to.min(self.end)).max(0);
        // Twenty tries find a busy day nearly always; a quiet one does no harm.
        let mut day = from;
        for _ in 0..20 {
            day = plus(from, dice.between(0, span));
            if dice.below(BUSIEST) < weight(day) {
                break;
            }
        }
        day
    }
}

/// A day so many days later, or earlier.
pub(super) fn plus(day: NaiveDate, days: i64) -> NaiveDate {
    let count = Days::new(days.unsigned_abs());
    let moved = if days < 0 {
        day.checked_sub_days(count)
    } else {
        day.checked_add_days(count)
    };
    moved.unwrap_or(day)
}

/// An instant of a day, so many minutes after midnight in Shanghai.
pub(super) fn at_minute(day: NaiveDate, minutes: i64) -> Timestamp {
    Timestamp::from_millis(civil::start_of_day(day).saturating_add(minutes * MINUTE))
}

fn weight(day: NaiveDate) -> u64 {
    let month = MONTHS.get(day.month0() as usize).copied().unwrap_or(100);
    let weekday = match day.weekday() {
        Weekday::Sat => 220,
        Weekday::Sun => 200,
        Weekday::Fri => 110,
        _ => 70,
    };
    month * weekday
}

/// The hours of one customer, deal or car: what happens to it, one thing after the other.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Course {
    last: Option<Timestamp>,
}

impl Course {
    /// An instant at business hours of a day, or soon after what happened last.
    pub(super) fn on(&mut self, dice: &mut Dice, day: NaiveDate) -> Timestamp {
        let hour = i64::try_from(dice.weighted(HOURS.into_iter())).unwrap_or(0);
        let minutes = hour * 60 + dice.between(0, 59);
        let drawn = civil::start_of_day(day) + OPENING + minutes * MINUTE;
        let drawn = Timestamp::from_millis(drawn + dice.between(0, 59) * 1_000);
        let at = match self.last {
            Some(last) if drawn <= last => last.plus_millis(dice.between(4, 14) * MINUTE),
            _ => drawn,
        };
        self.last = Some(at);
        at
    }

    /// An instant a few minutes after what happened last.
    pub(super) fn next(&mut self, dice: &mut Dice, day: NaiveDate) -> Timestamp {
        match self.last {
            Some(last) => {
                let at = last.plus_millis(dice.between(3, 12) * MINUTE);
                self.last = Some(at);
                at
            }
            None => self.on(dice, day),
        }
    }

    /// A few minutes after what happened last if that was on the same day or later, else at
    /// business hours of the day.
    pub(super) fn at_or_after(&mut self, dice: &mut Dice, day: NaiveDate) -> Timestamp {
        match self.day() {
            Some(last) if last >= day => self.next(dice, day),
            _ => self.on(dice, day),
        }
    }

    /// The day of what happened last.
    pub(super) fn day(&self) -> Option<NaiveDate> {
        civil::civil_date(self.last?.millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_to_one_customer_happens_in_order() {
        let mut dice = Dice::new(3);
        let day = NaiveDate::from_ymd_opt(2026, 5, 2).unwrap();
        let mut course = Course::default();
        let times: Vec<_> = (0..9).map(|_| course.on(&mut dice, day)).collect();
        assert!(times.is_sorted());
        assert_eq!(course.day(), Some(day));
    }

    #[test]
    fn weekends_are_busier() {
        let calendar = Calendar::before(NaiveDate::from_ymd_opt(2026, 6, 1).unwrap()).unwrap();
        let mut dice = Dice::new(5);
        let weekends = (0..2_000)
            .map(|_| calendar.busy_day(&mut dice, calendar.start, calendar.end))
            .filter(|day| matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
            .count();
        assert!((900..1_200).contains(&weekends), "{weekends}");
    }
}
