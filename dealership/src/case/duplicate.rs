//! Two cards of one person 撞单.
//!
//! Cards are compared that share a key: the keyed hash of a phone, or, as a weaker match, the
//! sound of the name with the last four digits. Within a store every device derives the case
//! itself; across stores only the relay sees both cards, and says so by a fact in each.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::Role;
use crate::case::{Case, CaseKind, Proposal, Side, Verdict};
use crate::customer::Customer;
use crate::document::{Document, Provenance};
use crate::edit::{Edits, Fields, fields};
use crate::id::{CustomerId, DocumentId, FactId};
use crate::merge::MergeMap;
use crate::order::OrderTime;
use crate::pinyin::NameIndex;
use crate::time::Timestamp;

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

/// A card with its document.
struct Card<'d> {
    document: &'d Document,
    customer: Customer,
}

/// The duplicates among cards that share keys, each store by itself: open ones, and those ruled
/// to be different people. What was merged is no case any more.
pub fn within_store<'d>(cards: impl IntoIterator<Item = &'d Document>) -> Vec<Case> {
    let cards = live(cards);
    let merged = MergeMap::of(cards.values().map(|card| &card.customer));
    let mut cases: BTreeMap<_, Case> = BTreeMap::new();
    let mut compared = BTreeSet::new();
    // Phones come before sounds, so a pair that shares both is shown by its phone.
    for (key, bearers) in by_key(&cards) {
        for (index, later) in bearers.iter().enumerate() {
            for earlier in bearers.iter().take(index) {
                let (Some(one), Some(other)) = (cards.get(earlier), cards.get(later)) else {
                    continue;
                };
                if one.customer.store != other.customer.store {
                    continue;
                }
                let pair = (merged.root(*earlier), merged.root(*later));
                if pair.0 == pair.1 {
                    break;
                }
                if !compared.insert(pair) {
                    continue;
                }
                let case = between(one, other, &key);
                let open = case.is_open();
                cases.insert(case.id, case);
                // A third card is compared with the second only if it is not the first's.
                if open {
                    break;
                }
            }
        }
    }
    cases.into_values().collect()
}

/// The duplicates of a card in other stores, as the relay said in it.
pub fn elsewhere(card: &Document) -> Vec<Case> {
    let Some(customer) = Customer::read(card).filter(|customer| customer.voided.is_none()) else {
        return Vec::new();
    };
    let merged: BTreeSet<CustomerId> = customer.merged_into().collect();
    card.facts("case")
        .filter_map(|fact| {
            let other: CustomerId = fact.parsed("other")?;
            let relay = card.provenance(fact)?;
            if merged.contains(&other) {
                return None;
            }
            let shows = fields([
                ("owner", fact.text("other_owner").map(str::to_owned).into()),
                ("created_at", fact.int("other_created_at").into()),
            ]);
            let there = Side {
                key: other.to_string(),
                document: other.into(),
                fact: None,
                shows,
                staff: fact.parsed("other_owner").unwrap_or(relay.staff),
                device: relay.device,
                store: fact.parsed("other_store"),
                order: OrderTime {
                    claimed_at: fact.instant("other_created_at").unwrap_or_default(),
                    receipt: None,
                },
            };
            let here = side(card, &customer, "phone")?;
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
/// the other. Running it again over what it wrote gives nothing.
pub fn across_stores<'d>(
    changed: CustomerId,
    cards: impl IntoIterator<Item = &'d Document>,
    now: Timestamp,
) -> Edits {
    let cards = live(cards);
    let merged = MergeMap::of(cards.values().map(|card| &card.customer));
    let mut written: BTreeSet<(DocumentId, FactId)> = BTreeSet::new();
    let mut edits = Edits::default();
    for (key, bearers) in by_key(&cards) {
        let Key::Phone(hash) = &key else { continue };
        for (index, later) in bearers.iter().enumerate() {
            for earlier in bearers.iter().take(index) {
                if *earlier != changed && *later != changed {
                    continue;
                }
                let (Some(one), Some(other)) = (cards.get(earlier), cards.get(later)) else {
                    continue;
                };
                if one.customer.store == other.customer.store || merged.is_one(*earlier, *later) {
                    continue;
                }
                let id = fact_id(*earlier, *later);
                for (card, beside) in [(one, other), (other, one)] {
                    let known = card.document.fact("case", id).is_some();
                    if !known && written.insert((card.document.id(), id)) {
                        let fact = names(&beside.customer, hash, now);
                        edits.record(card.document.id(), "case", id, fact);
                    }
                }
            }
        }
    }
    edits
}

fn names(other: &Customer, hash: &str, now: Timestamp) -> Fields {
    fields([
        ("kind", CaseKind::DupCustomer.code().into()),
        ("phone_hash", hash.into()),
        ("other", other.id.into()),
        ("other_store", other.store.into()),
        ("other_owner", other.owner.into()),
        ("other_created_at", other.created_at.into()),
        ("at", now.into()),
    ])
}

/// One pair has one fact, however often the relay works it out.
fn fact_id(one: CustomerId, other: CustomerId) -> FactId {
    let id = CaseKind::DupCustomer.id([one.into(), other.into()], []);
    let derived = DocumentId::of_content(&[b"duplicate", id.as_bytes()]);
    FactId::from_bytes(*derived.as_bytes())
}

fn live<'d>(cards: impl IntoIterator<Item = &'d Document>) -> BTreeMap<CustomerId, Card<'d>> {
    cards
        .into_iter()
        .filter_map(|document| {
            let customer = Customer::read(document)?;
            let card = Card { document, customer };
            let is_live = card.customer.voided.is_none();
            is_live.then_some((card.customer.id, card))
        })
        .collect()
}

/// The cards of each key that several bear, in order of ids: the earliest made first.
fn by_key(cards: &BTreeMap<CustomerId, Card<'_>>) -> BTreeMap<Key, Vec<CustomerId>> {
    let mut bearers: BTreeMap<Key, Vec<CustomerId>> = BTreeMap::new();
    for (id, card) in cards {
        for key in keys(&card.customer) {
            bearers.entry(key).or_default().push(*id);
        }
    }
    bearers.retain(|_, bearers| bearers.len() > 1);
    bearers
}

fn between(one: &Card<'_>, other: &Card<'_>, key: &Key) -> Case {
    let mut sides: Vec<Side> = [one, other]
        .iter()
        .filter_map(|card| side(card.document, &card.customer, key.code()))
        .collect();
    sides.sort_by(|one, other| (one.order, &one.key).cmp(&(other.order, &other.key)));
    let winner = sides
        .first()
        .map_or_else(|| one.customer.id.to_string(), |first| first.key.clone());
    let (first, second) = (one.customer.id, other.customer.id);
    let mut case = case_between(first, second, sides, winner, Role::Manager);
    for card in [one, other] {
        match Verdict::of(card.document, case.id) {
            Verdict::None => {}
            Verdict::Decided(outcome, _) => case.outcome = Some(outcome),
            Verdict::Contradicted => case.decider = Role::GeneralManager,
        }
    }
    case
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
fn side(document: &Document, customer: &Customer, matched_by: &str) -> Option<Side> {
    let made: Provenance = document.rivals("created_at").into_iter().next()?.provenance;
    Some(Side {
        key: customer.id.to_string(),
        document: document.id(),
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
