//! The course of a grade: what was judged, and what the clock makes of it.
//!
//! A course holds dates and no clock, so a projection may store its steps; what holds today is
//! asked of it.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules::Lowering;
use super::{Grade, GradeRules};
use crate::civil::days_after;

/// A grade that a person or an event of a deal gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GradeJudgement {
    /// The grade.
    pub grade: Grade,
    /// The business date.
    pub on: NaiveDate,
}

/// One grade with the days on which it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GradeStanding {
    /// The grade in force.
    pub grade: Grade,
    /// The first day on which it is.
    pub since: NaiveDate,
    /// Whether the clock lowered it here, rather than a person.
    pub is_lowered: bool,
    /// Whether the customer is dormant 休眠 and belongs to the pool.
    pub is_dormant: bool,
    /// The day by which to call next; `None` where no call is due. An owner's calls are planned
    /// by the delivery, an order's milestones by the deal.
    pub follow_up_due: Option<NaiveDate>,
}

/// The last judgement and every step that the clock makes from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GradeCourse {
    /// The steps in order of their days, the judgement first; the last ones are those that come
    /// without further contact.
    pub steps: Vec<GradeStanding>,
}

impl GradeCourse {
    /// Follows the last judgement of a history, given in the order in which the group holds it,
    /// through the days on which the customer was spoken to since; `None` for an empty history.
    ///
    /// The trade's rule: every grade has its own clock, which starts when the grade comes into
    /// force and again with each contact. A contact lifts nobody: only a judgement undoes a step
    /// down, though it wakes who was dormant. N is lowered unless judged, contact or not. A step
    /// down is no contact: the next call stays due from the last contact or judgement.
    pub fn of(
        rules: &GradeRules,
        history: &[GradeJudgement],
        contacts: &[NaiveDate],
    ) -> Option<Self> {
        let mut walk = Walk {
            rules,
            judged: *history.last()?,
            last_contact: None,
            steps: Vec::new(),
        };
        let mut contacts: Vec<NaiveDate> = contacts
            .iter()
            .copied()
            .filter(|contact| *contact > walk.judged.on)
            .collect();
        contacts.sort_unstable();
        let mut step = walk.step(walk.judged.grade, walk.judged.on);
        for contact in contacts {
            step = walk.fall(step, Some(contact));
            step = walk.contact(step, contact);
        }
        let last = walk.fall(step, None);
        walk.steps.push(last);
        Some(Self { steps: walk.steps })
    }

    /// What holds on a day: the last step begun by then; before the first, the first.
    pub fn on(&self, day: NaiveDate) -> Option<&GradeStanding> {
        self.steps
            .iter()
            .rfind(|step| step.since <= day)
            .or(self.steps.first())
    }
}

/// The way from a judgement through contacts and falls.
struct Walk<'r> {
    rules: &'r GradeRules,
    judged: GradeJudgement,
    last_contact: Option<NaiveDate>,
    /// The steps that are over.
    steps: Vec<GradeStanding>,
}

