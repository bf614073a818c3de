//! Grades of customers 意向级别 and their follow-up clock.

use crate::code::coded_enum;

coded_enum! {
    /// How near a customer is to ordering, as the trade grades it.
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
        /// 已订: ordered, car not taken.
        O = "O",
        /// 已交车: owner.
        D = "D",
        /// 战败: lost.
        F = "F",
        /// 退订: order cancelled.
        T = "T",
    }
}

impl Grade {
    /// How many days may pass at most between two follow-ups, by default of the trade.
    pub const fn follow_up_days(self) -> Option<u16> {
        match self {
            Self::N => Some(1),
            Self::H => Some(2),
            Self::A => Some(4),
            Self::B | Self::O => Some(7),
            Self::C => Some(15),
            Self::T => Some(3),
            Self::F => Some(30),
            Self::D => None,
        }
    }

    /// After how many days without a contact the grade falls, and to which.
    pub const fn falls(self) -> Option<(u16, Self)> {
        match self {
            Self::N => Some((7, Self::C)),
            Self::H => Some((7, Self::A)),
            Self::A => Some((15, Self::B)),
            Self::B => Some((30, Self::C)),
            Self::C | Self::O | Self::D | Self::F | Self::T => None,
        }
    }
}
