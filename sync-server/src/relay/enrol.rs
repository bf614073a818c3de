//! How a device becomes one of the group's: a code, said or shown by somebody who is, used once.

use dealership::edit::Edits;
use dealership::{DeviceNumber, GroupId, Kind, Space, StaffId, Timestamp, Value};
use ed25519_dalek::VerifyingKey;
use serde::Deserialize;

use super::draft::Draft;
use super::{Relay, RelayError};
use crate::store::{DeviceRow, EnrolmentCodeRow, Store, StoreError};

/// The characters of a code: no vowels, so that it spells nothing, and none that look alike.
const ALPHABET: &str = "BCDFGHJKLMNPQRSTVWXZ";

/// The characters by which a code is found; the rest must be known.
const SELECTOR: usize = 3;

/// All characters of a code, 34 bits.
const CODE: usize = 8;

/// How often a code is drawn anew because its selector is taken, before one in use is replaced.
const DRAWS: usize = 100;

/// How many wrong tries a code bears.
const TRIES: u8 = 5;

/// The longest name of a device, in characters.
const NAME: usize = 60;

/// The command that the relay's own change bears.
const COMMAND: &str = "enrol";

/// What a device asks to be enrolled with, as it comes over HTTP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentRequest {
    /// The code, as typed.
    pub code: String,
    /// The Ed25519 public key that it made, as 64 hex digits.
    pub public_key: String,
    /// What its owner calls it.
    pub device_name: String,
}

impl EnrolmentRequest {
    /// What it brings; `None` if its key is not 64 hex digits.
    pub fn enrolment(&self) -> Option<Enrolment<'_>> {
        let mut public_key = [0; 32];
        hex::decode_to_slice(&self.public_key, &mut public_key).ok()?;
        Some(Enrolment {
            code: &self.code,
            public_key,
            device_name: &self.device_name,
        })
    }
}

/// What a device brings to its enrolment.
#[derive(Clone, Debug)]
pub struct Enrolment<'e> {
    /// The code, as typed.
    pub code: &'e str,
    /// The Ed25519 public key that it made.
    pub public_key: [u8; 32],
    /// What its owner calls it.
    pub device_name: &'e str,
}

/// What a device gets at its enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// The group.
    pub group: GroupId,
    /// Its number.
    pub device: DeviceNumber,
    /// Its owner.
    pub staff: StaffId,
    /// Its owner's name.
    pub staff_name: String,
    /// The name that the relay answers to.
    pub server_name: String,
    /// The key under which phones are hashed.
    pub phone_key: [u8; 32],
}

/// Why a device was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The code is not one, or no longer: the device learns no more than that.
    #[error("the code is wrong, used or expired: ask for a new one")]
    WrongCode,
    /// The key is not an Ed25519 public key that signatures can be checked with.
    #[error("the public key is not an Ed25519 key")]
    BadKey,
    /// The owner works here no more.
    #[error("there is no active member of staff {0}")]
    NoStaff(StaffId),
    /// The relay failed.
    #[error(transparent)]
    Relay(#[from] RelayError),
}

impl From<StoreError> for EnrolError {
    fn from(error: StoreError) -> Self {
        Self::Relay(error.into())
    }
}

impl<S: Store> Relay<S> {
    /// Makes a code with which one device can be enrolled, once, until `expires_at`.
    ///
    /// # Errors
    ///
    /// [`EnrolError::NoStaff`], or [`EnrolError::Relay`] when the store fails.
    pub fn issue_code(
        &mut self,
        staff: StaffId,
        expires_at: Timestamp,
    ) -> Result<String, EnrolError> {
        if self.directory.author(staff, DeviceNumber::RELAY).is_none() {
            return Err(EnrolError::NoStaff(staff));
        }
        let code = self.free_code()?;
        let row = EnrolmentCodeRow {
            selector: selector(&code),
            hash: self.key.hash_of_code(&code),
            staff,
            expires_at,
            tries_left: TRIES,
            used_by: None,
        };
        self.in_transaction(|relay| {
            relay.store.put_enrolment_code(&row)?;
            Ok::<_, EnrolError>(())
        })?;
        let (first, second) = code.split_at_checked(CODE / 2).unwrap_or((&code, ""));
        Ok(format!("{first}-{second}"))
    }

