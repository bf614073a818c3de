//! Two cards of one person 撞单.
//!
//! Cards are compared that share a key: the keyed hash of a phone, or, as a weaker match, the
//! sound of the name with the last four digits. Within a store every device derives the case
//! itself; across stores only the relay sees both cards, and says so by a fact in each.
//!
//! People are compared, not cards: what cards share that merging made one, the person shares, and
//! the case is between the cards as which the two are shown.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::Role;
use crate::case::{Case, CaseKind, Proposal, Side};
use crate::customer::Customer;
use crate::document::{Document, Provenance};
use crate::edit::fields;
use crate::id::{CaseId, CustomerId, DocumentId, StoreId};
use crate::order::OrderTime;
use crate::pinyin::NameIndex;

mod elsewhere;
mod people;

use people::{Card, People, Ruled};

pub use elsewhere::{across_stores, elsewhere, named_elsewhere, purged_elsewhere};

/// The rule that proposes the consultant who carded the person first.
pub const FIRST_CARDED: &str = "first_carded";

/// The decision that the two are different people. That they are one is said by merging them.
pub const DIFFERENT_PEOPLE: &str = "different_people";

/// What makes two cards look like one person's; cards that share none are never compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The keyed hash of a phone.
    Phone(String),
    /// The sound of the name and the last four digits of a phone: the weaker match.
    SoundAndDigits(String, String),
}

impl Key {
    /// The text under which a projection keeps it.
    pub fn text(&self) -> String {
        match self {
            Self::Phone(hash) => format!("phone/{hash}"),
            Self::SoundAndDigits(sound, digits) => format!("sound/{sound}/{digits}"),
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::Phone(_) => "phone",
            Self::SoundAndDigits(..) => "sound_and_digits",
        }
    }
}

/// The keys of a card.
pub fn keys(customer: &Customer) -> BTreeSet<Key> {
    // The likeliest reading, as southern accents blur it.
    let sounds = NameIndex::of(&customer.name).southern;
    let sound = sounds.first().filter(|sound| !sound.is_empty());
    customer
        .phones
        .iter()
        .flat_map(|(hash, digits)| {
            let weak = sound.map(|sound| Key::SoundAndDigits(sound.clone(), digits.clone()));
            [Some(Key::Phone(hash.to_string())), weak]
        })
        .flatten()
        .collect()
}

/// The duplicates among cards, each store by itself: open ones, and those ruled to be different
/// people. What was merged is no case any more.
///
/// Cards that merging makes one with a card that shares a key belong to what is given, whether
/// they bear the key or not.
pub fn within_store<'d>(cards: impl IntoIterator<Item = &'d Document>) -> Vec<Case> {
    compare(cards, |_| true)
}

/// As [`within_store`], by one key only, in the form of [`Key::text`].
pub fn sharing<'d>(key: &str, cards: impl IntoIterator<Item = &'d Document>) -> Vec<Case> {
    compare(cards, |shared| shared.text() == key)
}

fn compare<'d>(
    cards: impl IntoIterator<Item = &'d Document>,
    is_asked: impl Fn(&Key) -> bool,
) -> Vec<Case> {
    let mut stores: BTreeMap<StoreId, Vec<&Document>> = BTreeMap::new();
    for card in cards {
        if let Some(store) = card.space().store() {
            stores.entry(store).or_default().push(card);
        }
    }
    let mut cases: BTreeMap<_, Case> = BTreeMap::new();
    for cards in stores.into_values() {
        let people = People::read(cards);
        let mut compared = BTreeSet::new();
        // Phones come before sounds, so a pair that shares both is shown by its phone.
        for (key, bearers) in people.by_key() {
            if is_asked(&key) {
                compare_all(&people, &key, &bearers, &mut compared, &mut cases);
            }
        }
    }
    cases.into_values().collect()
}

/// Compares those who bear a key, the earliest carded first.
fn compare_all(
    people: &People<'_>,
    key: &Key,
    bearers: &BTreeSet<CustomerId>,
    compared: &mut BTreeSet<(CustomerId, CustomerId)>,
    cases: &mut BTreeMap<CaseId, Case>,
) {
    for later in bearers {
        for earlier in bearers.range(..later) {
            if !compared.insert((*earlier, *later)) {
                continue;
            }
            let Some(case) = between(people, *earlier, *later, key) else {
                continue;
            };
            let open = case.is_open();
            cases.insert(case.id, case);
            // A third is compared with the second only if they are not the first.
            if open {
                break;
            }
        }
    }
}

fn between(people: &People<'_>, one: CustomerId, other: CustomerId, key: &Key) -> Option<Case> {
    let mut sides: Vec<Side> = [people.card(one)?, people.card(other)?]
        .iter()
        .filter_map(|card| side(card, key.code()))
        .collect();
    sides.sort_by(|one, other| (one.order, &one.key).cmp(&(other.order, &other.key)));
    let winner = sides
        .first()
        .map_or_else(|| one.to_string(), |first| first.key.clone());
    let mut case = case_between(one, other, sides, winner, Role::Manager);
    match people.ruled(one, other) {
        Ruled::No => {}
        Ruled::Decided(outcome) => case.outcome = Some(*outcome),
        Ruled::Contradicted => case.decider = Role::GeneralManager,
    }
    Some(case)
}

fn case_between(
    one: CustomerId,
    other: CustomerId,
    sides: Vec<Side>,
    winner: String,
    decider: Role,
) -> Case {
    let mut documents: Vec<DocumentId> = vec![one.into(), other.into()];
    documents.sort_unstable();
    Case {
        id: CaseKind::DupCustomer.id(documents.iter().copied(), []),
        kind: CaseKind::DupCustomer,
        documents,
        sides,
        proposal: Some(Proposal {
            winner,
            rule: FIRST_CARDED.into(),
        }),
        decider,
        outcome: None,
    }
}

/// A side that is a card: its key is the customer's id.
fn side(card: &Card<'_>, matched_by: &str) -> Option<Side> {
    let customer = &card.customer;
    let made = carded_by(card.document)?;
    Some(Side {
        key: customer.id.to_string(),
        document: card.document.id(),
        fact: None,
        shows: fields([
            ("name", customer.name.as_str().into()),
            ("owner", customer.owner.into()),
            ("created_at", customer.created_at.into()),
            ("matched_by", matched_by.into()),
        ]),
        staff: made.staff,
        device: made.device,
        store: Some(customer.store),
        order: OrderTime::of(&made),
    })
}

/// Who carded a customer, on which device.
fn carded_by(card: &Document) -> Option<Provenance> {
    card.rivals("created_at")
        .into_iter()
        .next()
        .map(|rival| rival.provenance)
}
