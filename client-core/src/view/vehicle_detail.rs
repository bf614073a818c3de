//! One vehicle whole.

use std::collections::BTreeMap;

use dealership::case::{Case, double_vin, place, void};
use dealership::id::{ShowId, StaffId, VehicleId};
use dealership::refusal::Hold;
use dealership::show::Show;
use dealership::vehicle::{Vehicle, VehicleStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ReplicaError;
use crate::view::customer_detail::{names, not_here};
use crate::view::vehicle_list::{STANDS_NOW, VehicleRow, read, select};
use crate::view::{Desk, View};

/// How many vehicles of the same specification are offered.
const ALTERNATIVES: u32 = 10;

/// Asks for a vehicle.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VehicleDetail {
    /// The vehicle.
    vehicle: VehicleId,
}

/// A vehicle whole.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct VehicleWhole {
    /// As the list shows it.
    pub row: VehicleRow,
    /// As it is, with every claim, pack, move and damage.
    pub vehicle: Vehicle,
    /// Its status now.
    pub status: VehicleStatus,
    /// Who holds it now.
    pub holder: Option<Hold>,
    /// Its conflicts, the open ones first.
    pub cases: Vec<Case>,
    /// Others of the same specification that can be sold.
    pub alternatives: Vec<VehicleRow>,
    /// The names of the people that are spoken of.
    pub names: BTreeMap<StaffId, String>,
    /// The shows that it is or was packed for.
    pub shows: BTreeMap<ShowId, Show>,
}

impl View for VehicleDetail {
    type Output = VehicleWhole;

    const NAME: &'static str = "vehicle_detail";
    const ABOUT: &'static str =
        "One vehicle whole: claims, holder, conflicts, moves, others of its specification";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        let Some(document) = desk.shelf.document(self.vehicle.into())? else {
            return Err(not_here(self.vehicle));
        };
        let row = select(desk)
            .filter("v.document = ?", [Box::new(*self.vehicle.as_bytes())])
            .rows(desk.connection, |row| read(row, desk))?
            .pop();
        let (Some(vehicle), Some(row)) = (Vehicle::read(&document), row) else {
            return Err(not_here(self.vehicle));
        };
        let now = desk.now.millis();
        let alternatives = match vehicle.specification() {
            None => Vec::new(),
            Some(specification) => select(desk)
                .filter(
                    &format!(
                        "v.document IN (SELECT f.document FROM vehicle_status AS f
                             WHERE f.specification = ? AND {STANDS_NOW})"
                    ),
                    [
                        Box::new(specification),
                        Box::new(r#"["arrived", "available", "inbound"]"#),
                        Box::new(now),
                        Box::new(now),
                    ],
                )
                .filter("v.document <> ?", [Box::new(*self.vehicle.as_bytes())])
                .then(&format!(
                    "ORDER BY v.stocked_in, v.document LIMIT {ALTERNATIVES}"
                ))
                .rows(desk.connection, |row| read(row, desk))?,
        };
        let people = vehicle
            .claims
            .iter()
            .map(|claim| claim.staff)
            .chain(vehicle.packs.iter().map(|pack| pack.staff))
            .chain(vehicle.moves.iter().map(|step| step.staff));
        Ok(VehicleWhole {
            row,
            status: vehicle.status(desk.now),
            holder: vehicle.holder(desk.now),
            cases: [
                double_vin::cases(&document),
                place::cases(&document),
                void::cases(&document),
            ]
            .concat(),
            alternatives,
            names: names(desk, people)?,
            shows: shows(desk, &vehicle)?,
            vehicle,
        })
    }
}

fn shows(desk: &Desk<'_>, vehicle: &Vehicle) -> Result<BTreeMap<ShowId, Show>, ReplicaError> {
    let mut shows = BTreeMap::new();
    for id in vehicle.packs.iter().filter_map(|pack| pack.show) {
        let document = desk.shelf.document(id.into())?;
        if let Some(show) = document.and_then(|document| Show::read(&document)) {
            shows.insert(id, show);
        }
    }
    Ok(shows)
}
