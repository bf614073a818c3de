//! Moving a vehicle, and its certificate.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::input::{self, LONGEST_LINE};
use crate::command::vehicle::{Recorded, find_vehicle};
use crate::command::{Command, Context, Library, Plan};
use crate::document::Document;
use crate::edit::Edits;
use crate::id::{ShowId, StoreId, VehicleId};
use crate::kind::Kind;
use crate::refusal::{Notice, Refusal};
use crate::vehicle::{Custody, MoveReason, PlaceKind, Vehicle};

/// Moves a vehicle, or says where it was found.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveVehicle {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Why.
    pub reason: MoveReason,
    /// What sort of place it goes to.
    pub to: PlaceKind,
    /// The store that answers for it there; left out, the one that does now.
    #[serde(default)]
    pub store: Option<StoreId>,
    /// The show, if it goes to one.
    #[serde(default)]
    pub show: Option<ShowId>,
    /// The slot there.
    #[serde(default)]
    pub slot: Option<String>,
    /// The day; today if left out.
    #[serde(default)]
    pub date: Option<NaiveDate>,
}

/// Says where a vehicle's certificate is now.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetCustody {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Where its certificate is.
    pub state: Custody,
}

impl Command for MoveVehicle {
    type Output = Recorded;

    const NAME: &'static str = "move_vehicle";
    const ABOUT: &'static str = "Moves a vehicle, or says where it was found";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Recorded>, Refusal> {
        let (document, vehicle) = find_vehicle(library, self.vehicle)?;
        if vehicle.void.is_some() {
            return Err(Refusal::state(&document, "its entry was voided"));
        }
        if vehicle.delivered.is_some() && self.reason != MoveReason::Return {
            return Err(Refusal::state(&document, "it was delivered"));
        }
        if vehicle.delivered.is_none() && self.reason == MoveReason::Return {
            return Err(Refusal::state(&document, "it was not delivered"));
        }
        self.check_way(&document, &vehicle)?;
        let store = self.store(library, &vehicle)?;
        if let Some(show) = self.show {
            library.find(Kind::Show, show.into())?;
        }
        if (self.to == PlaceKind::Show) != self.show.is_some() {
            let problem = "is named where a vehicle goes to a show, and there only";
            return Err(Refusal::invalid("show", problem));
        }
        let today = input::today(context.now)?;
        let date = self.date.unwrap_or(today);
        if date > today {
            return Err(Refusal::invalid("date", "is still to come"));
        }
        let slot = input::optional_line("slot", self.slot.as_deref(), LONGEST_LINE)?;
        let written = context.signed([
            ("reason", self.reason.code().into()),
            ("to", self.to.code().into()),
            ("store", store.map(|store| store.to_string()).into()),
            ("show", self.show.map(|show| show.to_string()).into()),
            ("slot", slot.into()),
            ("date", date.to_string().into()),
        ]);
        let id = context.ids.fact();
        let mut edits = Edits::default();
        edits.record(document.id(), "move", id, written);
        let mut plan = Plan::new(edits, Recorded { fact: id });
        let was_elsewhere = vehicle
            .place
            .is_some_and(|place| place.kind.is_at_hand() && place.store != store);
        if self.reason == MoveReason::TransferIn && was_elsewhere {
            plan.notices.push(Notice {
                code: "nobody_sent_it".to_owned(),
                text: "no transfer out was noted: a case stands until somebody notes it or decides"
                    .to_owned(),
                documents: vec![document.id()],
            });
        }
        Ok(plan)
    }
}

impl MoveVehicle {
    /// Refuses what the reason does not mean, as far as is known here.
    fn check_way(&self, document: &Document, vehicle: &Vehicle) -> Result<(), Refusal> {
        if !places_of(self.reason).contains(&self.to) {
            let problem = format!("a {} does not lead there", self.reason);
            return Err(Refusal::invalid("to", problem));
        }
        let place = vehicle.place;
        let kind = place.map(|place| place.kind);
        let problem = match self.reason {
            MoveReason::Purchase | MoveReason::Shipped if !vehicle.may_come_in() => {
                "it is in stock already"
            }
            MoveReason::Shift
                if self
                    .store
                    .is_some_and(|to| place.and_then(|at| at.store) != Some(to)) =>
            {
                "it goes to another store by a transfer"
            }
            MoveReason::ShowBack if kind != Some(PlaceKind::Show) => "it is at no show",
            MoveReason::Shift | MoveReason::ShowOut | MoveReason::TransferOut
                if !kind.is_some_and(PlaceKind::is_at_hand) =>
            {
                "it is not here"
            }
            MoveReason::Loss if kind == Some(PlaceKind::Nowhere) => "it is lost already",
            _ => return Ok(()),
        };
        Err(Refusal::state(document, problem))
    }

    fn store(&self, library: &dyn Library, vehicle: &Vehicle) -> Result<Option<StoreId>, Refusal> {
        let store = self.store.or(vehicle.place.and_then(|place| place.store));
        match (self.to, store) {
            (PlaceKind::Nowhere, store) => Ok(store),
            (_, Some(store)) => {
                library.find(Kind::Store, store.into())?;
                Ok(Some(store))
            }
            (_, None) => Err(Refusal::invalid("store", "some store must answer for it")),
        }
    }
}

/// The sorts of places to which a move of that reason leads.
const fn places_of(reason: MoveReason) -> &'static [PlaceKind] {
    match reason {
        MoveReason::ShowOut => &[PlaceKind::Show],
        MoveReason::Shipped | MoveReason::TransferOut => &[PlaceKind::Transit],
        MoveReason::Loss | MoveReason::WriteOff => &[PlaceKind::Nowhere],
        MoveReason::Gain | MoveReason::Shift => {
            &[PlaceKind::Store, PlaceKind::Warehouse, PlaceKind::Show]
        }
        MoveReason::Purchase
        | MoveReason::ShowBack
        | MoveReason::TransferIn
        | MoveReason::Return => &[PlaceKind::Store, PlaceKind::Warehouse],
    }
}

impl Command for SetCustody {
    type Output = Recorded;

    const NAME: &'static str = "set_custody";
    const ABOUT: &'static str = "Says where a vehicle's certificate of conformity is now";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Recorded>, Refusal> {
        let (document, vehicle) = find_vehicle(library, self.vehicle)?;
        if vehicle.void.is_some() {
            return Err(Refusal::state(&document, "its entry was voided"));
        }
        if self.state == Custody::Handed && vehicle.delivered.is_none() {
            let problem = "the certificate is handed over with the vehicle, not before";
            return Err(Refusal::state(&document, problem));
        }
        if vehicle.custody == Some(self.state) {
            let problem = format!("the certificate is {} already", self.state);
            return Err(Refusal::state(&document, problem));
        }
        let written = context.signed([("state", self.state.code().into())]);
        let id = context.ids.fact();
        let mut edits = Edits::default();
        edits.record(document.id(), "custody", id, written);
        Ok(Plan::new(edits, Recorded { fact: id }))
    }
}
