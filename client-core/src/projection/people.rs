//! Rows of staff, their devices, stores, customers and their contacts.

use dealership::case::duplicate;
use dealership::contact::Contact;
use dealership::customer::Customer;
use dealership::id::{CustomerId, FactId};
use dealership::pinyin;
use dealership::{Device, Document};
use rusqlite::Connection;

use crate::error::StoreError;
use crate::projection::search::Terms;

pub(super) fn staff(connection: &Connection, document: &Document) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO person (document, name) VALUES (?, ?)")?
        .execute((
            document.id().as_bytes(),
            document.text("name").unwrap_or_default(),
        ))?;
    Ok(())
}

pub(super) fn device(connection: &Connection, document: &Document) -> Result<(), StoreError> {
    let Some(staff) = Device::read(document).and_then(|device| device.staff) else {
        return Ok(());
    };
    connection
        .prepare_cached("INSERT INTO device (document, staff) VALUES (?, ?)")?
        .execute((document.id().as_bytes(), staff.as_bytes()))?;
    Ok(())
}

pub(super) fn store(connection: &Connection, document: &Document) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO store (document, name, code) VALUES (?, ?, ?)")?
        .execute((
            document.id().as_bytes(),
            document.text("name").unwrap_or_default(),
            document.text("code"),
        ))?;
    Ok(())
}

pub(super) fn customer(connection: &Connection, document: &Document) -> Result<(), StoreError> {
    let Some(customer) = Customer::read(document) else {
        return Ok(());
    };
    let id = document.id();
    let is_live = customer.is_live();
    connection
        .prepare_cached(
            "INSERT INTO customer (document, store, owner, name, sort_key, type, source, region,
                 created_at, created_by, last_contact_at, is_live, shown_as, is_listed, opted_out,
                 was_deleted)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute((
            id.as_bytes(),
            customer.store.as_bytes(),
            customer.owner.as_ref().map(|owner| owner.as_bytes()),
            &customer.name,
            pinyin::sort_key(&customer.name),
            document.text("type"),
            document.text("source_channel"),
            &customer.region,
            customer.created_at.millis(),
            customer.created_by.as_ref().map(|staff| staff.as_bytes()),
            customer.last_contact_at().millis(),
            is_live,
            // Until layer 2 knows of others: most cards are merged with none.
            id.as_bytes(),
            is_live,
            opted_out(&customer),
            document.facts("void").next().is_some(),
        ))?;
    for hash in customer.phones.keys() {
        connection
            .prepare_cached("INSERT INTO customer_phone (hash, document) VALUES (?, ?)")?
            .execute((hash.as_str(), id.as_bytes()))?;
    }
    for into in customer.merged_into() {
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO customer_merge (document, into_id) VALUES (?, ?)",
            )?
            .execute((id.as_bytes(), into.as_bytes()))?;
    }
    for key in duplicate::keys(&customer) {
        connection
            .prepare_cached("INSERT INTO duplicate_key (key, document) VALUES (?, ?)")?
            .execute((key.text(), id.as_bytes()))?;
    }
    if is_live {
        let mut terms = Terms::default();
        add_name(&mut terms, &customer.name);
        for digits in customer.phones.values() {
            terms.add_digits(digits, 3);
        }
        terms.write_of_customer(connection, id.into(), id)?;
    }
    Ok(())
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

pub(super) fn contact(connection: &Connection, document: &Document) -> Result<(), StoreError> {
    let Some(contact) = Contact::read(document) else {
        return Ok(());
    };
    let id = document.id();
    connection
        .prepare_cached(
            "INSERT INTO contact (document, customer, consultant, phone) VALUES (?, ?, ?, ?)",
        )?
        .execute((
            id.as_bytes(),
            contact.customer.as_bytes(),
            contact.consultant.as_bytes(),
            contact.phone().map(|phone| phone.number.as_str()),
        ))?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO task (document, id, customer, assignee, due, is_open)
         VALUES (?, ?, ?, ?, ?, 1)",
    )?;
    for task in contact.open_tasks() {
        insert.execute((
            id.as_bytes(),
            task.id.as_bytes(),
            contact.customer.as_bytes(),
            task.assignee.as_ref().map(|staff| staff.as_bytes()),
            task.due.map(|due| due.to_string()),
        ))?;
    }
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO task_done (task, document, customer) VALUES (?, ?, ?)",
    )?;
    for follow_up in contact.standing_follow_ups() {
        let is_own = |task: &FactId| contact.tasks.iter().any(|own| own.id == *task);
        for task in follow_up.tasks.iter().filter(|task| !is_own(task)) {
            insert.execute((task.as_bytes(), id.as_bytes(), contact.customer.as_bytes()))?;
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
    terms.write_of_customer(connection, contact.customer, id)
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
