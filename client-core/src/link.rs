//! One connection to a relay: a session of the protocol joined with the replica, without IO.
//!
//! A driver hands in what its transport did and the time, and does what it gets back. Bytes come
//! in, a transaction of the replica, bytes go out. Entries are gathered until the driver says
//! that nothing more is waiting ([`Link::flush`]), so that a first catch-up takes thousands of
//! documents to a transaction and a single change goes through at once.

use std::collections::BTreeMap;

use dealership::Timestamp;
use dealership::id::DocumentId;
use ed25519_dalek::SigningKey;
use serde::Serialize;
use sync_protocol::{
    ClientConfig, ClientEffect, ClientInput, ClientSession, CloseReason, Cursor, Entry,
    FetchProblem, FetchProgress, Millis, Outcome, SegmentHash, SegmentInfo, SpaceName, Upgrade,
    Versions,
};

use crate::error::{ReplicaError, StoreError, damaged};
use crate::replica::{Page, Replica};
use crate::wire::{of_wire_seq, to_wire_time};

/// How many entries are gathered at most before they are stored: what one transaction takes in
/// a browser.
const ENTRIES_PER_TRANSACTION: usize = 2_000;

/// How many bytes of entries may be on their way here, packed: some 4,000 documents.
const WINDOW: u32 = 2 * 1024 * 1024;

/// The two clocks of a device at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// A monotonic clock, in milliseconds from anywhere: deadlines are computed on it.
    pub monotonic: u64,
    /// What the wall clock shows.
    pub wall: Timestamp,
}

/// What a transport did, or its driver wants.
#[derive(Debug)]
pub enum LinkInput {
    /// The transport is open.
    Opened,
    /// A binary message arrived.
    Received(Vec<u8>),
    /// The transport showed a sign of life: a ping or a pong.
    Touched,
    /// What came of a [`LinkEffect::Fetch`].
    Fetched {
        /// The segment.
        hash: SegmentHash,
        /// Its bytes, unchecked.
        fetched: Result<Vec<u8>, FetchProblem>,
    },
    /// A command was run: there is more to push.
    OutboxChanged,
    /// The time that [`Link::wake_at`] named has come.
    Tick,
    /// The driver wants to end the connection.
    Leave,
    /// The transport closed.
    Closed,
}

/// What a driver is to do, or to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEffect {
    /// Send a binary message.
    Send(Vec<u8>),
    /// The relay admitted the device.
    Welcomed {
        /// Whether it wants the device to upgrade.
        upgrade: Upgrade,
        /// How many positions of its log are still to come.
        behind: u64,
    },
    /// Fetch a segment over HTTP, and say [`LinkInput::Fetched`].
    Fetch {
        /// Which, and how many bytes to take at most.
        segment: SegmentInfo,
        /// What to show for it; never logged.
        bearer: String,
    },
    /// How far the segments of spaces that this device lacks have come.
    Fetching(FetchProgress),
    /// What screens show of these documents is old.
    Changed(Vec<DocumentId>),
    /// The cursor moved.
    Moved {
        /// To where.
        seq: dealership::Seq,
    },
    /// Everything that the relay's log held is here.
    CaughtUp,
    /// Close the transport; the connection is over.
    Close(CloseReason),
}

/// What went over a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// Batches that the relay accepted.
    pub pushed: u64,
    /// Entries of the log and documents of segments that came.
    pub received: u64,
    /// Segments that came.
    pub segments: u64,
    /// Batches that the relay refused.
    pub refused: u64,
    /// Bytes sent, without the transport's own.
    pub bytes_sent: u64,
    /// Bytes that came, without the transport's own.
    pub bytes_received: u64,
    /// Messages sent.
    pub frames_sent: u64,
    /// Messages that came.
    pub frames_received: u64,
}

/// One connection to a relay.
pub struct Link {
    session: ClientSession,
    /// What came and is not stored yet, with the cursor behind it.
    gathered: Vec<Entry>,
    /// The pages among it that bear a tag.
    pages: Vec<Page>,
    cursor: Option<Cursor>,
    is_caught_up: bool,
    /// The position of the newest own change that the relay accepted on this connection.
    accepted_through: u64,
    /// How often the relay put a batch off on this connection.
    put_off: BTreeMap<sync_protocol::BatchId, u32>,
    statistics: Statistics,
}

/// How often a batch may lack what it depends on before the link no longer waits for it.
const PATIENCE: u32 = 3;

impl Link {
    /// A link for one connection that is about to be opened.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`].
    pub fn new(replica: &Replica, build: &str) -> Result<Self, ReplicaError> {
        Self::speaking(replica, build, Versions::SPOKEN)
    }

