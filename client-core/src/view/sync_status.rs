//! How this device stands with its relay.

use dealership::Timestamp;
use dealership::authorship::Seq;
use dealership::id::{DeviceNumber, DocumentId, StaffId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ReplicaError;
use crate::outbox::QuarantinedBatch;
use crate::store::{self, position, suspect};
use crate::view::{Desk, View, cases};
use crate::wire::of_wire_seq;

/// Asks how this device stands with its relay.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShowSyncStatus {}

/// How this device stands with its relay.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SyncStatus {
    /// When this was read, by this device's clock.
    pub at: Timestamp,
    /// The device.
    pub device: DeviceNumber,
    /// What people call it.
    pub device_name: String,
    /// The person.
    pub staff: StaffId,
    /// Where the relay is.
    pub server: String,
    /// How many batches wait for the relay.
    pub unsent: u64,
    /// When the oldest of them was made, by this device's clock.
    pub unsent_since: Option<Timestamp>,
    /// What a relay refused and nobody decided yet.
    pub quarantine: Vec<QuarantinedBatch>,
    /// How many conflicts wait for a person, whoever it is.
    pub open_cases: u64,
    /// Documents that are set aside; their bytes are kept.
    pub unreadable: Vec<UnreadableDocument>,
    /// How many documents are here.
    pub documents: u64,
    /// Up to where the log was read.
    pub seq: Option<Seq>,
    /// When the relay last admitted this device.
    pub last_contact: Option<Timestamp>,
    /// When everything that the relay's log held was last here.
    pub caught_up: Option<Timestamp>,
    /// This device's clock less the relay's at the last contact, in milliseconds.
    pub clock_ahead: Option<i64>,
}

/// A document that is set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnreadableDocument {
    /// The document.
    pub document: DocumentId,
    /// Why.
    pub reason: String,
    /// When it is tried again, by this device's clock; absent where only another version of the
    /// program may be able to read it.
    pub tried_again_at: Option<Timestamp>,
}

impl View for ShowSyncStatus {
    type Output = SyncStatus;

    const NAME: &'static str = "sync_status";
    const ABOUT: &'static str =
        "What is unsent and since when, what was refused, open cases, the last contact";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        let connection = desk.connection;
        let (unsent, unsent_since) = store::outbox::summary(connection)?;
        let last = position::last_sync(connection)?;
        let struck = suspect::set_aside_for_strikes(connection)?;
        let tried_again_at = |document: &DocumentId| {
            let struck = struck.iter().find(|struck| struck.document == *document)?;
            Some(struck.due_at())
        };
        let unreadable = suspect::all_set_aside(connection)?.into_iter();
        Ok(SyncStatus {
            at: desk.now,
            device: desk.identity.device,
            device_name: desk.identity.device_name.clone(),
            staff: desk.identity.staff,
            server: desk.identity.server.clone(),
            unsent,
            unsent_since,
            quarantine: store::quarantine::all(connection)?,
            open_cases: cases::count_open(connection)?,
            unreadable: unreadable
                .map(|(document, reason)| UnreadableDocument {
                    tried_again_at: tried_again_at(&document),
                    document,
                    reason,
                })
                .collect(),
            documents: store::document::count(connection)?,
            seq: position::read(connection)?.map(|cursor| of_wire_seq(cursor.seq)),
            last_contact: last.map(|last| last.welcomed_at),
            caught_up: last.and_then(|last| last.caught_up_at),
            clock_ahead: last.map(|last| last.clock_ahead),
        })
    }
}
