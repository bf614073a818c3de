//! Grades of customers 意向级别: how soon they may order, and so how often they are called.
//!
//! A person judges the grade; without contact the clock lowers it ([`GradeCourse`]). The numbers
//! are the trade's defaults and can be set by the group ([`GradeRules`]). [`suggest_grade`] proposes
//! a grade and says why.

mod course;
mod rules;
mod suggestion;
mod unreachable;

pub use course::{GradeCourse, GradeJudgement, GradeStanding};
pub use rules::GradeRules;
pub use suggestion::{GradeReason, GradeSignal, GradeSignals, GradeSuggestion, suggest_grade};
pub use unreachable::{LEAST_ATTEMPT_DAYS, may_be_called_unreachable};

use crate::code::coded_enum;
use rules::Lowering;

coded_enum! {
    /// The grade of a customer, by the trade's letters.
    pub enum Grade {
        /// 新接触: just met, not yet judged.
        N = "N",
        /// 高: may order within 7 days.
        H = "H",
        /// 较高: within 15 days.
        A = "A",
        /// 中: within 30 days.
        B = "B",
        /// 低: in two or three months.
        C = "C",
        /// 已订: ordered, the car not taken.
        O = "O",
        /// 已交车: owner.
        D = "D",
        /// 战败: lost, with a reason and the manager's confirmation.
        F = "F",
        /// 退订: the order was cancelled.
        T = "T",
    }
}

impl Grade {
    /// Whether the customer may still order: H, A, B or C.
    pub const fn is_open_intent(self) -> bool {
        matches!(self, Self::H | Self::A | Self::B | Self::C)
    }

    /// How many days may pass at most until the next follow-up, by default of the trade.
    pub const fn follow_up_days(self) -> Option<u16> {
        GradeRules::DEFAULT.next_follow_up_days(self)
    }

    /// After how many days the clock lowers the grade, and to which, by default of the trade.
    pub const fn falls(self) -> Option<(u16, Self)> {
        match GradeRules::DEFAULT.lowering(self) {
            Some((days, Lowering::To(grade))) => Some((days, grade)),
            Some((_, Lowering::Dormant)) | None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_are_stored_by_the_letters_of_the_trade() {
        let codes: String = Grade::ALL.iter().map(|grade| grade.code()).collect();

        assert_eq!(codes, "NHABCODFT");
        assert_eq!(serde_json::to_string(&Grade::T).unwrap(), "\"T\"");
        assert_eq!("H".parse(), Ok(Grade::H));
        assert!("X".parse::<Grade>().is_err());
    }

    #[test]
    fn the_trade_calls_and_lowers_each_grade_in_its_days() {
        let falls = |grade: Grade| grade.falls().map(|(days, lower)| (days, lower.code()));
        let rows: Vec<_> = Grade::ALL
            .iter()
            .map(|grade| (grade.code(), grade.follow_up_days(), falls(*grade)))
            .collect();

        assert_eq!(
            rows,
            [
                ("N", Some(1), Some((7, "C"))),
                ("H", Some(2), Some((7, "A"))),
                ("A", Some(4), Some((15, "B"))),
                ("B", Some(7), Some((30, "C"))),
                ("C", Some(15), None),
                ("O", Some(7), None),
                ("D", None, None),
                ("F", Some(30), None),
                ("T", Some(3), None),
            ]
        );
    }

    #[test]
    fn four_grades_are_open_intents() {
        let open: Vec<Grade> = Grade::ALL
            .iter()
            .copied()
            .filter(|g| g.is_open_intent())
            .collect();

        assert_eq!(open, [Grade::H, Grade::A, Grade::B, Grade::C]);
    }
}
