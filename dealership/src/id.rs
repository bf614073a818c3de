//! Ids: made on the device, or derived from content where the world has one.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::time::Timestamp;
use crate::value::Value;

/// Declares a newtype over a UUID that is written as hyphenated text.
macro_rules! uuid_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Reads the 16 bytes of the wire and of the database.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes of the wire and of the database.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The UUID itself.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }

        impl From<$name> for Value {
            fn from(id: $name) -> Self {
                Self::Text(id.to_string())
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

/// Declares the id of one kind of document: a [`DocumentId`] that says what it names.
macro_rules! document_ref {
    ($(#[$doc:meta])* $name:ident) => {
        uuid_newtype!($(#[$doc])* $name);

        impl From<$name> for DocumentId {
            fn from(id: $name) -> Self {
                Self(id.0)
            }
        }

        impl From<DocumentId> for $name {
            fn from(id: DocumentId) -> Self {
                Self(id.0)
            }
        }
    };
}

uuid_newtype!(
    /// Names one Automerge document.
    DocumentId
);
uuid_newtype!(
    /// Names one fact or entry within a document.
    FactId
);
uuid_newtype!(
    /// Names one case; derived from what the case is about.
    CaseId
);
uuid_newtype!(
    /// Names one import of a spreadsheet; derived from its rows, so that the same file bears the
    /// same.
    ImportId
);
uuid_newtype!(
    /// Names one dealer group, the tenant.
    GroupId
);
document_ref!(
    /// Names a `staff` document.
    StaffId
);
document_ref!(
    /// Names a `store` document.
    StoreId
);
document_ref!(
    /// Names a `trim` document.
    TrimId
);
document_ref!(
    /// Names a `customer` document.
    CustomerId
);
document_ref!(
    /// Names a `deal` document.
    DealId
);
document_ref!(
    /// Names a `vehicle` document; derived from group and VIN.
    VehicleId
);
document_ref!(
    /// Names a `show` document.
    ShowId
);

impl DocumentId {
    /// Derives an id from content, so that two devices that name the same thing make one document.
    ///
    /// The parts are hashed with their lengths, so that no two lists of parts collide by
    /// concatenation. The result carries the version and variant bits of a UUIDv8 (RFC 9562).
    pub fn of_content(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let digest: [u8; 32] = hasher.finalize().into();
        let mut bytes = [0; 16];
        for (byte, hashed) in bytes.iter_mut().zip(digest) {
            *byte = hashed;
        }
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl StaffId {
    /// Who the relay's own facts name as their author.
    pub const RELAY: Self = Self(Uuid::nil());
}

/// The number that the relay gave a device at its enrolment; the last eight bytes of its actors.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct DeviceNumber(pub u64);

impl DeviceNumber {
    /// The relay's own number; no device is ever given it.
    pub const RELAY: Self = Self(0);
}

impl fmt::Display for DeviceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "T{:02}", self.0)
    }
}

/// A source of UUIDv7 that gives the same ids for the same seed, so that replaying an intent
/// gives the same facts.
#[derive(Clone, Debug)]
pub struct FreshIds {
    now: Timestamp,
    seed: [u8; 16],
    drawn: u64,
}

impl FreshIds {
    /// Starts a source; `seed` must never be used for two different actions.
    pub fn new(now: Timestamp, seed: [u8; 16]) -> Self {
        Self {
            now,
            seed,
            drawn: 0,
        }
    }

    /// The next UUIDv7 (RFC 9562).
    pub fn draw(&mut self) -> Uuid {
        let mut hasher = Sha256::new();
        hasher.update(self.seed);
        hasher.update(self.drawn.to_be_bytes());
        self.drawn += 1;
        let digest: [u8; 32] = hasher.finalize().into();
        let mut random = [0; 10];
        for (byte, hashed) in random.iter_mut().zip(digest) {
            *byte = hashed;
        }
        let millis = u64::try_from(self.now.millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// The next id for a document.
    pub fn document(&mut self) -> DocumentId {
        DocumentId(self.draw())
    }

    /// The next id for a fact.
    pub fn fact(&mut self) -> FactId {
        FactId(self.draw())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_ids() {
        let mut one = FreshIds::new(Timestamp::from_millis(1_777_777_777_000), [7; 16]);
        let mut two = one.clone();
        let drawn: Vec<_> = (0..100).map(|_| one.draw()).collect();
        assert!(drawn.iter().all(|id| *id == two.draw()));
        let distinct: std::collections::BTreeSet<_> = drawn.iter().collect();
        assert_eq!(distinct.len(), 100);
        assert!(drawn.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn content_ids_do_not_collide_by_concatenation() {
        assert_ne!(
            DocumentId::of_content(&[b"ab", b"c"]),
            DocumentId::of_content(&[b"a", b"bc"])
        );
        assert_eq!(
            DocumentId::of_content(&[b"vehicle", b"x"]),
            DocumentId::of_content(&[b"vehicle", b"x"])
        );
    }
}
