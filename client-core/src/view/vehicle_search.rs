//! The search for vehicles, by a part of the VIN.

use dealership::pinyin::SearchQuery;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::ReplicaError;
use crate::view::shared::after_prefix;
use crate::view::vehicle_list::{VehicleRow, read, select};
use crate::view::{Desk, View};

/// The most vehicles that a search gives.
const MOST: u32 = 50;

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
        let rows = select(desk)
            .filter(
                "v.document IN (SELECT subject FROM search_term WHERE term >= ? AND term < ?)",
                [Box::new(part.clone()), Box::new(after_prefix(&part))],
            )
            .then(&format!("ORDER BY v.vin, v.document LIMIT {MOST}"))
            .rows(desk.connection, |row| read(row, desk))?;
        Ok(rows)
    }
}
