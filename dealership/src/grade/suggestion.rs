//! A suggested grade with its reasons, from what is known of a customer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Grade;
use crate::code::coded_enum;
use crate::fen::Fen;

/// From how many points on the grade is lifted by one level.
const LIFTED_FROM: i32 = 6;

/// Up to how many points the grade is lowered by one level.
const LOWERED_TO: i32 = -2;

/// How many unanswered calls tell something.
const UNANSWERED_CALLS: u32 = 2;

/// What is known of a customer's intent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GradeSignals {
    /// In how many days they expect to order; `None` if nobody asked.
    pub horizon_days: Option<u32>,
    /// They asked for a quote.
    pub asked_for_quote: bool,
    /// They drove the car.
    pub test_driven: bool,
    /// They came a second time.
    pub came_again: bool,
    /// Who decides was there.
    pub decision_maker_was_present: bool,
    /// The most they would spend.
    pub budget: Option<Fen>,
    /// The price on the road 落地价 of what they want.
    pub on_road_price: Option<Fen>,
    /// They have a plate quota or need none.
    pub plate_quota_is_ready: bool,
    /// They hold a competitor's quote.
    pub has_competitor_quote: bool,
    /// Their loan was checked beforehand.
    pub loan_was_prechecked: bool,
    /// Calls in a row that they did not answer.
    pub unanswered_calls: u32,
    /// They said 再看看.
    pub is_just_looking: bool,
}

coded_enum! {
    /// A sign of how soon a customer may order.
    pub enum GradeSignal {
        /// A quote was asked for.
        QuoteAsked = "quote_asked",
        /// A test drive was made.
        TestDrive = "test_drive",
        /// A second visit was made.
        SecondVisit = "second_visit",
        /// The decision maker was present.
        DecisionMaker = "decision_maker",
        /// The budget covers the price on the road.
        BudgetCovers = "budget_covers",
        /// The plate quota is ready.
        PlateQuota = "plate_quota",
        /// A competitor's quote is in hand.
        CompetitorQuote = "competitor_quote",
        /// The loan was checked beforehand.
        LoanPrecheck = "loan_precheck",
        /// Two calls were not answered.
        NoAnswer = "no_answer",
        /// 再看看.
        JustLooking = "just_looking",
    }
}

/// A sign that counted, with its points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GradeReason {
    /// The sign.
    pub signal: GradeSignal,
    /// What it adds; negative for what speaks against an order.
    pub points: i32,
}

/// A suggested grade, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GradeSuggestion {
    /// The grade: H, A, B or C.
    pub grade: Grade,
    /// The grade by the expected days alone.
    pub by_horizon: Grade,
    /// The expected days, if they are known.
    pub horizon_days: Option<u32>,
    /// The sum of the points.
    pub points: i32,
    /// The signs that counted.
    pub reasons: Vec<GradeReason>,
}

impl GradeSignal {
    /// The points that the sign adds (the trade's rule).
    pub const fn points(self) -> i32 {
        match self {
            Self::SecondVisit => 3,
            Self::QuoteAsked | Self::TestDrive | Self::DecisionMaker | Self::LoanPrecheck => 2,
            Self::BudgetCovers | Self::PlateQuota | Self::CompetitorQuote => 1,
            Self::JustLooking => -1,
            Self::NoAnswer => -2,
        }
    }

    fn holds(self, known: &GradeSignals) -> bool {
        match self {
            Self::QuoteAsked => known.asked_for_quote,
            Self::TestDrive => known.test_driven,
            Self::SecondVisit => known.came_again,
            Self::DecisionMaker => known.decision_maker_was_present,
            Self::BudgetCovers => known
                .budget
                .zip(known.on_road_price)
                .is_some_and(|(budget, price)| budget >= price),
            Self::PlateQuota => known.plate_quota_is_ready,
            Self::CompetitorQuote => known.has_competitor_quote,
            Self::LoanPrecheck => known.loan_was_prechecked,
            Self::NoAnswer => known.unanswered_calls >= UNANSWERED_CALLS,
            Self::JustLooking => known.is_just_looking,
        }
    }
}

/// Suggests a grade: by the expected days (7 for H, 15 for A, 30 for B, else C), then one level up
/// from six points on, or down from minus two (the trade's rule).
pub fn suggest_grade(known: &GradeSignals) -> GradeSuggestion {
    let by_horizon = match known.horizon_days {
        Some(0..=7) => Grade::H,
        Some(8..=15) => Grade::A,
        Some(16..=30) => Grade::B,
        Some(31..) | None => Grade::C,
    };
    let reasons: Vec<GradeReason> = GradeSignal::ALL
        .iter()
        .filter(|signal| signal.holds(known))
        .map(|signal| GradeReason {
            signal: *signal,
            points: signal.points(),
        })
        .collect();
    let points = reasons.iter().map(|reason| reason.points).sum();
    let grade = if points >= LIFTED_FROM {
        lifted(by_horizon)
    } else if points <= LOWERED_TO {
        lowered(by_horizon)
    } else {
        by_horizon
    };
    GradeSuggestion {
        grade,
        by_horizon,
        horizon_days: known.horizon_days,
        points,
        reasons,
    }
}

