//! Why a session ends.

use crate::cursor::{Epoch, Seq};
use crate::error::DecodeError;
use crate::id::BatchId;
use crate::message::{Bye, ByeCode, Versions};
use crate::segment::SegmentHash;

/// Why a session ended, or never began.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// The peer sent bytes that are no frame of this protocol.
    #[error("the peer sent something unreadable: {0}")]
    Decode(#[from] DecodeError),
    /// The peer sent a frame that it should not have sent.
    #[error("the peer broke the protocol: {0}")]
    Violation(#[from] Violation),
    /// The two ends share no version.
    #[error("this end speaks versions {ours:?}, the peer {theirs:?}")]
    NoCommonVersion {
        /// What this end speaks.
        ours: Versions,
        /// What the peer speaks.
        theirs: Versions,
    },
    /// The relay is another than the client meant to reach.
    #[error("the relay is {found:?}, not {expected:?}")]
    WrongServer {
        /// The name the client dialled.
        expected: String,
        /// The name the relay gave.
        found: String,
    },
    /// The device is unknown to the relay, or its signature is wrong.
    #[error("the device is unknown or its signature is wrong")]
    Unproved,
    /// The peer was silent for too long.
    #[error("timed out waiting for {0}")]
    TimedOut(Deadline),
    /// The peer said bye.
    #[error("the peer left: {:?} {}", .0.code, .0.text)]
    PeerLeft(Bye),
    /// Segments could not be fetched.
    #[error("the segments of this device's spaces could not be fetched")]
    NotFetched,
    /// The host of this end asked for it.
    #[error("this end left: {:?} {}", .0.code, .0.text)]
    Left(Bye),
    /// The transport closed without a bye.
    #[error("the connection was lost")]
    Disconnected,
    /// The host of this end did what a host must not do.
    #[error("this end failed: {0}")]
    HostFault(#[from] HostFault),
}

/// What a session waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Deadline {
    /// The relay's challenge.
    #[error("the challenge")]
    Challenge,
    /// The device's proof.
    #[error("the proof")]
    Proof,
    /// The relay's welcome.
    #[error("the welcome")]
    Welcome,
    /// A verdict on a pushed batch.
    #[error("a verdict")]
    Verdict,
    /// Any sign of life.
    #[error("a sign of life")]
    Idle,
}

/// What a peer must not send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A message that has no place at this point.
    #[error("a message of kind {kind} has no place here")]
    Unexpected {
        /// The message's number.
        kind: u8,
    },
    /// A window outside the allowed range.
    #[error("a window of {bytes} bytes is not allowed")]
    WindowOutOfRange {
        /// What the peer announced.
        bytes: u32,
    },
    /// More bytes than there was credit for.
    #[error("a frame of {bytes} bytes with {credit} of credit")]
    CreditExceeded {
        /// The frame's length.
        bytes: u32,
        /// What was left.
        credit: u32,
    },
    /// Credit of no bytes.
    #[error("credit of no bytes")]
    NoCredit,
    /// More credit than the window.
    #[error("{bytes} bytes of credit over {credit} exceed the window")]
    CreditOverflow {
        /// What the peer gave.
        bytes: u32,
        /// What was left.
        credit: u32,
    },
    /// A welcome in a version that was not offered.
    #[error("version {version} was not offered")]
    VersionNotOffered {
        /// The welcome's version.
        version: u8,
    },
    /// A welcome that waits for a device to fetch, in a version that knows no segments.
    #[error("version {version} knows no segments")]
    FetchNotOffered {
        /// The welcome's version.
        version: u8,
    },
    /// A welcome that goes on from a cursor of another epoch.
    #[error("the relay of epoch {found} goes on from a cursor of another")]
    WrongEpoch {
        /// The relay's epoch.
        found: Epoch,
    },
    /// A welcome that goes on from a cursor ahead of the log.
    #[error("the relay at {head} goes on from a cursor at {cursor}")]
    CursorAhead {
        /// The end of the relay's log.
        head: Seq,
        /// The client's position.
        cursor: Seq,
    },
    /// A welcome without spaces for a device that had none to compare.
    #[error("the welcome names no spaces")]
    NoSpaces,
    /// Entries that do not continue where the last ones ended.
    #[error("entries after {found} do not continue from {expected}")]
    NotContinued {
        /// Where the reader is.
        expected: Seq,
        /// Where the frame begins.
        found: Seq,
    },
    /// Positions that go back, stand still or pass the frame's end.
    #[error("position {found} has no place between {after} and {through}")]
    OutOfOrder {
        /// The position before it.
        after: Seq,
        /// The position.
        found: Seq,
        /// The frame's end.
        through: Seq,
    },
    /// A piece of an entry that does not continue the pieces before it.
    #[error("a piece of the entry at {seq} has no place here")]
    PieceOutOfOrder {
        /// The entry's position.
        seq: Seq,
    },
    /// A manifest that lists more than may be listed, a space that is not wanted, or a segment twice.
    #[error("the list of segments holds what was not asked for, or too much")]
    ManifestNotWanted,
    /// A manifest that goes on from before the device's cursor, or of another epoch.
    #[error("the segments end at {found}, where the device has read through {expected}")]
    ManifestBehind {
        /// Where the device is.
        expected: Seq,
        /// Where the manifest's cursor is.
        found: Seq,
    },
    /// A segment that holds something else than its manifest says.
    #[error("segment {hash} does not hold what was said of it")]
    SegmentBelied {
        /// The segment.
        hash: SegmentHash,
    },
    /// A position to follow the log from that lies ahead of it.
    #[error("the log ends at {head}, and the device wants what follows {found}")]
    FollowsAhead {
        /// The end of the log.
        head: Seq,
        /// What the device said.
        found: Seq,
    },
    /// More batches in flight than allowed.
    #[error("too many batches in flight")]
    TooManyBatches,
    /// A batch that is in flight already.
    #[error("batch {0} is in flight already")]
    BatchTwice(BatchId),
    /// A verdict on a batch that is not in flight.
    #[error("a verdict on batch {0}, which is not in flight")]
    VerdictOnNothing(BatchId),
}

