//! Bulky bodies, deflated where that makes them shorter.
//!
//! CBOR: `[method, bytes]`; method 0 is the body as it is, method 1 a raw deflate stream
//! (RFC 1951). A receiver inflates piece by piece and stops at its limit, whatever the stream
//! would become.

use std::borrow::Cow;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use minicbor::{Decode, Encode};

use crate::error::{DecodeError, UnpackProblem};
use crate::limits;

const PLAIN: u8 = 0;
const DEFLATED: u8 = 1;

/// How much an inflating body may grow before its length is looked at again, in bytes.
const PIECE: usize = 16 * 1024;

/// A body as it travels.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Packed {
    #[n(0)]
    method: u8,
    #[cbor(n(1), with = "minicbor::bytes")]
    bytes: Vec<u8>,
}

impl Packed {
    /// Packs a body by whichever method makes it shorter.
    pub fn pack(body: Vec<u8>) -> Self {
        if body.len() >= limits::PACK_FROM
            && let Some(bytes) = deflate(&body)
        {
            return Self {
                method: DEFLATED,
                bytes,
            };
        }
        Self {
            method: PLAIN,
            bytes: body,
        }
    }

    /// The body, if it is no longer than `limit` bytes; `part` names it in errors.
    ///
    /// # Errors
    /// If it would be longer, is no deflate stream, or is packed by a method of a later version.
    pub fn unpack(&self, part: &'static str, limit: usize) -> Result<Cow<'_, [u8]>, DecodeError> {
        match self.method {
            PLAIN if self.bytes.len() > limit => {
                let problem = UnpackProblem::TooLong { limit };
                Err(DecodeError::NotUnpackable { part, problem })
            }
            PLAIN => Ok(Cow::Borrowed(&self.bytes)),
            DEFLATED => inflate(&self.bytes, limit)
                .map(Cow::Owned)
                .map_err(|problem| DecodeError::NotUnpackable { part, problem }),
            kind => Err(DecodeError::UnknownKind {
                part: "a packed body",
                kind,
            }),
        }
    }
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Packed(method {}, {} bytes)",
            self.method,
            self.bytes.len()
        )
    }
}

/// Deflates a body, if that makes it shorter.
fn deflate(body: &[u8]) -> Option<Vec<u8>> {
    let mut deflated = Vec::with_capacity(body.len().saturating_sub(1));
    // The output may not grow, so a stream that has not ended has gained nothing.
    match Compress::new(Compression::default(), false).compress_vec(
        body,
        &mut deflated,
        FlushCompress::Finish,
    ) {
        Ok(Status::StreamEnd) => Some(deflated),
        Ok(Status::Ok | Status::BufError) | Err(_) => None,
    }
}

fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>, UnpackProblem> {
    let mut stream = Decompress::new(false);
    let mut body = Vec::new();
    loop {
        let (read, written) = (stream.total_in(), body.len());
        let rest = usize::try_from(read)
            .ok()
            .and_then(|read| bytes.get(read..));
        let room = limit.saturating_add(1).saturating_sub(written).min(PIECE);
        body.reserve(room);
        let status = stream
            .decompress_vec(rest.unwrap_or_default(), &mut body, FlushDecompress::None)
            .map_err(|_| UnpackProblem::Damaged)?;
        if body.len() > limit {
            return Err(UnpackProblem::TooLong { limit });
        }
        match status {
            Status::StreamEnd if stream.total_in() == bytes.len() as u64 => return Ok(body),
            Status::StreamEnd => return Err(UnpackProblem::Trailing),
            Status::Ok | Status::BufError => {
                if stream.total_in() == read && body.len() == written {
                    return Err(UnpackProblem::CutOff);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problem(packed: &Packed, limit: usize) -> UnpackProblem {
        match packed.unpack("a body", limit) {
            Err(DecodeError::NotUnpackable {
                part: "a body",
                problem,
            }) => problem,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_short_or_incompressible_body_travels_as_it_is() {
        assert_eq!(Packed::pack(vec![7; limits::PACK_FROM - 1]).method, PLAIN);
        let noise: Vec<u8> = (0_u32..4096)
            .map(|i| (i.wrapping_mul(2_654_435_761) ^ (i << 13)).to_le_bytes()[3])
            .collect();
        assert!(Packed::pack(noise.clone()).bytes.len() <= noise.len());
    }

    #[test]
    fn an_inflate_bomb_is_refused_at_the_limit() {
        // 16 MiB of zeros deflate to some 16 KiB.
        let bomb = Packed::pack(vec![0; 16 * 1024 * 1024]);
        assert!(bomb.bytes.len() < 32 * 1024);
        assert_eq!(
            problem(&bomb, limits::BODY),
            UnpackProblem::TooLong {
                limit: limits::BODY
            }
        );
    }

    #[test]
    fn a_body_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
        let packed = Packed::pack(vec![1; limits::BODY]);
        assert_eq!(packed.method, DEFLATED);
        assert_eq!(
            packed.unpack("a body", limits::BODY).unwrap().len(),
            limits::BODY
        );
        let limit = limits::BODY - 1;
        assert_eq!(problem(&packed, limit), UnpackProblem::TooLong { limit });
        let plain = Packed {
            method: PLAIN,
            bytes: vec![1; 10],
        };
        assert_eq!(problem(&plain, 9), UnpackProblem::TooLong { limit: 9 });
    }

    #[test]
    fn a_damaged_cut_off_or_continued_stream_is_named() {
        let mut packed = Packed::pack(vec![1; 4096]);
        packed.bytes.push(0);
        assert_eq!(problem(&packed, 5000), UnpackProblem::Trailing);
        packed.bytes.truncate(packed.bytes.len() - 3);
        assert_eq!(problem(&packed, 5000), UnpackProblem::CutOff);
        packed.bytes = vec![0xff; 20];
        assert_eq!(problem(&packed, 5000), UnpackProblem::Damaged);
        packed.bytes.clear();
        assert_eq!(problem(&packed, 5000), UnpackProblem::CutOff);
    }

    #[test]
    fn a_method_of_a_later_version_asks_for_an_upgrade() {
        let packed = Packed {
            method: 2,
            bytes: Vec::new(),
        };
        let error = packed.unpack("a body", 10).unwrap_err();
        assert!(error.needs_upgrade(), "{error}");
    }

    proptest! {
        #[test]
        fn every_body_unpacks_to_itself(
            seed in proptest::collection::vec(any::<u8>(), 0..200),
            times in 0_usize..40,
        ) {
            let body = seed.repeat(times);
            let packed = Packed::pack(body.clone());
            prop_assert!(packed.bytes.len() <= body.len());
            prop_assert_eq!(packed.unpack("a body", body.len()).unwrap(), body);
        }

        #[test]
        fn any_bytes_inflate_within_the_limit_or_fail(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let packed = Packed { method: DEFLATED, bytes };
            if let Ok(body) = packed.unpack("a body", 1000) {
                prop_assert!(body.len() <= 1000);
            }
        }
    }
}
