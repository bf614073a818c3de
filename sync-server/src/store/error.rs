//! How a store fails.

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room is left on the disk; nothing was written.
    #[error("the disk is full")]
    DiskFull(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What must be unique is there already; nothing was written.
    #[error("{what} is in the store already")]
    Taken {
        /// What.
        what: &'static str,
    },
    /// A row is larger than the store takes; nothing was written.
    #[error("a row is too large")]
    TooLarge(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What was read is not what was ever written.
    #[error("the store is damaged: {what}")]
    Damaged {
        /// What does not fit.
        what: String,
    },
    /// A transaction was begun or ended out of turn.
    #[error("a transaction was begun or ended out of turn")]
    OutOfTurn,
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Something that does not fit what was ever written.
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }
}