    /// A link that speaks these versions of the protocol and no others.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`].
    pub fn speaking(
        replica: &Replica,
        build: &str,
        versions: Versions,
    ) -> Result<Self, ReplicaError> {
        let identity = replica.identity();
        let spaces = replica
            .whole_spaces()?
            .into_iter()
            .map(|space| SpaceName::new(space).map_err(|error| damaged("space", error.to_string())))
            .collect::<Result<Vec<_>, StoreError>>()?;
        let config = ClientConfig {
            versions,
            segments: replica.segments()?,
            takes_segments: replica.takes_segments()?,
            device: sync_protocol::DeviceNumber(identity.device.0),
            signing_key: SigningKey::from_bytes(&identity.signing_key),
            server_name: Some(identity.server_name.clone()),
            build: build.to_owned(),
            shapes: u32::try_from(dealership::schema::SHAPE).unwrap_or(u32::MAX),
            cursor: replica.cursor()?,
            spaces,
            outbox: replica.outbox_summary()?,
            window: WINDOW,
        };
        Ok(Self {
            session: ClientSession::new(config),
            gathered: Vec::new(),
            pages: Vec::new(),
            cursor: None,
            is_caught_up: false,
            accepted_through: 0,
            put_off: BTreeMap::new(),
            statistics: Statistics::default(),
        })
    }

    /// Takes in what happened, and says what is to be done.
    ///
    /// # Errors
    ///
    /// [`ReplicaError`]: the connection is to be closed, the replica is as it was.
    pub fn handle(
        &mut self,
        replica: &mut Replica,
        at: Moment,
        input: LinkInput,
    ) -> Result<Vec<LinkEffect>, ReplicaError> {
        let input = match input {
            LinkInput::Opened => ClientInput::Opened {
                clock: to_wire_time(at.wall),
            },
            LinkInput::Received(frame) => {
                self.statistics.frames_received += 1;
                self.statistics.bytes_received += frame.len() as u64;
                ClientInput::Received(frame)
            }
            LinkInput::Fetched { hash, fetched } => {
                let bytes = fetched.as_ref().map_or(0, Vec::len);
                self.statistics.bytes_received += bytes as u64;
                self.statistics.segments += u64::from(fetched.is_ok());
                ClientInput::Fetched { hash, fetched }
            }
            LinkInput::Touched => ClientInput::Touched,
            LinkInput::OutboxChanged => ClientInput::OutboxChanged,
            LinkInput::Tick => ClientInput::Tick,
            LinkInput::Leave => ClientInput::Leave,
            LinkInput::Closed => ClientInput::Closed,
        };
        let mut effects = Vec::new();
        self.step(replica, at, input, &mut effects)?;
        Ok(effects)
    }

    /// Stores what was gathered: nothing more is waiting on the transport. And tries documents
    /// again that were set aside for a while, where it is over.
    ///
    /// # Errors
    ///
    /// [`ReplicaError`]: the connection is to be closed, the replica is as it was.
    pub fn flush(
        &mut self,
        replica: &mut Replica,
        at: Moment,
    ) -> Result<Vec<LinkEffect>, ReplicaError> {
        let mut effects = Vec::new();
        self.store(replica, at, &mut effects)?;
        let tried = replica.retry_set_aside(at.wall)?;
        if !tried.is_empty() {
            // What is back may hold something that a restored relay lacks.
            self.step(replica, at, ClientInput::OutboxChanged, &mut effects)?;
        }
        tell_changed(tried, &mut effects);
        Ok(effects)
    }

    /// When the link wants a [`LinkInput::Tick`] at the latest, on the monotonic clock.
    pub fn wake_at(&self) -> Option<u64> {
        self.session.wake_at().map(|at| at.0)
    }

    /// What went over the connection.
    pub const fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Whether the log is read to its end, own changes included, and everything is pushed but
    /// what the relay puts off.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`].
    pub fn is_idle(&self, replica: &Replica) -> Result<bool, ReplicaError> {
        let read = replica.cursor()?.map_or(0, |cursor| cursor.seq.0);
        if !self.is_caught_up || self.cursor.is_some() || read < self.accepted_through {
            return Ok(false);
        }
        let put_off: Vec<_> = self
            .put_off
            .iter()
            .filter(|(_, times)| **times >= PATIENCE)
            .map(|(batch, _)| *batch)
            .collect();
        Ok(replica.outbox(1, &put_off)?.is_empty())
    }

    fn count(&mut self, batch: sync_protocol::BatchId, outcome: &Outcome) {
        match outcome {
            Outcome::Accepted(accepted) => {
                self.statistics.pushed += 1;
                self.accepted_through = self.accepted_through.max(accepted.last_seq.0);
            }
            Outcome::Refused(_) => self.statistics.refused += 1,
            Outcome::Later(_) => {
                self.put_off.insert(batch, PATIENCE);
            }
            Outcome::NeedsDependencies(_) => {
                let times = self.put_off.entry(batch).or_default();
                *times = times.saturating_add(1);
            }
        }
    }

