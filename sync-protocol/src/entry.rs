//! What stands in the log, as a reader receives it.
//!
//! Each entry is `[kind, [fields…]]`; the entries of a frame follow each other as a CBOR sequence
//! (RFC 8742), packed. Kinds from 128 on are skipped by a reader who does not know them. Kind 5
//! is no entry but a piece of one that is longer than a frame; sessions put pieces together and
//! hosts never see them.

use minicbor::{Decode, Encode};

use crate::clock::Timestamp;
use crate::cursor::Seq;
use crate::error::DecodeError;
use crate::id::{DocumentId, HashPrefix};
use crate::kinded::{self, Kinded, kinded_enum};
use crate::limits;
use crate::message::Entries;
use crate::text::{SpaceName, bounded_bytes};
use crate::well_formed;

kinded_enum! {
    /// One entry of the log.
    pub enum Entry, "an entry" {
        /// One change of one document.
        1 => Change(ChangeEntry),
        /// A document with many pending changes, whole.
        2 => Save(SaveEntry),
        /// A document was purged.
        3 => Gone(GoneEntry),
        /// A document left the reader's spaces.
        4 => Left(LeftEntry),
    }
}

/// One change, with what the relay knows of it. CBOR: `[receipt, space, document, raw]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ChangeEntry {
    /// The receipt; its `seq` is the entry's position.
    #[n(0)]
    pub receipt: ChangeReceipt,
    /// The space the document is in.
    #[n(1)]
    pub space: SpaceName,
    /// The document.
    #[n(2)]
    pub document: DocumentId,
    /// The change's bytes, uncompressed, at most [`limits::CHANGE`].
    #[cbor(n(3), encode_with = "minicbor::bytes::encode")]
    #[cbor(decode_with = "bounded_bytes::<Ctx, { limits::CHANGE }>")]
    pub raw: Vec<u8>,
}

/// A document's saved state, sent instead of its many pending changes.
///
/// CBOR: `[seq, through, space, document, saved, receipts]`. It stands at the position of the
/// first of them; the walk of the log then skips every change of this document that is at or
/// before `through`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SaveEntry {
    /// The position of the first change it stands for.
    #[n(0)]
    pub seq: Seq,
    /// The last position it covers; never before `seq`.
    #[n(1)]
    pub through: Seq,
    /// The space the document is in.
    #[n(2)]
    pub space: SpaceName,
    /// The document.
    #[n(3)]
    pub document: DocumentId,
    /// The document as Automerge saves it.
    #[cbor(n(4), encode_with = "minicbor::bytes::encode")]
    #[cbor(decode_with = "bounded_bytes::<Ctx, { limits::SAVE }>")]
    pub saved: Vec<u8>,
    /// The receipts of every change in it.
    #[n(5)]
    pub receipts: Vec<SavedReceipt>,
}

/// The receipt of one change inside a save. CBOR: `[prefix, receipt]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SavedReceipt {
    /// The beginning of the change's hash.
    #[n(0)]
    pub change: HashPrefix,
    /// Its receipt.
    #[n(1)]
    pub receipt: ChangeReceipt,
}

/// What the relay knows of a change that the change itself cannot say.
///
/// CBOR: `[seq, received_at, base_received_at, clock_trusted]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ChangeReceipt {
    /// Its position in the log.
    #[n(0)]
    pub seq: Seq,
    /// When the relay received it: it was made before.
    #[n(1)]
    pub received_at: Timestamp,
    /// When the relay received the entry at the author's `base_seq`: it was made after. 0 when
    /// the author had seen nothing.
    #[n(2)]
    pub base_received_at: Timestamp,
    /// Whether the session's clock was within ten minutes of the relay's.
    #[n(3)]
    pub clock_trusted: bool,
}

/// A document and its history are deleted everywhere. CBOR: `[seq, document]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GoneEntry {
    /// The position.
    #[n(0)]
    pub seq: Seq,
    /// The document.
    #[n(1)]
    pub document: DocumentId,
}

