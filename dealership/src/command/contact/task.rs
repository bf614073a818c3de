//! Plans to follow up.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::input::{self, LONGEST_LINE};
use crate::command::{Command, Context, Library, Plan, lookup};
use crate::contact::{Contact, FollowUpType, Priority, Slot, Task, TaskOrigin, TaskState};
use crate::edit::Edits;
use crate::id::{CustomerId, DealId, DocumentId, FactId, StaffId};
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

/// Plans to follow a customer up.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanTask {
    /// Whom.
    pub customer: CustomerId,
    /// On which day.
    pub due: NaiveDate,
    /// In which part of it.
    #[serde(default)]
    pub slot: Option<Slot>,
    /// In which way.
    pub way: FollowUpType,
    /// To what end.
    #[serde(default)]
    pub goal: Option<String>,
    /// Who is to do it; the customer's consultant if left out.
    #[serde(default)]
    pub assignee: Option<StaffId>,
    /// How pressing it is.
    #[serde(default)]
    pub priority: Option<Priority>,
    /// Where it comes from; by hand if left out.
    #[serde(default)]
    pub origin: Option<TaskOrigin>,
    /// For which deal.
    #[serde(default)]
    pub deal: Option<DealId>,
}

/// The plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskPlanned {
    /// The entry.
    pub task: FactId,
}

impl Command for PlanTask {
    type Output = TaskPlanned;

    const NAME: &'static str = "plan_task";
    const ABOUT: &'static str = "Plans to follow a customer up";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<TaskPlanned>, Refusal> {
        lookup::card(library, self.customer)?;
        let customer = lookup::whole(library, self.customer)?.customer;
        let (document, _) = lookup::contact(library, self.customer)?;
        if self.due < input::today(context.now)? {
            return Err(Refusal::invalid("due", "is a day that has passed"));
        }
        let owner = customer.owner.unwrap_or(context.author.staff());
        let input = TaskInput {
            due: self.due,
            slot: self.slot,
            way: self.way,
            goal: self.goal.clone(),
            assignee: self.assignee.unwrap_or(owner),
            priority: self.priority,
            origin: self.origin.unwrap_or(TaskOrigin::Manual),
            deal: self.deal,
        };
        let mut edits = Edits::default();
        let task = input.write(&mut edits, document.id(), context)?;
        Ok(Plan::new(edits, TaskPlanned { task }))
    }
}

/// Puts a plan off or gives it to somebody else.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditTask {
    /// Whom it is about.
    pub customer: CustomerId,
    /// Which.
    pub task: FactId,
    /// On which day.
    #[serde(default)]
    pub due: Option<NaiveDate>,
    /// In which part of it.
    #[serde(default)]
    pub slot: Option<Slot>,
    /// In which way.
    #[serde(default)]
    pub way: Option<FollowUpType>,
    /// To what end.
    #[serde(default)]
    pub goal: Option<String>,
    /// Who is to do it.
    #[serde(default)]
    pub assignee: Option<StaffId>,
    /// How pressing it is.
    #[serde(default)]
    pub priority: Option<Priority>,
}

impl Command for EditTask {
    type Output = ();

    const NAME: &'static str = "edit_task";
    const ABOUT: &'static str = "Puts a plan off or gives it to somebody else";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let (document, contact) = lookup::contact_with(library, self.customer, |contact| {
            contact.tasks.iter().any(|task| task.id == self.task)
        })?;
        open_task(&contact, self.task)?;
        let today = input::today(context.now)?;
        if self.due.is_some_and(|due| due < today) {
            return Err(Refusal::invalid("due", "is a day that has passed"));
        }
        let goal = input::optional_line("goal", self.goal.as_deref(), LONGEST_LINE)?;
        let mut edits = Edits::default();
        for (field, value) in crate::edit::fields([
            ("due", self.due.into()),
            ("slot", self.slot.into()),
            ("way", self.way.into()),
            ("goal", goal.into()),
            ("assignee", self.assignee.into()),
            ("priority", self.priority.into()),
        ]) {
            edits.amend(document.id(), "task", self.task, field, value);
        }
        Ok(Plan::new(edits, ()))
    }
}

/// Gives a plan up.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelTask {
    /// Whom it is about.
    pub customer: CustomerId,
    /// Which.
    pub task: FactId,
    /// Why.
    pub reason: String,
}

impl Command for CancelTask {
    type Output = ();

    const NAME: &'static str = "cancel_task";
    const ABOUT: &'static str = "Gives a plan up";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let (document, contact) = lookup::contact_with(library, self.customer, |contact| {
            contact.tasks.iter().any(|task| task.id == self.task)
        })?;
        open_task(&contact, self.task)?;
        let reason = input::line("reason", &self.reason, LONGEST_LINE)?;
        let fields = context.signed([("task", self.task.into()), ("reason", reason.into())]);
        let mut edits = Edits::default();
        edits.record(document.id(), "task_cancelled", context.ids.fact(), fields);
        Ok(Plan::new(edits, ()))
    }
}

fn open_task(contact: &Contact, id: FactId) -> Result<&Task, Refusal> {
    let task = contact
        .tasks
        .iter()
        .find(|task| task.id == id)
        .ok_or_else(|| Refusal::invalid("task", "the contact has none such"))?;
    if task.state == TaskState::Open {
        Ok(task)
    } else {
        Err(Refusal::invalid("task", format!("is {}", task.state)))
    }
}
