//! Customers: carded, and followed up until something came of it.

use chrono::NaiveDate;
use serde_json::json;

use super::show::ShowPlan;
use super::{Numbers, Planner, made};
use crate::demo::calendar::{Course, at_minute, plus};
use crate::demo::catalogue::TRIMS;
use crate::demo::people::{SHOWROOMS, Seat};
use crate::demo::{catalogue, people};

/// Where customers come from who did not come to a show, in per mille of all customers.
const SOURCES: &[(&str, u64)] = &[
    ("walk_in", 310),
    ("web_lead", 270),
    ("live", 80),
    ("referral", 112),
    ("repurchase", 60),
    ("call_in", 50),
    ("outreach", 20),
];

const AGES: &[(&str, u64)] = &[
    ("u25", 8),
    ("25_34", 34),
    ("35_44", 31),
    ("45_54", 18),
    ("55p", 9),
];

/// How open customers are graded.
const GRADES: &[(&str, u64)] = &[("H", 5), ("A", 14), ("B", 31), ("C", 42), ("N", 8)];

/// What comes of a follow-up.
const OUTCOMES: &[(&str, u64)] = &[
    ("reached", 64),
    ("no_answer", 23),
    ("appt", 8),
    ("refused", 5),
];

const WAYS: &[(&str, u64)] = &[
    ("call_out", 58),
    ("wechat", 27),
    ("showroom", 12),
    ("call_in", 3),
];

/// A customer as the plan goes on.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) slot: usize,
    pub(super) showroom: usize,
    pub(super) owner: Seat,
    pub(super) trim: usize,
    pub(super) course: Course,
    pub(super) grade: &'static str,
    pub(super) pays_by_loan: bool,
    pub(super) party: Party,
    pub(super) name: String,
    phone: u64,
}

/// What sort of customer somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    Man,
    Woman,
    Company,
}

/// The first phone: 1990000xxxx is given to nobody. A demo of more than 10,000 customers goes on
/// after it; nothing is ever sent to any.
const FIRST_PHONE: u64 = 19_900_000_000;

/// What one wrong digit makes of a phone, so that it is nobody else's.
const WRONG_DIGIT: u64 = 500_000;

