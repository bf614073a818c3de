//! A batch: the changes of one person's action, pushed together, judged together.

use minicbor::{Decode, Encode};

use crate::cursor::Seq;
use crate::error::DecodeError;
use crate::id::{BatchId, DocumentId};
use crate::kinded;
use crate::limits;
use crate::message::Push;
use crate::packed::Packed;
use crate::tagged_state::{TaggedState, TaggedStates};
use crate::text::{SpaceName, bounded_bytes};
use crate::well_formed;

const PART: &str = "a pushed change";

/// Changes that are pushed together and get one verdict; within the limits by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    id: BatchId,
    base_seq: Seq,
    changes: Vec<PushedChange>,
    states: Vec<TaggedState>,
}

/// One change of a batch. CBOR: `[document, space, raw]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PushedChange {
    /// The document it changes.
    #[n(0)]
    pub document: DocumentId,
    /// The space the author believed the document to be in; decides where a new one is created.
    #[n(1)]
    pub space: SpaceName,
    /// The change's bytes, uncompressed, at most [`limits::CHANGE`].
    #[cbor(n(2), encode_with = "minicbor::bytes::encode")]
    #[cbor(decode_with = "bounded_bytes::<Ctx, { limits::CHANGE }>")]
    pub raw: Vec<u8>,
}

/// Changes that do not fit one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// There is no change.
    #[error("a batch without changes")]
    Empty,
    /// There are too many changes.
    #[error(
        "{found} changes in one batch, more than {}",
        limits::CHANGES_PER_BATCH
    )]
    TooManyChanges {
        /// How many.
        found: usize,
    },
    /// A change is too long.
    #[error("change {index} has {found} bytes, more than {}", limits::CHANGE)]
    ChangeTooLong {
        /// Which, counted from 0.
        index: usize,
        /// Its length in bytes.
        found: usize,
    },
    /// The changes together are too long.
    #[error(
        "the changes take {found} bytes on the wire, more than {}",
        limits::BODY
    )]
    TooLong {
        /// Their encoded length in bytes.
        found: usize,
    },
    /// There are too many tagged states.
    #[error(
        "{found} tagged states in one batch, more than {}",
        limits::STATES_PER_BATCH
    )]
    TooManyStates {
        /// How many.
        found: usize,
    },
}

impl Batch {
    /// Puts changes into a batch.
    ///
    /// # Errors
    /// If there is none, there are too many, or one or all are too long.
    pub fn new(id: BatchId, base_seq: Seq, changes: Vec<PushedChange>) -> Result<Self, BatchError> {
        Self::of_lost(id, base_seq, changes, Vec::new())
    }

    /// Puts changes into a batch that a relay had accepted and has lost, with the states that prove
    /// it: each of them ends with one of the changes, and every change is at or below one of them.
    ///
    /// # Errors
    /// If there is neither a change nor a purge, there are too many changes or states, or changes
    /// are too long.
    pub fn of_lost(
        id: BatchId,
        base_seq: Seq,
        changes: Vec<PushedChange>,
        states: Vec<TaggedState>,
    ) -> Result<Self, BatchError> {
        check_changes(&changes, &states)?;
        if states.len() > limits::STATES_PER_BATCH {
            let found = states.len();
            return Err(BatchError::TooManyStates { found });
        }
        let batch = Self {
            id,
            base_seq,
            changes,
            states,
        };
        match batch.body().len() {
            found if found > limits::BODY => Err(BatchError::TooLong { found }),
            _ => Ok(batch),
        }
    }

    /// Its id: the same each time it is pushed.
    pub const fn id(&self) -> BatchId {
        self.id
    }

    /// The cursor that its author had read up to when the changes were made.
    pub const fn base_seq(&self) -> Seq {
        self.base_seq
    }

    /// Its changes, in the order in which they are applied.
    pub fn changes(&self) -> &[PushedChange] {
        &self.changes
    }

    /// What proves that a relay had accepted the changes; empty for a person's action.
    pub fn states(&self) -> &[TaggedState] {
        &self.states
    }

    /// Takes the changes out.
    pub fn into_changes(self) -> Vec<PushedChange> {
        self.changes
    }

    pub(crate) fn to_push(&self) -> Push {
        Push {
            batch: self.id,
            base_seq: self.base_seq,
            changes: Packed::pack(self.body()),
            states: (!self.states.is_empty()).then(|| TaggedStates(self.states.clone())),
        }
    }

