//! Views: what a screen reads.
//!
//! A view is a query over the projection, never over documents loaded one after another; only
//! what is asked of one document loads it. Nothing here writes.

use dealership::Timestamp;
use rusqlite::Connection;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::error::{ReplicaError, damaged};
use crate::identity::Identity;
use crate::replica::Shelf;

mod cases;
mod claim_list;
mod customer_detail;
mod customer_list;
mod customer_search;
mod deal_board;
mod deal_detail;
mod deal_list;
mod history;
mod imports;
mod registry;
mod shared;
mod sync_status;
mod today;
mod unsynced_devices;
mod vehicle_detail;
mod vehicle_list;
mod vehicle_matrix;
mod vehicle_search;

pub use cases::CaseRow;
pub use claim_list::ClaimRow;
pub use customer_detail::{CustomerWhole, TimelineEntry};
pub use customer_list::CustomerRow;
pub use deal_board::BoardColumn;
pub use deal_detail::DealWhole;
pub use deal_list::DealRow;
pub use imports::ImportListed;
pub use registry::{REGISTRY, find};
pub use shared::Page;
pub use sync_status::SyncStatus;
pub use today::{Day, DueTask, EndingClaim};
pub use unsynced_devices::UnsyncedDevice;
pub use vehicle_detail::VehicleWhole;
pub use vehicle_list::VehicleRow;
pub use vehicle_matrix::MatrixCell;

/// What a screen can show.
pub trait View: DeserializeOwned + JsonSchema {
    /// What it shows.
    type Output: Serialize + JsonSchema;

    /// Its name in the CLI and on the bridge: lower case and underscores.
    const NAME: &'static str;

    /// One line of help.
    const ABOUT: &'static str;

    /// Reads it.
    ///
    /// # Errors
    ///
    /// [`ReplicaError`], when something asked for is not here or the database fails.
    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError>;
}

/// What a view reads from.
pub struct Desk<'d> {
    pub(crate) connection: &'d Connection,
    pub(crate) identity: &'d Identity,
    pub(crate) shelf: Shelf<'d>,
    /// The device's clock: what ends by itself is compared with it.
    pub(crate) now: Timestamp,
}

/// A view with its types taken away, as registries list it.
pub struct Entry {
    /// [`View::NAME`].
    pub name: &'static str,
    /// [`View::ABOUT`].
    pub about: &'static str,
    /// The JSON Schema of its input.
    pub input: fn() -> Schema,
    /// The JSON Schema of its output.
    pub output: fn() -> Schema,
    /// Parses the input and reads.
    pub run: fn(Json, &Desk<'_>) -> Result<Json, ReplicaError>,
}

impl Entry {
    /// Takes a view's types away.
    pub const fn of<V: View>() -> Self {
        Self {
            name: V::NAME,
            about: V::ABOUT,
            input: || schemars::schema_for!(V),
            output: || schemars::schema_for!(V::Output),
            run: |input, desk| {
                let view: V =
                    serde_json::from_value(input).map_err(|source| ReplicaError::NotThisView {
                        view: V::NAME,
                        problem: source.to_string(),
                    })?;
                let output = view.run(desk)?;
                serde_json::to_value(output)
                    .map_err(|source| damaged(V::NAME, source.to_string()).into())
            },
        }
    }
}

#[cfg(test)]
mod tests;
