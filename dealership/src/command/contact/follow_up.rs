//! Logging follow-ups.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::civil;
use crate::command::contact::task::TaskInput;
use crate::command::grade::{check_grade, grade_fact, note};
use crate::command::input::{self, LONGEST_LINE};
use crate::command::{Command, Context, Library, Plan, lookup};
use crate::contact::{FeedbackKind, FollowUpType, Outcome, Slot, Task, TaskOrigin, TaskState};
use crate::customer::GradeOrigin;
use crate::edit::{Edits, fields};
use crate::grade::Grade;
use crate::id::{CustomerId, DealId, DocumentId, FactId, StaffId};
use crate::merge;
use crate::refusal::Refusal;
use crate::schema;
use crate::time::Timestamp;

/// Logs a follow-up.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogFollowUp {
    /// With whom.
    pub customer: CustomerId,
    /// In which way.
    #[serde(rename = "type")]
    pub follow_up_type: FollowUpType,
    /// What came of it.
    pub outcome: Outcome,
    /// When it happened, in milliseconds since the Unix epoch; now if left out.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// How long it took, in seconds.
    #[serde(default)]
    pub duration_s: Option<u32>,
    /// What was said.
    #[serde(default)]
    pub content: Option<String>,
    /// What the customer thinks of us.
    #[serde(default)]
    pub feedback: Option<String>,
    /// What that is about.
    #[serde(default)]
    pub feedback_kind: Option<FeedbackKind>,
    /// The grade from now on; as it is if left out.
    #[serde(default)]
    pub grade: Option<Grade>,
    /// Why the grade changes; needed where it does and nothing was said.
    #[serde(default)]
    pub grade_reason: Option<String>,
    /// What comes next; proposed by the grade if left out.
    #[serde(default)]
    pub next: Next,
    /// The tasks that this does; if left out, the author's own that are due by today, where the
    /// customer was spoken to.
    #[serde(default)]
    pub tasks: Option<BTreeSet<FactId>>,
    /// For which deal.
    #[serde(default)]
    pub deal: Option<DealId>,
    /// Where, with the customer's consent.
    #[serde(default)]
    pub place: Option<String>,
    /// SHA-256 of what is attached, in hex.
    #[serde(default)]
    pub attachments: BTreeSet<String>,
}

/// What comes after a follow-up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// The grade says when, unless something is planned before that day.
    #[default]
    ByGrade,
    /// Nothing.
    Nothing,
    /// This.
    Plan(NextPlanInput),
}

/// What is to come next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NextPlanInput {
    /// On which day.
    pub date: NaiveDate,
    /// In which part of it.
    #[serde(default)]
    pub slot: Option<Slot>,
    /// In which way; a call if left out.
    #[serde(default)]
    pub way: Option<FollowUpType>,
    /// To what end.
    #[serde(default)]
    pub goal: Option<String>,
}

/// The follow-up that was logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FollowUpLogged {
    /// The fact.
    pub follow_up: FactId,
    /// The tasks that it did.
    pub tasks_done: BTreeSet<FactId>,
    /// The task that was planned.
    pub next_task: Option<FactId>,
    /// The day for which it was planned.
    pub next_date: Option<NaiveDate>,
}

impl Command for LogFollowUp {
    type Output = FollowUpLogged;

    const NAME: &'static str = "log_follow_up";
    const ABOUT: &'static str = "Logs a follow-up, does the task that was due and plans the next";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<FollowUpLogged>, Refusal> {
        let (card, _) = lookup::card(library, self.customer)?;
        let (document, _) = lookup::contact(library, self.customer)?;
        let whole = lookup::whole(library, self.customer)?;
        let today = input::today(context.now)?;
        let before = whole.customer.grade_at(&whole.deals, context.now);
        let after = self.grade.unwrap_or(before);
        let planned = merge::tasks(whole.contacts());
        let tasks = self.tasks_done(&planned, context.author.staff(), today)?;
        let next = self.next_plan(&planned, &tasks, after, today)?;

