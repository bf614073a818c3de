//! The list of claims: who holds which vehicle for whom, and how far it is settled.

use dealership::Timestamp;
use dealership::id::{DealId, FactId, StaffId, VehicleId};
use rusqlite::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ReplicaError;
use crate::view::shared::{Page, Paging, Select, id};
use crate::view::{Desk, View};

/// Asks for claims, the oldest first: one's own that still live, unless more is said.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimList {
    /// Those on one vehicle, whoever made them and whatever became of them.
    vehicle: Option<VehicleId>,
    /// Those of one deal, whatever became of them.
    deal: Option<DealId>,
    /// Those of one person, instead of the person of this device.
    staff: Option<StaffId>,
    /// Those in one of these states only.
    state: Option<Vec<String>>,
    #[serde(flatten)]
    paging: Paging,
}

/// One claim of a list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ClaimRow {
    /// Which.
    pub claim: FactId,
    /// On which vehicle.
    pub vehicle: VehicleId,
    /// Its VIN.
    pub vin: Option<String>,
    /// Its series.
    pub series: Option<String>,
    /// Its trim's name.
    pub trim_name: Option<String>,
    /// The vehicle's status now.
    pub vehicle_status: Option<String>,
    /// For which deal.
    pub deal: DealId,
    /// The customer's name, if their deal and card are here.
    pub customer_name: Option<String>,
    /// Whose claim.
    pub staff: StaffId,
    /// The consultant's name.
    pub staff_name: Option<String>,
    /// How strong: look, soft, hard.
    pub strength: String,
    /// How far it is settled now: active, provisional, confirmed, final, expired, …
    pub state: String,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}

/// What a row is read from; three values of now stand before, the claims of the page follow.
const SELECT_FROM: &str = "SELECT m.id, m.document, m.deal, m.staff, m.strength, m.until_at,
    CASE WHEN m.state = 'active' AND m.until_at <= ? THEN 'expired' ELSE m.state END AS state,
    v.vin, t.series, t.name AS trim_name, c.name AS customer_name, p.name AS staff_name,
    (SELECT status FROM vehicle_status AS h WHERE h.document = m.document
         AND h.from_at <= ? AND ? < h.until_at) AS vehicle_status
    FROM";

/// What belongs to the claims of the page.
const JOINED: &str = "CROSS JOIN claim AS m USING (document, id)
    JOIN vehicle AS v ON v.document = m.document
    LEFT JOIN trim AS t ON t.document = v.trim
    LEFT JOIN deal AS d ON d.document = m.deal
    LEFT JOIN customer AS o ON o.document = d.customer
    LEFT JOIN customer AS c ON c.document = o.shown_as
    LEFT JOIN person AS p ON p.document = m.staff";

/// The states of claims that still hold something, or may come to.
const LIVE: &[&str] = &["active", "provisional", "confirmed"];

/// Goes along the index of states; what has ended by itself stands there as active.
const IN_STATE: &str = "m.state IN (SELECT replace(value, 'expired', 'active') FROM json_each(?))
    AND CASE WHEN m.state = 'active' AND m.until_at <= ? THEN 'expired' ELSE m.state END
        IN (SELECT value FROM json_each(?))";

impl View for ClaimList {
    type Output = Page<ClaimRow>;

    const NAME: &'static str = "claim_list";
    const ABOUT: &'static str = "Claims of a person, on a vehicle or of a deal, the oldest first";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        let now = desk.now.millis();
        // The page first, out of indexes; only its rows are then read whole.
        let mut select = Select::new(format!(
            "{SELECT_FROM} (SELECT m.document, m.id FROM claim AS m"
        ));
        select.value(now).value(now).value(now);
        if let Some(vehicle) = self.vehicle {
            select.filter("m.document = ?", [Box::new(*vehicle.as_bytes())]);
        }
        if let Some(deal) = self.deal {
            select.filter("m.deal = ?", [Box::new(*deal.as_bytes())]);
        }
        let about_one = self.vehicle.is_some() || self.deal.is_some();
        let staff = match self.staff {
            None if !about_one => Some(desk.identity.staff),
            staff => staff,
        };
        if let Some(staff) = staff {
            select.filter("m.staff = ?", [Box::new(*staff.as_bytes())]);
        }
        let states = match &self.state {
            None if !about_one => Some(serde_json::Value::from_iter(LIVE.iter().copied())),
            states => states.clone().map(serde_json::Value::from),
        };
        if let Some(states) = states {
            let states = states.to_string();
            select.filter(
                IN_STATE,
                [Box::new(states.clone()), Box::new(now), Box::new(states)],
            );
        }
        if let Some((_, id)) = self.paging.after::<()>(Self::NAME)? {
            select.filter("m.id > ?", [Box::new(*id.as_bytes())]);
        }
        // Ids of facts begin with the time at which they were made.
        select.then(&format!(
            "ORDER BY m.id LIMIT {}) AS page {JOINED} ORDER BY m.id",
            self.paging.limit()
        ));
        let rows = select.rows(desk.connection, read)?;
        let keyed = rows.into_iter().map(|row| {
            let id = row.claim.uuid();
            (row, (), id)
        });
        Ok(self.paging.page(keyed.collect()))
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<ClaimRow> {
    Ok(ClaimRow {
        claim: id(row, "id")?,
        vehicle: id(row, "document")?,
        vin: row.get("vin")?,
        series: row.get("series")?,
        trim_name: row.get("trim_name")?,
        vehicle_status: row.get("vehicle_status")?,
        deal: id(row, "deal")?,
        customer_name: row.get("customer_name")?,
        staff: id(row, "staff")?,
        staff_name: row.get("staff_name")?,
        strength: row.get("strength")?,
        state: row.get("state")?,
        until: row
            .get::<_, Option<i64>>("until_at")?
            .map(Timestamp::from_millis),
    })
}
