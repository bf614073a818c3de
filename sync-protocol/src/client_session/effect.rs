//! What a device's session tells its host.

use crate::clock::Timestamp;
use crate::close::CloseReason;
use crate::cursor::{Cursor, Epoch, Seq};
use crate::entry::{Entry, SaveEntry};
use crate::id::BatchId;
use crate::message::{Outcome, Resume, Upgrade};
use crate::segment::SegmentInfo;
use crate::tagged_state::StatesTag;
use crate::text::SpaceName;

/// What should happen now, told by a [`super::ClientSession`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEffect {
    /// Send a binary message.
    Send(Vec<u8>),
    /// The relay admitted the device.
    Welcomed(Welcomed),
    /// Store the entries and the cursor in one transaction, then say
    /// [`super::ClientInput::Stored`].
    ///
    /// The entries stand in ascending order of positions, all after the cursor stored before.
    /// There may be none: then only the cursor moves. Changes that a replica already holds can
    /// come again, in a save or after a restart of the log: they are told apart by their hashes.
    Store {
        /// What came.
        entries: Vec<Entry>,
        /// Where the replica stands with them.
        cursor: Cursor,
        /// The tag of the states that the entries end with, to be kept with their leaves.
        states: Option<StatesTag>,
    },
    /// Fetch a segment, and say [`super::ClientInput::Fetched`]: `GET /segments/<hash>` with the
    /// bearer.
    Fetch {
        /// Which, and how many bytes to expect at most.
        segment: SegmentInfo,
        /// What to show.
        bearer: String,
    },
    /// How far the segments have come, when there is news of it.
    Fetching(FetchProgress),
    /// Store the documents of a segment, with a note that it is stored, in one transaction, and
    /// with the cursor where the replica has none; then say [`super::ClientInput::SegmentStored`].
    ///
    /// The cursor speaks of spaces that are whole, and these are not yet.
    StoreSegment {
        /// Which.
        segment: SegmentInfo,
        /// Its documents; some may be here already.
        saves: Vec<SaveEntry>,
        /// Where the log goes on behind the segments.
        cursor: Cursor,
    },
    /// Every segment is stored: note that all spaces are whole, and the cursor where there is none.
    Whole {
        /// Where the log goes on.
        cursor: Cursor,
    },
    /// There are no segments to be had, or the device may not take any: give the cursor up, and
    /// count all spaces as whole, for the log comes from its beginning.
    ReadFromStart,
    /// Everything that the log held is stored.
    CaughtUp {
        /// Up to where.
        seq: Seq,
    },
    /// Settle a batch of the outbox.
    ///
    /// `Accepted` leaves the outbox, `Refused` goes to quarantine; the others stay, and the
    /// session asks for them again when their time has come.
    Settle {
        /// The batch.
        batch: BatchId,
        /// What became of it.
        outcome: Outcome,
    },
    /// Offer batches from the outbox, the oldest first.
    WantBatches {
        /// How many at most.
        room: usize,
        /// Which not: they are in flight, or wait for a moment that the relay named.
        except: Vec<BatchId>,
    },
    /// Close the transport; the session has ended.
    Close(CloseReason),
}

/// How far the segments have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FetchProgress {
    /// Documents that are stored.
    pub documents_done: u64,
    /// Documents that there are.
    pub documents: u64,
    /// Bytes of the segments that are stored.
    pub bytes_done: u64,
    /// Bytes of all segments.
    pub bytes: u64,
}

/// What a relay says when it admits a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcomed {
    /// The version of the protocol agreed on.
    pub version: u8,
    /// The epoch of the relay's log.
    pub epoch: Epoch,
    /// The newest position of its log.
    pub head: Seq,
    /// What the relay's wall clock shows.
    pub relay_clock: Timestamp,
    /// Whether the log goes on from the replica's cursor or begins again.
    pub resume: Resume,
    /// Whether the relay wants the device to upgrade.
    pub upgrade: Upgrade,
    /// The device's spaces, all of them, in ascending order.
    pub spaces: Vec<SpaceName>,
    /// Those of them that segments will bring; none where the log brings everything.
    pub lacking: Vec<SpaceName>,
}
