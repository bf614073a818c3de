//! Who is who: customers that were found to be one person.
//!
//! A merge is a fact in the absorbed card; both cards stay, and their histories are read through
//! to the survivor. Nothing moves, so what somebody adds to the absorbed card offline appears on
//! the survivor too, and undoing gives both back.

use std::collections::{BTreeMap, BTreeSet};

use crate::customer::Customer;
use crate::id::CustomerId;

mod whole;

pub use whole::{customer, shown_as, tasks, timeline};

/// For each customer the one as whom they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MergeMap {
    roots: BTreeMap<CustomerId, CustomerId>,
}

impl MergeMap {
    /// Reads the merges that stand in some cards.
    pub fn of<'c>(cards: impl IntoIterator<Item = &'c Customer>) -> Self {
        Self::of_merges(
            cards
                .into_iter()
                .flat_map(|card| card.merged_into().map(|into| (card.id, into))),
        )
    }

    /// Works out the roots from merges, each the absorbed and the survivor.
    ///
    /// All who are merged with one another, by whatever way, are one. Their root is the survivor
    /// whom nobody absorbed; where two merges made apart leave several such or, absorbing each
    /// other, none, the smallest id is the root.
    pub fn of_merges(merges: impl IntoIterator<Item = (CustomerId, CustomerId)>) -> Self {
        let mut beside: BTreeMap<CustomerId, BTreeSet<CustomerId>> = BTreeMap::new();
        let mut absorbed = BTreeSet::new();
        for (from, into) in merges {
            if from != into {
                beside.entry(from).or_default().insert(into);
                beside.entry(into).or_default().insert(from);
                absorbed.insert(from);
            }
        }
        let mut roots = BTreeMap::new();
        for customer in beside.keys() {
            if roots.contains_key(customer) {
                continue;
            }
            let one = all_beside(&beside, *customer);
            // In order of ids, so the first of each kind is the smallest.
            let root = one
                .iter()
                .find(|member| !absorbed.contains(*member))
                .or(one.first())
                .copied()
                .unwrap_or(*customer);
            roots.extend(one.into_iter().map(|member| (member, root)));
        }
        Self { roots }
    }

    /// The customer as whom one is shown: themselves, if nobody merged them.
    pub fn root(&self, customer: CustomerId) -> CustomerId {
        self.roots.get(&customer).copied().unwrap_or(customer)
    }

    /// Whether two are one.
    pub fn is_one(&self, one: CustomerId, other: CustomerId) -> bool {
        self.root(one) == self.root(other)
    }

    /// All who are shown as a customer, themselves among them, in order of ids.
    pub fn shown_as(&self, root: CustomerId) -> BTreeSet<CustomerId> {
        self.roots
            .iter()
            .filter(|(_, other)| **other == root)
            .map(|(member, _)| *member)
            .chain([root])
            .collect()
    }
}

fn all_beside(
    beside: &BTreeMap<CustomerId, BTreeSet<CustomerId>>,
    first: CustomerId,
) -> BTreeSet<CustomerId> {
    let mut found = BTreeSet::from([first]);
    let mut waiting = vec![first];
    while let Some(customer) = waiting.pop() {
        for other in beside.get(&customer).into_iter().flatten() {
            if found.insert(*other) {
                waiting.push(*other);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn customer(number: u8) -> CustomerId {
        CustomerId::from_bytes([number; 16])
    }

    fn map(merges: &[(u8, u8)]) -> MergeMap {
        MergeMap::of_merges(
            merges
                .iter()
                .map(|(from, into)| (customer(*from), customer(*into))),
        )
    }

    #[test]
    fn the_survivor_is_the_root_also_through_several_merges() {
        let map = map(&[(1, 2), (2, 5), (4, 5)]);
        for number in [1, 2, 4, 5] {
            assert_eq!(map.root(customer(number)), customer(5));
        }
        assert_eq!(map.root(customer(9)), customer(9));
        assert_eq!(map.shown_as(customer(5)).len(), 4);
        assert_eq!(map.shown_as(customer(9)), [customer(9)].into());
    }

    #[test]
    fn two_who_absorb_each_other_are_the_smaller() {
        let map = map(&[(3, 2), (2, 3)]);
        assert_eq!(map.root(customer(3)), customer(2));
        assert_eq!(map.root(customer(2)), customer(2));
    }

    #[test]
    fn one_who_is_absorbed_twice_makes_all_three_one() {
        let map = map(&[(1, 7), (1, 4)]);
        assert_eq!(map.root(customer(1)), customer(4));
        assert!(map.is_one(customer(7), customer(4)));
    }

    proptest! {
        #[test]
        fn roots_are_their_own_roots_whatever_was_merged(
            merges in proptest::collection::vec((0_u8..12, 0_u8..12), 0..30),
        ) {
            let map = map(&merges);
            let mut reversed = merges.clone();
            reversed.reverse();
            prop_assert_eq!(&map, &self::map(&reversed));
            for number in 0..12 {
                let root = map.root(customer(number));
                prop_assert_eq!(map.root(root), root);
                prop_assert!(map.shown_as(root).contains(&customer(number)));
            }
            for (from, into) in merges {
                prop_assert!(map.is_one(customer(from), customer(into)));
            }
        }
    }
}
