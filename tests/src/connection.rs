//! One connection in memory: a link and a session with the messages that are on their way.

mod carried;
mod listener;
mod relay_end;

use std::collections::{BTreeSet, VecDeque};

use client_core::{Link, LinkEffect, LinkInput, Moment, Replica, ReplicaError};
use dealership::{DeviceNumber, DocumentId, Space, Timestamp};
use sync_protocol::{
    CloseReason, PushedChange, RelayConfig, RelayInput, RelaySession, Retry, Versions,
};
use sync_server::relay::Relay;
use sync_server::store::Store;

use crate::planted::Bug;

use self::carried::Carried;
pub(crate) use relay_end::judged;

/// A connection of a device to the relay.
pub struct Connection {
    link: Link,
    session: RelaySession,
    device: Option<DeviceNumber>,
    spaces: Option<BTreeSet<Space>>,
    shapes: u32,
    clock_trusted: bool,
    up: VecDeque<Carried>,
    down: VecDeque<Carried>,
    /// Everything that the device sent, for a replayer.
    pub sent: Vec<Vec<u8>>,
    /// What the relay told the device is accepted, since somebody last took it.
    pub acknowledged: Vec<Judged>,
    /// Why the first end closed it, once one has.
    pub closed: Option<Closed>,
    /// Whether the device was told that it has all that the log held.
    pub has_caught_up: bool,
    /// What the relay failed at, for who knows whether it may.
    pub relay_failure: Option<String>,
    /// What the relay told the device is refused, since somebody last took it.
    pub refused: Vec<Judged>,
    /// What is wrong with the relay's end.
    pub bug: Option<Bug>,
    /// What was sent to the device and must not have been.
    pub overheard: Vec<String>,
    /// What others pushed and the relay refused, which goes to this device all the same.
    pub leaking: Vec<PushedChange>,
}

/// A batch of which a relay said for ever what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The batch.
    pub batch: sync_protocol::BatchId,
    /// Its changes.
    pub changes: Vec<JudgedChange>,
}

/// A change of a batch that was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedChange {
    /// Its document.
    pub document: DocumentId,
    /// Its hash.
    pub hash: change_gate::Hash,
    /// As it was pushed.
    pub pushed: PushedChange,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Why.
    pub reason: CloseReason,
    /// What the relay asked of the device with it.
    pub retry: Retry,
}

/// A direction in which a message can be carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// To the relay.
    Up,
    /// To the device.
    Down,
}

/// What can happen to the oldest message of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spoiling {
    /// It is lost.
    Dropped,
    /// It comes twice.
    Doubled,
    /// It comes after the one behind it.
    Overtaken,
    /// Its end is missing.
    CutShort,
}

