//! Automerge's chunks: made whole around a body that somebody changed.
//!
//! ```text
//! 85 6f 4a 83 │ checksum 4 │ type 1 │ length (uleb128) │ body
//! ```

use sha2::{Digest, Sha256};

/// The type of a saved document.
pub(super) const DOCUMENT: u8 = 0;

/// The type of a change.
pub(super) const CHANGE: u8 = 1;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];

/// A chunk with the right length and checksum.
pub(super) fn sealed(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut rest = vec![kind];
    let mut length = body.len();
    while length >= 0x80 {
        rest.push(length as u8 | 0x80);
        length >>= 7;
    }
    rest.push(length as u8);
    rest.extend(body);
    let checksum = Sha256::digest(&rest);
    [&MAGIC[..], &checksum[..4], &rest].concat()
}

/// The body of a chunk.
pub(super) fn body_of(chunk: &[u8]) -> &[u8] {
    let length = chunk[9..].iter().take_while(|byte| **byte >= 0x80).count();
    &chunk[9 + length + 1..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_sealed_as_automerge_seals_it() {
        for length in [0, 1, 127, 128, 20_000] {
            let body = vec![7; length];
            assert_eq!(body_of(&sealed(CHANGE, &body)), body);
        }
        let world = super::super::World::made();
        let change = &world.known[0].next;
        assert_eq!(sealed(CHANGE, body_of(change)), *change);
    }
}
