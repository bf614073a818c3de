//! One customer whole, with those that are merged into them read through.

use std::collections::BTreeMap;

use dealership::contact::{Contact, FollowUp};
use dealership::customer::{Customer, LifeCycle};
use dealership::deal::Deal;
use dealership::id::{CustomerId, DocumentId, StaffId};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{ReplicaError, StoreError};
use crate::view::deal_list::{self, DealRow};
use crate::view::shared::{Select, id};
use crate::view::{Desk, View};

/// Asks for a customer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerDetail {
    /// The customer, or one that is merged into them.
    customer: CustomerId,
}

/// A customer whole.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CustomerWhole {
    /// The card that stands for all of them.
    pub card: Customer,
    /// The cards that are merged into it.
    pub merged: Vec<Customer>,
    /// The grade in force.
    pub grade: String,
    /// Where they stand in their life with the dealership.
    pub life_cycle: LifeCycle,
    /// How to reach them, one for each card whose contact this device holds.
    pub contacts: Vec<Contact>,
    /// What was said, over all cards, the newest first.
    pub timeline: Vec<TimelineEntry>,
    /// Their deals, over all cards, the newest first.
    pub deals: Vec<DealRow>,
    /// The names of the people that are spoken of.
    pub names: BTreeMap<StaffId, String>,
}

/// Something of a customer's time line.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TimelineEntry {
    /// On whose card it was recorded.
    pub customer: CustomerId,
    /// What happened.
    #[serde(flatten)]
    pub follow_up: FollowUp,
}

impl View for CustomerDetail {
    type Output = CustomerWhole;

    const NAME: &'static str = "customer_detail";
    const ABOUT: &'static str = "One customer whole: card, contacts, time line, deals";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        let mut cards = Vec::new();
        let members = merged_with(desk.connection, self.customer)?;
        for member in &members {
            if let Some(document) = desk.shelf.document((*member).into())? {
                cards.extend(Customer::read(&document));
            }
        }
        let root = root(&cards).ok_or(ReplicaError::NoSuchDocument(self.customer.into()))?;
        let card = cards.remove(root);
        let mut contacts = Vec::new();
        for member in &members {
            if let Some(document) = desk.shelf.document(Contact::document_id(*member))? {
                contacts.extend(Contact::read(&document));
            }
        }
        let mut timeline: Vec<TimelineEntry> = contacts
            .iter()
            .flat_map(|contact| {
                let customer = contact.customer;
                let entry = move |follow_up: &FollowUp| TimelineEntry {
                    customer,
                    follow_up: follow_up.clone(),
                };
                contact.follow_ups.iter().map(entry)
            })
            .collect();
        timeline.sort_by_key(|entry| std::cmp::Reverse((entry.follow_up.at, entry.follow_up.id)));
        let mut rows = Vec::new();
        let mut deals = Vec::new();
        for member in &members {
            rows.extend(deal_list::of_customer(desk, *member)?);
        }
        for row in &rows {
            if let Some(document) = desk.shelf.document(row.deal.into())? {
                deals.extend(Deal::read(&document));
            }
        }
        rows.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.deal)));
        let of_deals: Vec<&Deal> = deals.iter().collect();
        let people = timeline
            .iter()
            .filter_map(|entry| entry.follow_up.by)
            .chain(card.owner)
            .chain(card.created_by)
            .chain(cards.iter().filter_map(|card| card.owner));
        Ok(CustomerWhole {
            grade: card
                .grade_at(of_deals.iter().copied(), desk.now)
                .code()
                .to_owned(),
            life_cycle: LifeCycle::of(&card, &of_deals, desk.now),
            names: names(desk, people)?,
            card,
            merged: cards,
            contacts,
            timeline,
            deals: rows,
        })
    }
}

/// The names of people, as far as they are here.
pub(crate) fn names(
    desk: &Desk<'_>,
    people: impl IntoIterator<Item = StaffId>,
) -> Result<BTreeMap<StaffId, String>, StoreError> {
    let mut names = BTreeMap::new();
    for person in people {
        if !names.contains_key(&person)
            && let Some(name) = desk.person(person)?
        {
            names.insert(person, name);
        }
    }
    Ok(names)
}

/// A customer and all that merging joins with them, in the order of their ids.
fn merged_with(
    connection: &Connection,
    customer: CustomerId,
) -> Result<Vec<CustomerId>, StoreError> {
    let mut select = Select::new(
        "WITH RECURSIVE member (document) AS (
             VALUES (?)
             UNION SELECT m.into_id FROM member JOIN customer_merge AS m USING (document)
             UNION SELECT m.document FROM member JOIN customer_merge AS m
                 ON m.into_id = member.document)
         SELECT document FROM member ORDER BY document",
    );
    select
        .value(*customer.as_bytes())
        .rows(connection, |row| id(row, "document"))
}

/// The place of the card that stands for all: the one that is merged into none; where merges run
/// in a circle, the smallest id.
fn root(cards: &[Customer]) -> Option<usize> {
    let free = cards
        .iter()
        .position(|card| card.merged_into().next().is_none());
    free.or_else(|| (!cards.is_empty()).then_some(0))
}

/// Says that a document of this kind is not here.
pub(crate) fn not_here(id: impl Into<DocumentId>) -> ReplicaError {
    ReplicaError::NoSuchDocument(id.into())
}
