//! The year before it happens: every command with its time and its author, in order.
//!
//! What a command makes has no id yet. An input says `@deal/12` where the id of the thirteenth
//! deal belongs; [`Office`](super::office::Office) puts it in once it is known.

use chrono::NaiveDate;
use dealership::Timestamp;
use dealership::vin::VinShapeError;
use serde_json::Value as Json;

use super::calendar::{Calendar, Course};
use super::dice::Dice;
use super::people::{Seat, Staff};

mod conflict;
mod customer;
mod deal;
mod founding;
mod show;
mod story;
mod vehicle;

pub(super) use story::Story;

use deal::{Fate, Quoted};
use vehicle::Car;

/// The year, planned.
#[derive(Debug)]
pub(super) struct Year {
    /// Every command, in order of time.
    pub(super) events: Vec<Event>,
    /// How many cars are sold twice and nobody has decided to whom.
    pub(super) double_sales: usize,
    /// What the walkthrough needs to know by name.
    pub(super) story: Story,
}

/// One command that somebody asks for.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// When.
    pub(super) at: Timestamp,
    /// Who.
    pub(super) by: Seat,
    /// Its name in the registry.
    pub(super) command: &'static str,
    /// Its input, with places for ids.
    pub(super) input: Json,
    /// A field of its output, and the name under which its value is kept for later inputs.
    pub(super) keeps: Option<(&'static str, String)>,
    /// What others ask for without knowing of this, nor of each other: they are offline too.
    pub(super) meanwhile: Vec<Event>,
}

/// How many there are of everything.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub(super) customers: usize,
    pub(super) deals: usize,
    pub(super) vehicles: usize,
    fates: Vec<(Fate, usize)>,
    scale: f64,
}

impl Numbers {
    /// The recipe's numbers times a scale.
    pub(super) fn at(scale: f64) -> Self {
        let scaled = |number: usize| scaled(number, scale);
        let deals = scaled(1_200);
        let weights: Vec<usize> = Fate::ALL.iter().map(|(_, weight)| *weight).collect();
        let counts = apportion(deals, &weights);
        let fates = Fate::ALL.iter().map(|(fate, _)| *fate).zip(counts);
        Self {
            customers: scaled(2_000),
            deals,
            vehicles: scaled(600),
            fates: fates.collect(),
            scale,
        }
    }

    /// How many deals come to that.
    fn of(&self, fate: Fate) -> usize {
        let found = self.fates.iter().find(|(each, _)| *each == fate);
        found.map_or(0, |(_, count)| *count)
    }

    fn scaled(&self, number: usize) -> usize {
        scaled(number, self.scale)
    }

    fn take(&mut self, fate: Fate, wanted: usize) -> usize {
        let found = self.fates.iter_mut().find(|(each, _)| *each == fate);
        found.map_or(0, |(_, left)| {
            let taken = wanted.min(*left);
            *left -= taken;
            taken
        })
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a scale is between 0 and 100"
)]
fn scaled(number: usize, scale: f64) -> usize {
    (number as f64 * scale).round() as usize
}

/// Divides a number in proportion, so that the parts come to it exactly.
fn apportion(total: usize, weights: &[usize]) -> Vec<usize> {
    let sum = weights.iter().sum::<usize>().max(1);
    let mut before = 0;
    let mut given = 0;
    weights
        .iter()
        .map(|weight| {
            before += weight;
            let through = (total * before + sum / 2) / sum;
            let part = through - given;
            given = through;
            part
        })
        .collect()
}

/// Plans the year.
///
/// # Errors
///
/// [`VinShapeError`] if the catalogue holds a trim whose VINs have no shape.
pub(super) fn plan(
    dice: &mut Dice,
    calendar: Calendar,
    staff: &Staff,
    numbers: &Numbers,
) -> Result<Year, VinShapeError> {
    let mut planner = Planner {
        dice,
        calendar,
        staff,
        events: Vec::new(),
        customers: 0,
        deals: 0,
        cars: Vec::new(),
        owners: Vec::new(),
        quoted: Vec::new(),
        double_sales: 0,
        story: Story::default(),
    };
    planner.found_the_group();
    let shows = planner.plan_shows(numbers);
    planner.plan_deals(numbers.clone())?;
    planner.plan_cards_without_deals(numbers, &shows);
    planner.plan_free_vehicles(numbers)?;
    planner.plan_packs(numbers, &shows);
    planner.plan_conflicts(numbers);
    let Planner {
        mut events,
        double_sales,
        story,
        ..
    } = planner;
    // Stable: what happens at one instant happens in the order in which it was planned.
    events.sort_by_key(|event| event.at);
    Ok(Year {
        events,
        double_sales,
        story,
    })
}

/// The plan as far as it has come.
struct Planner<'p> {
    dice: &'p mut Dice,
    calendar: Calendar,
    staff: &'p Staff,
    events: Vec<Event>,
    customers: usize,
    deals: usize,
    cars: Vec<Car>,
    /// Those who have a car, and since when: they bring others.
    owners: Vec<(NaiveDate, usize)>,
    /// Open deals with a quote: what is still undecided on the last day.
    quoted: Vec<Quoted>,
    /// How many cars were sold twice.
    double_sales: usize,
    story: Story,
}

impl Planner<'_> {
    fn push(&mut self, at: Timestamp, by: Seat, command: &'static str, input: Json) {
        self.events.push(Event {
            at,
            by,
            command,
            input,
            keeps: None,
            meanwhile: Vec::new(),
        });
    }

    fn push_and_keep(
        &mut self,
        at: Timestamp,
        by: Seat,
        command: &'static str,
        input: Json,
        keeps: (&'static str, String),
    ) {
        self.events.push(Event {
            at,
            by,
            command,
            input,
            keeps: Some(keeps),
            meanwhile: Vec::new(),
        });
    }

    fn on(&mut self, course: &mut Course, day: NaiveDate) -> Timestamp {
        course.on(self.dice, day)
    }
}

/// The place in an input where the id of something made earlier belongs.
fn made(kind: &str, index: usize) -> String {
    format!("@{kind}/{index}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_to_the_whole() {
        for total in [0, 1, 7, 24, 1_200] {
            let parts = apportion(total, &[60, 120, 110, 90, 8, 9, 12, 11, 480, 270, 30]);
            assert_eq!(parts.iter().sum::<usize>(), total);
        }
        assert_eq!(apportion(1_200, &[480, 720]), [480, 720]);
    }

    #[test]
    fn the_whole_recipe_has_its_numbers() {
        let numbers = Numbers::at(1.0);
        assert_eq!((numbers.customers, numbers.vehicles), (2_000, 600));
        assert_eq!(numbers.of(Fate::Delivered), 480);
        assert_eq!(numbers.of(Fate::Lost), 270);
    }
}
