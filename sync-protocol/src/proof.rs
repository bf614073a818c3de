//! How a device proves, on each connection, that it holds its key.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::id::{DeviceNumber, Nonce, SignatureBytes};

/// Keeps a signature made here from meaning anything elsewhere.
pub const CONTEXT: &[u8] = b"forecourt sync v1";

/// The bytes that a device signs.
///
/// ```text
/// "forecourt sync v1" ‖ nonce (32) ‖ device (8, big endian) ‖ server name ‖ SHA-256(greeting) (32)
/// ```
///
/// Every part but the server's name has a fixed length, so no two sets of parts give the same
/// bytes. The nonce makes it worthless on another connection, the name on another relay.
pub fn signed_bytes(
    nonce: &Nonce,
    device: DeviceNumber,
    server_name: &str,
    greeting: &[u8],
) -> Vec<u8> {
    let digest = Sha256::digest(greeting);
    [
        CONTEXT,
        &nonce.0,
        &device.0.to_be_bytes(),
        server_name.as_bytes(),
        &digest,
    ]
    .concat()
}

pub(crate) fn sign(key: &SigningKey, signed: &[u8]) -> SignatureBytes {
    SignatureBytes(key.sign(signed).to_bytes())
}

/// Whether the signature is by the key, in the strict sense that allows no second form of it.
pub(crate) fn is_proved(key: &VerifyingKey, signed: &[u8], signature: &SignatureBytes) -> bool {
    key.verify_strict(signed, &Signature::from_bytes(&signature.0))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_counts_for_its_own_nonce_device_server_and_greeting_only() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let bytes = |nonce: u8, device, server, greeting| {
            signed_bytes(&Nonce([nonce; 32]), DeviceNumber(device), server, greeting)
        };
        let signed = bytes(1, 2, "relay.example", b"greeting");
        let signature = sign(&key, &signed);
        let public = key.verifying_key();
        assert!(is_proved(&public, &signed, &signature));
        for other in [
            bytes(9, 2, "relay.example", b"greeting"),
            bytes(1, 9, "relay.example", b"greeting"),
            bytes(1, 2, "relay.elsewhere", b"greeting"),
            bytes(1, 2, "relay.example", b"other"),
        ] {
            assert!(!is_proved(&public, &other, &signature));
        }
        let stranger = SigningKey::from_bytes(&[8; 32]).verifying_key();
        assert!(!is_proved(&stranger, &signed, &signature));
    }
}
