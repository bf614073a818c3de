//! What the walkthrough refers to, by names that stay the same while ids follow the recipe.

use std::collections::BTreeMap;

use dealership::{DealId, VehicleId};
use serde::{Deserialize, Serialize};

use super::DemoError;
use super::office::Office;
use super::plan::Story;
use crate::store::Store;

/// The deals and the cars of the walkthrough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Open deals, by the customer's name in pinyin: 李娜 has those of `zhangwei`, `zhoulin` and
    /// `zhaolei`, 王强 that of `liuyang`.
    pub deals: BTreeMap<String, DealId>,
    /// Cars of one trim that nobody has claimed: `v1`, `v2`, `v3`.
    pub cars: BTreeMap<String, KnownCar>,
}

/// A car of the walkthrough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownCar {
    /// Which.
    pub vehicle: VehicleId,
    /// Its VIN.
    pub vin: String,
}

impl Known {
    pub(super) fn of<S: Store>(office: &Office<'_, S>, story: &Story) -> Result<Self, DemoError> {
        let mut known = Self::default();
        for (name, deal) in &story.deals {
            let deal = id(office, "deal", *deal)?;
            known.deals.insert((*name).to_owned(), deal);
        }
        for (name, vin, car) in &story.cars {
            let vehicle = id(office, "vehicle", *car)?;
            let vin = (*vin).to_owned();
            let car = KnownCar { vehicle, vin };
            known.cars.insert((*name).to_owned(), car);
        }
        Ok(known)
    }
}

fn id<S: Store, I: std::str::FromStr>(
    office: &Office<'_, S>,
    kind: &str,
    slot: usize,
) -> Result<I, DemoError> {
    let name = format!("{kind}/{slot}");
    let id = office.made(&name)?;
    id.parse().map_err(|_| DemoError::Unmade(name))
}
