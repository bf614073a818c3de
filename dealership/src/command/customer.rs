//! Customers: carded, described, handed over, deleted.

mod create;
mod delete;
mod edit;
mod quick_card;
mod transfer;

pub use create::{Carded, CreateCustomer, CustomerCreated, FirstMeeting, IfDuplicate};
pub use delete::{DeleteCustomer, DeleteReason, Deleted, RestoreCustomer};
pub use edit::{EditCustomer, OptOut};
pub use quick_card::QuickCard;
pub use transfer::{TransferOwner, Transferred};

pub(super) use create::{carded, notices, store_of};
pub(super) use edit::set_changed;
