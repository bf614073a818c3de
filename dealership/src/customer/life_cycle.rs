//! The life cycle of a customer 客户阶段, derived from what happened.

use crate::code::coded_enum;
use crate::customer::Customer;
use crate::deal::Deal;
use crate::grade::Grade;
use crate::time::Timestamp;

coded_enum! {
    /// Where a customer stands in their life with the dealership.
    pub enum LifeCycle {
        /// 潜在
        Potential = "potential",
        /// 意向
        Intent = "intent",
        /// 已订
        Ordered = "ordered",
        /// 成交(保有)
        Owner = "owner",
        /// 流失: an owner of whom nobody heard for twelve months.
        Lapsed = "lapsed",
        /// 战败
        Lost = "lost",
    }
}

/// Days without service and contact after which an owner has lapsed: twelve months.
const LAPSES_AFTER_DAYS: i64 = 365;

impl LifeCycle {
    /// Derives it from the card and the customer's deals, those of merged customers among them.
    ///
    /// The highest fact wins: owner, ordered, intent, lost, potential; an owner who has lapsed
    /// and orders again has ordered.
    pub fn of(customer: &Customer, deals: &[&Deal], now: Timestamp) -> Self {
        let ordered = deals.iter().any(|deal| deal.is_ordered());
        if let Some(delivered) = deals.iter().filter_map(|deal| deal.delivered_at()).max() {
            let heard = customer.last_contact_at().max(delivered);
            return match (heard.plus_hours(LAPSES_AFTER_DAYS * 24) <= now, ordered) {
                (false, _) => Self::Owner,
                (true, true) => Self::Ordered,
                (true, false) => Self::Lapsed,
            };
        }
        if ordered {
            return Self::Ordered;
        }
        match customer.grade_at(deals.iter().copied(), now) {
            Grade::F => Self::Lost,
            // A cancelled order leaves the intent.
            Grade::H | Grade::A | Grade::B | Grade::C | Grade::T => Self::Intent,
            Grade::N | Grade::O | Grade::D => Self::Potential,
        }
    }
}
