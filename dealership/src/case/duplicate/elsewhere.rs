//! One person carded in two stores: what the relay says, and what a card shows of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::Role;
use crate::case::duplicate::people::{Card, People, Ruled};
use crate::case::duplicate::{Key, carded_by, case_between, side};
use crate::case::{Case, CaseKind, Side};
use crate::code::coded_enum;
use crate::customer::Customer;
use crate::document::{Document, Fact};
use crate::edit::{Edits, Fields, fields};
use crate::id::{CustomerId, DeviceNumber, DocumentId, FactId};
use crate::order::OrderTime;
use crate::time::Timestamp;

coded_enum! {
    /// Why the relay takes back that a card looks like another store's.
    pub enum EndReason {
        /// The two are one, or one of them is shown as another card.
        Merged = "merged",
        /// One of them is deleted.
        Voided = "voided",
        /// They bear no number in common any more.
        PhoneGone = "phone_gone",
        /// The other one was purged.
        Purged = "purged",
    }
}

/// The duplicates of a card in other stores, as the relay said in it and has not taken back.
pub fn elsewhere(card: &Document) -> Vec<Case> {
    let Some(customer) = Customer::read(card).filter(|customer| customer.voided.is_none()) else {
        return Vec::new();
    };
    let merged: BTreeSet<CustomerId> = customer.merged_into().collect();
    let here = Card {
        document: card,
        customer,
    };
    standing(card)
        .filter_map(|(fact, other)| {
            if merged.contains(&other) {
                return None;
            }
            let relay = card.provenance(fact)?;
            let shows = fields([
                ("owner", fact.text("other_owner").map(str::to_owned).into()),
                ("created_at", fact.int("other_created_at").into()),
            ]);
            let there = Side {
                key: other.to_string(),
                document: other.into(),
                fact: None,
                shows,
                staff: fact
                    .parsed("other_created_by")
                    .or(fact.parsed("other_owner"))
                    .unwrap_or(relay.staff),
                device: fact
                    .parsed("other_device")
                    .map_or(relay.device, DeviceNumber),
                store: fact.parsed("other_store"),
                order: OrderTime {
                    claimed_at: fact.instant("other_created_at").unwrap_or_default(),
                    receipt: None,
                },
            };
            let customer = &here.customer;
            let here = side(&here, "phone")?;
            let (here_since, there_since) = (customer.created_at, there.order.claimed_at);
            let winner = match (there_since, other) < (here_since, customer.id) {
                true => there.key.clone(),
                false => here.key.clone(),
            };
            let mut sides = vec![here, there];
            sides.sort_by(|one, other| one.key.cmp(&other.key));
            let case = case_between(customer.id, other, sides, winner, Role::GeneralManager);
            Some(case.ruled_in(card))
        })
        .collect()
}

/// What the relay adds to cards of several stores that bear one phone: a fact in each that names
/// the other, and one that takes it back when they are merged, deleted or bear it no more.
/// Only what is about the person of the `changed` card is looked at. Running it again over what
/// it wrote gives nothing.
pub fn across_stores<'d>(
    changed: CustomerId,
    cards: impl IntoIterator<Item = &'d Document>,
    now: Timestamp,
) -> Edits {
    let people = People::read(cards);
    let changed = people.shown_as(changed);
    let is_theirs = |id: CustomerId| people.shown_as(id) == changed;
    let pairs = pairs(&people);
    let mut edits = Edits::default();
    for card in people.cards() {
        for (fact, other) in standing(card.document) {
            if !is_theirs(card.customer.id) && !is_theirs(other) {
                continue;
            }
            if let Some(reason) = end_reason(&people, card, other, &pairs) {
                end(card.document, fact, reason, now, &mut edits);
            }
        }
    }
    for ((one, other), hash) in &pairs {
        if *one != changed && *other != changed {
            continue;
        }
        if matches!(people.ruled(*one, *other), Ruled::Decided(_)) {
            continue;
        }
        let (Some(one), Some(other)) = (people.card(*one), people.card(*other)) else {
            continue;
        };
        for (card, beside) in [(one, other), (other, one)] {
            let is_other = |(_, named): &(&Fact, CustomerId)| *named == beside.customer.id;
            if !standing(card.document).any(|fact| is_other(&fact)) {
                let id = fact_id(card, beside.customer.id);
                let fact = names(beside, hash, now);
                edits.record(card.document.id(), "case", id, fact);
            }
        }
    }
    edits
}

