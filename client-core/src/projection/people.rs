//! Rows of staff, their devices, stores, customers and their contacts.

use dealership::case::duplicate;
use dealership::contact::Contact;
use dealership::customer::Customer;
use dealership::id::{CustomerId, FactId, StaffId};
use dealership::pinyin;
use dealership::{Device, Document};
use rusqlite::Connection;

use crate::error::StoreError;
use crate::projection::row::Rows;
use crate::projection::search::Terms;
use crate::projection::table;

pub(super) fn staff(document: &Document, rows: &mut Rows) {
    let name = document.text("name").unwrap_or_default();
    rows.put(&table::PERSON, [name.into()]);
}

pub(super) fn device(document: &Document, rows: &mut Rows) {
    if let Some(staff) = Device::read(document).and_then(|device| device.staff) {
        rows.put(&table::DEVICE, [staff.as_bytes().into()]);
    }
}

pub(super) fn store(document: &Document, rows: &mut Rows) {
    let name = document.text("name").unwrap_or_default();
    rows.put(&table::STORE, [name.into(), document.text("code").into()]);
}

pub(super) fn customer(document: &Document, rows: &mut Rows) {
    let Some(customer) = Customer::read(document) else {
        return;
    };
    let id = document.id();
    let is_live = customer.is_live();
    rows.put(
        &table::CUSTOMER,
        [
            customer.store.as_bytes().into(),
            customer.owner.as_ref().map(StaffId::as_bytes).into(),
            customer.name.as_str().into(),
            pinyin::sort_key(&customer.name).into(),
            document.text("type").into(),
            document.text("source_channel").into(),
            customer.region.as_deref().into(),
            customer.created_at.millis().into(),
            customer.created_by.as_ref().map(StaffId::as_bytes).into(),
            document.facts("void").next().is_some().into(),
            customer.last_contact_at().millis().into(),
            is_live.into(),
            // Until layer 2 knows of others: most cards are merged with none.
            id.as_bytes().into(),
            is_live.into(),
            opted_out(&customer).into(),
        ],
    );
    for hash in customer.phones.keys() {
        rows.put(&table::CUSTOMER_PHONE, [hash.as_str().into()]);
    }
    for into in customer.merged_into() {
        rows.put(&table::CUSTOMER_MERGE, [into.as_bytes().into()]);
    }
    for key in duplicate::keys(&customer) {
        rows.put(&table::DUPLICATE_KEY, [key.text().into()]);
    }
    if is_live {
        let mut terms = Terms::default();
        add_name(&mut terms, &customer.name);
        for digits in customer.phones.values() {
            terms.add_digits(digits, 3);
        }
        terms.put_of_customer(id.into(), rows);
    }
}

/// Puts what the tables say of a card besides what it says itself: as which card it is shown,
/// and, where that is this one, what the merged customer is.
pub(super) fn show(
    connection: &Connection,
    customer: &Customer,
    shown_as: CustomerId,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE customer SET last_contact_at = ?2, is_live = ?3, shown_as = ?4,
                 is_listed = ?5, opted_out = ?6
             WHERE document = ?1
               AND (last_contact_at, is_live, shown_as, is_listed, opted_out)
                   IS NOT (?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            customer.id.as_bytes(),
            customer.last_contact_at().millis(),
            customer.is_live(),
            shown_as.as_bytes(),
            customer.is_live() && customer.id == shown_as,
            opted_out(customer),
        ))?;
    Ok(())
}

pub(super) fn contact(document: &Document, rows: &mut Rows) {
    let Some(contact) = Contact::read(document) else {
        return;
    };
    let customer = contact.customer.as_bytes();
    let phone = contact.phone().map(|phone| phone.number.as_str());
    rows.put(
        &table::CONTACT,
        [
            customer.into(),
            contact.consultant.as_bytes().into(),
            phone.into(),
        ],
    );
    for task in contact.open_tasks() {
        rows.put(
            &table::TASK,
            [
                task.id.as_bytes().into(),
                customer.into(),
                task.assignee.as_ref().map(StaffId::as_bytes).into(),
                task.due.map(|due| due.to_string()).into(),
                true.into(),
            ],
        );
    }
    for follow_up in contact.standing_follow_ups() {
        let is_own = |task: &FactId| contact.tasks.iter().any(|own| own.id == *task);
        for task in follow_up.tasks.iter().filter(|task| !is_own(task)) {
            rows.put(&table::TASK_DONE, [task.as_bytes().into(), customer.into()]);
        }
    }
    let mut terms = Terms::default();
    for phone in &contact.phones {
        let digits: String = phone.number.chars().filter(char::is_ascii_digit).collect();
        // What people type is the number without the country's code.
        terms.add_digits(digits.strip_prefix("86").unwrap_or(&digits), 2);
    }
    if let Some(wechat) = &contact.wechat {
        terms.add(wechat.to_lowercase(), 4);
    }
    terms.put_of_customer(contact.customer, rows);
}

/// The ids of the customers that bear a phone, ascending.
pub(super) fn with_phone(
    connection: &Connection,
    hash: &str,
) -> Result<Vec<CustomerId>, StoreError> {
    let customers = connection
        .prepare_cached("SELECT document FROM customer_phone WHERE hash = ? ORDER BY document")?
        .query_map([hash], |row| row.get(0).map(CustomerId::from_bytes))?
        .collect::<Result<_, _>>()?;
    Ok(customers)
}

fn opted_out(customer: &Customer) -> String {
    let channels: Vec<String> = customer.opted_out.iter().map(ToString::to_string).collect();
    channels.join(" ")
}

fn add_name(terms: &mut Terms, name: &str) {
    let index = pinyin::NameIndex::of(name);
    terms.add_tails(&index.characters, 1, 0);
    for sound in index.full.iter().chain(&index.initials) {
        terms.add(sound.as_str(), 1);
    }
    // Those who speak otherwise find it too, behind the others.
    for sound in &index.southern {
        terms.add(sound.as_str(), 5);
    }
}
