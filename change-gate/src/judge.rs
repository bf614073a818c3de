//! The question that the gate leaves to others: may this author write this?

use automerge::{Automerge, ScalarValue};

use crate::ChangeHeader;

/// Decides rights; the gate has decided structure before it asks.
pub trait Judge {
    /// Why a change may not enter. Whether that is for ever is asked of it.
    type Reason: std::error::Error + 'static;

    /// Says whether a change may enter, as a whole.
    ///
    /// `document` is as it stood before this change; it holds the change's
    /// dependencies and may hold more. Rights are judged at the dependencies
    /// themselves: read with Automerge's `*_at` functions where it matters.
    /// `writes` is empty for a change that only joins heads.
    ///
    /// # Errors
    ///
    /// Says why the change may not enter.
    fn judge(
        &mut self,
        header: &ChangeHeader,
        document: &Automerge,
        writes: &[Write],
    ) -> Result<(), Self::Reason>;
}

/// One operation of a change.
///
/// Writes come in the order in which they take effect. They are decoded from the
/// change itself; patches would hide a write that loses against a concurrent one.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// The keys from the root; the last one is the key that is written.
    pub path: Vec<String>,
    /// What happens there.
    pub action: Action,
}

/// What a write does to its key.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Sets a plain value.
    Put {
        /// Text, an integer, a boolean, or null for "cleared".
        value: ScalarValue,
        /// The key had a value at the change's dependencies, whatever the change
        /// itself did to it before.
        replaces: bool,
    },
    /// Makes a map where there was nothing.
    MakeMap,
    /// Takes values away.
    Delete {
        /// One value stays: concurrent ones are settled in favour of the one that
        /// every reader saw already.
        leaves_value: bool,
    },
}