/// The cards of other stores that the relay named in a card and has not taken back.
pub fn named_elsewhere(card: &Document) -> BTreeSet<CustomerId> {
    standing(card).map(|(_, other)| other).collect()
}

/// What the relay adds to a card that names others which were purged since: nobody is left to be
/// the same person as.
pub fn purged_elsewhere(card: &Document, purged: &BTreeSet<CustomerId>, now: Timestamp) -> Edits {
    let mut edits = Edits::default();
    for (fact, other) in standing(card) {
        if purged.contains(&other) {
            end(card, fact, EndReason::Purged, now, &mut edits);
        }
    }
    edits
}

/// Takes back what the relay said in a card.
fn end(card: &Document, fact: &Fact, reason: EndReason, now: Timestamp, edits: &mut Edits) {
    let fields = fields([
        ("case", fact.id.into()),
        ("reason", reason.into()),
        ("at", now.into()),
    ]);
    let id = derived(&[b"duplicate_end", fact.id.as_bytes()]);
    edits.record(card.id(), "case_end", id, fields);
}

/// The people who share a phone across stores, with the first that they share.
fn pairs(people: &People<'_>) -> BTreeMap<(CustomerId, CustomerId), String> {
    let mut pairs = BTreeMap::new();
    for (key, bearers) in people.cards_by_key() {
        let Key::Phone(hash) = key else { continue };
        for later in &bearers {
            for earlier in bearers.range(..later) {
                let store = |id: &CustomerId| people.card(*id).map(|card| card.customer.store);
                let (one, other) = (people.shown_as(*earlier), people.shown_as(*later));
                if one != other && store(earlier) != store(later) {
                    let pair = (one.min(other), one.max(other));
                    pairs.entry(pair).or_insert_with(|| hash.clone());
                }
            }
        }
    }
    pairs
}

/// Why what a card says of another is to be taken back; `None` while it stands, or where the
/// other is not among the cards.
fn end_reason(
    people: &People<'_>,
    card: &Card<'_>,
    other: CustomerId,
    pairs: &BTreeMap<(CustomerId, CustomerId), String>,
) -> Option<EndReason> {
    let id = card.customer.id;
    people.card(other)?;
    if pairs.contains_key(&(id.min(other), id.max(other))) {
        return None;
    }
    let is_shown_as_itself = |id: CustomerId| people.shown_as(id) == id;
    Some(if !is_shown_as_itself(id) || !is_shown_as_itself(other) {
        EndReason::Merged
    } else if !people.is_live(id) || !people.is_live(other) {
        EndReason::Voided
    } else {
        EndReason::PhoneGone
    })
}

/// What the relay says in a card and has not taken back, with the other card that it names.
fn standing(card: &Document) -> impl Iterator<Item = (&Fact, CustomerId)> {
    let ended: BTreeSet<FactId> = card
        .facts("case_end")
        .filter_map(|end| end.parsed("case"))
        .collect();
    card.facts("case")
        .filter(move |fact| !ended.contains(&fact.id))
        .filter_map(|fact| Some((fact, fact.parsed("other")?)))
}

fn names(other: &Card<'_>, hash: &str, now: Timestamp) -> Fields {
    let customer = &other.customer;
    let made = carded_by(other.document);
    let device = made.as_ref().map(|made| made.device.0.to_string());
    fields([
        ("kind", CaseKind::DupCustomer.code().into()),
        ("phone_hash", hash.into()),
        ("other", customer.id.into()),
        ("other_store", customer.store.into()),
        ("other_owner", customer.owner.into()),
        ("other_created_by", made.map(|made| made.staff).into()),
        ("other_device", device.into()),
        ("other_created_at", customer.created_at.into()),
        ("at", now.into()),
    ])
}

/// One pair has one fact in a card, however often the relay works it out, until it is taken back.
fn fact_id(card: &Card<'_>, other: CustomerId) -> FactId {
    let case = CaseKind::DupCustomer.id([card.customer.id.into(), other.into()], []);
    let before = card
        .document
        .facts("case")
        .filter(|fact| fact.parsed("other") == Some(other))
        .count();
    match before {
        0 => derived(&[b"duplicate", case.as_bytes()]),
        before => derived(&[b"duplicate", case.as_bytes(), before.to_string().as_bytes()]),
    }
}

fn derived(parts: &[&[u8]]) -> FactId {
    FactId::from_bytes(*DocumentId::of_content(parts).as_bytes())
}
