//! Follow-up plans 跟进计划.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::{Coded, coded_enum};
use crate::contact::follow_up::{FollowUp, FollowUpType};
use crate::document::Document;
use crate::id::{DealId, FactId, StaffId};
use crate::time::Timestamp;

coded_enum! {
    /// In which part of the day.
    pub enum Slot {
        /// 上午
        Morning = "morning",
        /// 下午
        Afternoon = "afternoon",
        /// 晚上
        Evening = "evening",
    }
}

coded_enum! {
    /// How pressing it is.
    pub enum Priority {
        /// 高
        High = "high",
        /// 普通
        Normal = "normal",
        /// 低
        Low = "low",
    }
}

coded_enum! {
    /// Where a plan comes from 计划来源.
    pub enum TaskOrigin {
        /// 级别自动
        Grade = "grade",
        /// 手工
        Manual = "manual",
        /// 交车回访
        Delivery = "delivery",
        /// 售后回访
        Service = "service",
        /// 投诉
        Complaint = "complaint",
        /// 线索
        Lead = "lead",
        /// 活动
        Campaign = "campaign",
        /// 交接
        Handover = "handover",
    }
}

coded_enum! {
    /// What became of a plan. Done beats cancelled: what happened beats paperwork.
    pub enum TaskState {
        /// Still to be done.
        Open = "open",
        /// A follow-up did it.
        Done = "done",
        /// It is not to be done.
        Cancelled = "cancelled",
    }
}

/// One plan to follow up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// The entry.
    pub id: FactId,
    /// On which day.
    pub due: Option<NaiveDate>,
    /// In which part of it.
    pub slot: Option<Coded<Slot>>,
    /// In which way.
    pub way: Option<Coded<FollowUpType>>,
    /// To what end.
    pub goal: Option<String>,
    /// Who is to do it.
    pub assignee: Option<StaffId>,
    /// How pressing it is.
    pub priority: Option<Coded<Priority>>,
    /// Where it comes from.
    pub origin: Option<Coded<TaskOrigin>>,
    /// For which deal.
    pub deal: Option<DealId>,
    /// What became of it.
    pub state: TaskState,
    /// The follow-ups that did it; two devices may both have.
    pub done_by: Vec<FactId>,
    /// Why it was cancelled.
    pub cancel_reason: Option<String>,
    /// Who planned it.
    pub by: Option<StaffId>,
    /// When.
    pub at: Timestamp,
}

impl Task {
    /// How many days it is late; zero on the day itself, and for what is done.
    pub fn overdue_days(&self, today: NaiveDate) -> i64 {
        match (self.state, self.due) {
            (TaskState::Open, Some(due)) => crate::civil::days_between(due, today).max(0),
            _ => 0,
        }
    }

    /// Whether it is somebody else's than the customer's consultant: left over from before a
    /// handover 转交.
    pub fn is_of_former_owner(&self, owner: Option<StaffId>) -> bool {
        self.state == TaskState::Open && self.assignee.is_some() && self.assignee != owner
    }
}

pub(super) fn read(document: &Document, follow_ups: &[FollowUp]) -> Vec<Task> {
    let cancellations = document.recorded("task_cancelled");
    let mut tasks: Vec<_> = document
        .recorded("task")
        .into_iter()
        .map(|(_, entry)| {
            let done_by: Vec<FactId> = follow_ups
                .iter()
                .filter(|follow_up| follow_up.corrected_by.is_none())
                .filter(|follow_up| follow_up.tasks.contains(&entry.id))
                .map(|follow_up| follow_up.id)
                .collect();
            let cancellation = cancellations
                .iter()
                .find(|(_, fact)| fact.parsed("task") == Some(entry.id))
                .map(|(_, fact)| *fact);
            let state = match (done_by.is_empty(), cancellation) {
                (false, _) => TaskState::Done,
                (true, Some(_)) => TaskState::Cancelled,
                (true, None) => TaskState::Open,
            };
            Task {
                id: entry.id,
                due: entry.parsed("due"),
                slot: entry.coded("slot"),
                way: entry.coded("way"),
                goal: entry.text("goal").map(str::to_owned),
                assignee: entry.parsed("assignee"),
                priority: entry.coded("priority"),
                origin: entry.coded("origin"),
                deal: entry.parsed("deal"),
                state,
                done_by,
                cancel_reason: cancellation
                    .and_then(|fact| fact.text("reason"))
                    .map(str::to_owned),
                by: entry.parsed("by"),
                at: document.happened_at(entry),
            }
        })
        .collect();
    tasks.sort_by_key(|task| (task.due, task.id));
    tasks
}
