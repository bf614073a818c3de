//! Stopping the sale of a vehicle, and allowing it again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::input::{self, LONGEST_LINE};
use crate::command::vehicle::{Recorded, find_vehicle};
use crate::command::{Command, Context, Library, Plan};
use crate::edit::Edits;
use crate::id::{FactId, VehicleId};
use crate::refusal::Refusal;
use crate::vehicle::FreezeReason;

/// Stops the sale of a vehicle; who holds it goes on holding it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FreezeVehicle {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Why.
    pub reason: FreezeReason,
    /// What else is to be said, without the names of customers: every store reads it.
    #[serde(default)]
    pub note: Option<String>,
}

/// Allows the sale again, as far as this freeze goes.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnfreezeVehicle {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The freeze.
    pub freeze: FactId,
}

impl Command for FreezeVehicle {
    type Output = Recorded;

    const NAME: &'static str = "freeze_vehicle";
    const ABOUT: &'static str = "Stops the sale of a vehicle";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Recorded>, Refusal> {
        let (document, vehicle) = find_vehicle(library, self.vehicle)?;
        if vehicle.void.is_some() || vehicle.delivered.is_some() {
            let problem = "it is not in stock any more";
            return Err(Refusal::state(&document, problem));
        }
        let note = input::optional_line("note", self.note.as_deref(), LONGEST_LINE)?;
        // A second defect is a second freeze: lifting one must not lift the other.
        if vehicle
            .freezes
            .iter()
            .any(|each| each.reason == self.reason && each.note == note)
        {
            let problem = format!("it is frozen for {} already", self.reason);
            return Err(Refusal::state(&document, problem));
        }
        let written =
            context.signed([("reason", self.reason.code().into()), ("note", note.into())]);
        let id = context.ids.fact();
        let mut edits = Edits::default();
        edits.record(document.id(), "freeze", id, written);
        Ok(Plan::new(edits, Recorded { fact: id }))
    }
}

impl Command for UnfreezeVehicle {
    type Output = Recorded;

    const NAME: &'static str = "unfreeze_vehicle";
    const ABOUT: &'static str = "Allows the sale of a vehicle again";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Recorded>, Refusal> {
        let (document, vehicle) = find_vehicle(library, self.vehicle)?;
        if vehicle.freezes.iter().all(|each| each.id != self.freeze) {
            return Err(Refusal::invalid("freeze", "does not stop its sale"));
        }
        let written = context.signed([("freeze", self.freeze.to_string().into())]);
        let id = context.ids.fact();
        let mut edits = Edits::default();
        edits.record(document.id(), "unfreeze", id, written);
        Ok(Plan::new(edits, Recorded { fact: id }))
    }
}
