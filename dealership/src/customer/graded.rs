//! The grade of a customer: set by people, lowered by the clock.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::civil;
use crate::code::{Coded, coded_enum};
use crate::customer::{Customer, LostReview, lost};
use crate::deal::Deal;
use crate::document::{Document, Moment};
use crate::grade::{Grade, GradeCourse, GradeJudgement, GradeRules};
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
    /// Whether the customer is dormant 休眠 and belongs to the pool.
    pub is_dormant: bool,
    /// The day by which the grade asks for the next follow-up.
    pub follow_up_due: Option<NaiveDate>,
}

impl Customer {
    /// What the customer was graded last, before the clock; N until somebody judged.
    pub fn graded(&self) -> Grade {
        self.last_graded().1
    }

    /// The grades that follow one another from the last judgement on, if nobody contacts the
    /// customer any more: what a projection stores, since it does not depend on the clock. A call
    /// that nobody answered is no contact.
    ///
    /// `deals` are the customer's, those of merged customers among them: an open order is O,
    /// what was delivered or cancelled after the last judgement is D or T.
    pub fn grade_steps<'d>(&self, deals: impl IntoIterator<Item = &'d Deal>) -> Vec<GradeStep> {
        let (from, grade) = self.judged(deals);
        let first = GradeStep {
            from,
            grade,
            is_dormant: false,
            follow_up_due: None,
        };
        // Only an instant beyond the calendar has no date.
        let Some(course) = self.grade_course(from, grade) else {
            return vec![first];
        };
        course
            .steps
            .iter()
            .enumerate()
            .map(|(index, standing)| GradeStep {
                from: match index {
                    0 => from,
                    _ => Timestamp::from_millis(civil::start_of_day(standing.since)),
                },
                grade: standing.grade,
                is_dormant: standing.is_dormant,
                follow_up_due: standing.follow_up_due,
            })
            .collect()
    }

    /// The grade in force at an instant.
    pub fn grade_at<'d>(&self, deals: impl IntoIterator<Item = &'d Deal>, now: Timestamp) -> Grade {
        self.grade_steps(deals)
            .iter()
            .rev()
            .find(|step| step.from <= now)
            .map_or_else(|| self.graded(), |step| step.grade)
    }

    fn grade_course(&self, from: Timestamp, grade: Grade) -> Option<GradeCourse> {
        let on = civil::civil_date(from.millis())?;
        let contacts: Vec<NaiveDate> = self
            .standing_contacted()
            .filter(|contacted| contacted.reached())
            .filter_map(|contacted| civil::civil_date(contacted.at.millis()))
            .collect();
        let judgement = GradeJudgement { grade, on };
        GradeCourse::of(&GradeRules::DEFAULT, &[judgement], &contacts)
    }

    /// The last judgement, by a person or by what happened to a deal.
    fn judged<'d>(&self, deals: impl IntoIterator<Item = &'d Deal>) -> (Timestamp, Grade) {
        let mut last = self.last_graded();
        for deal in deals {
            let (from, grade) = match (deal.ordered_at(), deal.delivered_at(), &deal.closing) {
                (_, Some(delivered), _) => (delivered, Grade::D),
                (Some(_), None, Some(closing)) => (closing.at, Grade::T),
                (Some(ordered), None, None) => return (ordered, Grade::O),
                (None, None, _) => continue,
            };
            if from >= last.0 {
                last = (from, grade);
            }
        }
        last
    }

    fn last_graded(&self) -> (Timestamp, Grade) {
        self.grades
            .iter()
            .rev()
            .find_map(|event| Some((event.at, event.grade.known()?)))
            .unwrap_or((self.created_at, Grade::N))
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
    for review in lost::read(document)
        .into_iter()
        .filter_map(|request| request.review)
        .filter(LostReview::confirms)
    {
        let Some(fact) = document.fact("lost_review", review.id) else {
            continue;
        };
        let event = GradeEvent {
            id: review.id,
            grade: Coded::Known(Grade::F),
            before: None,
            origin: Some(Coded::Known(GradeOrigin::Lost)),
            by: review.by,
            at: review.at,
        };
        events.push(((document.moment(fact), review.id), event));
    }
    events.sort_by_key(|(key, _)| *key);
    events.into_iter().map(|(_, event)| event).collect()
}
