//! The rows of the sheet of vehicles.

use std::collections::BTreeMap;

use dealership::id::StoreId;
use dealership::sheet::words::CUSTODY;
use dealership::sheet::{label_of, yuan};
use dealership::trim::Trim;
use dealership::vehicle::Vehicle;

use crate::error::ReplicaError;
use crate::export::{each_document, ids, listed};
use crate::replica::Replica;

pub(super) fn rows(
    replica: &Replica,
    store: Option<StoreId>,
) -> Result<Vec<Vec<String>>, ReplicaError> {
    let store = store.map(|store| *store.as_bytes());
    let ids = ids(
        replica.connection(),
        "SELECT document FROM vehicle WHERE ?1 IS NULL OR store = ?1 ORDER BY vin, document",
        &[&store],
    )?;
    each_document(replica, &ids, |shelf, id| {
        let Some(vehicle) = shelf.document(id)?.as_deref().and_then(Vehicle::read) else {
            return Ok(None);
        };
        if vehicle.void.is_some() || vehicle.delivered.is_some() {
            return Ok(None);
        }
        let trim = match vehicle.trim {
            Some(trim) => shelf.document(trim.into())?.as_deref().and_then(Trim::read),
            None => None,
        };
        Ok(Some(row(&vehicle, trim.as_ref())))
    })
}

/// The cells in the order of the sheet's columns.
fn row(vehicle: &Vehicle, trim: Option<&Trim>) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let labelled = |code: &Option<String>, labels: Option<&BTreeMap<String, String>>| {
        let code = code.clone().unwrap_or_default();
        labels
            .and_then(|labels| labels.get(&code))
            .cloned()
            .unwrap_or(code)
    };
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let numbers = [&vehicle.engine_no, &vehicle.motor_no];
    let numbers: Vec<_> = numbers.into_iter().flatten().cloned().collect();
    let year = trim.and_then(|trim| trim.model_year);
    let msrp = trim.and_then(|trim| trim.msrp);
    vec![
        text(&vehicle.vin),
        trim.map(|trim| trim.series.clone()).unwrap_or_default(),
        trim.map(|trim| trim.name.clone()).unwrap_or_default(),
        year.map(|year| year.to_string()).unwrap_or_default(),
        trim.and_then(|trim| trim.type_code.clone())
            .unwrap_or_default(),
        labelled(&vehicle.ext_color, trim.map(|trim| &trim.ext_colors)),
        labelled(&vehicle.int_color, trim.map(|trim| &trim.int_colors)),
        listed(
            vehicle
                .options
                .iter()
                .map(|code| labelled(&Some(code.clone()), trim.map(|trim| &trim.options))),
        ),
        numbers.join("/"),
        text(&vehicle.cert_no),
        day(vehicle.prod_date),
        day(vehicle.ship_date),
        day(vehicle.stocked_in),
        text(&vehicle.slot),
        msrp.map(yuan).unwrap_or_default(),
        vehicle
            .custody
            .map(|custody| label_of(custody.code(), CUSTODY).to_owned())
            .unwrap_or_default(),
        String::new(),
    ]
}
