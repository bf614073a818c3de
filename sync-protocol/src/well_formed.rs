//! The form of CBOR that this protocol accepts, checked before anything is decoded.
//!
//! Deterministic encoding as in RFC 8949 §4.2.1 where it matters for safety: definite lengths,
//! shortest heads, at most [`limits::NESTING`] levels. The check walks the bytes once with a
//! stack of fixed size, so neither it nor the decoders after it can be made to recurse or to
//! allocate by what the bytes declare.

use crate::limits;

/// What is wrong with bytes that should be CBOR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// They end inside an item.
    #[error("the bytes end inside an item")]
    CutOff,
    /// They go on after the item.
    #[error("bytes follow the item")]
    Trailing,
    /// Arrays and maps are nested too deeply.
    #[error("arrays are nested more than {} deep", limits::NESTING)]
    TooDeep,
    /// A length is indefinite.
    #[error("a length is indefinite")]
    Indefinite,
    /// A head is longer than its value needs.
    #[error("a number or a length is not written in its shortest form")]
    NotShortest,
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    NotUtf8,
    /// A head is one that CBOR reserves.
    #[error("the byte begins no CBOR item")]
    Reserved,
}

/// Finds the end of the item that begins at `start`.
///
/// # Errors
/// The byte at which the form is broken, and how.
pub(crate) fn item_end(bytes: &[u8], start: usize) -> Result<usize, (usize, Problem)> {
    // How many items each open array still expects.
    let mut open = [0_u64; limits::NESTING];
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        let head = Head::read(bytes, at)?;
        at = head.end;
        let expected = match head.major {
            Major::Bytes | Major::Text => {
                let string = usize::try_from(head.argument)
                    .ok()
                    .and_then(|length| bytes.get(at..at.checked_add(length)?))
                    .ok_or((bytes.len(), Problem::CutOff))?;
                if matches!(head.major, Major::Text) && std::str::from_utf8(string).is_err() {
                    return Err((at, Problem::NotUtf8));
                }
                at = at.saturating_add(string.len());
                0
            }
            Major::Array => head.argument,
            Major::Map => head.argument.saturating_mul(2),
            Major::Tag => continue,
            Major::Scalar => 0,
        };
        if expected > 0 {
            *open.get_mut(depth).ok_or((at, Problem::TooDeep))? = expected;
            depth = depth.saturating_add(1);
            continue;
        }
        // The item is complete, and with it perhaps the arrays around it.
        loop {
            let Some(around) = depth.checked_sub(1) else {
                return Ok(at);
            };
            let Some(expected) = open.get_mut(around) else {
                return Err((at, Problem::TooDeep));
            };
            *expected = expected.saturating_sub(1);
            if *expected > 0 {
                break;
            }
            depth = around;
        }
    }
}

/// Checks that the bytes are exactly one item.
///
/// # Errors
/// The byte at which the form is broken, and how.
pub(crate) fn check_item(bytes: &[u8]) -> Result<(), (usize, Problem)> {
    match item_end(bytes, 0)? {
        end if end == bytes.len() => Ok(()),
        end => Err((end, Problem::Trailing)),
    }
}

enum Major {
    /// A number or a simple value: complete with its head.
    Scalar,
    Bytes,
    Text,
    Array,
    Map,
    /// A tag: belongs to the item after it.
    Tag,
}

struct Head {
    major: Major,
    argument: u64,
    end: usize,
}

impl Head {
    fn read(bytes: &[u8], at: usize) -> Result<Self, (usize, Problem)> {
        let initial = *bytes.get(at).ok_or((at, Problem::CutOff))?;
        let (width, smallest) = match initial & 0x1f {
            0..=23 => (0_usize, 0),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            31 => return Err((at, Problem::Indefinite)),
            _ => return Err((at, Problem::Reserved)),
        };
        let first = at.saturating_add(1);
        let end = first.saturating_add(width);
        let argument = match width {
            0 => u64::from(initial & 0x1f),
            _ => bytes
                .get(first..end)
                .ok_or((bytes.len(), Problem::CutOff))?
                .iter()
                .fold(0_u64, |value, byte| (value << 8) | u64::from(*byte)),
        };
        let major = match initial >> 5 {
            2 => Major::Bytes,
            3 => Major::Text,
            4 => Major::Array,
            5 => Major::Map,
            6 => Major::Tag,
            // A float's argument is its bits, which have no shorter form.
            7 if width > 1 => {
                return Ok(Self {
                    major: Major::Scalar,
                    argument,
                    end,
                });
            }
            _ => Major::Scalar,
        };
        if argument < smallest {
            return Err((at, Problem::NotShortest));
        }
        Ok(Self {
            major,
            argument,
            end,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_item_ends_where_its_head_says() {
        // [1, "ab", h'00', {1: null}, 300, tag 1 of 0]
        let bytes = hex::decode("86016261624100a101f619012cc100").unwrap();
        assert_eq!(check_item(&bytes), Ok(()));
        assert_eq!(item_end(&bytes, 1), Ok(2));
    }

    #[test]
    fn a_float_needs_no_shortest_form() {
        assert_eq!(
            check_item(&hex::decode("fb0000000000000000").unwrap()),
            Ok(())
        );
    }

    #[test]
    fn every_break_of_the_form_is_named_with_its_place() {
        let cases = [
            ("", 0, Problem::CutOff),
            ("8201", 2, Problem::CutOff),
            ("4401", 2, Problem::CutOff),
            ("5bffffffffffffffff00", 10, Problem::CutOff),
            ("9bffffffffffffffff", 9, Problem::CutOff),
            ("0000", 1, Problem::Trailing),
            ("9f01ff", 0, Problem::Indefinite),
            ("5f4100ff", 0, Problem::Indefinite),
            ("1817", 0, Problem::NotShortest),
            ("1900ff", 0, Problem::NotShortest),
            ("1c", 0, Problem::Reserved),
            ("6180", 1, Problem::NotUtf8),
            ("818181818181818181", 9, Problem::TooDeep),
        ];
        for (bytes, at, problem) in cases {
            let found = check_item(&hex::decode(bytes).unwrap());
            assert_eq!(found, Err((at, problem)), "{bytes}");
        }
    }

    #[test]
    fn eight_levels_are_allowed() {
        assert_eq!(
            check_item(&hex::decode("818181818181818100").unwrap()),
            Ok(())
        );
    }

    proptest! {
        #[test]
        fn what_passes_is_what_the_decoder_can_skip(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            if let Ok(end) = item_end(&bytes, 0) {
                let mut decoder = minicbor::Decoder::new(&bytes);
                decoder.skip().unwrap();
                prop_assert_eq!(decoder.position(), end);
            }
        }
    }
}
