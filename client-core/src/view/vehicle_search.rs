//! The search for vehicles, by a part of the VIN.

use std::collections::BTreeSet;

use dealership::id::VehicleId;
use dealership::pinyin::SearchQuery;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::{ReplicaError, StoreError};
use crate::view::shared::{Select, after_prefix, id};
use crate::view::vehicle_list::{VehicleRow, read, select};
use crate::view::{Desk, View};

/// The most vehicles that a search gives.
const MOST: usize = 50;

/// How often a VIN of seventeen characters holds a part of three at most.
const MOST_OFTEN: usize = 15;

/// Asks for the vehicles that a query finds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VehicleSearch {
    /// Three or more letters or digits of a VIN, most often its end.
    query: String,
}

impl View for VehicleSearch {
    type Output = Vec<VehicleRow>;

    const NAME: &'static str = "vehicle_search";
    const ABOUT: &'static str = "Vehicles by a part of their VIN";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        let query = SearchQuery::parse(&self.query);
        let part = query
            .code
            .or(query.digits)
            .unwrap_or(query.name)
            .to_lowercase();
        if part.chars().count() < 3 {
            return Ok(Vec::new());
        }
        let mut rows = Vec::new();
        for vehicle in best(desk, &part)? {
            let mut found = select(desk);
            found.filter("v.document = ?", [Box::new(*vehicle.as_bytes())]);
            rows.extend(found.rows(desk.connection, |row| read(row, desk))?);
        }
        Ok(rows)
    }
}

/// The vehicles whose VINs hold a part, in the order of what follows it: those that end with it
/// come first.
fn best(desk: &Desk<'_>, part: &str) -> Result<Vec<VehicleId>, StoreError> {
    let bearers: Vec<VehicleId> = Select::new("SELECT document FROM vehicle_term")
        .filter(
            "term >= ? AND term < ?",
            [Box::new(part), Box::new(after_prefix(part))],
        )
        .then(&format!(
            "ORDER BY term, document LIMIT {}",
            MOST * MOST_OFTEN
        ))
        .rows(desk.connection, |row| id(row, "document"))?;
    let mut seen = BTreeSet::new();
    Ok(bearers
        .into_iter()
        .filter(|vehicle| seen.insert(*vehicle))
        .take(MOST)
        .collect())
}
