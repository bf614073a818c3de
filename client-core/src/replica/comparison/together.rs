//! What the relay lacks of one document, divided into batches.

use std::collections::BTreeSet;

use automerge::ChangeHash;
use change_gate::limits;
use sync_protocol::TaggedState;

use crate::outbox::{BYTES_PER_BATCH, CHANGES_PER_BATCH};

/// A change that the relay lacks.
pub(super) struct MissingChange {
    /// Its name.
    pub(super) hash: ChangeHash,
    /// What it builds on.
    pub(super) below: Vec<ChangeHash>,
    /// How long it is.
    pub(super) bytes: usize,
    /// How many operations it has.
    pub(super) operations: u64,
    /// Whether it was made on this device.
    pub(super) is_own: bool,
    /// The state that ends with it, if the relay tagged it.
    pub(super) state: Option<TaggedState>,
}

/// Changes that go back together, with states of theirs.
pub(super) struct Together<'m> {
    /// The changes, each after what it builds on.
    pub(super) changes: Vec<&'m MissingChange>,
    /// States that end with some of them.
    pub(super) states: Vec<&'m TaggedState>,
    /// Whether all of them are at or below one of the states. Else they wait until the relay vouches
    /// for what the batches behind them build on.
    pub(super) is_proven: bool,
}

/// As few batches as the limits allow, each proven by states of its own where that can be, the last
/// one always; and what no state proves.
pub(super) fn in_batches(changes: &[MissingChange]) -> (Vec<Together<'_>>, Vec<&MissingChange>) {
    let mut provable = BTreeSet::new();
    for change in changes.iter().rev() {
        if change.state.is_some() || provable.contains(&change.hash) {
            provable.insert(change.hash);
            provable.extend(&change.below);
        }
    }
    let is_provable = |change: &&MissingChange| provable.contains(&change.hash);
    let (mut open, rest): (Vec<_>, Vec<_>) = changes.iter().partition(is_provable);
    let mut batches = Vec::new();
    while !open.is_empty() {
        let most = fitting(&open);
        let beginning = |length: usize| open.get(..length).unwrap_or_default();
        let proven = |length: &usize| proof(beginning(*length)).1;
        // Else the next state under a tag is further away than a batch is long.
        let longest = (1..=most).rev().find(proven);
        let length = longest.unwrap_or(most);
        let (states, is_proven) = proof(beginning(length));
        let after = open.split_off(length);
        batches.push(Together {
            changes: std::mem::replace(&mut open, after),
            states,
            is_proven,
        });
    }
    (batches, rest)
}

/// How many of the first changes one batch has room for.
fn fitting(changes: &[&MissingChange]) -> usize {
    let (mut bytes, mut operations) = (0_usize, 0_u64);
    let fits = |change: &&&MissingChange| {
        bytes = bytes.saturating_add(change.bytes);
        operations = operations.saturating_add(change.operations);
        bytes <= BYTES_PER_BATCH && operations <= limits::BATCH_OPERATIONS
    };
    let first = changes.iter().take(CHANGES_PER_BATCH);
    first.take_while(fits).count().max(1)
}

/// The fewest states that as many as can be of these changes are at or below, and whether these are
/// all of them.
fn proof<'m>(changes: &[&'m MissingChange]) -> (Vec<&'m TaggedState>, bool) {
    let mut covered: BTreeSet<ChangeHash> = BTreeSet::new();
    let (mut states, mut is_whole) = (Vec::new(), true);
    for change in changes.iter().rev() {
        if !covered.contains(&change.hash) {
            match &change.state {
                Some(state) => states.push(state),
                None => {
                    is_whole = false;
                    continue;
                }
            }
        }
        covered.extend(&change.below);
    }
    let fits = states.len() <= sync_protocol::limits::STATES_PER_BATCH;
    (states, is_whole && fits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sync_protocol::{DocumentId, StatesTag};

    use super::*;

    fn hash(number: usize) -> ChangeHash {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        ChangeHash(bytes)
    }

    /// Changes that build on earlier ones, some of them under a tag.
    fn history(shape: &[(prop::sample::Index, prop::sample::Index, u8)]) -> Vec<MissingChange> {
        let change = |(number, (one, other, kind)): (usize, &(_, _, u8))| {
            let one: &prop::sample::Index = one;
            let other: &prop::sample::Index = other;
            let below: BTreeSet<_> = match number {
                0 => BTreeSet::new(),
                _ => [one, other].map(|at| hash(at.index(number))).into(),
            };
            MissingChange {
                hash: hash(number),
                below: below.into_iter().collect(),
                bytes: usize::from(*kind) * 400,
                operations: 1,
                is_own: false,
                state: (kind % 5 == 0).then(|| TaggedState {
                    document: DocumentId([1; 16]),
                    head: Some(sync_protocol::ChangeHash(hash(number).0)),
                    tag: StatesTag([2; 16]),
                    path: Vec::new(),
                }),
            }
        };
        shape.iter().enumerate().map(change).collect()
    }

    proptest! {
        #[test]
        fn every_change_at_or_below_a_state_goes_back_once_within_the_limits_and_in_order(
            shape in proptest::collection::vec(any::<(prop::sample::Index, prop::sample::Index, u8)>(), 1..200),
        ) {
            let changes = history(&shape);
            let (batches, rest) = in_batches(&changes);
            let going: Vec<_> = batches.iter().flat_map(|one| &one.changes).collect();
            let place = |change: &MissingChange| changes.iter().position(|one| one.hash == change.hash);
            prop_assert!(going.windows(2).all(|pair| place(pair[0]) < place(pair[1])));
            prop_assert_eq!(going.len() + rest.len(), changes.len());
            prop_assert!(rest.iter().all(|change| change.state.is_none()));
            for one in &batches {
                let bytes: usize = one.changes.iter().map(|change| change.bytes).sum();
                prop_assert!(one.changes.len() <= CHANGES_PER_BATCH && bytes <= BYTES_PER_BATCH);
                let mut covered: BTreeSet<_> = one.states.iter().filter_map(|state| state.head).collect();
                for change in one.changes.iter().rev().filter(|_| one.is_proven) {
                    prop_assert!(covered.contains(&sync_protocol::ChangeHash(change.hash.0)));
                    covered.extend(change.below.iter().map(|hash| sync_protocol::ChangeHash(hash.0)));
                }
            }
            // Whatever is not proven by itself is below what comes after it.
            if let Some(last) = batches.last() {
                prop_assert!(last.is_proven || last.states.len() > 16);
            }
        }
    }
}
