//! Frames: one binary WebSocket message each.
//!
//! ```text
//! ┌─────────┬──────────────────────────────┐
//! │ version │ CBOR: [kind, [fields…]]      │   at most 256 KiB in all
//! │ 1 byte  │ one item, deterministic form │
//! └─────────┴──────────────────────────────┘
//! ```
//!
//! Challenge, hello, welcome and any bye before the welcome are of version 1 for ever; every
//! frame after the welcome is of the version that it names.

use crate::error::DecodeError;
use crate::kinded::{self, Kinded};
use crate::limits;
use crate::message::{ClientMessage, RelayMessage};

/// The version of the frames before the welcome.
pub const HANDSHAKE_VERSION: u8 = 1;

/// Encodes a message of the relay.
pub fn encode_relay(version: u8, message: &RelayMessage) -> Vec<u8> {
    encode(version, message)
}

/// Encodes a message of a device.
pub fn encode_client(version: u8, message: &ClientMessage) -> Vec<u8> {
    encode(version, message)
}

/// Decodes a frame from a relay; `None` if it is of a later kind that may be skipped.
///
/// # Errors
/// If it is over the limit, of another version, or not a message of a relay.
pub fn decode_relay(version: u8, frame: &[u8]) -> Result<Option<RelayMessage>, DecodeError> {
    decode(version, frame)
}

/// Decodes a frame from a device; `None` if it is of a later kind that may be skipped.
///
/// # Errors
/// If it is over the limit, of another version, or not a message of a device.
pub fn decode_client(version: u8, frame: &[u8]) -> Result<Option<ClientMessage>, DecodeError> {
    decode(version, frame)
}

fn encode<T: minicbor::Encode<()>>(version: u8, message: &T) -> Vec<u8> {
    let body = kinded::encode(message);
    let mut frame = Vec::with_capacity(body.len().saturating_add(1));
    frame.push(version);
    frame.extend_from_slice(&body);
    frame
}

fn decode<T: Kinded>(expected: u8, frame: &[u8]) -> Result<Option<T>, DecodeError> {
    if frame.len() > limits::FRAME {
        return Err(DecodeError::FrameTooLong {
            found: frame.len(),
            limit: limits::FRAME,
        });
    }
    match frame.split_first() {
        None => Err(DecodeError::Empty),
        Some((found, _)) if *found != expected => Err(DecodeError::WrongVersion {
            found: *found,
            expected,
        }),
        Some((_, body)) => kinded::decode(body),
    }
}
