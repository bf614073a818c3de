//! The terms under which a search finds something.

use std::collections::BTreeMap;

use dealership::id::CustomerId;

use crate::projection::row::Rows;
use crate::projection::table;

/// The fewest digits or letters of a tail that are a term of their own.
const SHORTEST_TAIL: usize = 3;

/// Terms with their ranks, 0 the best; of two ranks of a term the better counts.
#[derive(Debug, Default)]
pub(super) struct Terms(BTreeMap<String, u8>);

impl Terms {
    /// A term.
    pub(super) fn add(&mut self, term: impl Into<String>, rank: u8) {
        let term = term.into();
        if !term.is_empty() {
            let known = self.0.entry(term).or_insert(rank);
            *known = (*known).min(rank);
        }
    }

    /// A text and its tails, so that whatever begins anywhere in it is found; the whole ranks
    /// before the tails.
    pub(super) fn add_tails(&mut self, text: &str, shortest: usize, rank: u8) {
        let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
        let last = (starts.len() + 1).saturating_sub(shortest);
        for (index, start) in starts.into_iter().take(last).enumerate() {
            let tail = text.get(start..).unwrap_or_default();
            self.add(
                tail,
                if index == 0 {
                    rank
                } else {
                    rank.saturating_add(1)
                },
            );
        }
    }

    /// Digits, of which people type the end.
    pub(super) fn add_digits(&mut self, digits: &str, rank: u8) {
        self.add_tails(digits, SHORTEST_TAIL, rank);
    }

    /// Puts the terms as those that find a customer.
    pub(super) fn put_of_customer(self, customer: CustomerId, rows: &mut Rows) {
        for (term, rank) in self.0 {
            let row = [
                term.into(),
                customer.as_bytes().into(),
                i64::from(rank).into(),
            ];
            rows.put(&table::CUSTOMER_TERM, row);
        }
    }

    /// Puts the terms as those that find the vehicle whose rows these are; they have no ranks.
    pub(super) fn put_of_vehicle(self, rows: &mut Rows) {
        for term in self.0.into_keys() {
            rows.put(&table::VEHICLE_TERM, [term.into()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_of_digits_is_found_from_three_digits_on() {
        let mut terms = Terms::default();
        terms.add_digits("12345", 2);
        let found: Vec<_> = terms
            .0
            .iter()
            .map(|(term, rank)| (term.as_str(), *rank))
            .collect();
        assert_eq!(found, [("12345", 2), ("2345", 3), ("345", 3)]);
    }

    #[test]
    fn a_name_is_found_from_every_character_on() {
        let mut terms = Terms::default();
        terms.add_tails("张伟明", 1, 0);
        let found: Vec<_> = terms.0.keys().map(String::as_str).collect();
        assert_eq!(found, ["伟明", "张伟明", "明"]);
    }
}
