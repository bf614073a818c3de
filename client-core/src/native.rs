//! The native driver: a socket, the system's clocks and randomness, and TLS around a [`Link`].
//!
//! [`Link`]: crate::link::Link

mod clock;
mod connection;
mod enrol;
mod entropy;
mod fetch;
mod server;
mod watch;

pub use clock::Clock;
pub use connection::{Report, sync_once};
pub use enrol::{EnrolError, enrol};
pub use entropy::SystemEntropy;
pub use server::{BadServer, Server};
pub use watch::{Errand, WatchEvent, watch};

use sync_protocol::CloseReason;

use crate::error::ReplicaError;

/// Why a synchronisation ended early. What was stored and acknowledged until then stays so.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The relay cannot be reached, or the connection to it failed.
    #[error("the relay at {server} cannot be reached")]
    Transport {
        /// Where it should be.
        server: String,
        /// What the socket says.
        #[source]
        source: Box<tokio_tungstenite::tungstenite::Error>,
    },
    /// The relay's address cannot be used.
    #[error(transparent)]
    Server(#[from] BadServer),
    /// The session ended.
    #[error(transparent)]
    Closed(Box<CloseReason>),
    /// The replica failed.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
}

impl SyncError {
    /// Whether trying again later can help without anybody doing anything.
    pub fn is_worth_retrying(&self) -> bool {
        match self {
            Self::Transport { .. } => true,
            Self::Closed(reason) => reason.retry() != sync_protocol::Retry::WhenSomethingChanged,
            Self::Server(_) | Self::Replica(_) => false,
        }
    }
}
