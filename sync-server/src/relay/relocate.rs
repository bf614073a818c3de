//! Documents that stand where they no longer belong, moved.
//!
//! Where a document belongs follows from documents, so it is worked out again whenever one of
//! these changes, whatever changed it: a handover, the ruling on two of them, a merge, or what a
//! restored relay gets back.

use std::collections::BTreeMap;

use dealership::contact::Contact;
use dealership::{CustomerId, Document, Kind, Space};

use super::draft::Draft;
use super::{Relay, RelayError};
use crate::store::Store;

impl<S: Store> Relay<S> {
    /// Moves the contacts of customers who changed hands to whoever has them now. `cards` are the
    /// cards that the draft changes.
    pub(super) fn relocate(
        &mut self,
        draft: &mut Draft,
        cards: &[Document],
    ) -> Result<(), RelayError> {
        let mut places = BTreeMap::new();
        for card in cards {
            // One that nobody handed over yet belongs where it was made.
            if card.facts("handover").next().is_some() {
                places.extend(Contact::place(card).map(|place| (card.id().into(), place)));
            }
        }
        for customer in customers_of_new_contacts(draft)? {
            if let Some(card) = self.current_if_here(draft, customer.into())? {
                let card = card.read()?;
                places.extend(Contact::place(&card).map(|place| (customer, place)));
            }
        }
        for (customer, place) in places {
            let contact = self.current_if_here(draft, Contact::document_id(customer))?;
            if let Some(contact) = contact
                && contact.kind == Kind::CustomerContact
                && contact.space != place
                && self.is_read(place)
            {
                draft.relocate(&contact, place);
            }
        }
        Ok(())
    }

    /// Whether the contacts of a consultant are read by anybody: somebody may be handed a customer
    /// of a store that they do not work in, by a client that does not ask.
    fn is_read(&self, place: Space) -> bool {
        let Space::Contact(store, staff) = place else {
            return false;
        };
        let member = self.directory.member(staff);
        member.is_some_and(|member| member.access.stores.contains(&store))
    }
}

fn customers_of_new_contacts(draft: &Draft) -> Result<Vec<CustomerId>, RelayError> {
    let mut customers = Vec::new();
    for made in draft.new_documents() {
        if made.kind == Kind::CustomerContact {
            customers.extend(made.read()?.parsed::<CustomerId>("customer"));
        }
    }
    Ok(customers)
}
