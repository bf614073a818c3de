//! One connection in memory: a link and a session with the messages that are on their way.

use std::collections::{BTreeSet, VecDeque};

use client_core::{Link, LinkEffect, LinkInput, Moment, Replica};
use dealership::{DeviceNumber, Space, Timestamp};
use sync_protocol::{RelayConfig, RelayEffect, RelayInput, RelaySession};
use sync_server::relay::{Admittance, Pushed, Relay};
use sync_server::store::Store;
use sync_server::wire;

/// A connection of a device to the relay.
pub struct Connection {
    link: Link,
    session: RelaySession,
    device: Option<DeviceNumber>,
    spaces: BTreeSet<Space>,
    shapes: u32,
    clock_trusted: bool,
    up: VecDeque<Vec<u8>>,
    down: VecDeque<Vec<u8>>,
    /// Everything that the device sent, for a replayer.
    pub sent: Vec<Vec<u8>>,
    /// Whether either end has closed it.
    pub closed: bool,
    /// Why the first of them did, for who reads a failure.
    pub why_closed: Option<String>,
}

/// A direction in which a message can be carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the relay.
    Up,
    /// To the device.
    Down,
}

impl Connection {
    /// Opens a connection.
    pub fn open(
        replica: &mut Replica,
        relay: &mut Relay<impl Store>,
        nonce: [u8; 32],
        at: Moment,
        now: Timestamp,
    ) -> Self {
        let config = RelayConfig {
            nonce: sync_protocol::id::Nonce(nonce),
            server_name: relay.group().server_name.clone(),
            window: sync_protocol::limits::DEFAULT_WINDOW,
        };
        let mut connection = Self {
            link: Link::new(replica, "stories").expect("the replica is read"),
            session: RelaySession::new(config),
            device: None,
            spaces: BTreeSet::new(),
            shapes: 0,
            clock_trusted: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
            sent: Vec::new(),
            closed: false,
            why_closed: None,
        };
        connection.tell_link(replica, at, LinkInput::Opened);
        connection.tell_session(relay, at, now, RelayInput::Opened);
        connection
    }

    /// The directions in which something waits.
    pub fn waiting(&self) -> Vec<Direction> {
        let up = (!self.up.is_empty()).then_some(Direction::Up);
        let down = (!self.down.is_empty()).then_some(Direction::Down);
        up.into_iter().chain(down).collect()
    }

    /// Carries the oldest message of a direction.
    pub fn carry(
        &mut self,
        direction: Direction,
        replica: &mut Replica,
        relay: &mut Relay<impl Store>,
        at: Moment,
        now: Timestamp,
    ) {
        match direction {
            Direction::Up => {
                if let Some(frame) = self.up.pop_front() {
                    self.tell_session(relay, at, now, RelayInput::Received(frame));
                }
            }
            Direction::Down => {
                if let Some(frame) = self.down.pop_front() {
                    self.tell_link(replica, at, LinkInput::Received(frame));
                    if self.down.is_empty() && !self.closed {
                        let effects = self.link.flush(replica, at).expect("the replica takes it");
                        self.after_link(effects);
                    }
                }
            }
        }
    }

    /// Tells the relay's end that others have written.
    pub fn head_moved(&mut self, relay: &mut Relay<impl Store>, at: Moment, now: Timestamp) {
        let head = wire::seq(relay.head().seq);
        self.tell_session(relay, at, now, RelayInput::HeadMoved { head });
    }

    /// Whether the device has all of the log and the relay all of the outbox.
    pub fn is_idle(&self, replica: &Replica) -> bool {
        self.up.is_empty()
            && self.down.is_empty()
            && self.link.is_idle(replica).expect("the replica is read")
    }

    fn close(&mut self, why: &dyn std::fmt::Debug) {
        self.closed = true;
        self.why_closed.get_or_insert_with(|| format!("{why:?}"));
    }

    fn tell_link(&mut self, replica: &mut Replica, at: Moment, input: LinkInput) {
        let effects = self
            .link
            .handle(replica, at, input)
            .expect("the replica takes it");
        self.after_link(effects);
    }

    fn after_link(&mut self, effects: Vec<LinkEffect>) {
        for effect in effects {
            match effect {
                LinkEffect::Send(frame) => {
                    self.sent.push(frame.clone());
                    self.up.push_back(frame);
                }
                LinkEffect::Close(reason) => self.close(&reason),
                LinkEffect::Welcomed { .. }
                | LinkEffect::Changed(_)
                | LinkEffect::Moved { .. }
                | LinkEffect::CaughtUp => {}
            }
        }
    }

    fn tell_session(
        &mut self,
        relay: &mut Relay<impl Store>,
        at: Moment,
        now: Timestamp,
        input: RelayInput,
    ) {
        let millis = sync_protocol::Millis(at.monotonic);
        self.session.handle(millis, input);
        while let Some(effect) = self.session.next_effect() {
            let answer = match effect {
                RelayEffect::Send(frame) => {
                    self.down.push_back(frame);
                    continue;
                }
                RelayEffect::Close(reason) => {
                    self.close(&reason);
                    continue;
                }
                RelayEffect::RollbackProved(cursor) => {
                    self.close(&cursor);
                    continue;
                }
                RelayEffect::Identify { device } => {
                    let device = wire::domain_device(device);
                    self.device = Some(device);
                    let row = relay
                        .front_desk()
                        .identify(device)
                        .expect("the store is read");
                    row.map_or(RelayInput::UnknownDevice, |row| RelayInput::Identified {
                        public_key: row.public_key,
                    })
                }
                RelayEffect::Admit(greeting) => {
                    let admittance = relay.front_desk().admit(now, &greeting);
                    match admittance.expect("the store is read") {
                        Admittance::Dismissed(bye) => RelayInput::Dismiss(bye),
                        Admittance::Admitted(guest) => {
                            self.spaces = guest.spaces;
                            self.shapes = guest.shapes;
                            self.clock_trusted = guest.clock_trusted;
                            self.session
                                .handle(millis, RelayInput::Admitted(guest.admission));
                            if guest.is_awaited {
                                let device = wire::domain_device(greeting.device);
                                relay.note_synced(now, device).expect("the store writes");
                            }
                            let head = wire::seq(relay.head().seq);
                            RelayInput::HeadMoved { head }
                        }
                    }
                }
                RelayEffect::Read { after, walk } => {
                    let after = wire::domain_seq(after);
                    let answer = relay.front_desk().read(&self.spaces, after, walk);
                    RelayInput::Log(answer.expect("the log is read"))
                }
                RelayEffect::Accept(batch) => {
                    let id = batch.id();
                    let pushed = Pushed {
                        device: self.device.expect("identified before it pushes"),
                        shapes: self.shapes,
                        clock_trusted: self.clock_trusted,
                        batch,
                    };
                    let mut outcomes = relay.accept(now, &[pushed]).expect("the store writes");
                    let outcome = outcomes.pop().expect("one batch, one outcome");
                    self.session
                        .handle(millis, RelayInput::Verdict { batch: id, outcome });
                    let head = wire::seq(relay.head().seq);
                    RelayInput::HeadMoved { head }
                }
            };
            self.session.handle(millis, answer);
        }
    }
}
