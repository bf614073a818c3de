//! Why bytes from a peer are not what they should be: in which part, where and what.

use crate::well_formed::Problem;

/// Bytes that are no frame of this protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The frame has no bytes.
    #[error("the frame is empty")]
    Empty,
    /// The frame is longer than any may be; nothing of it was read.
    #[error("the frame has {found} bytes, more than {limit}")]
    FrameTooLong {
        /// Its length in bytes.
        found: usize,
        /// [`crate::limits::FRAME`].
        limit: usize,
    },
    /// The frame's first byte is another version than this connection speaks.
    #[error("the frame is of version {found}, this connection speaks {expected}")]
    WrongVersion {
        /// The frame's first byte.
        found: u8,
        /// The version agreed on.
        expected: u8,
    },
    /// The part is of a kind that this version does not know and may not skip.
    #[error("{part} of kind {kind} belongs to a later version of the protocol")]
    UnknownKind {
        /// What was being read.
        part: &'static str,
        /// The kind's number.
        kind: u8,
    },
    /// The part is not CBOR as this protocol writes it.
    #[error("{part} is not well formed at byte {at}: {problem}")]
    NotWellFormed {
        /// What was being read.
        part: &'static str,
        /// The byte of that part.
        at: usize,
        /// What is wrong there.
        problem: Problem,
    },
    /// The part is CBOR but does not hold the fields it should.
    #[error("{part} does not hold what it should: {problem}")]
    WrongFields {
        /// What was being read.
        part: &'static str,
        /// The byte of that part, where known.
        at: Option<usize>,
        /// What the decoder met.
        problem: String,
    },
    /// A length or a count is over its limit.
    #[error("{part} holds {found} where at most {limit} are allowed")]
    OverLimit {
        /// What was being read.
        part: &'static str,
        /// The byte of that part, where known.
        at: Option<usize>,
        /// What it holds.
        found: usize,
        /// The limit, from [`crate::limits`].
        limit: usize,
    },
    /// The packed body of the part cannot be unpacked.
    #[error("{part} cannot be unpacked: {problem}")]
    NotUnpackable {
        /// What was being read.
        part: &'static str,
        /// What is wrong with it.
        problem: UnpackProblem,
    },
}

/// Why a packed body cannot be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnpackProblem {
    /// It inflates to more than is allowed; inflating stopped there.
    #[error("it inflates to more than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// It is no deflate stream.
    #[error("it is no deflate stream")]
    Damaged,
    /// The deflate stream does not end.
    #[error("its deflate stream is cut off")]
    CutOff,
    /// Bytes follow the end of the deflate stream.
    #[error("bytes follow its deflate stream")]
    Trailing,
}

impl DecodeError {
    /// Whether a newer build of this end would understand the bytes.
    pub const fn needs_upgrade(&self) -> bool {
        matches!(self, Self::UnknownKind { .. } | Self::WrongVersion { .. })
    }

    /// Whether the bytes are over a limit rather than wrong.
    pub const fn is_over_limit(&self) -> bool {
        matches!(
            self,
            Self::FrameTooLong { .. }
                | Self::OverLimit { .. }
                | Self::NotUnpackable {
                    problem: UnpackProblem::TooLong { .. },
                    ..
                }
        )
    }

    /// What the CBOR decoder met while it read `part`.
    pub(crate) fn from_cbor(part: &'static str, error: &minicbor::decode::Error) -> Self {
        let cause = std::error::Error::source(error);
        if let Some(OverLimit { found, limit }) = cause.and_then(|cause| cause.downcast_ref()) {
            return Self::OverLimit {
                part,
                at: error.position(),
                found: *found,
                limit: *limit,
            };
        }
        if let Some(UnknownKind { part, kind }) = cause.and_then(|cause| cause.downcast_ref()) {
            return Self::UnknownKind { part, kind: *kind };
        }
        let problem = match cause {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        Self::WrongFields {
            part,
            at: error.position(),
            problem,
        }
    }
}

/// A length or count over its limit, on its way through the CBOR decoder.
#[derive(Debug, thiserror::Error)]
#[error("{found} where at most {limit} are allowed")]
pub(crate) struct OverLimit {
    pub(crate) found: usize,
    pub(crate) limit: usize,
}

impl OverLimit {
    /// Fails if `found` is more than `limit`.
    pub(crate) fn check(
        found: usize,
        limit: usize,
        at: usize,
    ) -> Result<(), minicbor::decode::Error> {
        if found > limit {
            Err(minicbor::decode::Error::custom(Self { found, limit }).at(at))
        } else {
            Ok(())
        }
    }
}

/// A kind of a later version inside a part, on its way through the CBOR decoder.
#[derive(Debug, thiserror::Error)]
#[error("{part} of kind {kind} is unknown")]
pub(crate) struct UnknownKind {
    pub(crate) part: &'static str,
    pub(crate) kind: u8,
}
