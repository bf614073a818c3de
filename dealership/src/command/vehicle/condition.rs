//! Noting what was found on a vehicle and done to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::input;
use crate::command::vehicle::{Recorded, find_vehicle};
use crate::command::{Command, Context, Library, Plan};
use crate::edit::Edits;
use crate::id::{FactId, VehicleId};
use crate::refusal::{Notice, Refusal};
use crate::value::Value;
use crate::vehicle::{PdiResult, Vehicle};

/// Notes the inspection at a vehicle's arrival (到店检查).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InspectVehicle {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Whether it passed.
    pub passed: bool,
}

/// Notes the inspection before delivery (交车前检测).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordPdi {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// What came of it.
    pub result: PdiResult,
}

/// Notes the odometer's reading.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteOdometer {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Kilometres.
    pub km: i64,
}

/// Notes a damage (质损).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteDamage {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The code of the part.
    pub part: String,
    /// The code of the severity: `scratch`, `dent`, `paint`, `replace`.
    pub severity: String,
    /// SHA-256 of its photo in hex digits.
    #[serde(default)]
    pub photo: Option<String>,
    /// Whether the vehicle is not sold until it is repaired.
    #[serde(default)]
    pub stops_sale: bool,
}

/// Notes that a damage was repaired; it stays disclosed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteRepair {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The damage.
    pub damage: FactId,
    /// SHA-256 of a photo in hex digits.
    #[serde(default)]
    pub photo: Option<String>,
}

/// Notes that a vehicle in stock was cared for (库存保养).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogCare {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The code of what was done.
    pub task: String,
}

/// Notes the state of the traction battery.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadBattery {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// State of health in per cent.
    #[serde(default)]
    pub soh_percent: Option<i64>,
    /// State of charge in per cent.
    #[serde(default)]
    pub soc_percent: Option<i64>,
    /// Whether it was charged.
    #[serde(default)]
    pub charged: bool,
}

/// Adds a photo whose bytes are a blob.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddVehiclePhoto {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// SHA-256 of the blob in hex digits.
    pub sha256: String,
    /// The code of what it shows.
    #[serde(default)]
    pub subject: Option<String>,
}

/// Declares how a command becomes one fact.
macro_rules! one_fact {
    ($command:ident, $name:literal, $about:literal, $fact:literal, $fields:expr) => {
        impl Command for $command {
            type Output = Recorded;

            const NAME: &'static str = $name;
            const ABOUT: &'static str = $about;

            fn plan(
                &self,
                library: &dyn Library,
                context: &mut Context<'_>,
            ) -> Result<Plan<Recorded>, Refusal> {
                let (document, vehicle) = find_vehicle(library, self.vehicle)?;
                if vehicle.void.is_some() {
                    return Err(Refusal::state(&document, "its entry was voided"));
                }
                let fields: fn(&Self, &Vehicle) -> Result<Vec<(&'static str, Value)>, Refusal> =
                    $fields;
                let written = context.signed(fields(self, &vehicle)?);
                let id = context.ids.fact();
                let mut edits = Edits::default();
                edits.record(document.id(), $fact, id, written);
                Ok(Plan {
                    notices: self.notices(&vehicle),
                    ..Plan::new(edits, Recorded { fact: id })
                })
            }
        }
    };
}

one_fact!(
    InspectVehicle,
    "inspect_vehicle",
    "Notes the inspection at a vehicle's arrival",
    "inspection",
    |this, _| Ok(vec![("passed", this.passed.into())])
);
one_fact!(
    RecordPdi,
    "record_pdi",
    "Notes the inspection before delivery",
    "pdi",
    |this, _| Ok(vec![("result", this.result.code().into())])
);
one_fact!(
    NoteOdometer,
    "note_odometer",
    "Notes the odometer's reading",
    "odometer",
    |this, _| {
        if !(0..=MOST_KM).contains(&this.km) {
            return Err(Refusal::invalid("km", "is no reading of an odometer"));
        }
        Ok(vec![("km", this.km.into())])
    }
);
one_fact!(
    NoteDamage,
    "note_damage",
    "Notes a damage of a vehicle",
    "damage",
    |this, _| Ok(vec![
        ("part", input::code("part", &this.part)?.into()),
        ("severity", input::code("severity", &this.severity)?.into()),
        ("photo", photo("photo", this.photo.as_deref())?),
        ("stops_sale", this.stops_sale.into()),
    ])
);
one_fact!(
    NoteRepair,
    "note_repair",
    "Notes that a damage was repaired",
    "damage_repair",
    |this, vehicle| {
        let open = |damage: &crate::vehicle::Damage| damage.id == this.damage && !damage.repaired;
        if !vehicle.damages.iter().any(open) {
            return Err(Refusal::invalid("damage", "is no damage to repair"));
        }
        Ok(vec![
            ("damage", this.damage.to_string().into()),
            ("photo", photo("photo", this.photo.as_deref())?),
        ])
    }
);
one_fact!(
    LogCare,
    "log_care",
    "Notes that a vehicle in stock was cared for",
    "care",
    |this, _| Ok(vec![("task", input::code("task", &this.task)?.into())])
);
one_fact!(
    ReadBattery,
    "read_battery",
    "Notes the state of the traction battery",
    "battery",
    |this, _| {
        let percents = [this.soh_percent, this.soc_percent];
        if percents.iter().flatten().any(|p| !(0..=100).contains(p)) {
            return Err(Refusal::invalid("soc_percent", "lies between 0 and 100"));
        }
        Ok(vec![
            ("soh_percent", this.soh_percent.into()),
            ("soc_percent", this.soc_percent.into()),
            ("charged", this.charged.into()),
        ])
    }
);
one_fact!(
    AddVehiclePhoto,
    "add_vehicle_photo",
    "Adds a photo of a vehicle",
    "photo",
    |this, _| {
        let subject = this.subject.as_deref();
        let subject = subject.map(|code| input::code("subject", code));
        Ok(vec![
            ("sha256", input::blob("sha256", &this.sha256)?.into()),
            ("subject", subject.transpose()?.into()),
        ])
    }
);

/// More than any odometer shows.
const MOST_KM: i64 = 9_999_999;

/// What the person is told beside the fact; most are told nothing.
trait Notices {
    fn notices(&self, _: &Vehicle) -> Vec<Notice> {
        Vec::new()
    }
}

impl Notices for InspectVehicle {}
impl Notices for RecordPdi {}
impl Notices for NoteDamage {}
impl Notices for NoteRepair {}
impl Notices for LogCare {}
impl Notices for ReadBattery {}
impl Notices for AddVehiclePhoto {}

impl Notices for NoteOdometer {
    fn notices(&self, vehicle: &Vehicle) -> Vec<Notice> {
        let last = vehicle.odometer_km.filter(|last| *last > self.km);
        let lower = last.map(|last| Notice {
            code: "odometer_lower".to_owned(),
            text: format!("{} km is less than the last reading, {last} km", self.km),
            documents: vec![vehicle.id.into()],
        });
        lower.into_iter().collect()
    }
}

/// The name of a photo that may be left out.
fn photo(field: &'static str, sha256: Option<&str>) -> Result<Value, Refusal> {
    let blob = sha256.map(|hash| input::blob(field, hash)).transpose()?;
    Ok(blob.into())
}
