//! What people did on the last evening without knowing of each other, and nobody has decided yet.

use serde_json::{Value as Json, json};

use super::deal::Quoted;
use super::{Event, Numbers, Planner, made};
use crate::demo::calendar::at_minute;
use crate::demo::people::Seat;

/// When the last customer is gone, in minutes after midnight.
const EVENING: i64 = 21 * 60;

/// How many cars are sold twice, at full size.
const DOUBLE_SALES: usize = 2;

/// How many customers are renamed by two people at once, at full size.
const RENAMED: usize = 6;

impl Planner<'_> {
    /// Lets cars be sold twice and cards be edited by two, as far as there are free cars and
    /// undecided customers who play no part in the walkthrough.
    pub(super) fn plan_conflicts(&mut self, numbers: &Numbers) {
        let in_story = |deal: usize| self.story.deals.iter().any(|(_, known)| *known == deal);
        let free: Vec<Quoted> = self
            .quoted
            .iter()
            .copied()
            .filter(|quoted| !in_story(quoted.deal))
            .collect();
        let mut free = free.into_iter();
        for car in self.cars_to_sell_twice(numbers.scaled(DOUBLE_SALES).max(1)) {
            let Some(one) = free.next() else {
                break;
            };
            let elsewhere = |other: &Quoted| other.showroom != one.showroom;
            let Some(other) = free.find(elsewhere) else {
                break;
            };
            let minute = EVENING + i64::try_from(self.double_sales).unwrap_or(0);
            let first = self.claim_of(one, car, minute);
            let second = self.claim_of(other, car, minute + 20);
            self.apart(first, second);
            self.double_sales += 1;
        }
        for (quoted, number) in free.zip(0..numbers.scaled(RENAMED)) {
            let minute = EVENING + 60 + i64::try_from(number).unwrap_or(0);
            let manager = self.staff.manager(quoted.showroom);
            let renamed =
                |name: &str| json!({ "customer": made("customer", quoted.customer), "name": name });
            let first = self.late(minute, quoted.owner, "edit_customer", renamed("张先生"));
            let second = self.late(minute + 5, manager, "edit_customer", renamed("张小姐"));
            self.apart(first, second);
        }
    }

    /// Free cars that stand in a store and that nobody has touched, the story's left out.
    fn cars_to_sell_twice(&self, most: usize) -> Vec<usize> {
        let in_story = |car: usize| self.story.cars.iter().any(|(_, _, known)| *known == car);
        self.cars
            .iter()
            .enumerate()
            .filter(|(index, car)| {
                car.busy_from.is_none() && car.here_since < self.calendar.end && !in_story(*index)
            })
            .map(|(index, _)| index)
            .take(most)
            .collect()
    }

    fn claim_of(&self, quoted: Quoted, car: usize, minute: i64) -> Event {
        let input = json!({
            "vehicle": made("vehicle", car),
            "deal": made("deal", quoted.deal),
            "strength": "hard",
            "deposit": true,
        });
        self.late(minute, quoted.owner, "claim_vehicle", input)
    }

    fn late(&self, minute: i64, by: Seat, command: &'static str, input: Json) -> Event {
        Event {
            at: at_minute(self.calendar.end, minute),
            by,
            command,
            input,
            keeps: None,
            meanwhile: Vec::new(),
        }
    }

    /// Lets two things happen, neither author knowing of the other.
    fn apart(&mut self, mut first: Event, second: Event) {
        first.meanwhile.push(second);
        self.events.push(first);
    }
}