    pub(crate) fn from_push(push: &Push) -> Result<Self, DecodeError> {
        let body = push.changes.unpack(PART, limits::BODY)?;
        let mut changes = Vec::new();
        let mut at = 0_usize;
        while at < body.len() {
            let end = well_formed::item_end(&body, at).map_err(|(at, problem)| {
                DecodeError::NotWellFormed {
                    part: PART,
                    at,
                    problem,
                }
            })?;
            let found = changes.len().saturating_add(1);
            if found > limits::CHANGES_PER_BATCH {
                let limit = limits::CHANGES_PER_BATCH;
                return Err(DecodeError::OverLimit {
                    part: PART,
                    at: Some(at),
                    found,
                    limit,
                });
            }
            changes.push(kinded::decode_struct(
                PART,
                body.get(at..end).unwrap_or_default(),
            )?);
            at = end;
        }
        let states = push.states.as_ref().map(|states| states.0.clone());
        let states = states.unwrap_or_default();
        match check_changes(&changes, &states) {
            Ok(()) => Ok(Self {
                id: push.batch,
                base_seq: push.base_seq,
                changes,
                states,
            }),
            Err(error) => Err(DecodeError::WrongFields {
                part: PART,
                at: None,
                problem: error.to_string(),
            }),
        }
    }

    /// The changes as a CBOR sequence (RFC 8742).
    fn body(&self) -> Vec<u8> {
        self.changes.iter().flat_map(kinded::encode).collect()
    }
}

fn check_changes(changes: &[PushedChange], states: &[TaggedState]) -> Result<(), BatchError> {
    match changes.len() {
        // What was purged has no changes.
        0 if states.iter().any(|state| state.head.is_none()) => {}
        0 => return Err(BatchError::Empty),
        found if found > limits::CHANGES_PER_BATCH => {
            return Err(BatchError::TooManyChanges { found });
        }
        _ => {}
    }
    for (index, change) in changes.iter().enumerate() {
        let found = change.raw.len();
        if found > limits::CHANGE {
            return Err(BatchError::ChangeTooLong { index, found });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(bytes: usize) -> PushedChange {
        PushedChange {
            document: DocumentId([1; 16]),
            space: SpaceName::new("store/1").unwrap(),
            raw: vec![7; bytes],
        }
    }

    fn batch(changes: Vec<PushedChange>) -> Result<Batch, BatchError> {
        Batch::new(BatchId([9; 16]), Seq(3), changes)
    }

    #[test]
    fn a_batch_travels_whole() {
        let batch = batch(vec![change(1), change(limits::CHANGE), change(0)]).unwrap();
        assert_eq!(Batch::from_push(&batch.to_push()).unwrap(), batch);
    }

    #[test]
    fn a_batch_of_what_was_lost_travels_with_its_proofs_and_a_purge_without_changes() {
        let state = |head| TaggedState {
            document: DocumentId([1; 16]),
            head,
            tag: crate::StatesTag([2; 16]),
            path: vec![3; 64],
        };
        let (id, seq) = (BatchId([9; 16]), Seq(0));
        let head = Some(crate::ChangeHash([4; 32]));
        let lost = Batch::of_lost(id, seq, vec![change(1)], vec![state(head)]).unwrap();
        assert_eq!(Batch::from_push(&lost.to_push()).unwrap(), lost);
        let purge = Batch::of_lost(id, seq, vec![], vec![state(None)]).unwrap();
        assert_eq!(Batch::from_push(&purge.to_push()).unwrap(), purge);
        let nothing = Batch::of_lost(id, seq, vec![], vec![state(head)]);
        assert_eq!(nothing, Err(BatchError::Empty));
        let many = Batch::of_lost(id, seq, vec![change(1)], vec![state(head); 17]);
        assert_eq!(many, Err(BatchError::TooManyStates { found: 17 }));
    }

    #[test]
    fn a_batch_outside_the_limits_is_not_made() {
        assert_eq!(batch(vec![]), Err(BatchError::Empty));
        assert_eq!(
            batch(vec![change(1); 65]),
            Err(BatchError::TooManyChanges { found: 65 })
        );
        let found = limits::CHANGE + 1;
        assert_eq!(
            batch(vec![change(1), change(found)]),
            Err(BatchError::ChangeTooLong { index: 1, found })
        );
        assert!(matches!(
            batch(vec![change(limits::CHANGE); 4]),
            Err(BatchError::TooLong { found }) if found > limits::BODY
        ));
    }

    #[test]
    fn a_push_outside_the_limits_is_refused_by_the_reader() {
        let push = |changes: Vec<PushedChange>| {
            let unchecked = Batch {
                id: BatchId([9; 16]),
                base_seq: Seq(3),
                changes,
                states: Vec::new(),
            };
            Batch::from_push(&unchecked.to_push())
        };
        assert!(matches!(push(vec![]), Err(DecodeError::WrongFields { .. })));
        assert!(matches!(
            push(vec![change(1); 65]),
            Err(DecodeError::OverLimit {
                found: 65,
                limit: 64,
                ..
            })
        ));
        let error = push(vec![change(limits::CHANGE + 1)]).unwrap_err();
        assert!(error.is_over_limit(), "{error}");
        let error = push(vec![change(limits::CHANGE); 4]).unwrap_err();
        assert!(error.is_over_limit(), "{error}");
    }
}
