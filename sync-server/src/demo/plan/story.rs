//! The people and the cars of the walkthrough: the same in every demo, whatever the seed.

use dealership::vin::VinShapeError;
use serde_json::json;

use super::customer::Party;
use super::deal::Fate;
use super::vehicle::Coming;
use super::{Numbers, Planner, made};
use crate::demo::calendar::plus;
use crate::demo::catalogue::TRIMS;

/// Customers who have all but ordered: under which name they are kept, what they are called, and
/// the store and the name of their consultant.
const PROSPECTS: &[(&str, &str, Party, usize, &str)] = &[
    ("zhangwei", "张伟", Party::Man, 0, "李娜"),
    ("zhoulin", "周琳", Party::Woman, 0, "李娜"),
    ("zhaolei", "赵磊", Party::Man, 0, "李娜"),
    ("liuyang", "刘洋", Party::Man, 1, "王强"),
];

/// What all of them want: series and name of the trim.
const WANTED: (&str, &str) = ("E7", "长续航");

/// Cars that nobody has ordered: under which name they are kept, VIN, colour, store, and for how
/// many days each has stood. The VINs are those of the trade's offline stories.
const CARS: &[(&str, &str, &str, usize, i64)] = &[
    ("v1", "ZZZAB1C27RA000101", "雪域白", 0, 24),
    ("v2", "ZZZAB1C26SA000208", "曜石黑", 0, 17),
    ("v3", "ZZZAB1C2XTA000004", "雪域白", 2, 9),
];

/// Where the walkthrough's documents are among everything that is made.
#[derive(Clone, Debug, Default)]
pub(in crate::demo) struct Story {
    /// The deals, by the name of the customer in pinyin.
    pub(in crate::demo) deals: Vec<(&'static str, usize)>,
    /// The cars by name, with their VINs.
    pub(in crate::demo) cars: Vec<(&'static str, &'static str, usize)>,
}

impl Planner<'_> {
    /// Plans the deals of the walkthrough's customers, as some of the open ones.
    pub(super) fn plan_prospects(&mut self, numbers: &mut Numbers) -> Result<(), VinShapeError> {
        for (key, name, party, showroom, consultant) in PROSPECTS.iter().copied() {
            let fates = [Fate::Quoted, Fate::TestDriven, Fate::Needs];
            let Some(fate) = fates.into_iter().find(|fate| numbers.take(*fate, 1) == 1) else {
                return Ok(());
            };
            let mut person = self.somebody_in(showroom);
            person.name = name.to_owned();
            person.party = party;
            person.grade = "H";
            if let Some(seat) = self.staff.called(consultant) {
                person.owner = seat;
            }
            person.trim = wanted_trim();
            self.story.deals.push((key, self.deals));
            self.plan_one_of(person, fate)?;
        }
        Ok(())
    }

    /// Takes the walkthrough's cars into stock, as some of at most `most` free ones; gives how
    /// many they are.
    pub(super) fn plan_known_cars(&mut self, most: usize) -> usize {
        for (key, vin, color, showroom, stands) in CARS.iter().copied().take(most) {
            let day = plus(self.calendar.end, -stands);
            let described = json!({
                "vin": vin,
                "trim": made("trim", wanted_trim()),
                "ext_color": color,
                "int_color": "黑",
                "prod_date": plus(day, -20),
                "source": "factory",
                "usage": "stock",
            });
            let index = self.take_in(showroom, &described, Coming::Arrives(day));
            self.story.cars.push((key, vin, index));
        }
        self.story.cars.len()
    }
}

/// The place of what all of them want in the catalogue.
fn wanted_trim() -> usize {
    let wanted = TRIMS
        .iter()
        .position(|trim| (trim.series, trim.name) == WANTED);
    wanted.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::people::Staff;
    use dealership::Vin;

    #[test]
    fn the_walkthrough_names_people_trims_and_cars_that_can_be() {
        let staff = Staff::new();
        for (_, _, _, showroom, consultant) in PROSPECTS {
            let seat = staff.called(consultant).unwrap();
            assert!(staff.consultants(*showroom).contains(&seat));
        }
        let trim = TRIMS[wanted_trim()];
        assert_eq!((trim.series, trim.name), WANTED);
        for (_, vin, ..) in CARS {
            assert!(vin.parse::<Vin>().unwrap().check_digit_fits(), "{vin}");
        }
    }
}