    fn step(
        &mut self,
        replica: &mut Replica,
        at: Moment,
        input: ClientInput,
        effects: &mut Vec<LinkEffect>,
    ) -> Result<(), ReplicaError> {
        let now = Millis(at.monotonic);
        self.session.handle(now, input);
        while let Some(effect) = self.session.next_effect() {
            match effect {
                ClientEffect::Send(frame) => {
                    self.statistics.frames_sent += 1;
                    self.statistics.bytes_sent += frame.len() as u64;
                    effects.push(LinkEffect::Send(frame));
                }
                ClientEffect::Welcomed(welcomed) => {
                    let received = replica.welcomed(&welcomed, at.wall)?;
                    let read = replica.cursor()?.map_or(0, |cursor| cursor.seq.0);
                    effects.push(LinkEffect::Welcomed {
                        upgrade: welcomed.upgrade,
                        behind: welcomed.head.0.saturating_sub(read),
                    });
                    tell_changed(received.changed, effects);
                }
                ClientEffect::Store {
                    entries,
                    cursor,
                    states,
                } => {
                    let start = self.gathered.len();
                    self.gathered.extend(entries);
                    let entries = start..self.gathered.len();
                    self.pages
                        .extend(states.map(|states| Page { entries, states }));
                    self.cursor = Some(cursor);
                    self.is_caught_up = false;
                    if self.gathered.len() >= ENTRIES_PER_TRANSACTION {
                        self.store(replica, at, effects)?;
                    }
                }
                ClientEffect::Fetch { segment, bearer } => {
                    effects.push(LinkEffect::Fetch { segment, bearer });
                }
                ClientEffect::Fetching(progress) => effects.push(LinkEffect::Fetching(progress)),
                ClientEffect::StoreSegment {
                    segment,
                    saves,
                    cursor,
                } => {
                    self.statistics.received += saves.len() as u64;
                    let received = replica.receive_segment(&segment, saves, cursor)?;
                    let hash = segment.hash;
                    let stored = ClientInput::SegmentStored { hash };
                    self.session.handle(now, stored);
                    if received.goes_back {
                        self.session.handle(now, ClientInput::OutboxChanged);
                    }
                    tell_changed(received.changed, effects);
                }
                ClientEffect::Whole { cursor } => {
                    replica.segments_are_whole(cursor)?;
                    let seq = of_wire_seq(cursor.seq);
                    effects.push(LinkEffect::Moved { seq });
                }
                ClientEffect::ReadFromStart => replica.read_from_start()?,
                ClientEffect::CaughtUp { .. } => {
                    if replica.caught_up(at.wall)? {
                        self.session.handle(now, ClientInput::OutboxChanged);
                    }
                    self.is_caught_up = true;
                    effects.push(LinkEffect::CaughtUp);
                }
                ClientEffect::Settle { batch, outcome } => {
                    self.count(batch, &outcome);
                    let settled = replica.settle(batch.into(), &outcome, at.wall)?;
                    if !settled.replayed.is_empty() || !settled.offered_again.is_empty() {
                        self.session.handle(now, ClientInput::OutboxChanged);
                    }
                    tell_changed(settled.changed, effects);
                }
                ClientEffect::WantBatches { room, except } => {
                    for batch in replica.outbox(room, &except)? {
                        self.session.handle(now, ClientInput::Offer(batch));
                    }
                }
                ClientEffect::Close(reason) => effects.push(LinkEffect::Close(reason)),
            }
        }
        Ok(())
    }

    fn store(
        &mut self,
        replica: &mut Replica,
        at: Moment,
        effects: &mut Vec<LinkEffect>,
    ) -> Result<(), ReplicaError> {
        let Some(cursor) = self.cursor.take() else {
            return Ok(());
        };
        let entries = std::mem::take(&mut self.gathered);
        let pages = std::mem::take(&mut self.pages);
        let received = replica.receive_pages(&entries, &pages, cursor)?;
        self.statistics.received += entries.len() as u64;
        if received.goes_back {
            let now = Millis(at.monotonic);
            self.session.handle(now, ClientInput::OutboxChanged);
        }
        effects.push(LinkEffect::Moved {
            seq: of_wire_seq(cursor.seq),
        });
        tell_changed(received.changed, effects);
        self.step(
            replica,
            at,
            ClientInput::Stored {
                through: cursor.seq,
            },
            effects,
        )
    }
}

fn tell_changed(changed: Vec<DocumentId>, effects: &mut Vec<LinkEffect>) {
    if !changed.is_empty() {
        effects.push(LinkEffect::Changed(changed));
    }
}
