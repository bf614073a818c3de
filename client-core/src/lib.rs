//! The replica of one device: store, commands, projection and views, outbox and quarantine,
//! synchronisation.
//!
//! The same source and the same SQL natively and in a browser; what differs is handed in: where
//! the database lies ([`settings::Medium`]), randomness ([`Entropy`]), the time.
//!
//! Read in this order: [`replica`] (what can be done), `store` (what is kept), `projection`
//! and [`view`] (what is shown), [`import`] (spreadsheets), [`outbox`] (what waits for the relay), [`link`] (how it gets there).

pub mod entropy;
pub mod error;
pub mod export;
pub mod identity;
pub mod import;
pub mod link;
#[cfg(feature = "native")]
pub mod native;
pub mod outbox;
pub mod replica;
pub mod settings;
pub mod view;

mod in_parallel;
mod projection;
mod schema;
mod store;
#[cfg(test)]
mod testing;
mod wire;

pub use dealership::command;
pub use entropy::Entropy;
pub use error::{OpenError, ReplicaError, StoreError};
pub use export::{Export, ExportError, ExportOrder};
pub use identity::Identity;
pub use import::{ImportError, ImportOrder, ImportReport};
pub use link::{Link, LinkEffect, LinkInput, Moment, Statistics};
pub use outbox::{BatchId, QuarantinedBatch};
pub use projection::Progress;
pub use replica::{Executed, HistoryEntry, Page, Problem, Received, Replica, Settled, Verified};
pub use settings::Medium;
