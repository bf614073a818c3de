//! Whose sales from a show may still be on their way: what is asked before its pack is released.

use std::collections::{BTreeMap, BTreeSet};

use dealership::id::{DeviceNumber, DocumentId, ShowId, StaffId, VehicleId};
use dealership::vehicle::Vehicle;
use dealership::{Device, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{ReplicaError, StoreError};
use crate::view::customer_detail::not_here;
use crate::view::shared::id;
use crate::view::{Desk, View};

/// Asks which devices of a show's team may hold sales that they could not send.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnsyncedDevices {
    /// The show.
    show: ShowId,
    /// The vehicles whose pack is to be released.
    vehicles: BTreeSet<VehicleId>,
}

/// A device that has not come to the relay with nothing unsent since its owner could last claim
/// from the pack, as far as this replica knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnsyncedDevice {
    /// The device.
    pub device: DeviceNumber,
    /// What people call it.
    pub device_name: Option<String>,
    /// Whose it is.
    pub staff: StaffId,
    /// Their name.
    pub staff_name: Option<String>,
    /// When it last came with nothing unsent, as far as is known.
    pub synced_at: Option<Timestamp>,
}

impl View for UnsyncedDevices {
    /// In the order of the owners' ids; `release_pack` takes their number.
    type Output = Vec<UnsyncedDevice>;

    const NAME: &'static str = "unsynced_devices";
    const ABOUT: &'static str =
        "The devices of a show's team that may hold unsent sales of packed vehicles";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        let mut unsynced = Vec::new();
        for (staff, until) in self.claiming_until(desk)? {
            for document in devices_of(desk, staff)? {
                let Some(document) = desk.shelf.document(document)? else {
                    continue;
                };
                let Some(device) = Device::read(&document) else {
                    continue;
                };
                if device.may_hold_work_from_before(until) {
                    unsynced.push(UnsyncedDevice {
                        device: device.number,
                        device_name: device.name,
                        staff,
                        staff_name: desk.person(staff)?,
                        synced_at: device.synced_at,
                    });
                }
            }
        }
        Ok(unsynced)
    }
}

impl UnsyncedDevices {
    /// Until when each person of the packs' teams may claim from them.
    ///
    /// Before a pack's window is over that lies ahead, and nobody has synced since: a claim of
    /// somebody who does not know of the release still counts.
    fn claiming_until(
        &self,
        desk: &Desk<'_>,
    ) -> Result<BTreeMap<StaffId, Timestamp>, ReplicaError> {
        let mut until = BTreeMap::new();
        for id in &self.vehicles {
            let document = desk.shelf.document((*id).into())?;
            let vehicle = document.and_then(|document| Vehicle::read(&document));
            let vehicle = vehicle.ok_or_else(|| not_here(*id))?;
            let packs = vehicle.packs.iter().filter(|pack| pack.holds());
            for pack in packs.filter(|pack| pack.show == Some(self.show)) {
                for staff in &pack.team {
                    let latest = until.entry(*staff).or_insert(pack.until);
                    *latest = (*latest).max(pack.until);
                }
            }
        }
        Ok(until)
    }
}

fn devices_of(desk: &Desk<'_>, staff: StaffId) -> Result<Vec<DocumentId>, StoreError> {
    let devices = desk
        .connection
        .prepare_cached("SELECT document FROM device WHERE staff = ? ORDER BY document")?
        .query_map([staff.as_bytes()], |row| id(row, "document"))?
        .collect::<Result<_, _>>()?;
    Ok(devices)
}
