//! The list of vehicles.

use dealership::civil::{self, AgeBucket};
use dealership::fen::Fen;
use dealership::id::{DealId, StoreId, TrimId, VehicleId};
use dealership::vehicle::VehicleStatus;
use rusqlite::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{ReplicaError, StoreError};
use crate::view::shared::{Page, Paging, Select, date_of, id, id_or_none};
use crate::view::{Desk, View};

/// Asks for vehicles; those that stand longest come first.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VehicleList {
    /// Those of one store only.
    store: Option<StoreId>,
    /// Those of one trim only.
    trim: Option<TrimId>,
    /// Those of one series only.
    series: Option<String>,
    /// Those of one exterior colour only.
    ext_color: Option<String>,
    /// Those in one of these statuses only; all that are in stock unless said.
    status: Option<Vec<String>>,
    /// Those whose list price is at most this.
    max_price: Option<Fen>,
    #[serde(flatten)]
    paging: Paging,
}

/// One vehicle of a list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct VehicleRow {
    /// Which.
    pub vehicle: VehicleId,
    /// Its VIN.
    pub vin: Option<String>,
    /// The trim.
    pub trim: Option<TrimId>,
    /// The series.
    pub series: Option<String>,
    /// The trim's name.
    pub trim_name: Option<String>,
    /// The list price.
    pub msrp: Option<Fen>,
    /// The exterior colour.
    pub ext_color: Option<String>,
    /// The interior colour.
    pub int_color: Option<String>,
    /// The store where it is.
    pub store: Option<StoreId>,
    /// The store's name.
    pub store_name: Option<String>,
    /// In what kind of place.
    pub place: Option<String>,
    /// Where there.
    pub slot: Option<String>,
    /// Its status now.
    pub status: Option<String>,
    /// When it first came into stock, `YYYY-MM-DD`.
    pub stocked_in: Option<String>,
    /// For how many days it has been in stock.
    pub stock_age: Option<u32>,
    /// The bucket of that age.
    pub age_bucket: Option<AgeBucket>,
}

/// What a row is read from; two values of now stand before, `vehicle AS v` and [`WITH_TRIM`]
/// follow.
const SELECT_FROM: &str = "SELECT v.*, t.series, t.name AS trim_name, t.msrp,
    (SELECT name FROM store AS s WHERE s.document = v.store) AS store_name,
    (SELECT status FROM vehicle_status AS h WHERE h.document = v.document
         AND h.from_at <= ? AND ? < h.until_at) AS status
    FROM";

/// The trim beside a vehicle.
const WITH_TRIM: &str = "LEFT JOIN trim AS t ON t.document = v.trim";

/// What stands in these statuses now: given as JSON, with two values of now behind.
///
/// Goes along what is not past yet, so that it costs what is in stock and not what ever was.
pub(crate) const STANDS_NOW: &str = "f.status IN (SELECT value FROM json_each(?))
    AND f.until_at > ? AND f.from_at <= ?";

// Vehicles without a date come last, so the sort value is never null.
const AGE: &str = "coalesce(v.stocked_in, '9999')";

impl View for VehicleList {
    type Output = Page<VehicleRow>;

    const NAME: &'static str = "vehicle_list";
    const ABOUT: &'static str =
        "Vehicles by store, trim, colour, status and price, the oldest first";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        let now = desk.now.millis();
        let statuses = match &self.status {
            None => in_stock(),
            Some(statuses) => serde_json::Value::from(statuses.clone()).to_string(),
        };
        // The page first; only its rows are then read whole.
        let mut select = Select::new(format!(
            "{SELECT_FROM} (SELECT v.document FROM vehicle_status AS f
                 CROSS JOIN vehicle AS v USING (document) {WITH_TRIM}"
        ));
        select.value(now).value(now).filter(
            STANDS_NOW,
            [Box::new(statuses), Box::new(now), Box::new(now)],
        );
        if let Some(store) = self.store {
            select.filter("v.store = ?", [Box::new(*store.as_bytes())]);
        }
        if let Some(trim) = self.trim {
            select.filter("v.trim = ?", [Box::new(*trim.as_bytes())]);
        }
        if let Some(series) = &self.series {
            select.filter("t.series = ?", [Box::new(series)]);
        }
        if let Some(color) = &self.ext_color {
            select.filter("v.ext_color = ?", [Box::new(color)]);
        }
        if let Some(price) = self.max_price {
            select.filter("t.msrp <= ?", [Box::new(price.get())]);
        }
        if let Some((date, id)) = self.paging.after::<String>(Self::NAME)? {
            let id = *id.as_bytes();
            select.filter(
                &format!("({AGE}, v.document) > (?, ?)"),
                [Box::new(date), Box::new(id)],
            );
        }
        select.then(&format!(
            "ORDER BY {AGE}, v.document LIMIT {}) AS page
             CROSS JOIN vehicle AS v USING (document) {WITH_TRIM} ORDER BY {AGE}, v.document",
            self.paging.limit()
        ));
        let rows = select.rows(desk.connection, |row| read(row, desk))?;
        let keyed = rows.into_iter().map(|row| {
            let key = row.stocked_in.clone().unwrap_or_else(|| "9999".to_owned());
            let id = row.vehicle.uuid();
            (row, key, id)
        });
        Ok(self.paging.page(keyed.collect()))
    }
}

/// The codes of every status of what is in stock or on its way there, as JSON.
pub(crate) fn in_stock() -> String {
    let is_in_stock = |status: &&VehicleStatus| {
        use VehicleStatus::{Delivered, Void, WrittenOff};
        !matches!(status, Delivered | Void | WrittenOff)
    };
    let codes = VehicleStatus::ALL.iter().filter(is_in_stock);
    serde_json::Value::from_iter(codes.map(|status| status.code())).to_string()
}

/// A selection of rows to add conditions to.
pub(crate) fn select<'s>(desk: &Desk<'_>) -> Select<'s> {
    let mut select = Select::new(format!("{SELECT_FROM} vehicle AS v {WITH_TRIM}"));
    select.value(desk.now.millis()).value(desk.now.millis());
    select
}

/// The vehicles that a deal claims or claimed.
pub(crate) fn of_deal(desk: &Desk<'_>, deal: DealId) -> Result<Vec<VehicleRow>, StoreError> {
    select(desk)
        .filter(
            "v.document IN (SELECT document FROM claim WHERE deal = ?)",
            [Box::new(*deal.as_bytes())],
        )
        .then("ORDER BY v.document")
        .rows(desk.connection, |row| read(row, desk))
}

pub(crate) fn read(row: &Row<'_>, desk: &Desk<'_>) -> rusqlite::Result<VehicleRow> {
    let stocked_in: Option<String> = row.get("stocked_in")?;
    let age = stocked_in
        .as_deref()
        .and_then(|date| date.parse().ok())
        .zip(date_of(desk.now))
        .map(|(date, today)| civil::stock_age(date, today));
    Ok(VehicleRow {
        vehicle: id(row, "document")?,
        vin: row.get("vin")?,
        trim: id_or_none(row, "trim")?,
        series: row.get("series")?,
        trim_name: row.get("trim_name")?,
        msrp: row.get::<_, Option<i64>>("msrp")?.map(Fen::new),
        ext_color: row.get("ext_color")?,
        int_color: row.get("int_color")?,
        store: id_or_none(row, "store")?,
        store_name: row.get("store_name")?,
        place: row.get("place")?,
        slot: row.get("slot")?,
        status: row.get("status")?,
        stocked_in,
        stock_age: age,
        age_bucket: age.map(AgeBucket::of),
    })
}
