//! Reads the numbers and byte strings of a chunk, front to back.

use super::Malformed;

/// The bytes of a chunk that are still to be read.
///
/// Numbers must be in their shortest form. Automerge computes a change's hash
/// over the numbers as it would write them, so a longer form would give one
/// change two names.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Returns what is left without reading it.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads `count` bytes.
    pub(super) fn bytes(&mut self, count: u64) -> Result<&'a [u8], Malformed> {
        let count = usize::try_from(count).map_err(|_| Malformed::Truncated)?;
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Reads exactly `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// Reads an unsigned LEB128 number.
    pub(super) fn unsigned(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            if shift == 63 && byte > 1 {
                return Err(Malformed::Number);
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if shift > 0 && byte == 0 {
                    return Err(Malformed::Number);
                }
                return Ok(value);
            }
        }
        Err(Malformed::Number)
    }

    /// Reads a signed LEB128 number.
    pub(super) fn signed(&mut self) -> Result<i64, Malformed> {
        let mut value = 0_i64;
        let mut previous = 0_u8;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            if shift == 63 && byte != 0 && byte != 0x7f {
                return Err(Malformed::Number);
            }
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let repeats_the_sign =
                    (byte == 0 && previous & 0x40 == 0) || (byte == 0x7f && previous & 0x40 != 0);
                if shift > 0 && repeats_the_sign {
                    return Err(Malformed::Number);
                }
                if byte & 0x40 != 0 && shift < 57 {
                    value |= -1_i64 << (shift + 7);
                }
                return Ok(value);
            }
            previous = byte;
        }
        Err(Malformed::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_written_unsigned_number_is_read_back(value: u64) {
            let bytes = write_unsigned(value);
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.unsigned(), Ok(value));
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn a_written_signed_number_is_read_back(value: i64) {
            let bytes = write_signed(value);
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.signed(), Ok(value));
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn any_bytes_read_as_a_number_are_the_bytes_it_would_be_written_as(
            bytes in proptest::collection::vec(any::<u8>(), 0..12),
        ) {
            let mut reader = Reader::new(&bytes);
            if let Ok(value) = reader.unsigned() {
                let read = &bytes[..bytes.len() - reader.rest().len()];
                prop_assert_eq!(write_unsigned(value), read);
            }
            let mut reader = Reader::new(&bytes);
            if let Ok(value) = reader.signed() {
                let read = &bytes[..bytes.len() - reader.rest().len()];
                prop_assert_eq!(write_signed(value), read);
            }
        }
    }

    #[test]
    fn a_number_longer_than_it_needs_to_be_is_refused() {
        assert_eq!(
            Reader::new(&[0x81, 0x00]).unsigned(),
            Err(Malformed::Number)
        );
        assert_eq!(Reader::new(&[0x81, 0x00]).signed(), Err(Malformed::Number));
        assert_eq!(Reader::new(&[0xff, 0x7f]).signed(), Err(Malformed::Number));
    }

    #[test]
    fn a_number_beyond_64_bits_is_refused() {
        assert_eq!(Reader::new(&[0xff; 12]).unsigned(), Err(Malformed::Number));
        assert_eq!(Reader::new(&[0xff; 12]).signed(), Err(Malformed::Number));
        let two_to_the_64 = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02];
        assert_eq!(
            Reader::new(&two_to_the_64).unsigned(),
            Err(Malformed::Number)
        );
    }

    #[test]
    fn bytes_that_are_not_there_are_missed() {
        assert_eq!(Reader::new(&[]).unsigned(), Err(Malformed::Truncated));
        assert_eq!(Reader::new(&[0x80]).signed(), Err(Malformed::Truncated));
        assert_eq!(Reader::new(&[1, 2]).bytes(3), Err(Malformed::Truncated));
        assert_eq!(
            Reader::new(&[1, 2]).bytes(u64::MAX),
            Err(Malformed::Truncated)
        );
    }

    fn write_unsigned(mut value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let low = (value & 0x7f) as u8;
            value >>= 7;
            if value == 0 {
                bytes.push(low);
                return bytes;
            }
            bytes.push(low | 0x80);
        }
    }

    fn write_signed(mut value: i64) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let low = (value & 0x7f) as u8;
            value >>= 7;
            if (value == 0 && low & 0x40 == 0) || (value == -1 && low & 0x40 != 0) {
                bytes.push(low);
                return bytes;
            }
            bytes.push(low | 0x80);
        }
    }
}
