//! The last message of a connection.

use minicbor::{Decode, Encode};

use super::open_code;
use crate::text::Explanation;

/// Says why the connection ends. CBOR: `[code, text, retry_ms?]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Bye {
    /// Why.
    #[n(0)]
    pub code: ByeCode,
    /// Why, for a person or an operator.
    #[n(1)]
    pub text: Explanation,
    /// How long the client should stay away, in milliseconds; its own backoff if absent.
    #[n(2)]
    pub retry_ms: Option<u32>,
}

impl Bye {
    /// A bye that leaves the pause to the client's backoff.
    pub fn new(code: ByeCode, text: &str) -> Self {
        Self {
            code,
            text: Explanation::new(text),
            retry_ms: None,
        }
    }
}

open_code! {
    /// Why a connection ends.
    pub enum ByeCode {
        /// The client has nothing more to do.
        1 => Finished,
        /// The relay stops or restarts.
        2 => Draining,
        /// The relay has no room for this connection now.
        3 => Overloaded,
        /// The device is unknown or its signature is wrong.
        4 => Unproved,
        /// The device proved itself and is not, or no longer, admitted.
        5 => Denied,
        /// The two ends share no version, or one met a kind that it does not know.
        6 => NeedsUpgrade,
        /// The peer broke the protocol.
        7 => Violation,
        /// The peer sent more than a limit allows.
        8 => OverLimit,
        /// The peer was silent for too long.
        9 => TimedOut,
        /// The device's spaces changed: the next welcome names the new ones.
        10 => SpacesChanged,
        /// The device opened a newer connection.
        11 => Replaced,
        /// This end failed; the peer did nothing wrong.
        12 => Failed,
        /// The relay found that its log has lost entries, and begins a new epoch.
        13 => Healing,
    }
}
