//! Commands about a vehicle itself.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::Library;
use crate::document::Document;
use crate::id::{FactId, VehicleId};
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::vehicle::Vehicle;

mod condition;
mod deliver;
mod edit;
mod freeze;
mod movement;
mod rule;
mod stock_in;
mod void;

pub use condition::{
    AddVehiclePhoto, InspectVehicle, LogCare, NoteDamage, NoteOdometer, NoteRepair, ReadBattery,
    RecordPdi,
};
pub use deliver::DeliverVehicle;
pub use edit::EditVehicle;
pub use freeze::{FreezeVehicle, UnfreezeVehicle};
pub use movement::{MoveVehicle, SetCustody};
pub use rule::RuleOnVehicle;
pub use stock_in::{StockIn, StockedIn};
pub use void::{RestoreVehicle, VoidVehicle};

/// A fact that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recorded {
    /// The fact.
    pub fact: FactId,
}

/// The vehicle under that id, as a document and read.
pub(super) fn find_vehicle(
    library: &dyn Library,
    id: VehicleId,
) -> Result<(Rc<Document>, Vehicle), Refusal> {
    let document = library.find(Kind::Vehicle, id.into())?;
    match Vehicle::read(&document) {
        Some(vehicle) => Ok((document, vehicle)),
        None => Err(Refusal::NotHere {
            kind: Kind::Vehicle,
            id: id.into(),
        }),
    }
}
