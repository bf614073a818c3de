//! The workbench of a day: what is overdue and due, claims about to end, conflicts.

use dealership::Timestamp;
use dealership::id::{CustomerId, DealId, FactId, StaffId, VehicleId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ReplicaError;
use crate::view::cases::{CaseRow, Cases};
use crate::view::shared::{Select, channels, id, instant};
use crate::view::{Desk, View};

/// The most rows of each part.
const MOST: u32 = 200;
/// The most conflicts: the rest is at the conflict desk.
const CASES: u32 = 20;
/// How long before its end a claim is about to end.
const ENDS_SOON_HOURS: i64 = 24;

/// Asks for somebody's day.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Today {
    /// Whose; the person of this device unless said.
    staff: Option<StaffId>,
}

/// Somebody's day.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Day {
    /// The day, `YYYY-MM-DD`.
    pub date: String,
    /// Plans of days before, the oldest first.
    pub overdue: Vec<DueTask>,
    /// Plans of the day.
    pub due: Vec<DueTask>,
    /// The person's claims that end within a day.
    pub claims_ending: Vec<EndingClaim>,
    /// The first open conflicts.
    pub cases: Vec<CaseRow>,
    /// Whether more are open.
    pub more_cases: bool,
}

/// A plan to follow up.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DueTask {
    /// The plan.
    pub task: FactId,
    /// Whom to follow up.
    pub customer: CustomerId,
    /// Their name.
    pub customer_name: Option<String>,
    /// Their phone, where this device holds it.
    pub phone: Option<String>,
    /// The channels by which they want no marketing: call, sms, wechat.
    pub opted_out: Vec<String>,
    /// The day, `YYYY-MM-DD`.
    pub due: String,
}

/// A claim that ends soon by itself.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EndingClaim {
    /// The claim.
    pub claim: FactId,
    /// On which vehicle.
    pub vehicle: VehicleId,
    /// Its VIN.
    pub vin: Option<String>,
    /// For which deal.
    pub deal: DealId,
    /// How strong.
    pub strength: String,
    /// When it ends.
    pub until: Timestamp,
}

impl View for Today {
    type Output = Day;

    const NAME: &'static str = "today";
    const ABOUT: &'static str = "Overdue and due follow-ups, claims about to end, open conflicts";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        let staff = self.staff.unwrap_or(desk.identity.staff);
        let date = desk.today()?.to_string();
        let tasks = |condition: &'static str| {
            Select::new(
                "SELECT t.id, coalesce(c.document, t.customer) AS customer, t.due, c.name,
                     c.opted_out,
                     coalesce(
                         (SELECT k.phone FROM contact AS k WHERE k.customer = t.customer
                            ORDER BY k.phone IS NULL LIMIT 1),
                         (SELECT k.phone FROM customer AS o
                            CROSS JOIN contact AS k ON k.customer = o.document
                            WHERE o.shown_as = c.document
                            ORDER BY k.phone IS NULL, o.document LIMIT 1)) AS phone
                 FROM task AS t
                 LEFT JOIN customer AS m ON m.document = t.customer
                 LEFT JOIN customer AS c ON c.document = m.shown_as",
            )
            .filter(
                "t.assignee = ? AND t.is_open = 1",
                [Box::new(*staff.as_bytes())],
            )
            .filter(condition, [Box::new(date.clone())])
            // Nobody is called whose card is deleted or kept for the law only.
            .filter("coalesce(c.is_live, 1) = 1", [])
            .filter(
                "NOT EXISTS (SELECT 1 FROM task_done AS d
                     JOIN customer AS e ON e.document = d.customer
                     WHERE d.task = t.id AND e.shown_as = c.document)",
                [],
            )
            .then(&format!("ORDER BY t.due, t.id LIMIT {MOST}"))
            .rows(desk.connection, |row| {
                Ok(DueTask {
                    task: id(row, "id")?,
                    customer: id(row, "customer")?,
                    customer_name: row.get("name")?,
                    phone: row.get("phone")?,
                    opted_out: channels(row, "opted_out")?,
                    due: row.get("due")?,
                })
            })
        };
        let cases = Cases::first(CASES).run(desk)?;
        let now = desk.now.millis();
        let soon = desk.now.plus_hours(ENDS_SOON_HOURS).millis();
        let claims_ending = Select::new(
            "SELECT m.id, m.document, m.deal, m.strength, m.until_at, v.vin
             FROM claim AS m JOIN vehicle AS v ON v.document = m.document",
        )
        .filter(
            "m.staff = ? AND m.state = 'active'",
            [Box::new(*staff.as_bytes())],
        )
        .filter(
            "m.until_at > ? AND m.until_at <= ?",
            [Box::new(now), Box::new(soon)],
        )
        .then(&format!("ORDER BY m.until_at, m.id LIMIT {MOST}"))
        .rows(desk.connection, |row| {
            Ok(EndingClaim {
                claim: id(row, "id")?,
                vehicle: id(row, "document")?,
                vin: row.get("vin")?,
                deal: id(row, "deal")?,
                strength: row.get("strength")?,
                until: instant(row, "until_at")?,
            })
        })?;
        Ok(Day {
            overdue: tasks("t.due < ?")?,
            due: tasks("t.due = ?")?,
            date,
            claims_ending,
            cases: cases.rows,
            more_cases: cases.next.is_some(),
        })
    }
}
