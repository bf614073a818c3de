//! The first day: stores, staff, trims, the price list.

use chrono::Datelike;
use serde_json::{Value as Json, json};

use super::{Planner, made};
use crate::demo::calendar::{at_minute, plus};
use crate::demo::catalogue::TRIMS;
use crate::demo::people::{SHOWROOMS, Seat};

/// How many days before the founding the people of the group were hired.
const GROUP_HIRED_BEFORE: i64 = 2_000;

impl Planner<'_> {
    /// Lets the general manager, who is there already, make everything else.
    pub(super) fn found_the_group(&mut self) {
        let day = self.calendar.founded;
        let boss = Seat::GENERAL_MANAGER;
        let mut minutes = 8 * 60;
        let mut next = || {
            minutes += 1;
            at_minute(day, minutes)
        };
        for (index, showroom) in SHOWROOMS.iter().enumerate() {
            let input = json!({ "name": showroom.name, "code": showroom.code });
            let keeps = ("store", format!("store/{index}"));
            self.push_and_keep(next(), boss, "create_store", input, keeps);
        }
        for (seat, member) in self.staff.members().skip(1) {
            let showroom = member.showroom.and_then(|index| SHOWROOMS.get(index));
            let hired_before =
                showroom.map_or(GROUP_HIRED_BEFORE, |showroom| showroom.hired_before);
            let stores: Vec<String> = member
                .showroom
                .iter()
                .map(|index| made("store", *index))
                .collect();
            let input = json!({
                "name": member.name,
                "roles": [member.role],
                "stores": stores,
                "hired": plus(day, -hired_before),
            });
            let keeps = ("staff", format!("staff/{}", seat.0));
            self.push_and_keep(next(), boss, "create_staff", input, keeps);
        }
        for (index, trim) in TRIMS.iter().enumerate() {
            let keeps = ("trim", format!("trim/{index}"));
            self.push_and_keep(next(), boss, "create_trim", trim.input(day.year()), keeps);
        }
        let rows: serde_json::Map<String, Json> = TRIMS
            .iter()
            .enumerate()
            .map(|(index, trim)| (made("trim", index), trim.price()))
            .collect();
        let input = json!({
            "effective_from": day,
            "effective_to": plus(self.calendar.end, 90),
            "rows": rows,
        });
        self.push(next(), boss, "publish_price_list", input);
    }
}
