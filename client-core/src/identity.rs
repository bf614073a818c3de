//! Whose replica this is, as the relay said at the enrolment.

use std::fmt;

use dealership::id::{DeviceNumber, GroupId, StaffId};
use dealership::phone::PhoneKey;

/// A device and its person, with the secrets that the enrolment gave them.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The group.
    pub group: GroupId,
    /// The device's number.
    pub device: DeviceNumber,
    /// What people call the device.
    pub device_name: String,
    /// The secret half of the device's Ed25519 key; never leaves the device.
    pub signing_key: [u8; 32],
    /// The person.
    pub staff: StaffId,
    /// Their name, until their document is here.
    pub staff_name: String,
    /// The group's key for the duplicate check of phones.
    pub phone_key: [u8; 32],
    /// Where the relay is: `https://…` or, on loopback, `http://…`.
    pub server: String,
    /// The name that the relay answers to.
    pub server_name: String,
    /// The certificates that vouch for the relay, in PEM; `None` for those that browsers trust.
    pub certificates: Option<String>,
}

impl Identity {
    /// The key under which phones are hashed.
    pub fn phone_key(&self) -> PhoneKey {
        PhoneKey::new(self.phone_key)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("group", &self.group)
            .field("device", &self.device)
            .field("device_name", &self.device_name)
            .field("staff", &self.staff)
            .field("server", &self.server)
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}
