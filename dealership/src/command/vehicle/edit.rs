//! Correcting what is said of a vehicle.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::customer::set_changed;
use crate::command::input::{self, Change, LONGEST_LINE};
use crate::command::vehicle::find_vehicle;
use crate::command::{Command, Context, Library, Plan};
use crate::edit::Edits;
use crate::id::{TrimId, VehicleId};
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::value::Value;
use crate::vehicle::{StockSource, Usage};

/// Corrects what is said of a vehicle; its VIN cannot be corrected, see [`VoidVehicle`](super::VoidVehicle).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditVehicle {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Its trim.
    #[serde(default)]
    pub trim: Option<TrimId>,
    /// Its colour outside.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub ext_color: Change<String>,
    /// Its colour inside.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub int_color: Change<String>,
    /// The engine's number.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub engine_no: Change<String>,
    /// The electric motor's number.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub motor_no: Change<String>,
    /// The certificate's number.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub cert_no: Change<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub prod_date: Change<NaiveDate>,
    /// When it left the factory.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub ship_date: Change<NaiveDate>,
    /// Where it came from.
    #[serde(default)]
    pub source: Option<StockSource>,
    /// What it is used for.
    #[serde(default)]
    pub usage: Option<Usage>,
    /// The codes of options that it has.
    #[serde(default)]
    pub with_options: BTreeSet<String>,
    /// The codes of options that it does not have.
    #[serde(default)]
    pub without_options: BTreeSet<String>,
}

impl Command for EditVehicle {
    type Output = ();

    const NAME: &'static str = "edit_vehicle";
    const ABOUT: &'static str = "Corrects what is said of a vehicle";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let (document, vehicle) = find_vehicle(library, self.vehicle)?;
        if vehicle.void.is_some() {
            return Err(Refusal::state(&document, "its entry was voided"));
        }
        if let Some(trim) = self.trim {
            library.find(Kind::Trim, trim.into())?;
        }
        let today = input::today(context.now)?;
        let latest = vehicle.stocked_in.unwrap_or(today);
        if let Change::Set(made) = self.prod_date
            && made > latest
        {
            let problem = "it cannot have come in before it was made";
            return Err(Refusal::invalid("prod_date", problem));
        }
        let mut changes: Vec<(String, Option<Value>)> = vec![
            (
                "trim".to_owned(),
                self.trim.map(|trim| trim.to_string().into()),
            ),
            (
                "source".to_owned(),
                self.source.map(|source| source.code().into()),
            ),
            (
                "usage".to_owned(),
                self.usage.map(|usage| usage.code().into()),
            ),
            ("prod_date".to_owned(), date(self.prod_date)),
            ("ship_date".to_owned(), date(self.ship_date)),
        ];
        let lines = [
            ("ext_color", &self.ext_color, LONGEST_LINE),
            ("int_color", &self.int_color, LONGEST_LINE),
            ("engine_no", &self.engine_no, LONGEST_NUMBER),
            ("motor_no", &self.motor_no, LONGEST_NUMBER),
            ("cert_no", &self.cert_no, LONGEST_NUMBER),
        ];
        for (field, change, longest) in lines {
            let change = change
                .clone()
                .try_map(|text| input::line(field, &text, longest))?;
            changes.push((field.to_owned(), change.value()));
        }
        for (options, has) in [(&self.with_options, true), (&self.without_options, false)] {
            for option in options {
                let option = input::code("with_options", option)?;
                changes.push((format!("option/{option}"), Some(has.into())));
            }
        }
        let mut edits = Edits::default();
        let changes = changes
            .iter()
            .map(|(key, change)| (key.as_str(), change.clone()));
        set_changed(&mut edits, &document, changes);
        Ok(Plan::new(edits, ()))
    }
}

/// The longest number on a paper or an engine, in characters: four bytes each fit the field.
pub(super) const LONGEST_NUMBER: usize = 16;

fn date(change: Change<NaiveDate>) -> Option<Value> {
    match change {
        Change::Keep => None,
        Change::Clear => Some(Value::Null),
        Change::Set(date) => Some(date.to_string().into()),
    }
}