impl Connection {
    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`] when the replica fails.
    pub fn open(
        replica: &mut Replica,
        relay: &mut Relay<impl Store>,
        nonce: [u8; 32],
        at: Moment,
        now: Timestamp,
    ) -> Result<Self, ReplicaError> {
        let spoken = [Versions::SPOKEN; 2];
        Self::open_speaking(spoken, replica, relay, nonce, at, now)
    }

    /// Opens a connection between ends that speak these versions: first the device's.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`] when the replica fails.
    pub fn open_speaking(
        [device, relays]: [Versions; 2],
        replica: &mut Replica,
        relay: &mut Relay<impl Store>,
        nonce: [u8; 32],
        at: Moment,
        now: Timestamp,
    ) -> Result<Self, ReplicaError> {
        let config = RelayConfig {
            versions: relays,
            nonce: sync_protocol::id::Nonce(nonce),
            server_name: relay.group().server_name.clone(),
            window: sync_protocol::limits::DEFAULT_WINDOW,
        };
        let mut connection = Self {
            link: Link::speaking(replica, "stories", device)?,
            session: RelaySession::new(config),
            device: None,
            spaces: None,
            shapes: 0,
            clock_trusted: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
            sent: Vec::new(),
            acknowledged: Vec::new(),
            closed: None,
            has_caught_up: false,
            relay_failure: None,
            refused: Vec::new(),
            bug: None,
            overheard: Vec::new(),
            leaking: Vec::new(),
        };
        connection.tell_link(replica, at, LinkInput::Opened)?;
        connection.tell_session(relay, at, now, RelayInput::Opened);
        Ok(connection)
    }

    /// The directions in which something waits.
    pub fn waiting(&self) -> Vec<Direction> {
        let directions = [Direction::Up, Direction::Down];
        let waits = |direction: &Direction| self.on_the_way(*direction) > 0;
        directions.into_iter().filter(waits).collect()
    }

    /// How many messages are on their way in a direction.
    pub fn on_the_way(&self, direction: Direction) -> usize {
        match direction {
            Direction::Up => self.up.len(),
            Direction::Down => self.down.len(),
        }
    }

    /// The oldest message of a direction.
    pub fn oldest(&self, direction: Direction) -> Option<&[u8]> {
        match direction {
            Direction::Up => self.up.front(),
            Direction::Down => self.down.front(),
        }
        .map(Carried::bytes)
    }

    /// Takes everything away that is on its way in a direction; gives the messages of the socket.
    pub fn waylay(&mut self, direction: Direction) -> Vec<Vec<u8>> {
        let queue = match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        };
        let frames = queue.drain(..).filter_map(|carried| match carried {
            Carried::Frame(frame) => Some(frame),
            Carried::Request { .. } | Carried::Segment { .. } => None,
        });
        frames.collect()
    }

    /// Puts a message on its way that neither end has sent.
    pub fn slip_in(&mut self, direction: Direction, frame: Vec<u8>) {
        match direction {
            Direction::Up => self.up.push_back(Carried::Frame(frame)),
            Direction::Down => self.down.push_back(Carried::Frame(frame)),
        }
    }

    /// Does something to the oldest message of a direction; whether there was one.
    pub fn spoil(&mut self, direction: Direction, spoiling: Spoiling) -> bool {
        let queue = match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        };
        let Some(carried) = queue.pop_front() else {
            return false;
        };
        match spoiling {
            Spoiling::Dropped | Spoiling::CutShort => {
                if let Some(spoilt) = carried.spoilt(spoiling) {
                    queue.push_front(spoilt);
                }
            }
            Spoiling::Doubled => {
                queue.push_front(carried.clone());
                queue.push_front(carried);
            }
            Spoiling::Overtaken => {
                let next = queue.pop_front();
                let is_overtaken = next.is_some();
                queue.push_front(carried);
                next.into_iter().for_each(|next| queue.push_front(next));
                return is_overtaken;
            }
        }
        true
    }

    /// Carries the oldest message of a direction.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`] when the replica fails, and then the connection is over.
    pub fn carry(
        &mut self,
        direction: Direction,
        replica: &mut Replica,
        relay: &mut Relay<impl Store>,
        at: Moment,
        now: Timestamp,
    ) -> Result<(), ReplicaError> {
        match direction {
            Direction::Up => {
                match self.up.pop_front() {
                    Some(Carried::Frame(frame)) => {
                        self.tell_session(relay, at, now, RelayInput::Received(frame));
                    }
                    Some(Carried::Request { hash, bearer }) => {
                        let fetched = self.fetch(relay, now, hash, &bearer);
                        self.down.push_back(Carried::Segment { hash, fetched });
                    }
                    // A request that was lost: the device's own end says so.
                    Some(lost @ Carried::Segment { .. }) => self.down.push_back(lost),
                    None => {}
                }
                Ok(())
            }
            Direction::Down => match self.down.pop_front() {
                Some(Carried::Frame(frame)) => {
                    self.tell_link(replica, at, LinkInput::Received(frame))
                }
                Some(Carried::Segment { hash, fetched }) => {
                    self.tell_link(replica, at, LinkInput::Fetched { hash, fetched })
                }
                Some(Carried::Request { .. }) | None => Ok(()),
            },
        }
    }

    /// Lets the device store what came: nothing more is there to be taken in.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`] when the replica fails, and then the connection is over.
    pub fn flush(&mut self, replica: &mut Replica, at: Moment) -> Result<(), ReplicaError> {
        if self.closed.is_none() {
            let effects = self.link.flush(replica, at)?;
            self.after_link(effects);
        }
        Ok(())
    }

    /// Tells the device's end something of its own side.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`] when the replica fails, and then the connection is over.
    pub fn tell_device(
        &mut self,
        replica: &mut Replica,
        at: Moment,
        input: LinkInput,
    ) -> Result<(), ReplicaError> {
        self.tell_link(replica, at, input)
    }

    /// Tells the relay's end something of its own side.
    pub fn tell_relay(
        &mut self,
        relay: &mut Relay<impl Store>,
        at: Moment,
        now: Timestamp,
        input: RelayInput,
    ) {
        self.tell_session(relay, at, now, input);
    }

    /// When an end wants to be told that time has passed, on the monotonic clock.
    pub fn wake_at(&self) -> Option<u64> {
        let relay = self.session.wake_at().map(|at| at.0);
        [self.link.wake_at(), relay].into_iter().flatten().min()
    }

    /// How many batches the relay has refused and the device has heard of.
    pub const fn refusals_heard(&self) -> u64 {
        self.link.statistics().refused
    }

    /// How many segments the device has fetched.
    pub const fn segments_fetched(&self) -> u64 {
        self.link.statistics().segments
    }

    /// Whether the device has all of the log and the relay all of the outbox.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`] when the replica fails.
    pub fn is_idle(&self, replica: &Replica) -> Result<bool, ReplicaError> {
        Ok(self.up.is_empty() && self.down.is_empty() && self.link.is_idle(replica)?)
    }

    fn close(&mut self, reason: CloseReason) {
        let retry = reason.retry();
        self.closed.get_or_insert(Closed { reason, retry });
    }

    fn tell_link(
        &mut self,
        replica: &mut Replica,
        at: Moment,
        input: LinkInput,
    ) -> Result<(), ReplicaError> {
        let effects = self.link.handle(replica, at, input)?;
        self.after_link(effects);
        Ok(())
    }

    fn after_link(&mut self, effects: Vec<LinkEffect>) {
        for effect in effects {
            match effect {
                LinkEffect::Send(frame) => {
                    self.sent.push(frame.clone());
                    self.up.push_back(Carried::Frame(frame));
                }
                LinkEffect::Close(reason) => self.close(reason),
                LinkEffect::CaughtUp => self.has_caught_up = true,
                LinkEffect::Fetch { segment, bearer } => {
                    let hash = segment.hash;
                    self.up.push_back(Carried::Request { hash, bearer });
                }
                LinkEffect::Welcomed { .. }
                | LinkEffect::Fetching(_)
                | LinkEffect::Changed(_)
                | LinkEffect::Moved { .. } => {}
            }
        }
    }
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
