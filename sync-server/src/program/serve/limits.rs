//! The one table of what a connection may cost.

use std::num::NonZeroU32;
use std::time::Duration;

/// How long a peer may take over its TLS handshake.
pub(super) const TLS_HANDSHAKE: Duration = Duration::from_secs(10);

/// How long a peer may take over a request's head.
pub(super) const REQUEST_HEAD: Duration = Duration::from_secs(10);

/// How long a request may take from its head to its answer.
pub(super) const REQUEST: Duration = Duration::from_secs(15);

/// The most headers of a request.
pub(super) const HEADERS: usize = 64;

/// The longest head of a request, in bytes.
pub(super) const HEAD_BYTES: usize = 16 * 1024;

/// The longest body of a request, in bytes.
pub(super) const BODY_BYTES: usize = 4 * 1024;

/// The longest message and frame of a WebSocket, in bytes.
pub(super) const FRAME_BYTES: usize = sync_protocol::limits::FRAME;

/// What a WebSocket reads at a time, in bytes: the default costs 128 KiB for each idle connection.
pub(super) const READ_BUFFER_BYTES: usize = 4 * 1024;

/// What a WebSocket may hold back for a slow peer, in bytes; one frame and a few pings.
pub(super) const WRITE_BUFFER_BYTES: usize = 512 * 1024;

/// How long a peer may take to take one frame.
pub(super) const SEND: Duration = Duration::from_secs(10);

/// How often a WebSocket is pinged, give or take a fifth.
pub(super) const PING: Duration = Duration::from_secs(25);

/// When TCP itself asks whether the peer is there, and gives up on what it did not take.
pub(super) const KEEPALIVE: Duration = Duration::from_secs(30);

/// How many connections wait in the kernel to be accepted.
pub(super) const BACKLOG: i32 = 1_024;

/// New connections of one network in a second, beyond as many at once as it may hold; the rest is
/// turned away, and takes nothing from what others may open.
pub(super) const CONNECTIONS_OF_ONE_PER_SECOND: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// What a peer may say before it has proved who it is, in bytes: an honest device says
/// less than a kilobyte, and requests over HTTP are small.
pub(super) const UNPROVED_BYTES: usize = 256 * 1024;

/// New connections in a second, and at once; the rest waits to be accepted.
pub(super) const CONNECTIONS_PER_SECOND: NonZeroU32 = NonZeroU32::new(500).unwrap();

/// Messages of one connection in a second; beyond it, its socket is not read for a while.
pub(super) const MESSAGES_PER_SECOND: NonZeroU32 = NonZeroU32::new(200).unwrap();

/// Messages of one connection at once.
pub(super) const MESSAGES_AT_ONCE: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

/// Bytes of one connection in a second, whatever they are; beyond it, its socket is not read for a
/// while.
pub(super) const BYTES_PER_SECOND: NonZeroU32 = NonZeroU32::new(2 << 20).unwrap();

/// Bytes of one connection at once.
pub(super) const BYTES_AT_ONCE: NonZeroU32 = NonZeroU32::new(8 << 20).unwrap();

/// What the writer has in hand; beyond it, sockets are not read until it has caught up.
pub(super) const JOBS: usize = 1_024;

/// The most jobs that share one commit.
pub(super) const JOBS_PER_COMMIT: usize = 256;

/// Wrong enrolment codes from one network in an hour.
pub(super) const WRONG_CODES_PER_HOUR: u32 = 20;

/// Wrong enrolment codes from all networks together in an hour; so many networks are remembered.
pub(super) const WRONG_CODES_OF_ALL_PER_HOUR: u32 = 1_000;

/// How long devices stay away while the relay restarts, in milliseconds: from, to.
pub(super) const RETRY_AFTER_RESTART: (u32, u32) = (500, 5_000);

/// How many entries at the end of the log are checked before serving.
pub(super) const CHECKED_ENTRIES: u64 = 1_000;
