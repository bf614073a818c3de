//! The days of the grades, which a group may set.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Grade;

/// How often each grade is followed up and when the clock lowers it, in days. The defaults are the
/// trade's; a policy that leaves one out keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GradeRules {
    /// N is called within one day.
    pub follow_up_new: u16,
    /// H every two days at most.
    pub follow_up_high: u16,
    /// A every four.
    pub follow_up_above: u16,
    /// B every seven.
    pub follow_up_middle: u16,
    /// C every fifteen; some brands thirty.
    pub follow_up_low: u16,
    /// O every seven, and at each milestone of the order.
    pub follow_up_ordered: u16,
    /// T once after three, then as F.
    pub follow_up_cancelled: u16,
    /// F is tried again 30 and 90 days after the loss.
    pub reactivate_lost: [u16; 2],
    /// N becomes C after seven days without a judgement, contact or not.
    pub lower_new: u16,
    /// H becomes A after seven days without contact.
    pub lower_high: u16,
    /// A becomes B after fifteen.
    pub lower_above: u16,
    /// B becomes C after thirty.
    pub lower_middle: u16,
    /// C becomes dormant 休眠 after ninety.
    pub lower_low: u16,
}

impl Default for GradeRules {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What the clock does to a grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lowering {
    To(Grade),
    Dormant,
}

impl GradeRules {
    /// The trade's days.
    pub const DEFAULT: Self = Self {
        follow_up_new: 1,
        follow_up_high: 2,
        follow_up_above: 4,
        follow_up_middle: 7,
        follow_up_low: 15,
        follow_up_ordered: 7,
        follow_up_cancelled: 3,
        reactivate_lost: [30, 90],
        lower_new: 7,
        lower_high: 7,
        lower_above: 15,
        lower_middle: 30,
        lower_low: 90,
    };

    /// The days from one contact to the next; `None` for F, T and D, which have plans of their own.
    pub const fn follow_up_days(&self, grade: Grade) -> Option<u16> {
        match grade {
            Grade::N => Some(self.follow_up_new),
            Grade::H => Some(self.follow_up_high),
            Grade::A => Some(self.follow_up_above),
            Grade::B => Some(self.follow_up_middle),
            Grade::C => Some(self.follow_up_low),
            Grade::O => Some(self.follow_up_ordered),
            Grade::D | Grade::F | Grade::T => None,
        }
    }

    /// The days from a judgement or contact to the next call; of F and T those to the first. An
    /// owner's calls are planned by the delivery.
    pub const fn next_follow_up_days(&self, grade: Grade) -> Option<u16> {
        let [first_reactivation, _] = self.reactivate_lost;
        match grade {
            Grade::T => Some(self.follow_up_cancelled),
            Grade::F => Some(first_reactivation),
            _ => self.follow_up_days(grade),
        }
    }

    /// When the clock lowers a grade, and to what.
    pub(super) const fn lowering(&self, grade: Grade) -> Option<(u16, Lowering)> {
        match grade {
            Grade::N => Some((self.lower_new, Lowering::To(Grade::C))),
            Grade::H => Some((self.lower_high, Lowering::To(Grade::A))),
            Grade::A => Some((self.lower_above, Lowering::To(Grade::B))),
            Grade::B => Some((self.lower_middle, Lowering::To(Grade::C))),
            Grade::C => Some((self.lower_low, Lowering::Dormant)),
            Grade::O | Grade::D | Grade::F | Grade::T => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_may_set_one_number_and_keep_the_rest() {
        let rules: GradeRules = serde_json::from_str(r#"{"follow_up_low": 30}"#).unwrap();

        assert_eq!(
            rules,
            GradeRules {
                follow_up_low: 30,
                ..GradeRules::default()
            }
        );
    }
}
