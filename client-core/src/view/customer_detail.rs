//! One customer whole, with those that are merged into them read through.

use std::collections::BTreeMap;

use dealership::contact::{Contact, FollowUp};
use dealership::customer::{Customer, LifeCycle};
use dealership::deal::Deal;
use dealership::grade::{Grade, GradeSignals, GradeSuggestion, suggest_grade};
use dealership::id::{CustomerId, DocumentId, StaffId};
use dealership::merge;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{ReplicaError, StoreError};
use crate::projection;
use crate::view::deal_list::{self, DealRow};
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
    /// The customer as all cards tell: the survivor's card, with what the others add.
    pub card: Customer,
    /// The cards that are merged into it.
    pub merged: Vec<Customer>,
    /// The grade in force.
    pub grade: String,
    /// What the signs suggest where the grade is for a person to judge, as far as this device
    /// holds how they are reached.
    pub suggestion: Option<GradeSuggestion>,
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
        let members = projection::merged_with(desk.connection, self.customer)?;
        for member in &members {
            if let Some(document) = desk.shelf.document((*member).into())? {
                cards.extend(Customer::read(&document));
            }
        }
        let card = merge::customer(&cards).ok_or_else(|| not_here(self.customer))?;
        cards.retain(|member| member.id != card.id);
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
        let grade = card.grade_at(of_deals.iter().copied(), desk.now);
        let is_judged = grade == Grade::N || grade.is_open_intent();
        let suggestion = (is_judged && !contacts.is_empty()).then(|| {
            let known = GradeSignals::read(&contacts, of_deals.iter().copied(), None);
            suggest_grade(&known)
        });
        Ok(CustomerWhole {
            grade: grade.code().to_owned(),
            suggestion,
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

/// Says that a document of this kind is not here.
pub(crate) fn not_here(id: impl Into<DocumentId>) -> ReplicaError {
    ReplicaError::NoSuchDocument(id.into())
}
