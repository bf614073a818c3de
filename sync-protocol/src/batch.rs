//! A batch: the changes of one person's action, pushed together, judged together.

use minicbor::{Decode, Encode};

use crate::cursor::Seq;
use crate::error::DecodeError;
use crate::id::{BatchId, DocumentId};
use crate::kinded;
use crate::limits;
use crate::message::Push;
use crate::packed::Packed;
use crate::text::{SpaceName, bounded_bytes};
use crate::well_formed;

const PART: &str = "a pushed change";

/// Changes that are pushed together and get one verdict; within the limits by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    id: BatchId,
    base_seq: Seq,
    changes: Vec<PushedChange>,
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
}

impl Batch {
    /// Puts changes into a batch.
    ///
    /// # Errors
    /// If there is none, there are too many, or one or all are too long.
    pub fn new(id: BatchId, base_seq: Seq, changes: Vec<PushedChange>) -> Result<Self, BatchError> {
        check_changes(&changes)?;
        let batch = Self {
            id,
            base_seq,
            changes,
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

    /// Takes the changes out.
    pub fn into_changes(self) -> Vec<PushedChange> {
        self.changes
    }

    pub(crate) fn to_push(&self) -> Push {
        Push {
            batch: self.id,
            base_seq: self.base_seq,
            changes: Packed::pack(self.body()),
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
        match check_changes(&changes) {
            Ok(()) => Ok(Self {
                id: push.batch,
                base_seq: push.base_seq,
                changes,
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

fn check_changes(changes: &[PushedChange]) -> Result<(), BatchError> {
    match changes.len() {
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
