//! Rows of trims and vehicles.

use dealership::Document;
use dealership::id::{DealId, VehicleId};
use dealership::vehicle::Vehicle;
use rusqlite::Connection;

use crate::error::StoreError;
use crate::projection::search::Terms;
use crate::projection::span::spans;

pub(super) fn trim(connection: &Connection, document: &Document) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO trim (document, brand, series, name, model_year, code, energy, body, msrp)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute((
            document.id().as_bytes(),
            document.text("brand"),
            document.text("series"),
            document.text("name"),
            document.int("model_year"),
            document.text("code"),
            document.text("energy"),
            document.text("body"),
            document.int("msrp"),
        ))?;
    Ok(())
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

pub(super) fn vehicle(connection: &Connection, document: &Document) -> Result<(), StoreError> {
    let Some(vehicle) = Vehicle::read(document) else {
        return Ok(());
    };
    let id = document.id();
    connection
        .prepare_cached(
            "INSERT INTO vehicle (document, vin, trim, ext_color, int_color, specification, store,
                 place, slot, stocked_in, prod_date)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute((
            id.as_bytes(),
            &vehicle.vin,
            vehicle.trim.as_ref().map(|trim| trim.as_bytes()),
            &vehicle.ext_color,
            &vehicle.int_color,
            vehicle.specification(),
            vehicle
                .place
                .and_then(|place| place.store)
                .as_ref()
                .map(|store| store.as_bytes()),
            vehicle.place.map(|place| place.kind.code()),
            &vehicle.slot,
            vehicle.stocked_in.map(|date| date.to_string()),
            vehicle.prod_date.map(|date| date.to_string()),
        ))?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO vehicle_status (document, from_at, until_at, status, specification)
         VALUES (?, ?, ?, ?, ?)",
    )?;
    let specification = vehicle.specification();
    for span in spans(vehicle.status_changes_at(), |now| vehicle.status(now)) {
        let (from, until, status) = (span.from, span.until, span.value.code());
        insert.execute((id.as_bytes(), from, until, status, &specification))?;
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO claim (document, id, deal, staff, strength, state, until_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?;
    for claim in &vehicle.claims {
        insert.execute((
            id.as_bytes(),
            claim.id.as_bytes(),
            claim.deal.as_bytes(),
            claim.owner.as_bytes(),
            claim.strength.code(),
            claim.state.code(),
            claim.until.map(|until| until.millis()),
        ))?;
    }
    if let Some(vin) = &vehicle.vin {
        let mut terms = Terms::default();
        terms.add_digits(&vin.to_lowercase(), 2);
        terms.write_of_vehicle(connection, id)?;
    }
    Ok(())
}