    /// A code that does not take the place of one that may still be good.
    fn free_code(&mut self) -> Result<String, StoreError> {
        let mut code = String::new();
        for _ in 0..DRAWS {
            code = self.randomness.text(ALPHABET, CODE);
            let taken = self.store.enrolment_code(&selector(&code))?;
            // The log's last entry is the latest time that the relay knows without being told.
            let is_good = |row: &EnrolmentCodeRow| {
                row.used_by.is_none() && row.expires_at > self.head.received_at
            };
            if !taken.as_ref().is_some_and(is_good) {
                break;
            }
        }
        Ok(code)
    }

    /// Enrols a device. Asking again with the same code and key gives the same answer, for the
    /// first may have been lost on the way.
    ///
    /// # Errors
    ///
    /// [`EnrolError`], and then no device was enrolled.
    pub fn enrol(
        &mut self,
        now: Timestamp,
        enrolment: &Enrolment<'_>,
    ) -> Result<Enrolled, EnrolError> {
        let key = VerifyingKey::from_bytes(&enrolment.public_key);
        if key.map_or(true, |key| key.is_weak()) {
            return Err(EnrolError::BadKey);
        }
        let code = typed(enrolment.code);
        let row = self.store.enrolment_code(&selector(&code))?;
        let row = row
            .filter(|row| row.expires_at > now && row.tries_left > 0)
            .ok_or(EnrolError::WrongCode)?;
        if !self.key.is_code(&code, &row.hash) {
            return self
                .in_transaction(|relay| {
                    let tries_left = row.tries_left.saturating_sub(1);
                    relay
                        .store
                        .put_enrolment_code(&EnrolmentCodeRow { tries_left, ..row })?;
                    Ok::<_, EnrolError>(())
                })
                .and(Err(EnrolError::WrongCode));
        }
        let device = match row.used_by {
            Some(number) => {
                let device = self.store.device(number)?;
                let is_same = |device: &DeviceRow| device.public_key == enrolment.public_key;
                device.filter(is_same).ok_or(EnrolError::WrongCode)?
            }
            None => self.in_transaction(|relay| relay.add_device(now, enrolment, row))?,
        };
        let member = self.directory.member(device.staff);
        Ok(Enrolled {
            group: self.group.group,
            device: device.number,
            staff: device.staff,
            staff_name: member.map_or_else(String::new, |member| member.name.clone()),
            server_name: self.group.server_name.clone(),
            phone_key: self.group.phone_key,
        })
    }

    fn add_device(
        &mut self,
        now: Timestamp,
        enrolment: &Enrolment<'_>,
        code: EnrolmentCodeRow,
    ) -> Result<DeviceRow, EnrolError> {
        let staff = code.staff;
        if self.directory.author(staff, DeviceNumber::RELAY).is_none() {
            return Err(EnrolError::NoStaff(staff));
        }
        let number = self.group.next_device;
        let device = DeviceRow {
            number,
            staff,
            public_key: enrolment.public_key,
            document: self.randomness.ids(now).document(),
            enrolled_at: now,
            revoked_at: None,
        };
        self.group.next_device = DeviceNumber(number.0.saturating_add(1));
        self.store.put_group(&self.group)?;
        self.store.put_device(&device)?;
        self.store.put_enrolment_code(&EnrolmentCodeRow {
            used_by: Some(number),
            ..code
        })?;
        let name: String = enrolment.device_name.trim().chars().take(NAME).collect();
        let registers = [
            (
                "number",
                Value::from(i64::try_from(number.0).unwrap_or(i64::MAX)),
            ),
            ("staff", Value::from(staff.to_string())),
            ("enrolled_at", Value::from(now.millis())),
            ("name", Value::from(name)),
        ];
        let registers = registers.map(|(key, value)| (key.to_owned(), value));
        let mut edits = Edits::default();
        edits.create(
            device.document,
            Kind::Device,
            Space::Group,
            registers.into(),
        );
        let mut draft = Draft::new(self.head, now);
        self.draft_own(&mut draft, now, COMMAND, &edits)?;
        self.keep(now, draft)?;
        Ok(device)
    }
}

/// A code as it was made: people type spaces, hyphens and small letters.
fn typed(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphabetic)
        .take(2 * CODE)
        .collect::<String>()
        .to_ascii_uppercase()
}

fn selector(code: &str) -> String {
    code.chars().take(SELECTOR).collect()
}
