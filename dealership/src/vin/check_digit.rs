//! The check digit at position 9 (GB 16735-2019 annex, ISO 3779, 49 CFR 565.15).

use super::LENGTH;

/// The weight of each position; the check digit itself weighs nothing.
const WEIGHTS: [u32; LENGTH] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/// The value of a character by the standard's table; `None` if it cannot stand in a VIN.
pub(super) const fn value(character: char) -> Option<u32> {
    Some(match character {
        '0'..='9' => character as u32 - '0' as u32,
        'A' | 'J' => 1,
        'B' | 'K' | 'S' => 2,
        'C' | 'L' | 'T' => 3,
        'D' | 'M' | 'U' => 4,
        'E' | 'N' | 'V' => 5,
        'F' | 'W' => 6,
        'G' | 'P' | 'X' => 7,
        'H' | 'Y' => 8,
        'R' | 'Z' => 9,
        _ => return None,
    })
}

/// Whether a character can be a check digit at all.
pub(super) const fn is_possible(character: char) -> bool {
    matches!(character, '0'..='9' | 'X')
}

/// The weighted sum of all values, modulo eleven; ten is written `X`.
pub(super) fn expected(vin: &[u8; LENGTH]) -> char {
    let sum: u32 = vin
        .iter()
        .zip(WEIGHTS)
        .map(|(character, weight)| value(char::from(*character)).unwrap_or(0) * weight)
        .sum();
    char::from_digit(sum % 11, 10).unwrap_or('X')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weighted_sums_are_those_of_the_worked_examples() {
        for (vin, sum, digit) in [
            ("LSVAA4BR5RN100001", 313, '5'),
            ("LGXCE4CB8S0123456", 283, '8'),
            ("LFV2A21KXP3000042", 241, 'X'),
            ("HLX33B128TK000007", 239, '8'),
            ("LVGBV85G7SG000311", 326, '7'),
            ("ZZZAB1C20TA000013", 275, '0'),
            ("1M8GDM9AXKP042788", 351, 'X'),
            ("11111111111111111", 89, '1'),
            ("SLVAA4BR5RN100001", 312, '4'),
        ] {
            let characters: [u8; LENGTH] = vin.as_bytes().try_into().unwrap();
            let found: u32 = vin
                .chars()
                .zip(WEIGHTS)
                .map(|(character, weight)| value(character).unwrap() * weight)
                .sum();
            assert_eq!(found, sum, "{vin}");
            assert_eq!(expected(&characters), digit, "{vin}");
        }
    }

    #[test]
    fn i_o_and_q_have_no_value() {
        let without = ('A'..='Z').filter(|letter| value(*letter).is_none());

        assert_eq!(without.collect::<String>(), "IOQ");
    }
}
