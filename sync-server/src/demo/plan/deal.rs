//! Deals: opened with a customer, led through the stages, won or lost.

mod fate;

use chrono::NaiveDate;
use dealership::vin::VinShapeError;
use serde_json::json;

use super::customer::Person;
use super::{Numbers, Planner, made};
use crate::demo::calendar::{Course, plus};
use crate::demo::people::{self, Seat};

pub(super) use fate::Fate;

/// Days from the card to the order: median 9, one in ten takes longer than 46.
const TO_ORDER: &[(i64, i64)] = &[
    (0, 0),
    (250, 4),
    (500, 9),
    (750, 22),
    (900, 46),
    (1_000, 60),
];

/// Days from the order to the delivery: median 6, one in ten takes longer than 21.
const TO_DELIVERY: &[(i64, i64)] = &[
    (0, 1),
    (250, 3),
    (500, 6),
    (750, 12),
    (900, 21),
    (1_000, 35),
];

/// Why deals are lost.
const LOST: &[(&str, u64)] = &[
    ("price", 28),
    ("competitor", 22),
    ("postpone", 14),
    ("product", 12),
    ("no_stock", 8),
    ("finance", 6),
    ("family", 6),
    ("plate", 4),
];

/// How often a customer is followed up before an order at most.
const MOST_TALKS: usize = 20;

/// An open deal with a quote.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quoted {
    pub(super) deal: usize,
    pub(super) customer: usize,
    pub(super) owner: Seat,
    pub(super) showroom: usize,
}

/// The days of a deal.
#[derive(Clone, Copy, Debug)]
struct Span {
    opened: NaiveDate,
    /// When it was ordered; for others, when it was talked about last.
    decided: NaiveDate,
    ended: NaiveDate,
}