        let mut edits = Edits::default();
        let text = FollowUpText {
            follow_up_type: self.follow_up_type,
            outcome: self.outcome,
            duration_s: self.duration_s,
            content: input::optional_prose("content", self.content.as_deref())?,
            feedback: input::optional_prose("feedback", self.feedback.as_deref())?,
            feedback_kind: self.feedback_kind,
            grade_before: Some(before),
            grade_after: Some(after),
            next: next.as_ref().map(|(plan, _)| plan.clone()),
            tasks: tasks.clone(),
            deal: self.deal,
            place: input::optional_line("place", self.place.as_deref(), LONGEST_LINE)?,
            attachments: self.attachments.clone(),
            ..FollowUpText::at(input::past("at", self.at, context.now)?)
        };
        let reason = input::optional_prose("grade_reason", self.grade_reason.as_deref())?;
        if after != before && reason.is_none() && text.content.is_none() {
            let problem = "say why the grade changes";
            return Err(Refusal::invalid("grade_reason", problem));
        }
        let follow_up = text.write(&mut edits, card.id(), document.id(), context)?;
        if after != before {
            check_grade(after)?;
            let origin = GradeOrigin::Manual;
            let fact = grade_fact(&mut edits, card.id(), after, Some(before), origin, context);
            if let Some(reason) = reason {
                note(&mut edits, document.id(), reason, Some(fact), context);
            }
        }
        let next_date = next.as_ref().map(|(plan, _)| plan.date);
        let next_task = match next {
            Some((plan, origin)) => {
                let task = TaskInput {
                    due: plan.date,
                    slot: plan.slot,
                    way: plan.way.unwrap_or(FollowUpType::CallOut),
                    goal: plan.goal,
                    assignee: whole.customer.owner.unwrap_or(context.author.staff()),
                    priority: None,
                    origin,
                    deal: self.deal,
                };
                Some(task.write(&mut edits, document.id(), context)?)
            }
            None => None,
        };
        let output = FollowUpLogged {
            follow_up,
            tasks_done: tasks,
            next_task,
            next_date,
        };
        Ok(Plan::new(edits, output))
    }
}

impl LogFollowUp {
    /// The tasks that this does: those named, or, where the customer was spoken to, those of the
    /// author that are due. A call that nobody answered leaves them due, and what a colleague
    /// plans is theirs.
    fn tasks_done(
        &self,
        planned: &[Task],
        author: StaffId,
        today: NaiveDate,
    ) -> Result<BTreeSet<FactId>, Refusal> {
        match &self.tasks {
            Some(tasks) => {
                let known = |task: &FactId| planned.iter().any(|known| known.id == *task);
                match tasks.iter().find(|task| !known(task)) {
                    Some(task) => {
                        let problem = format!("the contact has no task {task}");
                        Err(Refusal::invalid("tasks", problem))
                    }
                    None => Ok(tasks.clone()),
                }
            }
            None if !self.outcome.is_reached() => Ok(BTreeSet::new()),
            None => Ok(open(planned)
                .filter(|task| task.assignee.is_none_or(|assignee| assignee == author))
                .filter(|task| task.due.is_none_or(|due| due <= today))
                .map(|task| task.id)
                .collect()),
        }
    }

    fn next_plan(
        &self,
        planned: &[Task],
        done: &BTreeSet<FactId>,
        grade: Grade,
        today: NaiveDate,
    ) -> Result<Option<(NextPlanInput, TaskOrigin)>, Refusal> {
        match &self.next {
            Next::Nothing => Ok(None),
            Next::Plan(plan) if plan.date < today => {
                Err(Refusal::invalid("next", "is a day that has passed"))
            }
            Next::Plan(plan) => Ok(Some((plan.clone(), TaskOrigin::Manual))),
            Next::ByGrade => {
                let Some(date) = proposed_date(grade, today) else {
                    return Ok(None);
                };
                let is_planned = open(planned)
                    .filter(|task| !done.contains(&task.id))
                    .any(|task| task.due.is_some_and(|due| due <= date));
                let plan = NextPlanInput {
                    date,
                    slot: None,
                    way: None,
                    goal: None,
                };
                Ok((!is_planned).then_some((plan, TaskOrigin::Grade)))
            }
        }
    }
}

