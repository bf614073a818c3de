//! Rows of trims and vehicles.

use dealership::id::{DealId, StoreId, TrimId, VehicleId};
use dealership::vehicle::Vehicle;
use dealership::{Document, Timestamp};
use rusqlite::Connection;

use crate::error::StoreError;
use crate::projection::row::Rows;
use crate::projection::search::Terms;
use crate::projection::span::spans;
use crate::projection::table;

pub(super) fn trim(document: &Document, rows: &mut Rows) {
    rows.put(
        &table::TRIM,
        [
            document.text("brand").into(),
            document.text("series").into(),
            document.text("name").into(),
            document.int("model_year").into(),
            document.text("code").into(),
            document.text("energy").into(),
            document.text("body").into(),
            document.int("msrp").into(),
        ],
    );
}

/// The vehicles on which a deal has or had claims, in order of their ids.
pub(super) fn claimed_for(
    connection: &Connection,
    deal: DealId,
) -> Result<Vec<VehicleId>, StoreError> {
    let vehicles = connection
        .prepare_cached("SELECT DISTINCT document FROM claim WHERE deal = ? ORDER BY document")?
        .query_map([deal.as_bytes()], |row| {
            row.get(0).map(VehicleId::from_bytes)
        })?
        .collect::<Result<_, _>>()?;
    Ok(vehicles)
}

pub(super) fn vehicle(document: &Document, rows: &mut Rows) {
    let Some(vehicle) = Vehicle::read(document) else {
        return;
    };
    let specification = vehicle.specification();
    let store = vehicle.place.and_then(|place| place.store);
    rows.put(
        &table::VEHICLE,
        [
            vehicle.vin.as_deref().into(),
            vehicle.trim.as_ref().map(TrimId::as_bytes).into(),
            vehicle.ext_color.as_deref().into(),
            vehicle.int_color.as_deref().into(),
            specification.clone().into(),
            store.as_ref().map(StoreId::as_bytes).into(),
            vehicle.place.map(|place| place.kind.code()).into(),
            vehicle.slot.as_deref().into(),
            vehicle.stocked_in.map(|date| date.to_string()).into(),
            vehicle.prod_date.map(|date| date.to_string()).into(),
        ],
    );
    for span in spans(vehicle.status_changes_at(), |now| vehicle.status(now)) {
        rows.put(
            &table::VEHICLE_STATUS,
            [
                span.from.into(),
                span.until.into(),
                span.value.code().into(),
                specification.clone().into(),
            ],
        );
    }
    for claim in &vehicle.claims {
        rows.put(
            &table::CLAIM,
            [
                claim.id.as_bytes().into(),
                claim.deal.as_bytes().into(),
                claim.owner.as_bytes().into(),
                claim.strength.code().into(),
                claim.state.code().into(),
                claim.until.map(Timestamp::millis).into(),
            ],
        );
    }
    if let Some(vin) = &vehicle.vin {
        let mut terms = Terms::default();
        terms.add_digits(&vin.to_lowercase(), 2);
        terms.put_of_vehicle(rows);
    }
}