/// What a host must not hand to its session: a bug of this end, said aloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostFault {
    /// An answer to a question that the session did not ask.
    #[error("{answer} was not asked for")]
    Unasked {
        /// The answer.
        answer: &'static str,
    },
    /// A device's stored key is no Ed25519 public key.
    #[error("the device's public key is none")]
    BadPublicKey,
    /// A device's spaces do not fit a welcome.
    #[error("the device's {count} spaces do not fit a welcome")]
    TooManySpaces {
        /// How many.
        count: usize,
    },
    /// A page of the log that ends before its entries, or beyond the log's head.
    #[error("a page through {through} cannot hold an entry at {last} under a head of {head}")]
    PageOutOfRange {
        /// The position of the page's last entry, or where it began.
        last: Seq,
        /// Where the page is said to end.
        through: Seq,
        /// The log's head.
        head: Seq,
    },
    /// An answer that brings the reader no further although the log goes on.
    #[error("the log was read at {after} without coming further")]
    NoProgress {
        /// The position.
        after: Seq,
    },
    /// Entries stored that were not handed out.
    #[error("nothing at or before {through} was to be stored")]
    StoredNothing {
        /// What the host said.
        through: Seq,
    },
    /// A verdict on a batch that was not handed out.
    #[error("a verdict on batch {0}, which was not handed out")]
    VerdictOnNothing(BatchId),
}

/// What a client does about the end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It dials again after its backoff.
    Backoff,
    /// It dials again after its backoff on top of the pause the relay asked for, in milliseconds.
    After(u32),
    /// It dials again after someone has done something: upgraded, enrolled, corrected an address.
    WhenSomethingChanged,
}

impl CloseReason {
    /// When a client should dial again.
    pub fn retry(&self) -> Retry {
        match self {
            Self::NoCommonVersion { .. } | Self::WrongServer { .. } | Self::Unproved => {
                Retry::WhenSomethingChanged
            }
            Self::Decode(error) if error.needs_upgrade() => Retry::WhenSomethingChanged,
            Self::PeerLeft(bye) => match (bye.code, bye.retry_ms) {
                (_, Some(pause)) => Retry::After(pause),
                (ByeCode::Unproved | ByeCode::Denied | ByeCode::NeedsUpgrade, None) => {
                    Retry::WhenSomethingChanged
                }
                (_, None) => Retry::Backoff,
            },
            Self::Decode(_)
            | Self::Violation(_)
            | Self::TimedOut(_)
            | Self::NotFetched
            | Self::Left(_)
            | Self::Disconnected
            | Self::HostFault(_) => Retry::Backoff,
        }
    }

    /// What to tell the peer; `None` if it is gone.
    pub(crate) fn bye(&self) -> Option<Bye> {
        let code = match self {
            Self::PeerLeft(_) | Self::Disconnected => return None,
            Self::Left(bye) => return Some(bye.clone()),
            Self::Decode(error) if error.needs_upgrade() => ByeCode::NeedsUpgrade,
            Self::Decode(error) if error.is_over_limit() => ByeCode::OverLimit,
            Self::Violation(Violation::CreditExceeded { .. } | Violation::TooManyBatches) => {
                ByeCode::OverLimit
            }
            Self::Decode(_) | Self::Violation(_) | Self::WrongServer { .. } => ByeCode::Violation,
            Self::NoCommonVersion { .. } => ByeCode::NeedsUpgrade,
            Self::Unproved => ByeCode::Unproved,
            Self::TimedOut(_) => ByeCode::TimedOut,
            Self::NotFetched => ByeCode::Failed,
            Self::HostFault(_) => return Some(Bye::new(ByeCode::Failed, "an internal failure")),
        };
        Some(Bye::new(code, &self.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_that_the_relay_asks_for_is_kept() {
        let mut bye = Bye::new(ByeCode::Draining, "");
        assert_eq!(CloseReason::PeerLeft(bye.clone()).retry(), Retry::Backoff);
        bye.retry_ms = Some(700);
        assert_eq!(CloseReason::PeerLeft(bye).retry(), Retry::After(700));
    }

    #[test]
    fn a_client_that_cannot_be_admitted_waits_for_someone_to_act() {
        for code in [ByeCode::Unproved, ByeCode::Denied, ByeCode::NeedsUpgrade] {
            let reason = CloseReason::PeerLeft(Bye::new(code, ""));
            assert_eq!(reason.retry(), Retry::WhenSomethingChanged);
        }
    }

    #[test]
    fn a_peer_learns_nothing_of_the_inside_of_a_failure() {
        let fault = HostFault::NoProgress {
            after: crate::Seq(4_711),
        };
        let bye = CloseReason::from(fault).bye().unwrap();
        assert!(!bye.text.as_str().contains("4711"));
        assert_eq!(CloseReason::Disconnected.bye(), None);
    }
}
