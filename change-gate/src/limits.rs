//! The one table of limits for a change from outside.
//!
//! Every number is checked before Automerge sees a byte, except [`DEPTH`],
//! [`STRING_BYTES`] and [`BATCH_OPERATIONS`], which need decoded operations or a
//! whole batch. A client enforces the same table before it says "saved".

/// Greatest size of one change, in bytes of its uncompressed chunk.
pub const CHANGE_BYTES: usize = 64 * 1024;

/// Greatest number of rows in any column of a change, so also of operations.
///
/// Run-length encoding lets a 119-byte change claim a million operations. Each costs the gate
/// about twenty microseconds, and the relay that reads the document afterwards as much again; the
/// longest command, a price list of 300 trims, writes 2,500.
pub const ROWS: u64 = 4_000;

/// Greatest number of changes one change may name as its dependencies.
pub const DEPENDENCIES: u64 = 256;

/// Greatest number of actors, besides its author, that one change may refer to.
pub const OTHER_ACTORS: u64 = 256;

/// Greatest size of a change's message, in bytes of UTF-8.
pub const MESSAGE_BYTES: u64 = 96;

/// Greatest number of keys on the way from the root to a value, the value's own
/// key included.
///
/// Automerge's readers recurse: a few hundred levels overflow a 2 MiB stack,
/// which aborts the process and cannot be caught.
pub const DEPTH: usize = 8;

/// Greatest size of a map key, in bytes of UTF-8.
///
/// A run of one long key expands to a copy for every operation; with [`ROWS`]
/// this bounds the copies to half a megabyte.
pub const KEY_BYTES: u64 = 128;

/// Greatest size of a text value, in bytes of UTF-8. Longer ones are blobs.
pub const STRING_BYTES: usize = 16 * 1024;

/// Greatest number of operations, over all changes, that one call of
/// [`admit`](crate::GatedDocument::admit) takes. A few hundred bytes can hold that
/// many.
pub const BATCH_OPERATIONS: u64 = ROWS;

/// Greatest size of a document as Automerge saves it uncompressed, in bytes: half of what the
/// wire carries as one save, so that the relay's own facts always fit.
pub const DOCUMENT_BYTES: usize = 4 * 1024 * 1024;

/// Greatest number of keys at the root of a document, so also of facts.
pub const DOCUMENT_KEYS: usize = 10_000;

/// Greatest operation counter, so that a document can never be driven to the
/// edge of Automerge's 32-bit counters, where the next honest edit panics.
pub const OPERATION_COUNTER: u64 = 1 << 31;

/// Latest claimed time, in seconds since 1970: the end of the year 9999.
/// The earliest is 0, which a tablet with an empty clock battery may claim.
pub const LATEST_TIME: i64 = 253_402_300_799;

/// Stack for a thread that calls the gate, in bytes.
pub const STACK_BYTES: usize = 64 * 1024 * 1024;
