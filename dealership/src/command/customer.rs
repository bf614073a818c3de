//! Customers: carded, described, handed over, deleted.

mod create;
mod quick_card;

pub use create::{Carded, CreateCustomer, CustomerCreated, FirstMeeting, IfDuplicate};
pub use quick_card::QuickCard;
