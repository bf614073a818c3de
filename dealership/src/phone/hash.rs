//! Keyed hashes of phones: equal numbers can be found without showing any.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroize;

use super::PhoneNumber;
use crate::text_form::text_form;

/// The block of SHA-256, to which HMAC pads a key with zeros (RFC 2104).
const BLOCK: usize = 64;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The group's key under which phones are hashed; never shown, wiped when dropped.
///
/// Eleven digits can be guessed by whoever holds the key: it stays in the device's key store.
#[derive(Clone)]
pub struct PhoneKey([u8; 32]);

/// The keyed hash of a phone as 64 small hex digits: equal phones have equal hashes within a
/// group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneHash([u8; 64]);

/// A text that is no keyed hash of a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the hash of a phone is 64 small hex digits")]
pub struct PhoneHashError;

impl PhoneKey {
    /// Takes the key as the relay handed it to the device at enrolment.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// HMAC-SHA256 of the E.164 form.
    pub fn hash(&self, phone: &PhoneNumber) -> PhoneHash {
        let mut block = [0; BLOCK];
        for (place, byte) in block.iter_mut().zip(self.0) {
            *place = byte;
        }
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(phone.as_str().as_bytes());
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(mac.finalize().into_bytes()) {
            for (place, nibble) in pair.iter_mut().zip([byte >> 4, byte & 0xF]) {
                *place = HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
            }
        }
        PhoneHash(digits)
    }
}

impl Drop for PhoneKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for PhoneKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PhoneKey(hidden)")
    }
}

impl PhoneHash {
    /// The 64 hex digits.
    pub fn as_str(&self) -> &str {
        // Only ASCII enters, so there always is a text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for PhoneHash {
    type Err = PhoneHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: [u8; 64] = text.as_bytes().try_into().map_err(|_| PhoneHashError)?;
        if digits.iter().all(|digit| HEX.contains(digit)) {
            Ok(Self(digits))
        } else {
            Err(PhoneHashError)
        }
    }
}

text_form!(
    PhoneHash,
    "The keyed hash of a phone: 64 small hex digits.",
    pattern = "^[0-9a-f]{64}$"
);

impl fmt::Debug for PhoneHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PhoneHash({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone() -> PhoneNumber {
        "+8613800000000".parse().unwrap()
    }

    #[test]
    fn the_hash_is_hmac_sha256_of_the_normal_form() {
        let key = PhoneKey::new(std::array::from_fn(|index| index as u8));

        // Computed apart, by Python's hmac module.
        let expected = "c566804d07f63b8cde4861f93ef711ddb2126174892a893396e71d49b6f0561a";
        assert_eq!(key.hash(&phone()).as_str(), expected);
    }

    #[test]
    fn another_key_or_another_phone_gives_another_hash() {
        let key = PhoneKey::new([7; 32]);
        let other: PhoneNumber = "+8613800000001".parse().unwrap();

        assert_eq!(key.hash(&phone()), key.clone().hash(&phone()));
        assert_ne!(key.hash(&phone()), key.hash(&other));
        assert_ne!(key.hash(&phone()), PhoneKey::new([8; 32]).hash(&phone()));
    }

    #[test]
    fn a_hash_reads_back_and_nothing_else_does() {
        let hash = PhoneKey::new([7; 32]).hash(&phone());
        let json = serde_json::to_string(&hash).unwrap();

        assert_eq!(hash.as_str().parse(), Ok(hash));
        assert_eq!(serde_json::from_str::<PhoneHash>(&json).unwrap(), hash);
        for text in [
            "",
            "13800000000",
            &"A".repeat(64),
            &"g".repeat(64),
            &"é".repeat(32),
        ] {
            assert_eq!(text.parse::<PhoneHash>(), Err(PhoneHashError), "{text}");
        }
    }

    #[test]
    fn the_key_is_never_shown() {
        assert_eq!(format!("{:?}", PhoneKey::new([7; 32])), "PhoneKey(hidden)");
    }
}
