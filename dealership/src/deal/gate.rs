//! What a stage still needs before it can be recorded.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contact::Contact;
use crate::customer::Customer;
use crate::deal::{Deal, Stage};

/// Something that a stage needs and that is not there.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// An earlier stage without which it does not hold.
    Stage(Stage),
    /// A first interaction with the customer.
    FirstContact,
    /// An open intent.
    Intent,
    /// When the customer expects to order.
    Horizon,
    /// Which model they like, or what they would spend.
    ModelOrBudget,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stage(stage) => stage.fmt(f),
            Self::FirstContact => f.write_str("first_contact"),
            Self::Intent => f.write_str("intent"),
            Self::Horizon => f.write_str("horizon"),
            Self::ModelOrBudget => f.write_str("model_or_budget"),
        }
    }
}

impl Deal {
    /// What a stage still needs. A card or contact that is not here is not judged by.
    pub fn missing_for(
        &self,
        stage: Stage,
        customer: Option<&Customer>,
        contact: Option<&Contact>,
    ) -> Vec<Missing> {
        let mut missing: Vec<Missing> = self
            .progress
            .standing(stage)
            .into_iter()
            .flat_map(|standing| &standing.missing)
            .map(|stage| Missing::Stage(*stage))
            .collect();
        match stage {
            Stage::Reception if customer.is_some_and(|customer| customer.contacted.is_empty()) => {
                missing.push(Missing::FirstContact);
            }
            Stage::Needs => missing.extend(contact.into_iter().flat_map(needs)),
            _ => {}
        }
        missing
    }
}

fn needs(contact: &Contact) -> Vec<Missing> {
    let Some(intent) = contact.open_intent() else {
        return vec![Missing::Intent];
    };
    let mut missing = Vec::new();
    if intent.horizon_days.is_none() {
        missing.push(Missing::Horizon);
    }
    let budget = intent.budget_min.or(intent.budget_max);
    if intent.models.is_empty() && budget.is_none() {
        missing.push(Missing::ModelOrBudget);
    }
    missing
}
