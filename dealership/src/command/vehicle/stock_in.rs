//! Taking a vehicle into stock.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::civil::civil_date;
use crate::command::input::{self, LONGEST_LINE};
use crate::command::vehicle::edit::LONGEST_NUMBER;
use crate::command::{Command, Context, Library, Plan};
use crate::document::Document;
use crate::edit::{Edits, Fields, fields};
use crate::id::{DocumentId, FactId, StoreId, TrimId, VehicleId};
use crate::kind::Kind;
use crate::refusal::{Notice, Refusal};
use crate::space::Space;
use crate::value::Value;
use crate::vehicle::{Custody, MoveReason, PlaceKind, StockSource, Usage, Vehicle};
use crate::vin::{Vin, VinVerdict, judge};

/// Takes a vehicle into stock under its VIN.
///
/// Two stores that take in the same VIN make one document: what they say differently becomes
/// cases, nothing is lost.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StockIn {
    /// The VIN as typed or scanned.
    pub vin: String,
    /// Why the VIN is right although its check digit or year code does not fit.
    #[serde(default)]
    pub vin_override: Option<String>,
    /// SHA-256 in hex digits of a photo of such a VIN, which is needed with the reason.
    #[serde(default)]
    pub vin_photo: Option<String>,
    /// Whether the vehicle is imported: its maker may fill check digit and year code freely.
    #[serde(default)]
    pub imported: bool,
    /// The store that takes it in.
    pub store: StoreId,
    /// What sort of place it is put in: a store, a warehouse, or transit while it is on its way.
    #[serde(default = "in_store")]
    pub place: PlaceKind,
    /// The slot there.
    #[serde(default)]
    pub slot: Option<String>,
    /// The day it came in; today if left out.
    #[serde(default)]
    pub date: Option<NaiveDate>,
    /// Whether it passed the inspection at its arrival.
    #[serde(default)]
    pub inspected: bool,
    /// Its trim.
    #[serde(default)]
    pub trim: Option<TrimId>,
    /// Its colour outside.
    #[serde(default)]
    pub ext_color: Option<String>,
    /// Its colour inside.
    #[serde(default)]
    pub int_color: Option<String>,
    /// The codes of its options.
    #[serde(default)]
    pub options: BTreeSet<String>,
    /// The engine's number.
    #[serde(default)]
    pub engine_no: Option<String>,
    /// The electric motor's number.
    #[serde(default)]
    pub motor_no: Option<String>,
    /// The certificate's number.
    #[serde(default)]
    pub cert_no: Option<String>,
    /// Where the certificate is.
    #[serde(default)]
    pub custody: Option<Custody>,
    /// When it was made.
    #[serde(default)]
    pub prod_date: Option<NaiveDate>,
    /// When it left the factory.
    #[serde(default)]
    pub ship_date: Option<NaiveDate>,
    /// Where it came from.
    #[serde(default)]
    pub source: Option<StockSource>,
    /// What it is used for.
    #[serde(default)]
    pub usage: Option<Usage>,
}

/// A vehicle that came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockedIn {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Its VIN, cleaned up.
    pub vin: Vin,
    /// The move that brought it in.
    pub moved: FactId,
}

impl Command for StockIn {
    type Output = StockedIn;

    const NAME: &'static str = "stock_in";
    const ABOUT: &'static str = "Takes a vehicle into stock under its VIN";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<StockedIn>, Refusal> {
        let vin = self.judged_vin()?;
        self.take_in(vin, library, context)
    }
}

