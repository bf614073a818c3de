//! The messages between a device and a relay, and the sans-IO session of both ends.
//!
//! ```text
//!        host (client-core)                                    host (sync-server)
//!   Input │         ▲ Effect                              Input │         ▲ Effect
//!         ▼         │                                           ▼         │
//!      ClientSession ──── frames: version byte, CBOR ──────► RelaySession
//!                    ◄───────────────────────────────────────
//! ```
//!
//! A session is one connection. Its host hands it what happened and the time
//! ([`ClientSession::handle`], [`RelaySession::handle`]), takes what should happen
//! (`next_effect`) until there is nothing left, and calls it again at `wake_at`. A session is
//! thrown away with its connection and remembers nothing beyond it: what to send is computed
//! from the host's tables, where to go on from the cursor.
//!
//! **Architecture Invariant:** nothing here does IO, reads a clock or draws randomness, and
//! nothing here knows what a document is. `docs/protocol.md` is the same protocol for someone
//! who writes another client; the two change together.
//!
//! Read in this order: [`limits`], [`message`] and [`entry`] (what is said), [`frame`] (how it
//! is written), [`ClientSession`] and [`RelaySession`] (who says it when).

pub mod limits;

pub mod clock;
pub mod cursor;
pub mod id;
pub mod tagged_state;
pub mod text;

pub mod batch;
pub mod entry;
pub mod message;
pub mod segment;

pub mod frame;
mod kinded;
mod packed;
mod page;
mod well_formed;

pub mod proof;

mod backoff;
mod client_session;
mod close;
mod error;
mod relay_session;
mod window;

pub use backoff::Backoff;
pub use batch::{Batch, BatchError, PushedChange};
pub use client_session::{
    ClientConfig, ClientEffect, ClientInput, ClientSession, FetchProblem, FetchProgress, Welcomed,
};
pub use clock::{Millis, Timestamp};
pub use close::{CloseReason, Deadline, HostFault, Retry, Violation};
pub use cursor::{Cursor, CursorTag, Epoch, Seq};
pub use entry::{ChangeReceipt, Entry};
pub use error::{DecodeError, UnpackProblem};
pub use id::{BatchId, ChangeHash, DeviceNumber, DocumentId, HashPrefix};
pub use message::{
    Bye, ByeCode, Greeting, Outcome, Refusal, RefusalCode, Resume, Upgrade, Versions,
};
pub use packed::Packed;
pub use page::{Fit, LogPage, PageError};
pub use relay_session::{
    Admission, LogAnswer, Offer, RelayConfig, RelayEffect, RelayInput, RelaySession, Walk,
};
pub use segment::{Segment, SegmentDraft, SegmentError, SegmentHash, SegmentInfo};
pub use tagged_state::{Leaf, StatesRoot, StatesTag, TaggedState};
pub use text::{Explanation, SpaceName, SpaceNameError};
pub use well_formed::Problem;

/// The newest version of the protocol that this crate speaks, and the first byte of its frames.
///
/// Version rules: `docs/protocol.md`, "Versions".
pub const PROTOCOL_VERSION: u8 = 2;

/// The oldest version of the protocol that this crate still speaks.
pub const OLDEST_PROTOCOL_VERSION: u8 = 1;

/// The first version in which a device gets spaces as segments.
pub(crate) const SEGMENTS_SINCE: u8 = 2;
