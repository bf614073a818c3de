//! Damages bytes as disks, networks and people do.

use stories::chaos::Dice;

/// Bits flipped, a piece zeroed, two pieces swapped, the end cut off.
pub(crate) fn damaged(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    match dice.below(4) {
        0 => {
            for _ in 0..1 + dice.below(8) {
                let at = dice.below(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
            }
        }
        1 => {
            let at = dice.below(bytes.len());
            let end = bytes.len().min(at + 1 + dice.below(PIECE));
            bytes[at..end].fill(0);
        }
        2 if bytes.len() > 2 * PIECE => {
            let pieces = bytes.len() / PIECE;
            let (one, other) = (dice.below(pieces), dice.below(pieces));
            for offset in 0..PIECE {
                bytes.swap(one * PIECE + offset, other * PIECE + offset);
            }
        }
        _ => bytes.truncate(dice.below(bytes.len())),
    }
    bytes
}

/// A page of a database.
const PIECE: usize = 4_096;
