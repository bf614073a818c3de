//! How a deal ended.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::{Coded, coded_enum};
use crate::customer::LostReason;
use crate::document::Document;
use crate::id::{FactId, StaffId};
use crate::time::Timestamp;

coded_enum! {
    /// As what a deal was closed.
    pub enum ClosingOutcome {
        /// 战败
        Lost = "lost",
        /// 退订: after the contract; needs a decision about the money.
        Cancelled = "cancelled",
        /// 归档
        Archived = "archived",
    }
}

/// The closing of a deal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Closing {
    /// The fact.
    pub id: FactId,
    /// As what.
    pub outcome: Option<Coded<ClosingOutcome>>,
    /// Why.
    pub reasons: BTreeSet<Coded<LostReason>>,
    /// To which competitor.
    pub competitor: Option<String>,
    /// Who closed it.
    pub by: Option<StaffId>,
    /// When.
    pub at: Timestamp,
}

/// The closing that stands: of those that no revival took back, a cancellation before a loss
/// before an archiving; a delivered deal can only be archived.
pub(super) fn in_force(document: &Document, delivered: bool) -> Option<Closing> {
    let revived: BTreeSet<FactId> = document
        .facts("revival")
        .filter_map(|fact| fact.parsed("closing"))
        .collect();
    let closings: Vec<Closing> = document
        .recorded("closing")
        .into_iter()
        .filter(|(_, fact)| !revived.contains(&fact.id))
        .map(|(_, fact)| Closing {
            id: fact.id,
            outcome: fact.coded("outcome"),
            reasons: fact.held("reason").map(Coded::read).collect(),
            competitor: fact.text("competitor").map(str::to_owned),
            by: fact.parsed("by"),
            at: document.happened_at(fact),
        })
        .filter(|closing| {
            !delivered || closing.outcome == Some(Coded::Known(ClosingOutcome::Archived))
        })
        .collect();
    let weight = |closing: &Closing| match closing.outcome.as_ref().and_then(Coded::known) {
        Some(ClosingOutcome::Cancelled) => 0,
        Some(ClosingOutcome::Lost) => 1,
        Some(ClosingOutcome::Archived) | None => 2,
    };
    closings.into_iter().min_by_key(weight)
}
