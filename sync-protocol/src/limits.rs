//! The one table of limits, in bytes, counts and milliseconds.
//!
//! Both ends enforce it on what they receive; `docs/protocol.md` repeats it and a test compares.

/// The longest frame, in bytes: one binary WebSocket message.
pub const FRAME: usize = 256 * 1024;

/// The longest body of a frame of entries or of a push, in bytes before it is packed.
///
/// A body within it fits a frame even when packing gains nothing.
pub const BODY: usize = 240 * 1024;

/// The longest change, in bytes.
pub const CHANGE: usize = 64 * 1024;

/// The most changes in one batch.
pub const CHANGES_PER_BATCH: usize = 64;

/// The most tagged states in one batch of lost changes.
pub const STATES_PER_BATCH: usize = 16;

/// The longest way from a state to the root of its page, in bytes: 16 levels.
pub const STATE_PATH: usize = 16 * 32;

/// The longest save, in bytes of its encoded entry, receipts included.
pub const SAVE: usize = 8 * 1024 * 1024;

/// From so many bytes before it is packed on, a segment takes no further document.
pub const SEGMENT_FROM: usize = 4 * 1024 * 1024;

/// The longest segment, in bytes before it is packed: one save as long as saves may be.
pub const SEGMENT_BODY: usize = SAVE;

/// The longest segment, in bytes: a body that packing gains nothing of, and what stands before it.
pub const SEGMENT: usize = SEGMENT_BODY + 16;

/// The most documents in one segment.
pub const SEGMENT_DOCUMENTS: usize = 2_000;

/// The most segments that one manifest lists.
pub const SEGMENTS_PER_MANIFEST: usize = 1_024;

/// The most manifests that one list of segments comes in.
pub const MANIFESTS: usize = 64;

/// The longest bearer, in bytes of UTF-8.
pub const BEARER: usize = 256;

/// How many segments are on their way to a device at once.
pub const FETCHES_AT_ONCE: usize = 2;

/// How often in a row fetching a segment may fail before a device leaves, or reads the log instead.
pub const FETCH_FAILURES: u32 = 3;

/// The longest name of a space, in bytes of UTF-8.
pub const SPACE_NAME: usize = 128;

/// The most spaces one device may hold.
pub const SPACES: usize = 8 * 1024;

/// The longest list of spaces, in bytes before it is packed.
pub const SPACES_BODY: usize = 1024 * 1024;

/// The longest signed part of a hello, in bytes.
pub const GREETING: usize = 1024;

/// The longest build name, in bytes of UTF-8.
pub const BUILD: usize = 128;

/// The longest name of a server, in bytes of UTF-8: that of a DNS name.
pub const SERVER_NAME: usize = 255;

/// The longest explanation in a refusal or a bye, in bytes of UTF-8.
pub const EXPLANATION: usize = 200;

/// The most missing dependencies that one verdict names.
pub const DEPENDENCIES: usize = 256;

/// The smallest window a peer may announce, in bytes.
///
/// A window gives credit back when a quarter of it is owed, so three quarters of the smallest
/// window always hold one frame: no sender can wait for ever.
pub const SMALLEST_WINDOW: u32 = 512 * 1024;

/// The window that a host announces unless it has a reason, in bytes.
pub const DEFAULT_WINDOW: u32 = 1024 * 1024;

/// The largest window a peer may announce, in bytes.
pub const LARGEST_WINDOW: u32 = 16 * 1024 * 1024;

/// The most batches that wait for their verdicts on one connection.
pub const BATCHES_IN_FLIGHT: usize = 16;

/// The most batches that wait for a moment the relay named; at this number nothing is pushed
/// until the first of them is due.
pub const BATCHES_HELD: usize = 64;

/// The deepest nesting of CBOR arrays and maps in a frame, a body or a greeting.
pub const NESTING: usize = 8;

/// The shortest body worth deflating, in bytes.
pub const PACK_FROM: usize = 512;

/// How long a relay waits for a device to prove itself, in milliseconds from the opening.
pub const PROOF_DEADLINE: u64 = 5_000;

/// How long a client waits for the challenge, in milliseconds from the opening.
pub const CHALLENGE_DEADLINE: u64 = 10_000;

/// How long a client waits for the welcome, in milliseconds from its hello.
pub const WELCOME_DEADLINE: u64 = 15_000;

/// How long either end waits for a sign of life, in milliseconds. The relay pings every 25 s.
pub const IDLE_DEADLINE: u64 = 60_000;

/// How long a client waits for the verdict on a batch, in milliseconds from its push.
pub const VERDICT_DEADLINE: u64 = 120_000;

/// How long a draining relay waits for verdicts under way, in milliseconds.
pub const DRAIN_DEADLINE: u64 = 5_000;

/// How long a relay may keep back a move of the cursor that brings no entry, in milliseconds.
pub const QUIET_MOVE: u64 = 10_000;

/// How long a client holds a batch whose dependencies the relay lacked, in milliseconds.
pub const DEPENDENCIES_PAUSE: u64 = 1_000;

/// The longest pause that a client lets a relay ask for, in milliseconds.
pub const LONGEST_RETRY: u32 = 15 * 60 * 1_000;
