//! Shows of the year, and the cars that their teams take along.

use chrono::{Datelike, NaiveDate};
use serde_json::json;

use super::{Numbers, Planner, made};
use crate::demo::calendar::{Course, at_minute, plus};
use crate::demo::people::Seat;

/// Name, month, first day, length and store of every show.
const SHOWS: &[(&str, u32, u32, i64, usize)] = &[
    ("春季车展", 3, 14, 2, 1),
    ("五一车展", 5, 1, 5, 0),
    ("金秋车展", 9, 19, 3, 0),
    ("年终车展", 12, 12, 2, 2),
];

/// How many of a store's consultants go to a show.
const TEAM: usize = 3;

/// How many cars go, at full size.
const CARS: usize = 6;

/// A show.
#[derive(Clone, Debug)]
pub(super) struct ShowPlan {
    pub(super) slot: usize,
    pub(super) showroom: usize,
    pub(super) first: NaiveDate,
    pub(super) days: i64,
    pub(super) team: Vec<Seat>,
}

impl Planner<'_> {
    /// Announces every show that lies wholly within the year, three weeks ahead.
    pub(super) fn plan_shows(&mut self, numbers: &Numbers) -> Vec<ShowPlan> {
        let mut shows = Vec::new();
        if numbers.customers == 0 {
            return shows;
        }
        let (start, end) = (self.calendar.start, self.calendar.end);
        for (name, month, day, days, showroom) in SHOWS.iter().copied() {
            let held = (start.year()..=end.year())
                .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day))
                .find(|first| *first >= start && plus(*first, days + 1) <= end);
            let Some(first) = held else {
                continue;
            };
            let slot = shows.len();
            let team: Vec<Seat> = self
                .staff
                .consultants(showroom)
                .into_iter()
                .take(TEAM)
                .collect();
            let members: Vec<String> = team.iter().map(|seat| made("staff", seat.0)).collect();
            let input = json!({
                "name": format!("{}{name}", first.year()),
                "place": "会展中心",
                "store": made("store", showroom),
                "starts_at": at_minute(first, 9 * 60),
                "ends_at": at_minute(plus(first, days - 1), 18 * 60),
                "team": members,
                "cost": self.dice.between(30_000, 90_000) * 100,
            });
            let at = at_minute(plus(first, -21), 10 * 60);
            let manager = self.staff.manager(showroom);
            let keeps = ("show", format!("show/{slot}"));
            self.push_and_keep(at, manager, "create_show", input, keeps);
            shows.push(ShowPlan {
                slot,
                showroom,
                first,
                days,
                team,
            });
        }
        shows
    }

    /// Packs cars that nobody orders meanwhile, takes them out and brings them back.
    pub(super) fn plan_packs(&mut self, numbers: &Numbers, shows: &[ShowPlan]) {
        for show in shows {
            let last = plus(show.first, show.days - 1);
            let (packed, back) = (plus(show.first, -1), plus(last, 1));
            let cars: Vec<usize> = self
                .cars
                .iter()
                .enumerate()
                .filter(|(_, car)| {
                    car.showroom == show.showroom
                        && car.here_since < packed
                        && car.busy_from.is_none_or(|from| from > back)
                })
                .map(|(index, _)| index)
                .take(numbers.scaled(CARS).clamp(1, 30))
                .collect();
            if cars.is_empty() {
                continue;
            }
            let vehicles: Vec<String> = cars.iter().map(|car| made("vehicle", *car)).collect();
            let manager = self.staff.manager(show.showroom);
            let keeper = self.staff.keeper(show.showroom);
            let input = json!({ "show": made("show", show.slot), "vehicles": vehicles });
            self.push(at_minute(packed, 14 * 60), manager, "pack_vehicles", input);
            let (mut out, mut home) = (Course::default(), Course::default());
            for car in cars {
                let at = self
                    .on(&mut out, packed)
                    .max(at_minute(packed, 14 * 60 + 5));
                self.push(
                    at,
                    keeper,
                    "move_vehicle",
                    json!({
                        "vehicle": made("vehicle", car),
                        "reason": "show_out",
                        "to": "show",
                        "show": made("show", show.slot),
                    }),
                );
                let at = self.on(&mut home, back);
                self.push(
                    at,
                    keeper,
                    "move_vehicle",
                    json!({
                        "vehicle": made("vehicle", car),
                        "reason": "show_back",
                        "to": "store",
                    }),
                );
            }
            let at = at_minute(last, 20 * 60);
            self.push(
                at,
                manager,
                "release_pack",
                json!({
                    "show": made("show", show.slot),
                    "vehicles": vehicles,
                    "unsynced_devices": 0,
                }),
            );
        }
    }
}
