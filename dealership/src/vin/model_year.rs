//! The model year at position 10 (GB 16735-2019, table of year codes): thirty codes, then again.

use super::Vin;

/// The codes from 1980 on; they begin anew in 2010 and 2040. I, O, Q, U, Z and 0 are not used.
const CODES: &str = "ABCDEFGHJKLMNPRSTVWXY123456789";
const FIRST_YEAR: i32 = 1980;
const CYCLE: i32 = 30;

/// What helps to tell the cycle of a year code, which repeats every thirty years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelYearClue {
    /// The year of production: the model year is it or a neighbour.
    ProducedIn(i32),
    /// The year in which the car is seen: the model year is the latest up to the next year.
    SeenIn(i32),
}

impl Vin {
    /// The model year, of the cycle that the clue allows; `None` if the year code is not one or no
    /// cycle suits.
    pub fn model_year(&self, clue: ModelYearClue) -> Option<i32> {
        let code = CODES.chars().position(|code| code == self.year_code())?;
        let first = FIRST_YEAR + i32::try_from(code).ok()?;
        let (earliest, latest) = match clue {
            ModelYearClue::ProducedIn(year) => (year.checked_sub(1)?, year.checked_add(1)?),
            ModelYearClue::SeenIn(year) => (first, year.checked_add(1)?),
        };
        let cycles = latest.checked_sub(first)?.div_euclid(CYCLE);
        let year = first + cycles * CYCLE;
        (year >= earliest && year >= first).then_some(year)
    }

    /// Whether the tenth character is one of the year codes.
    pub fn year_code_is_known(&self) -> bool {
        CODES.contains(self.year_code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ModelYearClue::{ProducedIn, SeenIn};

    fn vin(text: &str) -> Vin {
        text.parse().unwrap()
    }

    #[test]
    fn a_car_seen_is_of_the_latest_cycle_up_to_next_year() {
        for (text, year) in [
            ("LSVAA4BR5RN100001", 2024),
            ("LGXCE4CB8S0123456", 2025),
            ("LFV2A21KXP3000042", 2023),
            ("HLX33B128TK000007", 2026),
            ("LVGBV85G7SG000311", 2025),
            ("ZZZAB1C20TA000013", 2026),
            ("1M8GDM9AXKP042788", 2019),
            ("11111111111111111", 2001),
        ] {
            assert_eq!(vin(text).model_year(SeenIn(2026)), Some(year), "{text}");
        }
        assert_eq!(
            vin("LSVAA4BR5RN100001").model_year(SeenIn(2022)),
            Some(1994)
        );
        assert_eq!(
            vin("LSVAA4BR5RN100001").model_year(SeenIn(2023)),
            Some(2024)
        );
    }

    #[test]
    fn the_year_of_production_decides_the_cycle() {
        let textbook = vin("1M8GDM9AXKP042788");
        for (produced, year) in [
            (1988, Some(1989)),
            (1990, Some(1989)),
            (1991, None),
            (2018, Some(2019)),
            (2049, Some(2049)),
        ] {
            assert_eq!(
                textbook.model_year(ProducedIn(produced)),
                year,
                "{produced}"
            );
        }
        assert_eq!(
            vin("11111111111111111").model_year(ProducedIn(2031)),
            Some(2031)
        );
    }

    #[test]
    fn years_at_the_ends_of_the_range_give_no_model_year() {
        let textbook = vin("1M8GDM9AXKP042788");
        for clue in [
            ProducedIn(i32::MIN),
            ProducedIn(i32::MAX),
            SeenIn(i32::MIN),
            SeenIn(i32::MAX),
        ] {
            assert_eq!(textbook.model_year(clue), None);
        }
        assert_eq!(textbook.model_year(SeenIn(1970)), None);
    }

    #[test]
    fn i_o_q_u_z_and_zero_are_no_year_codes() {
        for code in ['U', 'Z', '0'] {
            let vin = vin(&format!("LSVAA4BR5{code}N100001"));
            assert!(!vin.year_code_is_known());
            assert_eq!(vin.model_year(SeenIn(2026)), None);
        }
    }
}
