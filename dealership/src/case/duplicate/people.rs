//! The people whom some cards show: who is whom, and what they bear.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::duplicate::{Key, keys};
use crate::case::{CaseKind, Outcome, Verdict};
use crate::customer::Customer;
use crate::document::Document;
use crate::id::CustomerId;
use crate::merge::MergeMap;

/// A card with its document.
pub(super) struct Card<'d> {
    pub(super) document: &'d Document,
    pub(super) customer: Customer,
}

/// Some cards, with who is whom among them.
pub(super) struct People<'d> {
    cards: BTreeMap<CustomerId, Card<'d>>,
    shown_as: BTreeMap<CustomerId, CustomerId>,
}

/// What was ruled of two people, on whichever of their cards.
pub(super) enum Ruled {
    No,
    Decided(Box<Outcome>),
    Contradicted,
}

impl<'d> People<'d> {
    pub(super) fn read(documents: impl IntoIterator<Item = &'d Document>) -> Self {
        let cards: BTreeMap<CustomerId, Card<'d>> = documents
            .into_iter()
            .filter_map(|document| {
                let customer = Customer::read(document)?;
                Some((customer.id, Card { document, customer }))
            })
            .collect();
        let merged = MergeMap::of(cards.values().map(|card| &card.customer));
        // In order of ids, so the first of those whose survivor is not here is the smallest.
        let mut instead = BTreeMap::new();
        let mut shown_as = BTreeMap::new();
        for id in cards.keys() {
            let root = merged.root(*id);
            let shown = match cards.contains_key(&root) {
                true => root,
                false => *instead.entry(root).or_insert(*id),
            };
            shown_as.insert(*id, shown);
        }
        Self { cards, shown_as }
    }

    /// The card as which somebody is shown, or any other of theirs.
    pub(super) fn card(&self, id: CustomerId) -> Option<&Card<'d>> {
        self.cards.get(&id)
    }

    pub(super) fn cards(&self) -> impl Iterator<Item = &Card<'d>> {
        self.cards.values()
    }

    /// As whom the person of a card is shown.
    pub(super) fn shown_as(&self, id: CustomerId) -> CustomerId {
        self.shown_as.get(&id).copied().unwrap_or(id)
    }

    /// Whether the person of a card is shown at all.
    pub(super) fn is_live(&self, id: CustomerId) -> bool {
        self.card(self.shown_as(id))
            .is_some_and(|card| card.customer.voided.is_none())
    }

    /// The people of each key that several of those bear who are shown, in order of ids: the
    /// earliest carded first.
    pub(super) fn by_key(&self) -> BTreeMap<Key, BTreeSet<CustomerId>> {
        let mut bearers: BTreeMap<Key, BTreeSet<CustomerId>> = BTreeMap::new();
        for (key, cards) in self.cards_by_key() {
            let people = cards.into_iter().map(|card| self.shown_as(card));
            bearers.entry(key).or_default().extend(people);
        }
        bearers.retain(|_, bearers| bearers.len() > 1);
        bearers
    }

    /// The cards of each key, those of people left out who are not shown.
    pub(super) fn cards_by_key(&self) -> BTreeMap<Key, BTreeSet<CustomerId>> {
        let mut bearers: BTreeMap<Key, BTreeSet<CustomerId>> = BTreeMap::new();
        for (id, card) in &self.cards {
            if card.customer.voided.is_none() && self.is_live(*id) {
                for key in keys(&card.customer) {
                    bearers.entry(key).or_default().insert(*id);
                }
            }
        }
        bearers
    }

    /// What was ruled of two people: of any card of the one beside any of the other, since what
    /// was merged later is still the same person.
    pub(super) fn ruled(&self, one: CustomerId, other: CustomerId) -> Ruled {
        let mut ruled = Ruled::No;
        for first in self.cards_of(one) {
            for second in self.cards_of(other) {
                let ids = [first.customer.id.into(), second.customer.id.into()];
                let case = CaseKind::DupCustomer.id(ids, []);
                for card in [first, second] {
                    match Verdict::of(card.document, case) {
                        Verdict::None => {}
                        Verdict::Decided(outcome, _) => ruled = Ruled::Decided(Box::new(outcome)),
                        Verdict::Contradicted => return Ruled::Contradicted,
                    }
                }
            }
        }
        ruled
    }

    fn cards_of(&self, person: CustomerId) -> impl Iterator<Item = &Card<'d>> {
        let is_theirs = move |card: &&Card<'d>| self.shown_as(card.customer.id) == person;
        self.cards.values().filter(is_theirs)
    }
}
