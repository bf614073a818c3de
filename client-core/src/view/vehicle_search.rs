//! The search for vehicles, by a part of the VIN.

use dealership::pinyin::SearchQuery;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::{ReplicaError, StoreError};
use crate::view::shared::{MANY, Select, after_prefix};
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
        // Where many bear the part, going along the VINs meets a page of them soon.
        let page = if few_bear(desk, &part)? {
            "v.document IN (SELECT document FROM vehicle_term WHERE term >= ? AND term < ?)"
                .to_owned()
        } else {
            format!(
                "v.document IN (SELECT w.document FROM vehicle AS w WHERE w.vin > '' AND EXISTS
                     (SELECT 1 FROM vehicle_term AS s
                          WHERE s.document = w.document AND s.term >= ? AND s.term < ?)
                 ORDER BY w.vin, w.document LIMIT {MOST})"
            )
        };
        let rows = select(desk)
            .filter(
                &page,
                [Box::new(part.clone()), Box::new(after_prefix(&part))],
            )
            .then(&format!("ORDER BY v.vin, v.document LIMIT {MOST}"))
            .rows(desk.connection, |row| read(row, desk))?;
        Ok(rows)
    }
}

fn few_bear(desk: &Desk<'_>, part: &str) -> Result<bool, StoreError> {
    let some = Select::new("SELECT 1 FROM vehicle_term")
        .filter(
            "term >= ? AND term < ?",
            [Box::new(part), Box::new(after_prefix(part))],
        )
        .then(&format!("LIMIT {MANY}"))
        .rows(desk.connection, |_| Ok(()))?;
    Ok(some.len() < MANY)
}
