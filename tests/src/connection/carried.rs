//! What is on its way over a connection: frames of the socket, and segments that are asked for and
//! fetched beside it.

use sync_protocol::{FetchProblem, SegmentHash};

use super::Spoiling;

/// One thing that is on its way.
#[derive(Clone, Debug)]
pub(super) enum Carried {
    /// A message of the socket.
    Frame(Vec<u8>),
    /// A request for a segment.
    Request {
        /// Which.
        hash: SegmentHash,
        /// What the device shows.
        bearer: String,
    },
    /// What comes of a request.
    Segment {
        /// Of which.
        hash: SegmentHash,
        /// Its bytes, if they come.
        fetched: Result<Vec<u8>, FetchProblem>,
    },
}

impl Carried {
    /// The bytes that are on their way.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Frame(frame) => frame,
            Self::Request { hash, .. } => &hash.0,
            Self::Segment { fetched, .. } => fetched.as_deref().unwrap_or_default(),
        }
    }

    /// What is left of it when it is spoilt by itself; nothing of a frame that is dropped. Who
    /// waits for an answer learns that none comes.
    pub(super) fn spoilt(self, spoiling: Spoiling) -> Option<Self> {
        match (self, spoiling) {
            (Self::Frame(_), Spoiling::Dropped) => None,
            (Self::Request { hash, .. } | Self::Segment { hash, .. }, Spoiling::Dropped) => {
                let fetched = Err(FetchProblem::Failed);
                Some(Self::Segment { hash, fetched })
            }
            (Self::Frame(mut frame), Spoiling::CutShort) => {
                frame.truncate(frame.len() / 2);
                Some(Self::Frame(frame))
            }
            (Self::Segment { hash, fetched }, Spoiling::CutShort) => {
                let fetched = fetched.map(|mut bytes| {
                    bytes.truncate(bytes.len() / 2);
                    bytes
                });
                Some(Self::Segment { hash, fetched })
            }
            (carried, _) => Some(carried),
        }
    }
}
