//! Forecourt and its peers, side by side: the same scenarios for all of them, each end a process
//! of its own, over one line that counts what goes over it.
//!
//! ```text
//! writer ───────────────────────────► server
//! reader ──┐                            ▲
//! 50 more ─┴──► CountingLine ───────────┘
//! ```
//!
//! An end is told what to do on its standard input and answers on its standard output;
//! `bench/peers/driver.mjs` says how. The clock is here: a time is from the command to its answer.

use std::time::Duration;

mod contest;
mod end;
mod forecourt;
mod host;
mod peer;
mod told;

pub use contest::{Contest, SCENARIOS};
pub use end::Shortfall;
pub use forecourt::Forecourt;
pub use host::Host;
pub use peer::{PEERS, Peer, PeerHost};
pub use told::{Command, Edit, Expected};

/// How long a peer may take for one thing.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// How [`PATIENCE`] is said where it did not suffice.
pub const TOO_LONG: &str = "> 10 min";
