//! Voiding an entry whose VIN was mistyped, and taking that back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::input::{self, LONGEST_LINE};
use crate::command::vehicle::{Recorded, find_vehicle};
use crate::command::{Command, Context, Library, Plan};
use crate::edit::Edits;
use crate::id::{FactId, VehicleId};
use crate::refusal::Refusal;

/// Voids an entry whose VIN was mistyped; the right VIN is entered anew.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidVehicle {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Why.
    pub reason: String,
}

/// Takes the voiding of an entry back: the VIN was right after all.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreVehicle {
    /// The vehicle.
    pub vehicle: VehicleId,
}

impl Command for VoidVehicle {
    type Output = Recorded;

    const NAME: &'static str = "void_vehicle";
    const ABOUT: &'static str = "Voids an entry whose VIN was mistyped";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Recorded>, Refusal> {
        let (document, vehicle) = find_vehicle(library, self.vehicle)?;
        if vehicle.void.is_some() {
            return Err(Refusal::state(&document, "its entry was voided already"));
        }
        if vehicle.delivered.is_some() {
            return Err(Refusal::state(&document, "it was delivered"));
        }
        if let Some(hold) = vehicle.hold() {
            return Err(Refusal::VehicleHeld {
                vehicle: vehicle.id,
                hold: Box::new(hold),
            });
        }
        let reason = input::line("reason", &self.reason, LONGEST_LINE)?;
        let written = context.signed([("reason", reason.into())]);
        let id = context.ids.fact();
        let mut edits = Edits::default();
        edits.record(document.id(), "void", id, written);
        Ok(Plan::new(edits, Recorded { fact: id }))
    }
}

impl Command for RestoreVehicle {
    type Output = ();

    const NAME: &'static str = "restore_vehicle";
    const ABOUT: &'static str = "Takes the voiding of a vehicle's entry back";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let (document, vehicle) = find_vehicle(library, self.vehicle)?;
        if vehicle.void.is_none() {
            return Err(Refusal::state(&document, "its entry is not void"));
        }
        let undone: Vec<FactId> = document
            .facts("void_undo")
            .filter_map(|fact| fact.parsed("void"))
            .collect();
        let mut edits = Edits::default();
        // Two stores may have voided it: every voiding is taken back.
        for void in document
            .facts("void")
            .filter(|void| !undone.contains(&void.id))
        {
            let fields = context.signed([("void", void.id.into())]);
            edits.record(document.id(), "void_undo", context.ids.fact(), fields);
        }
        Ok(Plan::new(edits, ()))
    }
}