impl Planner<'_> {
    /// Somebody who comes to a store.
    pub(super) fn somebody(&mut self) -> Person {
        let showroom = self
            .dice
            .weighted(SHOWROOMS.iter().map(|showroom| showroom.share));
        self.somebody_in(showroom)
    }

    pub(super) fn somebody_in(&mut self, showroom: usize) -> Person {
        let consultants = self.staff.consultants(showroom);
        let owner = self.dice.pick(&consultants).copied();
        let slot = self.customers;
        self.customers += 1;
        let party = match (self.dice.percent(6), self.dice.percent(38)) {
            (true, _) => Party::Company,
            (false, true) => Party::Woman,
            (false, false) => Party::Man,
        };
        let name = match party {
            Party::Company => people::company(self.dice),
            party => people::name(self.dice, party == Party::Woman),
        };
        Person {
            slot,
            showroom,
            owner: owner.unwrap_or(Seat::GENERAL_MANAGER),
            trim: catalogue::wanted_trim(self.dice),
            course: Course::default(),
            grade: self.dice.one_of(GRADES),
            pays_by_loan: self.dice.percent(58),
            party,
            name,
            phone: FIRST_PHONE + slot as u64,
        }
    }

    /// Cards somebody on a day.
    pub(super) fn card(&mut self, person: &mut Person, day: NaiveDate) {
        let at = self.on(&mut person.course, day);
        let source = self.dice.one_of(SOURCES);
        let trim = TRIMS.get(person.trim);
        let msrp = trim.map_or(100_000, |trim| trim.msrp);
        let series = trim.map_or("", |trim| trim.series);
        let met = if matches!(source, "walk_in" | "referral" | "repurchase" | "outreach") {
            "showroom"
        } else {
            "call_out"
        };
        let mut input = json!({
            "name": person.name,
            "phone": person.phone.to_string(),
            "source_channel": source,
            "grade": person.grade,
            "intent": {
                "horizon_days": self.dice.between(3, 60),
                "budget_min": msrp * 90,
                "budget_max": msrp * 104,
                "pay_way": if person.pays_by_loan { "loan" } else { "cash" },
                "purchase_type": self.dice.one_of(&[("first", 46), ("add", 24), ("replace", 30)]),
                "models": [made("trim", person.trim)],
                "uses": [self.dice.one_of(&[("commute", 52), ("family", 40), ("business", 8)])],
            },
            "met": { "type": met, "content": people::remark(self.dice, series) },
        });
        let age_band = self.dice.one_of(AGES);
        let details = match person.party {
            Party::Company => json!({ "customer_type": "company" }),
            Party::Woman => json!({ "gender": "f", "age_band": age_band }),
            Party::Man => json!({ "gender": "m", "age_band": age_band }),
        };
        let brought_by = self.brought_by(source, day);
        let referrer = brought_by.map(|slot| json!({ "source_referrer": made("customer", slot) }));
        if let Some(input) = input.as_object_mut() {
            for more in [Some(details), referrer].into_iter().flatten() {
                input.extend(more.as_object().cloned().unwrap_or_default());
            }
        }
        let keeps = ("customer", format!("customer/{}", person.slot));
        self.push_and_keep(at, person.owner, "create_customer", input, keeps);
    }

    fn brought_by(&mut self, source: &str, day: NaiveDate) -> Option<usize> {
        if source != "referral" {
            return None;
        }
        let owners = &self.owners;
        let (since, slot) = self.dice.pick(owners).copied()?;
        (since < day).then_some(slot)
    }

    /// Follows somebody up as their grade asks, now and then late, until a day.
    pub(super) fn follow_up(&mut self, person: &Person, until: NaiveDate, most: usize) {
        let mut talks = person.course;
        let series = TRIMS.get(person.trim).map_or("", |trim| trim.series);
        let pace = match person.grade {
            "H" => 2,
            "A" => 4,
            "B" => 7,
            _ => 13,
        };
        for _ in 0..most {
            let late = if self.dice.percent(18) {
                self.dice.between(1, 5)
            } else {
                0
            };
            let Some(day) = talks.day().map(|last| plus(last, pace + late)) else {
                return;
            };
            if day > until {
                return;
            }
            let at = self.on(&mut talks, day);
            let outcome = self.dice.one_of(OUTCOMES);
            let mut input = json!({
                "customer": made("customer", person.slot),
                "type": self.dice.one_of(WAYS),
                "outcome": outcome,
            });
            if let (true, Some(input)) = (outcome != "no_answer", input.as_object_mut()) {
                input.insert(
                    "content".to_owned(),
                    people::remark(self.dice, series).into(),
                );
            }
            self.push(at, person.owner, "log_follow_up", input);
        }
    }

    /// Asks owners how they fare, three days, a month and three months after the delivery.
    pub(super) fn care(&mut self, person: &Person, delivered: NaiveDate) {
        let mut talks = person.course;
        for days in [3, 30, 90] {
            let day = plus(delivered, days);
            if day > self.calendar.end {
                return;
            }
            let at = self.on(&mut talks, day);
            let input = json!({
                "customer": made("customer", person.slot),
                "type": "care",
                "outcome": "reached",
                "content": "用车情况良好, 提醒首保",
                "next": "nothing",
            });
            self.push(at, person.owner, "log_follow_up", input);
        }
    }

    /// Cards of whom no deal came: a quarter from shows, some of the others entered twice.
    pub(super) fn plan_cards_without_deals(&mut self, numbers: &Numbers, shows: &[ShowPlan]) {
        let left = numbers.customers.saturating_sub(self.customers);
        let from_shows = if shows.is_empty() { 0 } else { left / 4 };
        for _ in 0..from_shows {
            let show = self.dice.index(shows.len());
            if let Some(show) = shows.get(show) {
                self.quick_card(show);
            }
        }
        let (start, end) = (self.calendar.start, self.calendar.end);
        let mut pairs = numbers.scaled(34);
        let mut first: Option<Person> = None;
        for _ in from_shows..left {
            let mut person = self.somebody();
            let mut day = self.calendar.busy_day(self.dice, start, end);
            match first.take() {
                Some(first) if pairs > 0 => {
                    pairs -= 1;
                    self.resemble(&mut person, &first);
                    day = first
                        .course
                        .day()
                        .map_or(day, |first| plus(first, 1).min(end));
                    self.card(&mut person, day);
                }
                _ => {
                    self.card(&mut person, day);
                    first = Some(person.clone());
                }
            }
            let most = self.dice.index(15);
            self.follow_up(&person, end, most);
        }
    }

    /// Lets somebody be carded once more: the same phone, under the same name or that of their
    /// spouse, one digit off, or the same name with another phone.
    fn resemble(&mut self, person: &mut Person, first: &Person) {
        let likeness = self.dice.one_of(&[(0, 20), (1, 6), (2, 5), (3, 3)]);
        if likeness != 1 {
            person.name.clone_from(&first.name);
            person.party = first.party;
        }
        match likeness {
            0 | 1 => person.phone = first.phone,
            2 => person.phone = first.phone + WRONG_DIGIT,
            _ => {}
        }
    }

    fn quick_card(&mut self, show: &ShowPlan) {
        let mut person = self.somebody_in(show.showroom);
        let seat = self.dice.pick(&show.team).copied();
        person.owner = seat.unwrap_or(person.owner);
        let day = plus(show.first, self.dice.between(0, show.days - 1));
        let at = at_minute(day, self.dice.between(9 * 60 + 30, 17 * 60 + 30));
        let series = TRIMS.get(person.trim).map_or("", |trim| trim.series);
        let input = json!({
            "show": made("show", show.slot),
            "name": person.name,
            "phone": person.phone.to_string(),
            "model": made("trim", person.trim),
            "grade": person.grade,
            "content": people::remark(self.dice, series),
        });
        let keeps = ("customer", format!("customer/{}", person.slot));
        self.push_and_keep(at, person.owner, "quick_card", input, keeps);
        // The talks after the show begin on its last day.
        self.on(&mut person.course, plus(show.first, show.days));
        let most = self.dice.index(12);
        let end = self.calendar.end;
        self.follow_up(&person, end, most);
    }
}
