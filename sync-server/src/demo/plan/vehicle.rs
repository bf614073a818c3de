//! Cars: taken into stock, sold or waiting.

use chrono::{Datelike, NaiveDate};
use dealership::vin::VinShapeError;
use serde_json::{Value as Json, json};

use super::{Numbers, Planner, apportion, made};
use crate::demo::calendar::{Course, plus};
use crate::demo::catalogue::{self, INSIDE, OUTSIDE, TRIMS};
use crate::demo::people::SHOWROOMS;

/// For how many days a car has stood when it is ordered.
const STOOD: &[(i64, i64)] = &[(0, 1), (480, 30), (720, 60), (1_000, 68)];

/// For how many days the cars have stood that nobody has ordered.
const STANDS: &[(i64, i64)] = &[
    (0, 2),
    (480, 30),
    (720, 60),
    (850, 90),
    (960, 180),
    (1_000, 320),
];

/// Where the certificates of unsold cars lie.
const CERTIFICATES: &[(&str, u64)] = &[("bank", 55), ("redeeming", 10), ("in_house", 35)];

/// A car as the plan goes on.
#[derive(Clone, Debug)]
pub(super) struct Car {
    pub(super) showroom: usize,
    /// The first day on which it is in the store.
    pub(super) here_since: NaiveDate,
    /// The day from which it may not be taken away.
    pub(super) busy_from: Option<NaiveDate>,
    /// Where its certificate lies, and so what must happen before it is handed over.
    pub(super) certificate: &'static str,
}

/// How a car comes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Coming {
    /// It comes into the store on a day.
    Arrives(NaiveDate),
    /// It is shipped on a day and comes into the store on a later one.
    Shipped(NaiveDate, NaiveDate),
    /// It was shipped on a day and is on its way at the end.
    OnItsWay(NaiveDate),
}

impl Coming {
    /// The day on which it is entered.
    const fn entered(self) -> NaiveDate {
        match self {
            Self::Arrives(day) | Self::Shipped(day, _) | Self::OnItsWay(day) => day,
        }
    }
}

