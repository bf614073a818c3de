//! Follow-ups 跟进记录: what was said, never edited; a correction is a new one.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::{Coded, coded_enum};
use crate::customer::corrections;
use crate::document::Document;
use crate::grade::Grade;
use crate::id::{DealId, FactId, StaffId};
use crate::time::Timestamp;

coded_enum! {
    /// In which way a customer was met.
    pub enum FollowUpType {
        /// 拜访: at the customer's.
        Visit = "visit",
        /// 到店
        Showroom = "showroom",
        /// 去电
        CallOut = "call_out",
        /// 来电
        CallIn = "call_in",
        /// 微信
        Wechat = "wechat",
        /// 短信
        Sms = "sms",
        /// 试驾
        TestDrive = "test_drive",
        /// 车展
        Show = "show",
        /// 交车
        Delivery = "delivery",
        /// 关怀
        Care = "care",
    }
}

coded_enum! {
    /// What came of it.
    pub enum Outcome {
        /// 接通有效
        Reached = "reached",
        /// 未接
        NoAnswer = "no_answer",
        /// 空号错号
        WrongNumber = "wrong_no",
        /// 拒绝
        Refused = "refused",
        /// 约回电
        Callback = "callback",
        /// 约到店
        Appointment = "appt",
    }
}

coded_enum! {
    /// What a customer's feedback is about 意见类别.
    pub enum FeedbackKind {
        /// 价格
        Price = "price",
        /// 产品
        Product = "product",
        /// 车源
        Stock = "stock",
        /// 销售服务
        SalesService = "sales_service",
        /// 售后服务
        AfterService = "after_service",
        /// 等待时间
        Waiting = "waiting",
        /// 环境设施
        Facility = "facility",
        /// 金融保险
        Finance = "finance",
        /// 系统
        App = "app",
        /// 表扬
        Praise = "praise",
        /// 其他
        Other = "other",
    }
}

impl Outcome {
    /// Whether the customer was spoken to, if it says so.
    pub const fn is_reached(self) -> bool {
        !matches!(self, Self::NoAnswer | Self::WrongNumber)
    }
}

/// One follow-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FollowUp {
    /// The fact; the card has its outline under the same id.
    pub id: FactId,
    /// In which way.
    pub follow_up_type: Option<Coded<FollowUpType>>,
    /// When it happened.
    pub at: Timestamp,
    /// When it was recorded, as far as can be told.
    pub recorded_at: Timestamp,
    /// How long it took, in seconds.
    pub duration_s: Option<i64>,
    /// Who.
    pub by: Option<StaffId>,
    /// What came of it.
    pub outcome: Option<Coded<Outcome>>,
    /// What was said.
    pub content: Option<String>,
    /// What the customer thinks of us.
    pub feedback: Option<String>,
    /// What that is about.
    pub feedback_kind: Option<Coded<FeedbackKind>>,
    /// The grade that the author saw.
    pub grade_before: Option<Coded<Grade>>,
    /// The grade that the author set.
    pub grade_after: Option<Coded<Grade>>,
    /// What was to come next.
    pub next: Option<NextPlan>,
    /// Where, with the customer's consent.
    pub place: Option<String>,
    /// For which deal.
    pub deal: Option<DealId>,
    /// The tasks that it did.
    pub tasks: BTreeSet<FactId>,
    /// SHA-256 of what was attached.
    pub attachments: BTreeSet<String>,
    /// Which earlier one it corrects.
    pub corrects: Option<FactId>,
    /// Which later one stands in its place: this one is shown struck through.
    pub corrected_by: Option<FactId>,
}

/// What was to come after a follow-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NextPlan {
    /// On which day.
    pub date: NaiveDate,
    /// In which way.
    pub way: Option<Coded<FollowUpType>>,
    /// To what end.
    pub goal: Option<String>,
}

impl FollowUp {
    /// Whether the customer was spoken to.
    pub fn reached(&self) -> bool {
        let outcome = self.outcome.as_ref().and_then(Coded::known);
        outcome.is_none_or(Outcome::is_reached)
    }
}

pub(super) fn read(document: &Document) -> Vec<FollowUp> {
    let corrected = corrections(document, "follow_up");
    let mut follow_ups: Vec<_> = document
        .recorded("follow_up")
        .into_iter()
        .map(|(moment, fact)| {
            let text = |name: &str| fact.text(name).map(str::to_owned);
            FollowUp {
                id: fact.id,
                follow_up_type: fact.coded("type"),
                at: document.happened_at(fact),
                recorded_at: moment.time,
                duration_s: fact.int("duration_s"),
                by: fact.parsed("by"),
                outcome: fact.coded("outcome"),
                content: text("content"),
                feedback: text("feedback"),
                feedback_kind: fact.coded("feedback_kind"),
                grade_before: fact.coded("grade_before"),
                grade_after: fact.coded("grade_after"),
                next: fact.parsed("next_date").map(|date| NextPlan {
                    date,
                    way: fact.coded("next_way"),
                    goal: text("next_goal"),
                }),
                place: text("place"),
                deal: fact.parsed("deal"),
                tasks: fact
                    .held("task")
                    .filter_map(|task| task.parse().ok())
                    .collect(),
                attachments: fact.held("attachment").map(str::to_owned).collect(),
                corrects: fact.parsed("corrects"),
                corrected_by: corrected.get(&fact.id).copied(),
            }
        })
        .collect();
    follow_ups.sort_by_key(|follow_up| (follow_up.at, follow_up.id));
    follow_ups
}