fn open(tasks: &[Task]) -> impl Iterator<Item = &Task> {
    tasks.iter().filter(|task| task.state == TaskState::Open)
}

/// The day by which the grade asks for the next follow-up.
pub(in crate::command) fn proposed_date(grade: Grade, today: NaiveDate) -> Option<NaiveDate> {
    civil::days_after(today, grade.follow_up_days()?)
}

/// A follow-up as it goes into documents: the whole into the contact, its outline onto the card.
pub(in crate::command) struct FollowUpText {
    pub(in crate::command) follow_up_type: FollowUpType,
    pub(in crate::command) outcome: Outcome,
    pub(in crate::command) at: Timestamp,
    pub(in crate::command) duration_s: Option<u32>,
    pub(in crate::command) content: Option<String>,
    pub(in crate::command) feedback: Option<String>,
    pub(in crate::command) feedback_kind: Option<FeedbackKind>,
    pub(in crate::command) grade_before: Option<Grade>,
    pub(in crate::command) grade_after: Option<Grade>,
    pub(in crate::command) next: Option<NextPlanInput>,
    pub(in crate::command) tasks: BTreeSet<FactId>,
    pub(in crate::command) deal: Option<DealId>,
    pub(in crate::command) place: Option<String>,
    pub(in crate::command) attachments: BTreeSet<String>,
    pub(in crate::command) corrects: Option<FactId>,
}

impl FollowUpText {
    /// A meeting of which nothing is said yet.
    pub(in crate::command) const fn at(at: Timestamp) -> Self {
        Self {
            follow_up_type: FollowUpType::Showroom,
            outcome: Outcome::Reached,
            at,
            duration_s: None,
            content: None,
            feedback: None,
            feedback_kind: None,
            grade_before: None,
            grade_after: None,
            next: None,
            tasks: BTreeSet::new(),
            deal: None,
            place: None,
            attachments: BTreeSet::new(),
            corrects: None,
        }
    }

    /// Writes it; gives the id that it bears in both documents.
    pub(in crate::command) fn write(
        &self,
        edits: &mut Edits,
        card: DocumentId,
        contact: DocumentId,
        context: &mut Context<'_>,
    ) -> Result<FactId, Refusal> {
        let id = context.ids.fact();
        let next = self.next.as_ref();
        let goal = next.and_then(|next| next.goal.as_deref());
        let mut fact = fields([
            ("type", self.follow_up_type.into()),
            ("outcome", self.outcome.into()),
            ("duration_s", self.duration_s.map(i64::from).into()),
            ("content", self.content.clone().into()),
            ("feedback", self.feedback.clone().into()),
            ("feedback_kind", self.feedback_kind.into()),
            ("grade_before", self.grade_before.into()),
            ("grade_after", self.grade_after.into()),
            ("next_date", next.map(|next| next.date).into()),
            ("next_way", next.and_then(|next| next.way).into()),
            (
                "next_goal",
                input::optional_line("next", goal, LONGEST_LINE)?.into(),
            ),
            ("place", self.place.clone().into()),
            ("deal", self.deal.into()),
            ("corrects", self.corrects.into()),
            ("by", context.author.staff().into()),
            ("at", self.at.into()),
        ]);
        for task in &self.tasks {
            fact.insert(format!("task/{task}"), true.into());
        }
        for attachment in &self.attachments {
            let hex = attachment.len() == 64 && schema::is_member(attachment);
            if !hex {
                let problem = format!("{attachment:?} is no SHA-256 in hex");
                return Err(Refusal::invalid("attachments", problem));
            }
            fact.insert(format!("attachment/{attachment}"), true.into());
        }
        edits.record(contact, "follow_up", id, fact);
        let outline = fields([
            ("type", self.follow_up_type.into()),
            ("outcome", self.outcome.into()),
            ("corrects", self.corrects.into()),
            ("by", context.author.staff().into()),
            ("at", self.at.into()),
        ]);
        edits.record(card, "contacted", id, outline);
        Ok(id)
    }
}
