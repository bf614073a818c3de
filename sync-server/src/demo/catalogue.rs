//! What the invented brand 启程 sells: trims, colours, and how often each is wanted.

use dealership::Vin;
use dealership::vin::VinShapeError;
use serde_json::{Value as Json, json};

use super::dice::Dice;

/// The brand.
pub(super) const BRAND: &str = "启程";

/// A trim.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trim {
    /// Its series.
    pub(super) series: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    energy: &'static str,
    body: &'static str,
    seats: i64,
    range_km: Option<i64>,
    /// 指导价, in yuan.
    pub(super) msrp: i64,
    /// How many of a thousand deals are about it.
    share: u64,
    /// What its VINs begin with, after the maker.
    code: &'static str,
}

/// Every trim, by series.
pub(super) const TRIMS: &[Trim] = &[
    combustion("A3", "舒适型", "sedan", 79_800, 80, "AA1C1"),
    combustion("A3", "豪华型", "sedan", 89_800, 60, "AA1C2"),
    combustion("A5", "舒适型", "sedan", 109_800, 70, "AC1C1"),
    combustion("A5", "豪华型", "sedan", 119_800, 60, "AC1C2"),
    combustion("A5", "尊贵型", "sedan", 129_800, 40, "AC1C3"),
    combustion("S5", "舒适型", "suv", 119_800, 80, "BA1C1"),
    combustion("S5", "豪华型", "suv", 134_800, 70, "BA1C2"),
    combustion("S5", "尊贵型", "suv", 149_800, 40, "BA1C3"),
    plugged("S5 DM", "豪华型", "suv", 5, 149_800, 90, "BB2C1"),
    plugged("S5 DM", "尊贵型", "suv", 5, 169_800, 60, "BB2C2"),
    electric("E5", "标准续航", "sedan", 430, 119_800, 70, "CA3C1"),
    electric("E5", "智享型", "sedan", 430, 135_800, 50, "CA3C2"),
    electric("E7", "长续航", "suv", 520, 159_800, 70, "AB1C2"),
    electric("E7", "超长续航", "suv", 600, 179_800, 55, "AB1C3"),
    electric("E7", "四驱超长续航", "suv", 650, 199_800, 35, "AB1C4"),
    plugged("M8", "豪华型", "mpv", 7, 239_800, 45, "DA2C1"),
    plugged("M8", "尊贵型", "mpv", 7, 279_800, 25, "DA2C2"),
];

/// Colours outside, and how many of a hundred cars bear them.
pub(super) const OUTSIDE: &[(&str, u64)] = &[
    ("雪域白", 32),
    ("曜石黑", 24),
    ("星际灰", 20),
    ("海湾蓝", 12),
    ("烈焰红", 7),
    ("薄荷绿", 5),
];

/// Colours inside.
pub(super) const INSIDE: &[(&str, u64)] = &[("黑", 60), ("米", 25), ("棕", 15)];

const fn combustion(
    series: &'static str,
    name: &'static str,
    body: &'static str,
    msrp: i64,
    share: u64,
    code: &'static str,
) -> Trim {
    Trim {
        series,
        name,
        energy: "ice",
        body,
        seats: 5,
        range_km: None,
        msrp,
        share,
        code,
    }
}

const fn plugged(
    series: &'static str,
    name: &'static str,
    body: &'static str,
    seats: i64,
    msrp: i64,
    share: u64,
    code: &'static str,
) -> Trim {
    Trim {
        energy: "phev",
        seats,
        ..combustion(series, name, body, msrp, share, code)
    }
}

const fn electric(
    series: &'static str,
    name: &'static str,
    body: &'static str,
    range_km: i64,
    msrp: i64,
    share: u64,
    code: &'static str,
) -> Trim {
    Trim {
        energy: "bev",
        range_km: Some(range_km),
        ..combustion(series, name, body, msrp, share, code)
    }
}

impl Trim {
    /// The input of the command that makes it.
    pub(super) fn input(&self, model_year: i32) -> Json {
        let labels = |colours: &[(&str, u64)], prefix: &str| -> Json {
            let labelled = colours
                .iter()
                .enumerate()
                .map(|(index, (name, _))| (format!("{prefix}{}", index + 1), json!(name)));
            Json::Object(labelled.collect())
        };
        let mut input = json!({
            "brand": BRAND,
            "series": self.series,
            "name": self.name,
            "model_year": model_year,
            "energy": self.energy,
            "body": self.body,
            "seats": self.seats,
            "msrp": self.msrp * 100,
            "warranty_months": 36,
            "warranty_km": 100_000,
            "ext_colors": labels(OUTSIDE, "w"),
            "int_colors": labels(INSIDE, "n"),
        });
        if let (Some(range_km), Some(fields)) = (self.range_km, input.as_object_mut()) {
            fields.insert("range_km".to_owned(), json!(range_km));
        }
        input
    }

    /// Its row in the price list, in fen: consultants may give 2 % away, managers 6 %.
    pub(super) fn price(&self) -> Json {
        let percent = |percent: i64| self.msrp * percent;
        json!({
            "msrp": percent(100),
            "floor": percent(91),
            "authority": { "consultant": percent(2), "manager": percent(6) },
        })
    }

    /// The VIN of the car with that serial number, made in that year.
    ///
    /// Its plant is B; the cars of the walkthrough are of plant A and have VINs of their own.
    pub(super) fn vin(&self, year: i32, serial: usize) -> Result<Vin, VinShapeError> {
        // ISO 3779 knows no I, O, Q, and a year's code no U, Z and 0.
        const YEARS: &str = "ABCDEFGHJKLMNPRSTVWXY123456789";
        let place = usize::try_from((year - 2010).rem_euclid(30)).unwrap_or(0);
        let year = YEARS.chars().nth(place).unwrap_or('A');
        let before = format!("ZZZ{}", self.code);
        Vin::with_check_digit(&before, &format!("{year}B{:06}", serial % 1_000_000))
    }
}

/// The place of a trim in [`TRIMS`], wanted ones more often.
pub(super) fn wanted_trim(dice: &mut Dice) -> usize {
    dice.weighted(TRIMS.iter().map(|trim| trim.share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_come_to_a_whole() {
        assert_eq!(TRIMS.iter().map(|trim| trim.share).sum::<u64>(), 1_000);
        assert_eq!(OUTSIDE.iter().map(|(_, share)| share).sum::<u64>(), 100);
        assert_eq!(INSIDE.iter().map(|(_, share)| share).sum::<u64>(), 100);
    }

    #[test]
    fn every_trim_gives_valid_vins() {
        for trim in TRIMS {
            let vin = trim.vin(2026, 101).unwrap();
            assert!(vin.check_digit_fits(), "{vin}");
        }
    }
}