impl Planner<'_> {
    /// Plans every deal with its customer and its car.
    pub(super) fn plan_deals(&mut self, mut numbers: Numbers) -> Result<(), VinShapeError> {
        self.plan_prospects(&mut numbers)?;
        let mut again = Vec::new();
        for (fate, wanted) in [
            (Fate::Delivered, 18),
            (Fate::Inspected, 2),
            (Fate::Needs, 8),
            (Fate::Lost, 5),
        ] {
            // Only whoever has a car comes again, so most deals must be first ones.
            let wanted = numbers.scaled(wanted).min(numbers.of(fate) / 3);
            again.extend(std::iter::repeat_n(fate, numbers.take(fate, wanted)));
        }
        for _ in 0..numbers.of(Fate::Delivered) {
            self.plan_owner(again.pop())?;
        }
        for fate in [
            Fate::WaitsForLoan,
            Fate::WaitsForCar,
            Fate::Invoiced,
            Fate::Inspected,
            Fate::Lost,
        ] {
            for _ in 0..numbers.of(fate) {
                self.plan_one(fate)?;
            }
        }
        let mut cancelled = numbers.of(Fate::Cancelled);
        for fate in [Fate::Needs, Fate::TestDriven, Fate::Quoted, Fate::Reception] {
            for _ in 0..numbers.of(fate) {
                if cancelled > 0 {
                    cancelled -= 1;
                    self.plan_after_cancelling(fate)?;
                } else {
                    self.plan_one(fate)?;
                }
            }
        }
        Ok(())
    }

    /// Somebody who buys a car, and perhaps comes again.
    fn plan_owner(&mut self, again: Option<Fate>) -> Result<(), VinShapeError> {
        let (start, end) = (self.calendar.start, self.calendar.end);
        let latest = if again.is_some() {
            plus(start, 150)
        } else {
            end
        };
        let delivered = self.calendar.busy_day(self.dice, start, latest);
        let span = self.span_before(delivered, self.calendar.opening());
        let mut person = self.somebody();
        self.card(&mut person, span.opened);
        self.follow_up(&person, span.decided, MOST_TALKS);
        self.deal(&mut person, Fate::Delivered, span, false)?;
        self.care(&person, delivered);
        self.owners.push((delivered, person.slot));
        let Some(fate) = again else {
            return Ok(());
        };
        let earliest = plus(delivered, 35);
        let span = match fate {
            Fate::Delivered => {
                let day = self.calendar.busy_day(self.dice, plus(earliest, 20), end);
                self.span_before(day, earliest)
            }
            _ => self.span_of(fate, earliest),
        };
        self.deal(&mut person, fate, span, true)
    }

    /// Somebody with one deal.
    fn plan_one(&mut self, fate: Fate) -> Result<(), VinShapeError> {
        let person = self.somebody();
        self.plan_one_of(person, fate)
    }

    /// The one deal of somebody.
    pub(super) fn plan_one_of(
        &mut self,
        mut person: Person,
        fate: Fate,
    ) -> Result<(), VinShapeError> {
        let span = self.span_of(fate, self.calendar.opening());
        self.card(&mut person, span.opened);
        let until = if fate.is_open() {
            self.calendar.end
        } else {
            span.decided
        };
        self.follow_up(&person, until, MOST_TALKS);
        self.deal(&mut person, fate, span, false)
    }

    /// Somebody who cancelled an order and is looking for a car again.
    fn plan_after_cancelling(&mut self, fate: Fate) -> Result<(), VinShapeError> {
        let (start, end) = (self.calendar.start, self.calendar.end);
        let ended = self
            .calendar
            .busy_day(self.dice, plus(start, 40), plus(end, -80));
        let first = Span {
            opened: plus(ended, -30),
            decided: plus(ended, -12),
            ended,
        };
        let mut person = self.somebody();
        self.card(&mut person, first.opened);
        self.deal(&mut person, Fate::Cancelled, first, false)?;
        let span = self.span_of(fate, plus(ended, 5));
        self.follow_up(&person, end, MOST_TALKS);
        self.deal(&mut person, fate, span, false)
    }

    /// The days of a deal that ends with a delivery.
    fn span_before(&mut self, delivered: NaiveDate, earliest: NaiveDate) -> Span {
        let decided = plus(delivered, -self.dice.quantile(TO_DELIVERY)).max(earliest);
        Span {
            opened: plus(decided, -self.dice.quantile(TO_ORDER)).max(earliest),
            decided,
            ended: delivered,
        }
    }

    /// The days of any other deal.
    fn span_of(&mut self, fate: Fate, earliest: NaiveDate) -> Span {
        let end = self.calendar.end;
        let ended = match fate {
            Fate::Lost => {
                let first = plus(self.calendar.start, 5).max(plus(earliest, 10));
                self.calendar.busy_day(self.dice, first, end)
            }
            fate if fate.is_open() => end,
            _ => plus(end, -self.dice.between(1, 18)),
        };
        let longest = if fate == Fate::Reception { 12 } else { 60 };
        let lasted = match fate {
            Fate::Lost => self.dice.between(8, 55),
            fate if fate.is_open() => self.dice.between(1, longest),
            _ => self.dice.quantile(TO_ORDER),
        };
        let opened = plus(ended, -lasted).max(earliest).min(ended);
        let decided = if fate.is_open() {
            plus(opened, self.dice.between(0, 9)).min(ended)
        } else {
            ended
        };
        Span {
            opened,
            decided,
            ended,
        }
    }

    /// Plans one deal of a customer who is carded by then.
    fn deal(
        &mut self,
        person: &mut Person,
        fate: Fate,
        span: Span,
        has_a_car: bool,
    ) -> Result<(), VinShapeError> {
        let slot = self.deals;
        self.deals += 1;
        let mut deal = Walk {
            slot,
            owner: person.owner,
            course: person.course,
        };
        let at = deal.course.at_or_after(self.dice, span.opened);
        let input = json!({
            "customer": made("customer", person.slot),
            "trim": made("trim", person.trim),
        });
        let keeps = ("deal", format!("deal/{slot}"));
        self.push_and_keep(at, person.owner, "open_deal", input, keeps);
        if fate != Fate::Reception {
            self.stage(&mut deal, span.opened, "needs");
            self.talk(&mut deal, fate, span);
        }
        match fate {
            Fate::Quoted => self.quoted.push(Quoted {
                deal: slot,
                customer: person.slot,
                owner: person.owner,
                showroom: person.showroom,
            }),
            Fate::Reception | Fate::Needs | Fate::TestDriven => {}
            Fate::Lost => self.lose(&mut deal, person, span.ended, has_a_car),
            Fate::Cancelled => {
                self.stage(&mut deal, span.decided, "contract");
                let at = self.on(&mut deal.course, span.ended);
                let input = json!({ "deal": made("deal", slot), "outcome": "cancelled", "reasons": ["finance"] });
                self.push(at, person.owner, "close_deal", input);
            }
            _ => self.order(&mut deal, person, fate, span)?,
        }
        person.course = deal.course;
        Ok(())
    }

    /// What comes before an order: the test drive, the quote, the haggling.
    fn talk(&mut self, deal: &mut Walk, fate: Fate, span: Span) {
        if fate == Fate::Needs {
            return;
        }
        let between = civil_days(span);
        let day = plus(span.opened, self.dice.between(0, between));
        if self.dice.percent(fate.test_driven()) {
            self.stage(deal, day, "test_drive");
            if self.dice.percent(70) {
                self.stage(deal, day, "recommend");
            }
        } else if fate != Fate::Lost {
            self.skip(deal, day, "test_drive", "客户已试驾过同款");
        }
        let is_quoted = match fate {
            Fate::TestDriven => false,
            Fate::Lost => self.dice.percent(45),
            _ => true,
        };
        if is_quoted {
            self.stage(deal, span.decided, "quote");
            if self.dice.percent(60) {
                self.stage(deal, span.decided, "discount");
            }
        }
    }

    /// The contract, the car, the invoice, the delivery: as far as the deal comes.
    fn order(
        &mut self,
        deal: &mut Walk,
        person: &Person,
        fate: Fate,
        span: Span,
    ) -> Result<(), VinShapeError> {
        let is_delivered = fate == Fate::Delivered;
        if person.pays_by_loan && fate != Fate::WaitsForLoan {
            self.stage(deal, span.decided, "finance");
        }
        self.stage(deal, span.decided, "contract");
        let car = self.stock_in_for(
            person.showroom,
            person.trim,
            span.decided,
            is_delivered.then_some(span.ended),
            fate == Fate::WaitsForCar,
        )?;
        self.claim(deal, car, span.decided);
        self.stage(deal, span.decided, "deposit");
        if fate == Fate::Inspected {
            self.inspect(deal, car, self.calendar.end);
        }
        if !is_delivered && fate != Fate::Invoiced {
            return Ok(());
        }
        let arrived = self
            .cars
            .get(car)
            .map_or(span.decided, |car| car.here_since);
        let invoiced = plus(span.ended, -self.dice.between(0, 3))
            .max(arrived)
            .max(span.decided);
        let invoiced = if is_delivered {
            invoiced
        } else {
            self.calendar.end
        };
        let at = self.on(&mut deal.course, invoiced);
        let held = json!({ "vehicle": made("vehicle", car), "claim": made("claim", deal.slot) });
        self.push(at, Seat::FINANCE, "finalise_claim", held);
        self.stage(deal, invoiced, "invoice");
        if is_delivered {
            self.deliver(deal, person.showroom, car, span.ended);
        }
        Ok(())
    }

    /// Claims a car for a deal; a third of the consultants hold it softly first.
    fn claim(&mut self, deal: &mut Walk, car: usize, day: NaiveDate) {
        let kept = || ("claim", format!("claim/{}", deal.slot));
        let (vehicle, of) = (made("vehicle", car), made("deal", deal.slot));
        let claimed = |strength: &str| json!({ "vehicle": vehicle, "deal": of, "strength": strength, "deposit": strength == "hard" });
        let at = deal.course.at_or_after(self.dice, day);
        if self.dice.percent(30) {
            let keeps = kept();
            self.push_and_keep(at, deal.owner, "claim_vehicle", claimed("soft"), keeps);
            let at = deal.course.next(self.dice, day);
            let input =
                json!({ "vehicle": vehicle, "claim": made("claim", deal.slot), "deposit": true });
            self.push_and_keep(at, deal.owner, "harden_claim", input, kept());
        } else {
            self.push_and_keep(at, deal.owner, "claim_vehicle", claimed("hard"), kept());
        }
    }

    /// The inspection before delivery, noted of the car and of the deal.
    fn inspect(&mut self, deal: &mut Walk, car: usize, day: NaiveDate) {
        let at = deal.course.at_or_after(self.dice, day);
        let input = json!({ "vehicle": made("vehicle", car), "result": "passed" });
        self.push(at, deal.owner, "record_pdi", input);
        self.stage(deal, day, "pdi");
    }

    fn deliver(&mut self, deal: &mut Walk, showroom: usize, car: usize, day: NaiveDate) {
        let keeper = self.staff.keeper(showroom);
        let vehicle = made("vehicle", car);
        let lies = self.cars.get(car).map_or("in_house", |car| car.certificate);
        let way: &[&str] = match lies {
            "bank" => &["redeeming", "in_house"],
            "redeeming" => &["in_house"],
            _ => &[],
        };
        for state in way {
            let at = self.on(&mut deal.course, day);
            let input = json!({ "vehicle": vehicle, "state": state });
            self.push(at, keeper, "set_custody", input);
        }
        self.inspect(deal, car, day);
        let at = deal.course.next(self.dice, day);
        let input = json!({ "vehicle": vehicle, "deal": made("deal", deal.slot) });
        self.push(at, keeper, "deliver_vehicle", input);
        self.stage(deal, day, "acceptance");
        if self.dice.percent(80) {
            self.stage(deal, day, "ceremony");
        } else {
            self.skip(deal, day, "ceremony", "客户赶时间");
        }
        self.stage(deal, day, "guidance");
    }

    /// Loses a deal, and with it the customer unless they have a car of ours.
    fn lose(&mut self, deal: &mut Walk, person: &Person, day: NaiveDate, has_a_car: bool) {
        let reason = self.dice.one_of(LOST);
        let competitor = (reason == "competitor").then(|| people::competitor(self.dice));
        if !has_a_car {
            let request = format!("request/{}", person.slot);
            let asked = json!({
                "customer": made("customer", person.slot),
                "reasons": [reason],
                "competitor": competitor,
            });
            let at = self.on(&mut deal.course, day);
            self.push_and_keep(at, deal.owner, "request_lost", asked, ("request", request));
            let at = deal.course.next(self.dice, day);
            let confirmed = json!({
                "customer": made("customer", person.slot),
                "request": made("request", person.slot),
                "decision": "confirmed",
            });
            let manager = self.staff.manager(person.showroom);
            self.push(at, manager, "confirm_lost", confirmed);
        }
        let at = self.on(&mut deal.course, day);
        let closed = json!({
            "deal": made("deal", deal.slot),
            "outcome": "lost",
            "reasons": [reason],
            "competitor": competitor,
        });
        self.push(at, deal.owner, "close_deal", closed);
    }

    fn stage(&mut self, deal: &mut Walk, day: NaiveDate, stage: &str) {
        let at = deal.course.at_or_after(self.dice, day);
        let input = json!({ "deal": made("deal", deal.slot), "stage": stage });
        self.push(at, deal.owner, "record_stage", input);
    }

    fn skip(&mut self, deal: &mut Walk, day: NaiveDate, stage: &str, reason: &str) {
        let at = deal.course.at_or_after(self.dice, day);
        let input = json!({ "deal": made("deal", deal.slot), "stage": stage, "reason": reason });
        self.push(at, deal.owner, "skip_stage", input);
    }
}

/// A deal on its way through the stages.
struct Walk {
    slot: usize,
    owner: Seat,
    course: Course,
}

fn civil_days(span: Span) -> i64 {
    dealership::civil::days_between(span.opened, span.decided)
}
