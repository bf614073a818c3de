//! A manager's decision about a vehicle that two sides want or that is in two places.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::case::{self, Case, CaseKind};
use crate::command::case::check_decider;
use crate::command::input::{self, LONGEST_LINE};
use crate::command::vehicle::{Recorded, find_vehicle};
use crate::command::{Command, Context, Library, Plan};
use crate::edit::Edits;
use crate::id::{CaseId, VehicleId};
use crate::refusal::Refusal;

/// Decides a case about a vehicle.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleOnVehicle {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The case: of two deals that hold it, or of two places.
    pub case: CaseId,
    /// The key of the side that wins: a claim or a move.
    pub winner: String,
    /// Why, without the names of customers: every store reads it.
    pub reason: String,
}

impl Command for RuleOnVehicle {
    type Output = Recorded;

    const NAME: &'static str = "rule_on_vehicle";
    const ABOUT: &'static str = "Decides a double sale or a conflict of places";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Recorded>, Refusal> {
        let (document, vehicle) = find_vehicle(library, self.vehicle)?;
        let case = case::double_vin::cases(&document)
            .into_iter()
            .chain(case::place::cases(&document))
            .find(|case| case.id == self.case)
            .ok_or_else(|| Refusal::state(&document, format!("it has no case {}", self.case)))?;
        if !case.is_open() {
            return Err(Refusal::state(&document, "the case is decided already"));
        }
        check_decider(&case, context)?;
        let winner = case
            .sides
            .iter()
            .find(|side| side.key == self.winner)
            .ok_or_else(|| Refusal::invalid("winner", "is no side of the case"))?;
        let final_claim = vehicle.held_by.filter(|_| vehicle.is_invoiced());
        if case.kind == CaseKind::DoubleVin && final_claim.is_some_and(|id| Some(id) != winner.fact)
        {
            let problem = "another side is final: the invoice must be reversed first";
            return Err(Refusal::state(&document, problem));
        }
        let written = context.signed([
            ("case", self.case.to_string().into()),
            ("decision", decision(&case).into()),
            ("winner", self.winner.as_str().into()),
            (
                "reason",
                input::line("reason", &self.reason, LONGEST_LINE)?.into(),
            ),
        ]);
        let id = context.ids.fact();
        let mut edits = Edits::default();
        edits.record(document.id(), "ruling", id, written);
        Ok(Plan::new(edits, Recorded { fact: id }))
    }
}

/// The code of what is decided: whose the vehicle is, or where.
const fn decision(case: &Case) -> &'static str {
    match case.kind {
        CaseKind::Place => "place",
        _ => "award",
    }
}