const fn lifted(grade: Grade) -> Grade {
    match grade {
        Grade::C => Grade::B,
        Grade::B => Grade::A,
        _ => Grade::H,
    }
}

const fn lowered(grade: Grade) -> Grade {
    match grade {
        Grade::H => Grade::A,
        Grade::A => Grade::B,
        _ => Grade::C,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_expected_days_give_the_grade() {
        for (days, grade) in [
            (Some(0), Grade::H),
            (Some(7), Grade::H),
            (Some(8), Grade::A),
            (Some(15), Grade::A),
            (Some(16), Grade::B),
            (Some(30), Grade::B),
            (Some(31), Grade::C),
            (None, Grade::C),
        ] {
            let known = GradeSignals {
                horizon_days: days,
                ..GradeSignals::default()
            };
            assert_eq!(suggest_grade(&known).grade, grade, "{days:?}");
        }
    }

    #[test]
    fn six_points_lift_and_minus_two_lower_by_one_level() {
        let five = GradeSignals {
            horizon_days: Some(20),
            test_driven: true,
            came_again: true,
            ..GradeSignals::default()
        };
        assert_eq!(
            (suggest_grade(&five).points, suggest_grade(&five).grade),
            (5, Grade::B)
        );

        let six = GradeSignals {
            plate_quota_is_ready: true,
            ..five
        };
        assert_eq!(
            (suggest_grade(&six).points, suggest_grade(&six).grade),
            (6, Grade::A)
        );

        let minus_one = GradeSignals {
            horizon_days: Some(20),
            is_just_looking: true,
            unanswered_calls: 1,
            ..GradeSignals::default()
        };
        assert_eq!(suggest_grade(&minus_one).grade, Grade::B);

        let minus_three = GradeSignals {
            unanswered_calls: 2,
            ..minus_one
        };
        assert_eq!(
            (
                suggest_grade(&minus_three).points,
                suggest_grade(&minus_three).grade
            ),
            (-3, Grade::C)
        );
    }

    #[test]
    fn the_levels_end_at_h_and_c() {
        let eager = GradeSignals {
            horizon_days: Some(3),
            asked_for_quote: true,
            test_driven: true,
            came_again: true,
            ..GradeSignals::default()
        };
        assert_eq!(suggest_grade(&eager).grade, Grade::H);
        let silent = GradeSignals {
            unanswered_calls: 9,
            ..GradeSignals::default()
        };
        assert_eq!(suggest_grade(&silent).grade, Grade::C);
    }

    #[test]
    fn every_sign_has_its_points_and_is_named() {
        let price = Fen::from_yuan(170_000);
        let everything = GradeSignals {
            horizon_days: Some(10),
            asked_for_quote: true,
            test_driven: true,
            came_again: true,
            decision_maker_was_present: true,
            budget: price,
            on_road_price: price,
            plate_quota_is_ready: true,
            has_competitor_quote: true,
            loan_was_prechecked: true,
            unanswered_calls: 2,
            is_just_looking: true,
        };
        let suggestion = suggest_grade(&everything);

        let reasons: Vec<(&str, i32)> = suggestion
            .reasons
            .iter()
            .map(|reason| (reason.signal.code(), reason.points))
            .collect();
        assert_eq!(
            reasons,
            [
                ("quote_asked", 2),
                ("test_drive", 2),
                ("second_visit", 3),
                ("decision_maker", 2),
                ("budget_covers", 1),
                ("plate_quota", 1),
                ("competitor_quote", 1),
                ("loan_precheck", 2),
                ("no_answer", -2),
                ("just_looking", -1),
            ]
        );
        assert_eq!(
            (suggestion.points, suggestion.by_horizon, suggestion.grade),
            (11, Grade::A, Grade::H)
        );
    }

    #[test]
    fn a_budget_counts_only_against_a_known_price() {
        let known = GradeSignals {
            budget: Fen::from_yuan(100),
            ..GradeSignals::default()
        };
        assert!(suggest_grade(&known).reasons.is_empty());

        let too_dear = GradeSignals {
            on_road_price: Fen::from_yuan(101),
            ..known
        };
        assert!(suggest_grade(&too_dear).reasons.is_empty());
    }

    proptest! {
        #[test]
        fn the_grade_is_at_most_one_level_from_the_expected_days(
            horizon_days in prop::option::of(0_u32..100),
            claims in prop::array::uniform8(any::<bool>()),
            unanswered_calls in 0_u32..4,
        ) {
            let [asked_for_quote, test_driven, came_again, decision_maker_was_present,
                plate_quota_is_ready, has_competitor_quote, loan_was_prechecked, is_just_looking] = claims;
            let suggestion = suggest_grade(&GradeSignals {
                horizon_days, asked_for_quote, test_driven, came_again,
                decision_maker_was_present, plate_quota_is_ready, has_competitor_quote,
                loan_was_prechecked, is_just_looking, unanswered_calls,
                ..GradeSignals::default()
            });
            let level = |grade: Grade| "HABC".find(grade.code()).unwrap();
            prop_assert!(level(suggestion.grade).abs_diff(level(suggestion.by_horizon)) <= 1);
            let sum: i32 = suggestion.reasons.iter().map(|reason| reason.points).sum();
            prop_assert_eq!(sum, suggestion.points);
        }
    }
}
