//! The rows of the sheet of customers.

use dealership::civil;
use dealership::code::Coded;
use dealership::contact::{CompetitorOffer, Contact, Intent};
use dealership::customer::Customer;
use dealership::id::{DocumentId, StaffId, StoreId, TrimId};
use dealership::phone::PhoneNumber;
use dealership::sheet::words::{GENDER, PAY_WAY, SOURCE_CHANNEL, Words};
use dealership::sheet::{label_of, range_text};
use dealership::staff::Staff;
use dealership::trim::Trim;
use dealership::{PhoneKind, Timestamp};
use rusqlite::OptionalExtension;

use crate::error::{ReplicaError, StoreError};
use crate::export::{each_document, ids};
use crate::replica::{Replica, Shelf};

pub(super) fn rows(
    replica: &Replica,
    store: Option<StoreId>,
    now: Timestamp,
) -> Result<Vec<Vec<String>>, ReplicaError> {
    let store = store.map(|store| *store.as_bytes());
    let ids = ids(
        replica.connection(),
        "SELECT document FROM customer WHERE is_listed = 1 AND (?1 IS NULL OR store = ?1)
         ORDER BY sort_key, document",
        &[&store],
    )?;
    each_document(replica, &ids, |shelf, id| {
        let Some(customer) = shelf.document(id)?.as_deref().and_then(Customer::read) else {
            return Ok(None);
        };
        let contact = shelf.document(Contact::document_id(customer.id))?;
        let contact = contact.as_deref().and_then(Contact::read);
        row(replica, shelf, &customer, contact.as_ref(), now).map(Some)
    })
}

/// The cells in the order of the sheet's columns.
fn row(
    replica: &Replica,
    shelf: &Shelf<'_>,
    customer: &Customer,
    contact: Option<&Contact>,
    now: Timestamp,
) -> Result<Vec<String>, ReplicaError> {
    let intent = contact.and_then(Contact::open_intent);
    let wanted = match intent {
        Some(intent) => series(shelf, intent)?,
        None => String::new(),
    };
    let phones = contact.map(|contact| {
        let phones = contact.phones.iter();
        phones
            .map(|phone| typed(&phone.number))
            .collect::<Vec<_>>()
            .join("/")
    });
    let competitors = contact.map(|contact| {
        let labels = contact.competitors.iter().map(CompetitorOffer::label);
        super::listed(labels)
    });
    let next = contact.and_then(Contact::next_follow_up);
    let budget = intent.map(|intent| range_text((intent.budget_min, intent.budget_max)));
    Ok(vec![
        customer.name.clone(),
        phones.unwrap_or_default(),
        label(customer.gender.as_ref(), GENDER),
        contact
            .and_then(|contact| contact.wechat.clone())
            .unwrap_or_default(),
        customer.region.clone().unwrap_or_default(),
        label(customer.source.channel.as_ref(), SOURCE_CHANNEL),
        wanted,
        grade(replica, customer.id.into(), now)?.unwrap_or_default(),
        budget.unwrap_or_default(),
        label(intent.and_then(|intent| intent.pay_way.as_ref()), PAY_WAY),
        intent.and_then(expected).unwrap_or_default(),
        competitors.unwrap_or_default(),
        consultant(shelf, customer.owner)?,
        day(customer.created_at),
        day(customer.last_contact_at()),
        next.map(|day| day.to_string()).unwrap_or_default(),
        contact.map(Contact::notes_text).unwrap_or_default(),
    ])
}

/// A number as people type it into a spreadsheet: a mobile as its eleven digits.
fn typed(number: &str) -> String {
    match number.parse::<PhoneNumber>() {
        Ok(phone) if phone.kind() == PhoneKind::Mobile => phone.grouped().replace(' ', ""),
        Ok(phone) => phone.grouped(),
        Err(_) => number.to_owned(),
    }
}

fn label<T: std::fmt::Display>(code: Option<&Coded<T>>, words: Words) -> String
where
    Coded<T>: std::fmt::Display,
{
    code.map_or_else(String::new, |code| {
        let code = code.to_string();
        label_of(&code, words).to_owned()
    })
}

/// The trims that a customer likes, or their wish in words.
fn series(shelf: &Shelf<'_>, intent: &Intent) -> Result<String, ReplicaError> {
    if intent.models.is_empty() {
        return Ok(intent.wish.clone().unwrap_or_default());
    }
    let mut labels = Vec::new();
    for trim in &intent.models {
        labels.push(trim_label(shelf, *trim)?);
    }
    Ok(labels.join("、"))
}

fn trim_label(shelf: &Shelf<'_>, trim: TrimId) -> Result<String, ReplicaError> {
    let document = shelf.document(trim.into())?;
    let trim = document.as_deref().and_then(Trim::read);
    Ok(trim.map(|trim| trim.label()).unwrap_or_default())
}

fn expected(intent: &Intent) -> Option<String> {
    let days = u16::try_from(intent.horizon_days?).ok()?;
    let base = civil::civil_date(intent.at.millis())?;
    civil::days_after(base, days).map(|day| day.to_string())
}

fn consultant(shelf: &Shelf<'_>, owner: Option<StaffId>) -> Result<String, ReplicaError> {
    let Some(owner) = owner else {
        return Ok(String::new());
    };
    let document = shelf.document(owner.into())?;
    let staff = document.as_deref().and_then(Staff::read);
    Ok(staff.map(|staff| staff.name).unwrap_or_default())
}

fn day(at: Timestamp) -> String {
    civil::civil_date(at.millis()).map_or_else(String::new, |day| day.to_string())
}

/// The grade in force, as lists show it.
fn grade(
    replica: &Replica,
    customer: DocumentId,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let now = now.millis();
    let grade = replica
        .connection()
        .prepare_cached(
            "SELECT grade FROM customer_grade
             WHERE customer = ?1 AND from_at <= ?2 AND ?2 < until_at",
        )?
        .query_row((customer.as_bytes(), now), |row| row.get(0))
        .optional()?;
    Ok(grade)
}
