//! The matrix of stock: series, colour, store.

use dealership::civil::{self, AgeBucket};
use dealership::id::StoreId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ReplicaError;
use crate::view::shared::{Select, id_or_none};
use crate::view::vehicle_list::{STANDS_NOW, in_stock};
use crate::view::{Desk, View};

/// Asks for the matrix.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VehicleMatrix {}

/// One cell of the matrix.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct MatrixCell {
    /// The series.
    pub series: Option<String>,
    /// The exterior colour.
    pub ext_color: Option<String>,
    /// The store.
    pub store: Option<StoreId>,
    /// The store's name.
    pub store_name: Option<String>,
    /// How many vehicles are there and not delivered.
    pub vehicles: u32,
    /// How many of them can be sold.
    pub available: u32,
    /// For how many days the oldest has been in stock.
    pub oldest: Option<u32>,
    /// The bucket of that age.
    pub age_bucket: Option<AgeBucket>,
}

impl View for VehicleMatrix {
    type Output = Vec<MatrixCell>;

    const NAME: &'static str = "vehicle_matrix";
    const ABOUT: &'static str = "Stock by series, colour and store, with the age of the oldest";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        let now = desk.now.millis();
        let today = desk.today()?;
        let mut select = Select::new(
            "SELECT t.series, v.ext_color, v.store, s.name AS store_name, count(*) AS vehicles,
                 count(*) FILTER (WHERE f.status = 'available') AS available,
                 min(v.stocked_in) AS oldest
             FROM vehicle_status AS f
             CROSS JOIN vehicle AS v USING (document)
             LEFT JOIN trim AS t ON t.document = v.trim
             LEFT JOIN store AS s ON s.document = v.store",
        );
        select
            .filter(
                STANDS_NOW,
                [Box::new(in_stock()), Box::new(now), Box::new(now)],
            )
            .then("GROUP BY t.series, v.ext_color, v.store ORDER BY t.series, v.ext_color, s.name");
        let cells = select.rows(desk.connection, |row| {
            let oldest = row
                .get::<_, Option<String>>("oldest")?
                .and_then(|date| date.parse().ok())
                .map(|date| civil::stock_age(date, today));
            Ok(MatrixCell {
                series: row.get("series")?,
                ext_color: row.get("ext_color")?,
                store: id_or_none(row, "store")?,
                store_name: row.get("store_name")?,
                vehicles: row.get("vehicles")?,
                available: row.get("available")?,
                oldest,
                age_bucket: oldest.map(AgeBucket::of),
            })
        })?;
        Ok(cells)
    }
}
