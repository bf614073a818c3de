//! The grade of a customer: set by people, lowered by the clock.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::{Coded, coded_enum};
use crate::customer::{Customer, LostDecision};
use crate::deal::Deal;
use crate::document::{Document, Moment};
use crate::grade::Grade;
use crate::id::{FactId, StaffId};
use crate::time::Timestamp;

coded_enum! {
    /// On whose word a grade was set.
    pub enum GradeOrigin {
        /// A person judged.
        Manual = "manual",
        /// A person took the suggestion.
        Suggested = "suggested",
        /// A manager confirmed that the customer is lost.
        Lost = "lost",
    }
}

/// One setting of a grade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GradeEvent {
    /// The fact; a note in the contact bears the reason.
    pub id: FactId,
    /// What was set.
    pub grade: Coded<Grade>,
    /// What the author saw before.
    pub before: Option<Coded<Grade>>,
    /// On whose word.
    pub origin: Option<Coded<GradeOrigin>>,
    /// Who.
    pub by: Option<StaffId>,
    /// When.
    pub at: Timestamp,
}

/// From when on a grade holds, if nothing happens before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GradeStep {
    /// From this instant.
    pub from: Timestamp,
    /// This grade.
    pub grade: Grade,
}

const DAY_HOURS: i64 = 24;

impl Customer {
    /// What the customer was graded last, before the clock; N until somebody judged.
    pub fn graded(&self) -> Grade {
        self.last_graded().grade
    }

    /// The grades that follow one another from the last event or contact on, if nobody contacts
    /// the customer: what a projection stores, since it does not depend on the clock.
    ///
    /// `deals` are the customer's, those of merged customers among them: an open order is O,
    /// what was delivered or cancelled after the last judgement is D or T.
    pub fn grade_steps<'d>(&self, deals: impl IntoIterator<Item = &'d Deal>) -> Vec<GradeStep> {
        let mut step = self.last_graded();
        for deal in deals {
            let (from, grade) = match (deal.ordered_at(), deal.delivered_at(), &deal.closing) {
                (_, Some(delivered), _) => (delivered, Grade::D),
                (Some(_), None, Some(closing)) => (closing.at, Grade::T),
                (Some(ordered), None, None) => {
                    return vec![GradeStep {
                        from: ordered,
                        grade: Grade::O,
                    }];
                }
                (None, None, _) => continue,
            };
            if from >= step.from {
                step = GradeStep { from, grade };
            }
        }
        let last_contact = self.last_contact_at();
        let mut steps = vec![step];
        // A contact winds the clock up again.
        let mut from = step.from.max(last_contact);
        while let Some((days, lower)) = step.grade.falls() {
            from = from.plus_hours(i64::from(days) * DAY_HOURS);
            step = GradeStep { from, grade: lower };
            steps.push(step);
        }
        steps
    }

    /// The grade in force at an instant.
    pub fn grade_at<'d>(&self, deals: impl IntoIterator<Item = &'d Deal>, now: Timestamp) -> Grade {
        self.grade_steps(deals)
            .iter()
            .rev()
            .find(|step| step.from <= now)
            .map_or_else(|| self.graded(), |step| step.grade)
    }

    fn last_graded(&self) -> GradeStep {
        self.grades
            .iter()
            .rev()
            .find_map(|event| {
                Some(GradeStep {
                    from: event.at,
                    grade: event.grade.known()?,
                })
            })
            .unwrap_or(GradeStep {
                from: self.created_at,
                grade: Grade::N,
            })
    }
}

/// Reads what people set, with the confirmed losses among it, in the order in which it was
/// recorded: the last one holds.
pub(super) fn read(document: &Document) -> Vec<GradeEvent> {
    let mut events: Vec<((Moment, FactId), GradeEvent)> = Vec::new();
    for (moment, fact) in document.recorded("grade") {
        let Some(grade) = fact.coded("grade") else {
            continue;
        };
        let event = GradeEvent {
            id: fact.id,
            grade,
            before: fact.coded("before"),
            origin: fact.coded("origin"),
            by: fact.parsed("by"),
            at: document.happened_at(fact),
        };
        events.push(((moment, fact.id), event));
    }
    for (moment, review) in document.recorded("lost_review") {
        if review.coded("decision") != Some(Coded::Known(LostDecision::Confirmed)) {
            continue;
        }
        let event = GradeEvent {
            id: review.id,
            grade: Coded::Known(Grade::F),
            before: None,
            origin: Some(Coded::Known(GradeOrigin::Lost)),
            by: review.parsed("by"),
            at: document.happened_at(review),
        };
        events.push(((moment, review.id), event));
    }
    events.sort_by_key(|(key, _)| *key);
    events.into_iter().map(|(_, event)| event).collect()
}
