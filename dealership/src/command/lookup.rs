//! The documents that commands about people and deals work on, read.

use std::rc::Rc;

use crate::command::Library;
use crate::contact::Contact;
use crate::customer::Customer;
use crate::deal::Deal;
use crate::document::Document;
use crate::id::{CustomerId, DealId, DocumentId, StaffId};
use crate::kind::Kind;
use crate::merge;
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

/// A customer as all cards tell that merging made one, with what is here of them.
pub(super) struct Whole {
    /// The merged customer.
    pub(super) customer: Customer,
    /// Each card, in order of ids.
    pub(super) cards: Vec<(Rc<Document>, Customer)>,
    /// The contacts that are here, in order of their customers' ids.
    pub(super) contacts: Vec<(Rc<Document>, Contact)>,
    /// The deals, over all cards.
    pub(super) deals: Vec<Deal>,
}

impl Whole {
    /// The contacts without their documents.
    pub(super) fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.iter().map(|(_, contact)| contact)
    }
}

/// A customer with all that merging makes one with them.
pub(super) fn whole(library: &dyn Library, customer: CustomerId) -> Result<Whole, Refusal> {
    let mut cards = Vec::new();
    let mut contacts = Vec::new();
    let mut deals = Vec::new();
    for member in library.merged_with(customer)? {
        if let Some(document) = library.document(member.into())?
            && let Some(card) = Customer::read(&document)
        {
            cards.push((document, card));
        }
        if let Some(document) = library.document(Contact::document_id(member))?
            && let Some(contact) = Contact::read(&document)
        {
            contacts.push((document, contact));
        }
        for deal in library.deals_of(member)? {
            if let Some(document) = library.document(deal.into())? {
                deals.extend(Deal::read(&document));
            }
        }
    }
    let customer = merge::customer(cards.iter().map(|(_, card)| card)).ok_or(Refusal::NotHere {
        kind: Kind::Customer,
        id: customer.into(),
    })?;
    Ok(Whole {
        customer,
        cards,
        contacts,
        deals,
    })
}

/// The contact that holds something a command names: the customer's own, or that of a customer
/// whom merging makes one with them.
pub(super) fn contact_with(
    library: &dyn Library,
    customer: CustomerId,
    holds: impl Fn(&Contact) -> bool,
) -> Result<(Rc<Document>, Contact), Refusal> {
    let own = contact(library, customer)?;
    if holds(&own.1) {
        return Ok(own);
    }
    let others = whole(library, customer)?.contacts;
    let other = others.into_iter().find(|(_, contact)| holds(contact));
    Ok(other.unwrap_or(own))
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
