//! Deleting a card, and taking that back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::coded_enum;
use crate::command::{Command, Context, Library, Plan, lookup};
use crate::edit::Edits;
use crate::id::{CustomerId, FactId};
use crate::refusal::Refusal;

coded_enum! {
    /// Why a card is deleted.
    pub enum DeleteReason {
        /// 录入错误
        Error = "error",
        /// 测试数据
        Test = "test",
        /// 重复, where there is nothing to merge.
        Duplicate = "duplicate",
        /// 客户要求; what the law asks for is a purge.
        Asked = "asked",
    }
}

/// Deletes a card: it is shown nowhere, and nothing of it is lost.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteCustomer {
    /// Whom.
    pub customer: CustomerId,
    /// Why.
    pub reason: DeleteReason,
}

/// Takes the deletion of a card back.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreCustomer {
    /// Whom.
    pub customer: CustomerId,
}

/// The fact that says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deleted {
    /// The fact.
    pub void: FactId,
}

impl Command for DeleteCustomer {
    type Output = Deleted;

    const NAME: &'static str = "delete_customer";
    const ABOUT: &'static str = "Deletes a card; a manager can take it back";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Deleted>, Refusal> {
        let (card, _) = lookup::card(library, self.customer)?;
        let void = context.ids.fact();
        let mut edits = Edits::default();
        let fields = context.signed([("reason", self.reason.into())]);
        edits.record(card.id(), "void", void, fields);
        Ok(Plan::new(edits, Deleted { void }))
    }
}

impl Command for RestoreCustomer {
    type Output = ();

    const NAME: &'static str = "restore_customer";
    const ABOUT: &'static str = "Takes the deletion of a card back";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let (card, customer) = lookup::any_card(library, self.customer)?;
        if customer.voided.is_none() {
            return Err(Refusal::state(&card, "the customer is not deleted"));
        }
        let undone: Vec<FactId> = card
            .facts("void_undo")
            .filter_map(|fact| fact.parsed("void"))
            .collect();
        let mut edits = Edits::default();
        for void in card.facts("void").filter(|void| !undone.contains(&void.id)) {
            let fields = context.signed([("void", void.id.into())]);
            edits.record(card.id(), "void_undo", context.ids.fact(), fields);
        }
        Ok(Plan::new(edits, ()))
    }
}