/// A document moved to a space that the reader does not hold. CBOR: `[seq, document]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LeftEntry {
    /// The position.
    #[n(0)]
    pub seq: Seq,
    /// The document.
    #[n(1)]
    pub document: DocumentId,
}

impl Entry {
    /// The number of a save on the wire.
    pub(crate) const SAVE_KIND: u8 = 2;

    /// Its position in the log.
    pub const fn seq(&self) -> Seq {
        match self {
            Self::Change(change) => change.receipt.seq,
            Self::Save(save) => save.seq,
            Self::Gone(gone) => gone.seq,
            Self::Left(left) => left.seq,
        }
    }
}

/// A piece of the encoded bytes of one entry. CBOR: `[5, [seq, offset, total, bytes]]`.
///
/// The pieces follow each other without gap, alone in their frames, and the cursor moves with
/// the last.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Part {
    /// The position of the entry.
    #[n(0)]
    pub(crate) seq: Seq,
    /// Where the piece begins in the entry's encoding, in bytes.
    #[n(1)]
    pub(crate) offset: u32,
    /// How long the entry's encoding is, in bytes, at most [`limits::SAVE`].
    #[n(2)]
    pub(crate) total: u32,
    /// The piece.
    #[cbor(n(3), encode_with = "minicbor::bytes::encode")]
    #[cbor(decode_with = "bounded_bytes::<Ctx, { limits::BODY }>")]
    pub(crate) bytes: Vec<u8>,
}

/// What a frame of entries holds.
#[derive(Debug)]
pub(crate) enum EntryOrPart {
    Entry(Entry),
    Part(Part),
}

impl EntryOrPart {
    const PART_KIND: u8 = 5;
}

impl Kinded for EntryOrPart {
    const PART: &'static str = Entry::PART;

    fn decode_fields(
        kind: u8,
        decoder: &mut minicbor::Decoder<'_>,
    ) -> Result<Option<Self>, minicbor::decode::Error> {
        match kind {
            Self::PART_KIND => decoder.decode().map(Self::Part).map(Some),
            _ => Ok(Entry::decode_fields(kind, decoder)?.map(Self::Entry)),
        }
    }
}

/// Encodes a piece as it stands in a frame of entries.
pub(crate) fn encode_part(part: &Part) -> Vec<u8> {
    kinded::encode(&(EntryOrPart::PART_KIND, part))
}

/// Reads the entries that stand whole in a frame, for whoever looks at what is on its way; pieces of
/// a longer one are left out.
///
/// # Errors
/// If the body does not unpack, or is none of entries.
pub fn whole_entries(frame: &Entries) -> Result<Vec<Entry>, DecodeError> {
    let body = frame.entries.unpack(Entry::PART, limits::BODY)?;
    let items = decode_entries(&body)?.into_iter();
    let whole = items.filter_map(|item| match item {
        EntryOrPart::Entry(entry) => Some(entry),
        EntryOrPart::Part(_) => None,
    });
    Ok(whole.collect())
}

/// Decodes the body of a frame of entries; kinds that may be skipped are.
pub(crate) fn decode_entries(body: &[u8]) -> Result<Vec<EntryOrPart>, DecodeError> {
    let part = Entry::PART;
    let mut entries = Vec::new();
    let mut at = 0_usize;
    while at < body.len() {
        let end = well_formed::item_end(body, at)
            .map_err(|(at, problem)| DecodeError::NotWellFormed { part, at, problem })?;
        entries.extend(kinded::decode(body.get(at..end).unwrap_or_default())?);
        at = end;
    }
    Ok(entries)
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            seq,
            offset,
            total,
            bytes,
        } = self;
        write!(
            f,
            "Part(seq {seq}, {} bytes at {offset} of {total})",
            bytes.len()
        )
    }
}