impl Walk<'_> {
    fn step(&self, grade: Grade, since: NaiveDate) -> GradeStanding {
        GradeStanding {
            grade,
            since,
            is_lowered: false,
            is_dormant: false,
            follow_up_due: self.follow_up_due(grade),
        }
    }

    /// Lets the clock lower a step as far as it does by a day, that day included; without one, as
    /// far as it ever does.
    fn fall(&mut self, mut step: GradeStanding, until: Option<NaiveDate>) -> GradeStanding {
        while let Some((days, lowering)) = self.rules.lowering(step.grade)
            && !step.is_dormant
        {
            let starts = match step.grade {
                Grade::N => step.since,
                _ => step.since.max(self.called_from()),
            };
            let Some(since) = days_after(starts, days) else {
                break;
            };
            if until.is_some_and(|until| until < since) {
                break;
            }
            let lowered = match lowering {
                Lowering::To(grade) => self.step(grade, since),
                Lowering::Dormant => GradeStanding {
                    is_dormant: true,
                    follow_up_due: None,
                    ..self.step(step.grade, since)
                },
            };
            self.steps.push(step);
            step = GradeStanding {
                is_lowered: true,
                ..lowered
            };
        }
        step
    }

    fn contact(&mut self, step: GradeStanding, on: NaiveDate) -> GradeStanding {
        self.last_contact = Some(on);
        if step.is_dormant {
            self.steps.push(step);
            return self.step(step.grade, on);
        }
        GradeStanding {
            follow_up_due: self.follow_up_due(step.grade),
            ..step
        }
    }

    fn called_from(&self) -> NaiveDate {
        self.last_contact.unwrap_or(self.judged.on)
    }

    fn follow_up_due(&self, grade: Grade) -> Option<NaiveDate> {
        if let Some(days) = self.rules.follow_up_days(grade) {
            return days_after(self.called_from(), days);
        }
        let first = match grade {
            Grade::T => Some(self.rules.follow_up_cancelled),
            Grade::F => None,
            _ => return None,
        };
        // The talk in which the customer was lost is no reactivation: it takes a contact on the
        // day that is planned, or later, to have done it.
        first
            .iter()
            .chain(&self.rules.reactivate_lost)
            .filter_map(|days| days_after(self.judged.on, *days))
            .filter(|due| self.last_contact.is_none_or(|contact| contact < *due))
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::civil::days_between;
    use proptest::prelude::*;

    fn day(number: u16) -> NaiveDate {
        days_after("2026-01-01".parse().unwrap(), number).unwrap()
    }

    fn course(grade: Grade, last_contact: Option<u16>) -> GradeCourse {
        let judgement = GradeJudgement { grade, on: day(0) };
        let contacts: Vec<NaiveDate> = last_contact.map(day).into_iter().collect();
        GradeCourse::of(&GradeRules::default(), &[judgement], &contacts).unwrap()
    }

    fn steps(course: &GradeCourse) -> Vec<(&'static str, i64, bool)> {
        let step =
            |s: &GradeStanding| (s.grade.code(), days_between(day(0), s.since), s.is_dormant);
        course.steps.iter().map(step).collect()
    }

    #[test]
    fn without_contact_the_clock_of_each_grade_lowers_it_in_turn() {
        assert_eq!(
            steps(&course(Grade::H, None)),
            [
                ("H", 0, false),
                ("A", 7, false),
                ("B", 22, false),
                ("C", 52, false),
                ("C", 142, true),
            ]
        );
        assert_eq!(
            steps(&course(Grade::C, None)),
            [("C", 0, false), ("C", 90, true)]
        );
        for grade in [Grade::O, Grade::D, Grade::F, Grade::T] {
            assert_eq!(steps(&course(grade, None)), [(grade.code(), 0, false)]);
        }
    }

    #[test]
    fn a_contact_starts_the_clock_again() {
        let course = course(Grade::H, Some(6));

        assert_eq!(course.on(day(12)).unwrap().grade, Grade::H);
        assert_eq!(course.on(day(13)).unwrap().grade, Grade::A);
        assert_eq!(course.on(day(27)).unwrap().grade, Grade::A);
        assert_eq!(course.on(day(28)).unwrap().grade, Grade::B);
    }

    #[test]
    fn a_contact_lifts_nobody_whom_the_clock_has_lowered() {
        let course = course(Grade::H, Some(30));

        assert_eq!(
            steps(&course),
            [
                ("H", 0, false),
                ("A", 7, false),
                ("B", 22, false),
                ("C", 60, false),
                ("C", 150, true),
            ]
        );
        assert_eq!(course.on(day(31)).unwrap().follow_up_due, Some(day(37)));
    }

    #[test]
    fn a_contact_wakes_who_was_dormant() {
        assert_eq!(
            steps(&course(Grade::C, Some(100))),
            [
                ("C", 0, false),
                ("C", 90, true),
                ("C", 100, false),
                ("C", 190, true),
            ]
        );
    }

    #[test]
    fn an_unjudged_customer_becomes_c_after_a_week_contact_or_not() {
        for last_contact in [None, Some(5)] {
            let course = course(Grade::N, last_contact);
            assert_eq!(course.on(day(6)).unwrap().grade, Grade::N);
            assert_eq!(course.on(day(7)).unwrap().grade, Grade::C);
        }
        assert_eq!(
            steps(&course(Grade::N, Some(5))),
            [("N", 0, false), ("C", 7, false), ("C", 97, true)]
        );
    }

    #[test]
    fn the_last_judgement_counts() {
        let judgement = |grade, on| GradeJudgement { grade, on: day(on) };
        let history = [
            judgement(Grade::N, 0),
            judgement(Grade::C, 2),
            judgement(Grade::H, 9),
        ];
        let course = GradeCourse::of(&GradeRules::default(), &history, &[day(3)]).unwrap();

        assert_eq!(course.on(day(15)).unwrap().grade, Grade::H);
        assert_eq!(course.on(day(16)).unwrap().grade, Grade::A);
        assert_eq!(GradeCourse::of(&GradeRules::default(), &[], &[]), None);
    }

    #[test]
    fn a_clock_behind_the_judgement_sees_the_judgement() {
        let judgement = GradeJudgement {
            grade: Grade::B,
            on: day(10),
        };
        let course = GradeCourse::of(&GradeRules::default(), &[judgement], &[]).unwrap();

        assert_eq!(course.on(day(0)).unwrap().grade, Grade::B);
    }

    #[test]
    fn each_grade_is_called_within_its_days() {
        for (grade, due) in [
            (Grade::N, Some(1)),
            (Grade::H, Some(2)),
            (Grade::A, Some(4)),
            (Grade::B, Some(7)),
            (Grade::C, Some(15)),
            (Grade::O, Some(7)),
            (Grade::D, None),
            (Grade::F, Some(30)),
            (Grade::T, Some(3)),
        ] {
            let course = course(grade, None);
            assert_eq!(course.steps[0].follow_up_due, due.map(day), "{grade}");
        }
        assert_eq!(
            course(Grade::A, Some(3)).steps[0].follow_up_due,
            Some(day(7))
        );
    }

    #[test]
    fn a_step_down_does_not_hide_a_call_that_is_overdue() {
        let course = course(Grade::H, None);

        assert_eq!(course.on(day(2)).unwrap().follow_up_due, Some(day(2)));
        assert_eq!(course.on(day(7)).unwrap().follow_up_due, Some(day(4)));
        assert_eq!(course.on(day(200)).unwrap().follow_up_due, None, "dormant");
    }

    #[test]
    fn lost_and_cancelled_customers_are_tried_again_on_their_days() {
        for (grade, last_contact, due) in [
            (Grade::F, Some(0), Some(30)),
            (Grade::F, Some(29), Some(30)),
            (Grade::F, Some(30), Some(90)),
            (Grade::F, Some(90), None),
            (Grade::T, Some(0), Some(3)),
            (Grade::T, Some(3), Some(30)),
            (Grade::T, Some(31), Some(90)),
        ] {
            let course = course(grade, last_contact);
            assert_eq!(
                course.steps[0].follow_up_due,
                due.map(day),
                "{grade} {last_contact:?}"
            );
        }
    }

    #[test]
    fn a_judgement_at_the_end_of_the_calendar_stands_alone() {
        let judgement = GradeJudgement {
            grade: Grade::H,
            on: NaiveDate::MAX,
        };
        let course = GradeCourse::of(&GradeRules::default(), &[judgement], &[]).unwrap();

        assert_eq!(course.steps.len(), 1);
        assert_eq!(course.steps[0].follow_up_due, None);
    }

    proptest! {
        #[test]
        fn a_course_only_goes_down_and_ends(
            grade in prop::sample::select(Grade::ALL.to_vec()),
            contacts in prop::collection::vec(0_u16..400, 0..6),
        ) {
            let judgement = GradeJudgement { grade, on: day(0) };
            let contacts: Vec<NaiveDate> = contacts.into_iter().map(day).collect();
            let course = GradeCourse::of(&GradeRules::default(), &[judgement], &contacts).unwrap();
            prop_assert!((1..=15).contains(&course.steps.len()));
            let level = |grade: Grade| "NHABC".find(grade.code());
            prop_assert!(course.steps.is_sorted_by_key(|step| level(step.grade)));
            prop_assert!(course.steps.is_sorted_by_key(|step| step.since));
            prop_assert_eq!(course.steps[0].grade, grade);
            for step in &course.steps {
                prop_assert_eq!(course.on(step.since).map(|s| s.since), Some(step.since));
            }
        }
    }
}
