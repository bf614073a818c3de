//! Handing vehicles to a show's team, and taking them back.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::vehicle::find_vehicle;
use crate::command::{Command, Context, Library, Plan};
use crate::edit::Edits;
use crate::id::{FactId, ShowId, VehicleId};
use crate::kind::Kind;
use crate::pack::Pack;
use crate::refusal::{Notice, Refusal};
use crate::show::Show;
use crate::time::Timestamp;

/// How many vehicles one action takes: a batch holds a change for each.
const MOST_VEHICLES: usize = 60;

/// Hands vehicles to the team of a show; only it may claim them until the pack is released.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackVehicles {
    /// The show.
    pub show: ShowId,
    /// The vehicles.
    pub vehicles: BTreeSet<VehicleId>,
    /// From when the team may claim; the show's beginning if left out.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Until when the team may claim; the show's end if left out.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// Takes vehicles back from the team of a show.
///
/// Whether devices of the team still hold sales that they could not send, no replica can know:
/// the relay notes on each of their documents when it came with nothing unsent, the view
/// `unsynced_devices` lists those that did not since the pack's window, and the person decides.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleasePack {
    /// The show.
    pub show: ShowId,
    /// The vehicles.
    pub vehicles: BTreeSet<VehicleId>,
    /// How many devices of the team have not synced, as far as the person was told; left out if
    /// nobody could say.
    #[serde(default)]
    pub unsynced_devices: Option<u32>,
    /// Whether the person wants it although devices have not synced or nobody could say.
    #[serde(default)]
    pub despite_unsynced: bool,
}

/// The facts that were written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AllRecorded {
    /// One for each vehicle, in order of the vehicles' ids.
    pub facts: Vec<FactId>,
}

impl Command for PackVehicles {
    type Output = AllRecorded;

    const NAME: &'static str = "pack_vehicles";
    const ABOUT: &'static str = "Hands vehicles to the team of a show, which alone may claim them";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<AllRecorded>, Refusal> {
        check_number(&self.vehicles)?;
        let document = library.find(Kind::Show, self.show.into())?;
        let Some(show) = Show::read(&document).filter(|show| !show.cancelled) else {
            return Err(Refusal::state(&document, "the show is cancelled"));
        };
        if show.team.is_empty() {
            return Err(Refusal::state(&document, "the show has no team"));
        }
        let (Some(from), Some(until)) = (self.from.or(show.starts_at), self.until.or(show.ends_at))
        else {
            return Err(Refusal::state(&document, "the show has no dates"));
        };
        if until <= from || until <= context.now {
            let problem = "it must lie ahead, after the beginning";
            return Err(Refusal::invalid("until", problem));
        }
        let mut plan = Plan::new(Edits::default(), AllRecorded { facts: Vec::new() });
        for vehicle in &self.vehicles {
            let (document, vehicle) = find_vehicle(library, *vehicle)?;
            if let Some(status) = vehicle.stopped_by() {
                let problem = format!("the vehicle is {status}");
                return Err(Refusal::state(&document, problem));
            }
            if let Some(hold) = vehicle.hold() {
                return Err(Refusal::VehicleHeld {
                    vehicle: vehicle.id,
                    hold: Box::new(hold),
                });
            }
            if let Some(soft) = vehicle.soft_claim(context.now) {
                plan.notices.push(Notice {
                    code: "soft_claimed_by_others".to_owned(),
                    text: format!("{} has a soft claim on it", soft.staff),
                    documents: vec![document.id()],
                });
            }
            let mut written = context.signed([
                ("show", self.show.to_string().into()),
                ("store", show.store.map(|store| store.to_string()).into()),
                ("from", from.millis().into()),
                ("until", until.millis().into()),
            ]);
            for staff in &show.team {
                written.insert(format!("team/{staff}"), true.into());
            }
            let id = context.ids.fact();
            plan.edits.record(document.id(), "pack", id, written);
            plan.output.facts.push(id);
        }
        plan.notices.push(Notice {
            code: "sync_before_leaving".to_owned(),
            text: "the pack is certain once the relay has confirmed it and the team's devices \
                   have it"
                .to_owned(),
            documents: self.vehicles.iter().map(|id| (*id).into()).collect(),
        });
        Ok(plan)
    }
}

impl Command for ReleasePack {
    type Output = AllRecorded;

    const NAME: &'static str = "release_pack";
    const ABOUT: &'static str = "Takes vehicles back from the team of a show";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<AllRecorded>, Refusal> {
        check_number(&self.vehicles)?;
        if self.unsynced_devices != Some(0) && !self.despite_unsynced {
            let problem = match self.unsynced_devices {
                Some(devices) => format!("{devices} devices of the team have not synced"),
                None => "nobody could say whether all devices of the team have synced".to_owned(),
            };
            return Err(Refusal::NeedsConfirming {
                field: "despite_unsynced",
                problem,
            });
        }
        let mut plan = Plan::new(Edits::default(), AllRecorded { facts: Vec::new() });
        for vehicle in &self.vehicles {
            let (document, vehicle) = find_vehicle(library, *vehicle)?;
            let of_show = |pack: &&Pack| pack.holds() && pack.show == Some(self.show);
            let packs: Vec<_> = vehicle.packs.iter().filter(of_show).collect();
            if packs.is_empty() {
                let problem = "no pack of this show holds it";
                return Err(Refusal::state(&document, problem));
            }
            for pack in packs {
                let written = context.signed([
                    ("pack", pack.id.to_string().into()),
                    (
                        "despite_unsynced",
                        self.unsynced_devices.map(i64::from).into(),
                    ),
                ]);
                let id = context.ids.fact();
                plan.edits
                    .record(document.id(), "pack_release", id, written);
                plan.output.facts.push(id);
            }
        }
        Ok(plan)
    }
}

fn check_number(vehicles: &BTreeSet<VehicleId>) -> Result<(), Refusal> {
    if (1..=MOST_VEHICLES).contains(&vehicles.len()) {
        return Ok(());
    }
    let problem = format!("1 to {MOST_VEHICLES} at once");
    Err(Refusal::invalid("vehicles", problem))
}
