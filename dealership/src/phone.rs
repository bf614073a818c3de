//! Phones: the identity key of the trade.

use hmac::{Hmac, KeyInit, Mac};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The group's key under which phones are hashed for the duplicate check; never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneKey([u8; 32]);

impl PhoneKey {
    /// Takes the key as the relay handed it to the device at enrolment.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// HMAC-SHA256 of a phone in E.164 form.
    #[allow(clippy::expect_used, reason = "HMAC takes keys of every length")]
    pub fn hash(&self, e164: &str) -> PhoneHash {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length");
        mac.update(e164.as_bytes());
        PhoneHash(hex::encode(mac.finalize().into_bytes()))
    }
}

impl std::fmt::Debug for PhoneKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PhoneKey(hidden)")
    }
}

/// The keyed hash of a phone as 64 hex digits: equal phones have equal hashes within a group.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct PhoneHash(String);

impl PhoneHash {
    /// The hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