impl Planner<'_> {
    /// Takes a car into stock; gives its place among the cars.
    pub(super) fn stock_in(
        &mut self,
        showroom: usize,
        trim: usize,
        usage: &str,
        coming: Coming,
    ) -> Result<usize, VinShapeError> {
        let made_on = plus(coming.entered(), -self.dice.between(12, 60));
        let mut described = json!({
            "trim": made("trim", trim),
            "ext_color": self.dice.one_of(OUTSIDE),
            "int_color": self.dice.one_of(INSIDE),
            "prod_date": made_on,
            "source": "factory",
            "usage": usage,
        });
        if let (Some(trim), Some(fields)) = (TRIMS.get(trim), described.as_object_mut()) {
            let vin = trim.vin(made_on.year(), self.cars.len() + 1)?;
            fields.insert("vin".to_owned(), json!(vin.as_str()));
        }
        Ok(self.take_in(showroom, &described, coming))
    }

    /// Takes a car into stock that is described already; gives its place among the cars.
    pub(super) fn take_in(&mut self, showroom: usize, described: &Json, coming: Coming) -> usize {
        let index = self.cars.len();
        let keeper = self.staff.keeper(showroom);
        let certificate = self.dice.one_of(CERTIFICATES);
        let entered = coming.entered();
        let with = |more: Json| {
            let mut input = described.clone();
            if let (Some(input), Json::Object(more)) = (input.as_object_mut(), more) {
                input.extend(more);
            }
            input
        };
        let store = made("store", showroom);
        let here = with(json!({
            "store": store,
            "place": "store",
            "inspected": true,
            "custody": certificate,
        }));
        let shipped = with(json!({ "store": store, "place": "transit", "ship_date": entered }));
        let mut course = Course::default();
        let at = self.on(&mut course, entered);
        let keeps = ("vehicle", format!("vehicle/{index}"));
        let here_since = match coming {
            Coming::Arrives(day) => {
                self.push_and_keep(at, keeper, "stock_in", here, keeps);
                day
            }
            Coming::Shipped(_, arrives) => {
                self.push_and_keep(at, keeper, "stock_in", shipped, keeps);
                let at = self.on(&mut course, arrives);
                self.push(at, keeper, "stock_in", here);
                arrives
            }
            Coming::OnItsWay(_) => {
                self.push_and_keep(at, keeper, "stock_in", shipped, keeps);
                NaiveDate::MAX
            }
        };
        self.cars.push(Car {
            showroom,
            here_since,
            busy_from: None,
            certificate,
        });
        index
    }

    /// Takes the car for an order into stock; gives its place.
    pub(super) fn stock_in_for(
        &mut self,
        showroom: usize,
        trim: usize,
        ordered: NaiveDate,
        needed: Option<NaiveDate>,
        is_on_its_way: bool,
    ) -> Result<usize, VinShapeError> {
        let coming = match needed {
            _ if is_on_its_way => Coming::OnItsWay(plus(ordered, -self.dice.between(1, 4))),
            Some(needed) if needed > plus(ordered, 9) && self.dice.percent(60) => {
                Coming::Shipped(plus(ordered, -1), plus(needed, -4))
            }
            _ => {
                let stood = plus(ordered, -self.dice.quantile(STOOD));
                Coming::Arrives(stood.max(plus(self.calendar.founded, 1)))
            }
        };
        let index = self.stock_in(showroom, trim, "stock", coming)?;
        if let Some(car) = self.cars.get_mut(index) {
            car.busy_from = Some(plus(ordered, -1));
        }
        Ok(index)
    }

    /// Takes the cars in that nobody has ordered, and lets something happen to a few.
    pub(super) fn plan_free_vehicles(&mut self, numbers: &Numbers) -> Result<(), VinShapeError> {
        let left = numbers.vehicles.saturating_sub(self.cars.len());
        let [on_hand, inbound] = *apportion(left, &[65, 15]) else {
            return Ok(());
        };
        let end = self.calendar.end;
        let (demo, display) = (numbers.scaled(6), numbers.scaled(9));
        let held = numbers.scaled(2);
        let missing = held + numbers.scaled(1);
        let moved = missing + numbers.scaled(3);
        let known = self.plan_known_cars(on_hand);
        for index in 0..on_hand - known {
            let showroom = self
                .dice
                .weighted(SHOWROOMS.iter().map(|showroom| showroom.share));
            let trim = catalogue::wanted_trim(self.dice);
            let day = plus(end, -self.dice.quantile(STANDS));
            let usage = match index.checked_sub(moved) {
                Some(number) if number < demo => "demo",
                Some(number) if number < demo + display => "display",
                _ => "stock",
            };
            let car = self.stock_in(showroom, trim, usage, Coming::Arrives(day))?;
            if index < moved {
                let event = if index < held {
                    Happening::Held
                } else if index < missing {
                    Happening::Missing
                } else {
                    Happening::SentOn
                };
                self.happen(car, showroom, event);
            }
        }
        for _ in 0..inbound {
            let showroom = self
                .dice
                .weighted(SHOWROOMS.iter().map(|showroom| showroom.share));
            let trim = catalogue::wanted_trim(self.dice);
            let day = plus(end, -self.dice.between(0, 6));
            self.stock_in(showroom, trim, "stock", Coming::OnItsWay(day))?;
        }
        Ok(())
    }

    /// Lets something happen to a car on the last day.
    fn happen(&mut self, car: usize, showroom: usize, event: Happening) {
        let end = self.calendar.end;
        if let Some(car) = self.cars.get_mut(car) {
            car.busy_from = Some(end);
        }
        // It came in on an earlier day: the youngest has stood for two.
        let at = self.on(&mut Course::default(), end);
        let keeper = self.staff.keeper(showroom);
        let vehicle = made("vehicle", car);
        match event {
            Happening::Held => {
                let input =
                    json!({ "vehicle": vehicle, "reason": "quality_hold", "note": "等待厂家通知" });
                self.push(at, keeper, "freeze_vehicle", input);
            }
            Happening::Missing => {
                let input = json!({ "vehicle": vehicle, "reason": "missing", "note": "盘点未见" });
                self.push(at, keeper, "freeze_vehicle", input);
            }
            Happening::SentOn => {
                let other = (showroom + 1) % SHOWROOMS.len();
                let input = json!({
                    "vehicle": vehicle,
                    "reason": "transfer_out",
                    "to": "transit",
                    "store": made("store", other),
                });
                self.push(at, keeper, "move_vehicle", input);
            }
        }
    }
}

/// What happens to a few cars that nobody has ordered.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Held,
    Missing,
    SentOn,
}
