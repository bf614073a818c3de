//! One deal whole.

use std::collections::BTreeMap;

use dealership::deal::{Deal, Stage};
use dealership::id::{DealId, StaffId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ReplicaError;
use crate::view::customer_detail::{names, not_here};
use crate::view::deal_list::{self, DealRow};
use crate::view::vehicle_list::{self, VehicleRow};
use crate::view::{Desk, View};

/// Asks for a deal.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DealDetail {
    /// The deal.
    deal: DealId,
}

/// A deal whole.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DealWhole {
    /// As the list shows it.
    pub row: DealRow,
    /// As it is, with every stage and event.
    pub deal: Deal,
    /// The next stage that is open.
    pub next_stage: Option<Stage>,
    /// The vehicles that it claims or claimed.
    pub vehicles: Vec<VehicleRow>,
    /// The names of the people that are spoken of.
    pub names: BTreeMap<StaffId, String>,
}

impl View for DealDetail {
    type Output = DealWhole;

    const NAME: &'static str = "deal_detail";
    const ABOUT: &'static str = "One deal whole: stages with what is missing, vehicles, people";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        let document = desk.shelf.document(self.deal.into())?;
        let deal = document.as_deref().and_then(Deal::read);
        let (Some(deal), Some(row)) = (deal, deal_list::of_deal(desk, self.deal)?) else {
            return Err(not_here(self.deal));
        };
        let people = deal
            .progress
            .events
            .iter()
            .filter_map(|event| event.by)
            .chain(deal.owner);
        Ok(DealWhole {
            row,
            next_stage: deal.progress.next(),
            vehicles: vehicle_list::of_deal(desk, self.deal)?,
            names: names(desk, people)?,
            deal,
        })
    }
}
