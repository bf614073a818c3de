//! Plans to follow up.

use chrono::NaiveDate;

use crate::command::Context;
use crate::command::input::{self, LONGEST_LINE};
use crate::contact::{FollowUpType, Priority, Slot, TaskOrigin};
use crate::edit::Edits;
use crate::id::{DealId, DocumentId, FactId, StaffId};
use crate::refusal::Refusal;

/// A plan as it goes into the contact.
pub(in crate::command) struct TaskInput {
    pub(in crate::command) due: NaiveDate,
    pub(in crate::command) slot: Option<Slot>,
    pub(in crate::command) way: FollowUpType,
    pub(in crate::command) goal: Option<String>,
    pub(in crate::command) assignee: StaffId,
    pub(in crate::command) priority: Option<Priority>,
    pub(in crate::command) origin: TaskOrigin,
    pub(in crate::command) deal: Option<DealId>,
}

impl TaskInput {
    /// Writes it; gives the entry's id.
    pub(in crate::command) fn write(
        &self,
        edits: &mut Edits,
        contact: DocumentId,
        context: &mut Context<'_>,
    ) -> Result<FactId, Refusal> {
        let id = context.ids.fact();
        let entry = context.signed([
            ("due", self.due.into()),
            ("slot", self.slot.into()),
            ("way", self.way.into()),
            (
                "goal",
                input::optional_line("goal", self.goal.as_deref(), LONGEST_LINE)?.into(),
            ),
            ("assignee", self.assignee.into()),
            ("priority", self.priority.into()),
            ("origin", self.origin.into()),
            ("deal", self.deal.into()),
        ]);
        edits.record(contact, "task", id, entry);
        Ok(id)
    }
}
