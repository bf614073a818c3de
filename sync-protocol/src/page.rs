//! A page: as much of the log as travels at once, filled by the relay's host.

use crate::cursor::Seq;
use crate::entry::{Entry, Part, encode_part};
use crate::{kinded, limits};

/// The bytes of an entry that go into one piece; leaves room for the piece's own fields.
const PIECE: usize = limits::BODY - 64;

/// Entries that answer one read of the log, encoded, in the order of their positions.
///
/// It holds what fits one frame, or one longer save alone.
#[derive(Clone, Debug)]
pub struct LogPage {
    last: Seq,
    body: Vec<u8>,
}

/// Whether an entry found room on a page.
#[must_use = "an entry that found no room is not sent"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is on the page.
    Taken,
    /// It is not: the page is full and ends before it.
    Full,
}

/// An entry that cannot stand on the page at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Entries stand in ascending order of positions, each position once.
    #[error("an entry at {found} does not follow {last}")]
    OutOfOrder {
        /// The position that the page had come to.
        last: Seq,
        /// The entry's position.
        found: Seq,
    },
    /// The entry is over the limit; a save that is must be sent as its changes.
    #[error("the entry at {seq} takes {found} bytes, more than {}", limits::SAVE)]
    TooLong {
        /// The entry's position.
        seq: Seq,
        /// Its encoded length in bytes.
        found: usize,
    },
}

impl LogPage {
    /// An empty page that continues after a position: that of the read it answers.
    pub const fn new(after: Seq) -> Self {
        Self {
            last: after,
            body: Vec::new(),
        }
    }

    /// Puts the next entry on the page, if there is room for it.
    ///
    /// An empty page has room for every entry within the limits.
    ///
    /// # Errors
    /// If the entry is out of order, or longer than [`limits::SAVE`].
    pub fn push(&mut self, entry: &Entry) -> Result<Fit, PageError> {
        let seq = entry.seq();
        if seq <= self.last {
            return Err(PageError::OutOfOrder {
                last: self.last,
                found: seq,
            });
        }
        let encoded = kinded::encode(entry);
        if encoded.len() > limits::SAVE {
            return Err(PageError::TooLong {
                seq,
                found: encoded.len(),
            });
        }
        let total = self.body.len().saturating_add(encoded.len());
        if !self.body.is_empty() && total > limits::BODY {
            return Ok(Fit::Full);
        }
        self.body.extend_from_slice(&encoded);
        self.last = seq;
        Ok(Fit::Taken)
    }

    /// Whether no entry is on the page.
    pub const fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    /// The position of the last entry, or where the page began if it has none.
    pub const fn last(&self) -> Seq {
        self.last
    }

    /// The bodies of the frames that bring the page: one, or the pieces of its only entry.
    pub(crate) fn into_bodies(self) -> Vec<Vec<u8>> {
        if self.body.len() <= limits::BODY {
            return vec![self.body];
        }
        let total = saturating_u32(self.body.len());
        let piece = |(index, bytes): (usize, &[u8])| {
            encode_part(&Part {
                seq: self.last,
                offset: saturating_u32(index.saturating_mul(PIECE)),
                total,
                bytes: bytes.to_vec(),
            })
        };
        self.body.chunks(PIECE).enumerate().map(piece).collect()
    }
}

/// A length as it stands on the wire; lengths here are at most [`limits::SAVE`].
pub(crate) fn saturating_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{GoneEntry, SaveEntry};
    use crate::{DocumentId, SpaceName};

    fn gone(seq: u64) -> Entry {
        Entry::Gone(GoneEntry {
            seq: Seq(seq),
            document: DocumentId([0; 16]),
        })
    }

    fn save(seq: u64, bytes: usize) -> Entry {
        Entry::Save(SaveEntry {
            seq: Seq(seq),
            through: Seq(seq),
            space: SpaceName::new("store/1").unwrap(),
            document: DocumentId([0; 16]),
            saved: vec![0; bytes],
            receipts: Vec::new(),
        })
    }

    #[test]
    fn a_page_takes_positions_in_ascending_order_only() {
        let mut page = LogPage::new(Seq(5));
        assert_eq!(
            page.push(&gone(5)),
            Err(PageError::OutOfOrder {
                last: Seq(5),
                found: Seq(5)
            })
        );
        assert_eq!(page.push(&gone(9)), Ok(Fit::Taken));
        assert_eq!(
            page.push(&gone(8)),
            Err(PageError::OutOfOrder {
                last: Seq(9),
                found: Seq(8)
            })
        );
        assert_eq!(page.last(), Seq(9));
    }

    #[test]
    fn a_page_is_full_at_the_length_of_a_body() {
        let mut page = LogPage::new(Seq(0));
        assert_eq!(page.push(&save(1, limits::BODY / 2)), Ok(Fit::Taken));
        assert_eq!(page.push(&save(2, limits::BODY / 2)), Ok(Fit::Full));
        assert_eq!(page.last(), Seq(1));
        assert_eq!(page.into_bodies().len(), 1);
    }

    #[test]
    fn a_longer_save_stands_alone_and_travels_in_pieces_that_fit_frames() {
        let mut page = LogPage::new(Seq(0));
        assert_eq!(page.push(&gone(1)), Ok(Fit::Taken));
        assert_eq!(page.push(&save(2, limits::FRAME)), Ok(Fit::Full));

        let mut page = LogPage::new(Seq(1));
        assert_eq!(page.push(&save(2, limits::FRAME * 3)), Ok(Fit::Taken));
        assert_eq!(page.push(&gone(3)), Ok(Fit::Full));
        let bodies = page.into_bodies();
        assert_eq!(bodies.len(), 4);
        assert!(bodies.iter().all(|body| body.len() <= limits::BODY));
    }

    #[test]
    fn a_save_over_the_limit_is_an_error() {
        let error = LogPage::new(Seq(0))
            .push(&save(1, limits::SAVE))
            .unwrap_err();
        assert!(matches!(error, PageError::TooLong { seq: Seq(1), .. }));
    }
}