impl StockIn {
    /// Takes the vehicle in under a VIN that was judged: typed, scanned or read from a sheet.
    pub(in crate::command) fn take_in(
        &self,
        vin: Vin,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<StockedIn>, Refusal> {
        self.check(library, context)?;
        let vehicle = Vehicle::id_of(context.group, vin.as_str());
        let id = DocumentId::from(vehicle);
        let known = library.document(id)?;
        let mut edits = Edits::default();
        let mut notices = Vec::new();
        let registers = self.registers(vin)?;
        match known.as_deref() {
            Some(document) => notices.push(self.add_to(document, registers, &mut edits)?),
            None => edits.create(id, Kind::Vehicle, Space::Group, registers),
        }
        let moved = context.ids.fact();
        edits.record(id, "move", moved, self.moved(context)?);
        if let Some(photo) = &self.vin_photo {
            let photo = input::blob("vin_photo", photo)?;
            let shown = context.signed([("sha256", photo.into()), ("subject", "vin".into())]);
            edits.record(id, "photo", context.ids.fact(), shown);
        }
        if self.inspected {
            let inspection = context.ids.fact();
            let passed = context.signed([("passed", true.into())]);
            edits.record(id, "inspection", inspection, passed);
        }
        if let Some(custody) = self.custody {
            let fact = context.ids.fact();
            let state = context.signed([("state", custody.code().into())]);
            edits.record(id, "custody", fact, state);
        }
        let output = StockedIn {
            vehicle,
            vin,
            moved,
        };
        Ok(Plan {
            edits,
            output,
            notices,
        })
    }

    fn judged_vin(&self) -> Result<Vin, Refusal> {
        let verdict = judge(&self.vin);
        let verdict = if self.imported {
            verdict.for_import()
        } else {
            verdict
        };
        match verdict {
            VinVerdict::Fits { vin } | VinVerdict::Noted { vin, .. } => Ok(vin),
            VinVerdict::Warned { vin, doubts } => {
                let confirmed = self.vin_override.as_deref().map(str::trim);
                let field = match (confirmed, &self.vin_photo) {
                    (None | Some(""), _) => "vin_override",
                    (Some(_), None) => "vin_photo",
                    (Some(_), Some(_)) => return Ok(vin),
                };
                Err(Refusal::NeedsConfirming {
                    field,
                    problem: format!("the VIN is doubtful: {doubts:?}"),
                })
            }
            VinVerdict::Blocked { reason, suggestion } => {
                let problem = match suggestion {
                    Some(vin) => format!("{reason}; {vin} may be meant"),
                    None => reason.to_string(),
                };
                Err(Refusal::invalid("vin", problem))
            }
        }
    }

    fn check(&self, library: &dyn Library, context: &Context<'_>) -> Result<(), Refusal> {
        library.find(Kind::Store, self.store.into())?;
        if let Some(trim) = self.trim {
            library.find(Kind::Trim, trim.into())?;
        }
        let today = civil_date(context.now.millis());
        let date = self.date.or(today);
        if self.date > today {
            return Err(Refusal::invalid("date", "it cannot come in tomorrow"));
        }
        if self.prod_date.is_some() && self.prod_date > date {
            let problem = "it cannot come in before it was made";
            return Err(Refusal::invalid("prod_date", problem));
        }
        let at_hand = [PlaceKind::Store, PlaceKind::Warehouse, PlaceKind::Transit];
        if !at_hand.contains(&self.place) {
            let problem = "a vehicle comes into a store, a warehouse, or is on its way";
            return Err(Refusal::invalid("place", problem));
        }
        for option in &self.options {
            input::code("options", option)?;
        }
        Ok(())
    }

    fn registers(&self, vin: Vin) -> Result<Fields, Refusal> {
        let line = |field, text: &Option<String>, longest| {
            input::optional_line(field, text.as_deref(), longest).map(Value::from)
        };
        let date = |date: Option<NaiveDate>| Value::from(date.map(|date| date.to_string()));
        let mut registers = fields([
            ("vin", vin.as_str().into()),
            (
                "vin_override",
                line("vin_override", &self.vin_override, LONGEST_LINE)?,
            ),
            ("trim", self.trim.map(|trim| trim.to_string()).into()),
            (
                "ext_color",
                line("ext_color", &self.ext_color, LONGEST_LINE)?,
            ),
            (
                "int_color",
                line("int_color", &self.int_color, LONGEST_LINE)?,
            ),
            (
                "engine_no",
                line("engine_no", &self.engine_no, LONGEST_NUMBER)?,
            ),
            (
                "motor_no",
                line("motor_no", &self.motor_no, LONGEST_NUMBER)?,
            ),
            ("cert_no", line("cert_no", &self.cert_no, LONGEST_NUMBER)?),
            ("prod_date", date(self.prod_date)),
            ("ship_date", date(self.ship_date)),
            ("source", self.source.map(StockSource::code).into()),
            ("usage", self.usage.map(Usage::code).into()),
        ]);
        for option in &self.options {
            registers.insert(format!("option/{option}"), true.into());
        }
        Ok(registers)
    }

    /// Where the VIN stands already, only what nobody has said yet is added: papers do not
    /// overwrite what a colleague saw, and the person is told what differs. A car that is in stock
    /// or was delivered does not come in again.
    fn add_to(
        &self,
        document: &Document,
        registers: Fields,
        edits: &mut Edits,
    ) -> Result<Notice, Refusal> {
        if let Some(vehicle) = Vehicle::read(document) {
            if vehicle.void.is_some() {
                let problem = "this VIN was voided as mistyped: restore the entry if it is right";
                return Err(Refusal::state(document, problem));
            }
            if vehicle.delivered.is_some() {
                let problem = "it was delivered: a return brings it back";
                return Err(Refusal::state(document, problem));
            }
            if !vehicle.may_come_in() {
                let problem = "it is in stock already: move it instead";
                return Err(Refusal::state(document, problem));
            }
        }
        let mut differing = Vec::new();
        for (key, value) in registers {
            let said = document.register(&key).map(|register| &register.value);
            match said.filter(|said| **said != Value::Null) {
                None => edits.set(document.id(), key, value),
                Some(said) if *said != value => differing.push(key),
                Some(_) => {}
            }
        }
        let text = if differing.is_empty() {
            "this VIN was entered before".to_owned()
        } else {
            let differing = differing.join(", ");
            format!("this VIN was entered before and says otherwise in {differing}: edit it there")
        };
        Ok(Notice {
            code: "vin_known".to_owned(),
            text,
            documents: vec![document.id()],
        })
    }

    fn moved(&self, context: &Context<'_>) -> Result<Fields, Refusal> {
        let on_its_way = self.place == PlaceKind::Transit;
        let reason = if on_its_way {
            MoveReason::Shipped
        } else {
            MoveReason::Purchase
        };
        let date = self.date.or_else(|| civil_date(context.now.millis()));
        let slot = input::optional_line("slot", self.slot.as_deref(), LONGEST_LINE)?;
        Ok(context.signed([
            ("reason", reason.code().into()),
            ("to", self.place.code().into()),
            ("store", self.store.to_string().into()),
            ("slot", slot.into()),
            ("date", date.map(|date| date.to_string()).into()),
        ]))
    }
}

const fn in_store() -> PlaceKind {
    PlaceKind::Store
}
