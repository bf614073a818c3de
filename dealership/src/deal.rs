//! A deal 商机/订单, read: how far it is, what is missing, how it ended.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::civil;
use crate::code::coded_enum;
use crate::customer::{Handover, ownership};
use crate::document::Document;
use crate::id::{CustomerId, DealId, FactId, ShowId, StaffId, StoreId, TrimId};
use crate::kind::Kind;
use crate::time::Timestamp;

mod closing;
mod gate;
mod progress;
mod stage;

pub use closing::{Closing, ClosingOutcome};
pub use gate::Missing;
pub use progress::{Progress, StageEvent, StageStanding};
pub use stage::{SkipRule, Stage, StageState};

/// A deal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deal {
    /// Which.
    pub id: DealId,
    /// The store.
    pub store: StoreId,
    /// With whom.
    pub customer: CustomerId,
    /// Out of which intent of the customer's contact.
    pub intent: Option<FactId>,
    /// Who opened it.
    pub first_owner: Option<StaffId>,
    /// Whose deal it is.
    pub owner: Option<StaffId>,
    /// How it was handed over, in the order in which it was recorded.
    pub handovers: Vec<Handover>,
    /// At which show it began.
    pub show: Option<ShowId>,
    /// About which trim.
    pub trim: Option<TrimId>,
    /// What it is called; never a person's name.
    pub title: Option<String>,
    /// When it is expected to close.
    pub expected_date: Option<NaiveDate>,
    /// How far it is.
    pub progress: Progress,
    /// How it ended; what happened beats paperwork, so a delivered deal has no closing but its
    /// archiving.
    pub closing: Option<Closing>,
    /// The keys of registers in which concurrent different values stand.
    pub contested: BTreeSet<String>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Who opened it.
    pub created_by: Option<StaffId>,
}

coded_enum! {
    /// Where a deal stands as a whole.
    pub enum DealState {
        /// Still to be won or lost.
        Open = "open",
        /// 已交付
        Delivered = "delivered",
        /// 战败
        Lost = "lost",
        /// 退订
        Cancelled = "cancelled",
        /// 归档
        Archived = "archived",
    }
}

impl Deal {
    /// Reads a deal; `None` if the document is of another kind, lives in no store or names no
    /// customer.
    pub fn read(document: &Document) -> Option<Self> {
        if document.kind() != Kind::Deal {
            return None;
        }
        let first_owner = document.parsed("owner");
        let handovers = ownership::read(document);
        let progress = progress::read(document);
        let delivered = progress.holds(Stage::Acceptance);
        Some(Self {
            id: document.id().into(),
            store: document.space().store()?,
            customer: document.parsed("customer")?,
            intent: document.parsed("intent"),
            first_owner,
            owner: ownership::in_force(first_owner, &handovers),
            handovers,
            show: document.parsed("show"),
            trim: document.parsed("trim"),
            title: document.text("title").map(str::to_owned),
            expected_date: document.parsed("expected_date"),
            progress,
            closing: closing::in_force(document, delivered),
            contested: document.contested(),
            created_at: document.instant("created_at").unwrap_or_default(),
            created_by: document.parsed("created_by"),
        })
    }

    /// The furthest stage that holds; `None` before reception is done.
    pub fn stage(&self) -> Option<Stage> {
        self.progress.stage()
    }

    /// Where it stands as a whole.
    pub fn state(&self) -> DealState {
        let outcome = self
            .closing
            .as_ref()
            .and_then(|closing| closing.outcome.as_ref()?.known());
        match outcome {
            Some(ClosingOutcome::Archived) => DealState::Archived,
            _ if self.delivered_at().is_some() => DealState::Delivered,
            Some(ClosingOutcome::Lost) => DealState::Lost,
            Some(ClosingOutcome::Cancelled) => DealState::Cancelled,
            // A later version's outcome has ended it in any case.
            None if self.closing.is_some() => DealState::Archived,
            None => DealState::Open,
        }
    }

    /// Since when the customer has ordered: a contract holds, or a deposit was taken.
    pub fn ordered_at(&self) -> Option<Timestamp> {
        [Stage::Contract, Stage::Deposit]
            .into_iter()
            .filter_map(|stage| self.progress.done_at(stage))
            .min()
    }

    /// Whether the customer has ordered and still waits for the car.
    pub fn is_ordered(&self) -> bool {
        self.state() == DealState::Open && self.ordered_at().is_some()
    }

    /// Since when the customer has the car.
    pub fn delivered_at(&self) -> Option<Timestamp> {
        self.progress.done_at(Stage::Acceptance)
    }

    /// Since when it stands where it stands.
    pub fn in_stage_since(&self) -> Timestamp {
        match &self.closing {
            Some(closing) => closing.at,
            None => self
                .stage()
                .and_then(|stage| self.progress.since(stage))
                .unwrap_or(self.created_at),
        }
    }

    /// For how many days it has stood where it stands.
    pub fn days_in_stage(&self, today: NaiveDate) -> i64 {
        civil::civil_date(self.in_stage_since().millis())
            .map_or(0, |since| civil::days_between(since, today).max(0))
    }
}
