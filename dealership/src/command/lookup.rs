//! The documents that commands about people and deals work on, read.

use std::rc::Rc;

use crate::command::Library;
use crate::contact::Contact;
use crate::customer::Customer;
use crate::deal::Deal;
use crate::document::Document;
use crate::id::{CustomerId, DealId, DocumentId, StaffId};
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::staff::Staff;

/// A card that may be worked on: a deleted or restricted one may not.
pub(super) fn card(
    library: &dyn Library,
    customer: CustomerId,
) -> Result<(Rc<Document>, Customer), Refusal> {
    let (document, customer) = any_card(library, customer)?;
    if customer.voided.is_some() {
        return Err(Refusal::state(&document, "the customer is deleted"));
    }
    if customer.restricted {
        return Err(Refusal::state(&document, "the customer is restricted"));
    }
    Ok((document, customer))
}

/// A card, deleted or not.
pub(super) fn any_card(
    library: &dyn Library,
    customer: CustomerId,
) -> Result<(Rc<Document>, Customer), Refusal> {
    read(library, Kind::Customer, customer.into(), Customer::read)
}

/// How to reach a customer; only those who hold it have it.
pub(super) fn contact(
    library: &dyn Library,
    customer: CustomerId,
) -> Result<(Rc<Document>, Contact), Refusal> {
    let id = Contact::document_id(customer);
    read(library, Kind::CustomerContact, id, Contact::read)
}

/// A deal.
pub(super) fn deal(library: &dyn Library, deal: DealId) -> Result<(Rc<Document>, Deal), Refusal> {
    read(library, Kind::Deal, deal.into(), Deal::read)
}

/// A member of staff.
pub(super) fn staff(
    library: &dyn Library,
    staff: StaffId,
) -> Result<(Rc<Document>, Staff), Refusal> {
    read(library, Kind::Staff, staff.into(), Staff::read)
}

fn read<T>(
    library: &dyn Library,
    kind: Kind,
    id: DocumentId,
    read: impl FnOnce(&Document) -> Option<T>,
) -> Result<(Rc<Document>, T), Refusal> {
    let document = library.find(kind, id)?;
    match read(&document) {
        Some(value) => Ok((document, value)),
        None => Err(Refusal::state(
            &document,
            "it lacks what one of its kind has",
        )),
    }
}
