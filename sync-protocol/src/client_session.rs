//! The session of a device: one connection to a relay.
//!
//! ```text
//! Opened ─► awaits challenge ─► awaits welcome ─► live ─► closed
//!                          hello              want, manifest, fetch, store, follow
//!                                             entries, stored, credit
//!                                             offer, push, verdict
//! ```
//!
//! What the host keeps, the session does not: the cursor moves in the transaction that stores
//! what it covers, and batches are offered from the outbox table each time the session asks.

mod effect;
mod fetching;
mod handshake;
mod inbound;
mod input;
mod outbound;

use std::collections::VecDeque;

pub use self::effect::{ClientEffect, FetchProgress, Welcomed};
use self::fetching::{Fetching, Next};
use self::handshake::Asked;
use self::inbound::Inbound;
pub use self::input::{ClientConfig, ClientInput, FetchProblem};
use self::outbound::Outbound;
use crate::clock::{Millis, Timestamp};
use crate::close::{CloseReason, Deadline, HostFault, Violation};
use crate::cursor::{Epoch, Seq};
use crate::frame::{self, HANDSHAKE_VERSION};
use crate::limits;
use crate::message::{Bye, ByeCode, ClientMessage, Credit, Erased, Follow, RelayMessage};
use crate::window::ReceiveWindow;

/// The session of a device: one connection to a relay.
pub struct ClientSession {
    phase: Phase,
    /// When the relay last showed a sign of life.
    heard: Millis,
    effects: VecDeque<ClientEffect>,
}

enum Phase {
    New(Box<ClientConfig>),
    AwaitsChallenge {
        config: Box<ClientConfig>,
        opened: Millis,
        clock: Timestamp,
    },
    AwaitsWelcome {
        asked: Asked,
        since: Millis,
    },
    Live(Box<Live>),
    Closed,
}

struct Live {
    version: u8,
    reading: Reading,
    outbound: Outbound,
}

/// What comes from the relay.
enum Reading {
    /// The log.
    Log(Inbound),
    /// Segments first.
    Fetches(Box<Fetching>, ReceiveWindow),
    /// The log, once it is asked for.
    Waits(Epoch, ReceiveWindow),
}

impl Reading {
    /// The log after a position.
    const fn from(epoch: Epoch, position: Seq, window: ReceiveWindow) -> Self {
        Self::Log(Inbound::new(epoch, position, window))
    }

    /// In which epoch and with which window the log is to come, if it does not yet.
    fn waits(&self) -> Option<(Epoch, ReceiveWindow)> {
        match self {
            Self::Log(_) => None,
            Self::Fetches(fetching, window) => Some((fetching.epoch(), *window)),
            Self::Waits(epoch, window) => Some((*epoch, *window)),
        }
    }
}

impl Live {
    /// What a device says first to a relay that has welcomed it.
    fn begin(&self, welcomed: &Welcomed) -> Next {
        match &self.reading {
            Reading::Log(_) => Next::Wait,
            Reading::Waits(..) => Next::Follow(Seq::default()),
            Reading::Fetches(fetching, _) if welcomed.lacking.is_empty() => {
                // Spaces that are gone are all that is new.
                Next::Follow(fetching.position())
            }
            Reading::Fetches(..) => Next::Want,
        }
    }
}

impl Phase {
    fn fetching(&mut self) -> Option<&mut Fetching> {
        match self {
            Self::Live(live) => match &mut live.reading {
                Reading::Fetches(fetching, _) => Some(fetching),
                Reading::Log(_) | Reading::Waits(..) => None,
            },
            _ => None,
        }
    }
}

impl ClientSession {
    /// A session for one connection that is about to be opened.
    pub fn new(config: ClientConfig) -> Self {
        Self {
            phase: Phase::New(Box::new(config)),
            heard: Millis::default(),
            effects: VecDeque::new(),
        }
    }

    /// Takes in what happened. A session that has ended takes in nothing.
    pub fn handle(&mut self, now: Millis, input: ClientInput) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        if matches!(input, ClientInput::Received(_) | ClientInput::Touched) {
            self.heard = now;
        }
        let result = match self.deadline() {
            Some((at, waited_for)) if now >= at => Err(CloseReason::TimedOut(waited_for)),
            _ => self.step(now, input),
        };
        match result {
            Ok(()) => self.ask_for_batches(now),
            Err(reason) => self.close(reason),
        }
    }

    /// The next thing that should happen, in order.
    pub fn next_effect(&mut self) -> Option<ClientEffect> {
        self.effects.pop_front()
    }

    /// When the session wants a [`ClientInput::Tick`] at the latest.
    pub fn wake_at(&self) -> Option<Millis> {
        let held = match &self.phase {
            Phase::Live(live) => live.outbound.first_due(),
            _ => None,
        };
        self.deadline()
            .map(|(at, _)| at)
            .into_iter()
            .chain(held)
            .min()
    }

    fn step(&mut self, now: Millis, input: ClientInput) -> Result<(), CloseReason> {
        match input {
            ClientInput::Opened { clock } => self.open(now, clock)?,
            ClientInput::Received(frame) => self.receive(now, &frame)?,
            ClientInput::Touched | ClientInput::Tick => {}
            ClientInput::Offer(batch) => {
                if let Phase::Live(live) = &mut self.phase
                    && let Some(frame) = live.outbound.offer(now, &batch, live.version)
                {
                    self.effects.push_back(ClientEffect::Send(frame));
                }
            }
            ClientInput::OutboxChanged => {
                if let Phase::Live(live) = &mut self.phase {
                    live.outbound.outbox_changed();
                }
            }
            ClientInput::Stored { through } => self.stored(through)?,
            ClientInput::Fetched { hash, fetched } => {
                if let Some(fetching) = self.phase.fetching() {
                    let next = fetching.fetched(hash, fetched, &mut self.effects)?;
                    self.go_on(next);
                }
            }
            ClientInput::SegmentStored { hash } => {
                let fetching = self.phase.fetching();
                let next = fetching.and_then(|it| it.stored(hash, &mut self.effects));
                let answer = "a segment that was stored";
                self.go_on(next.ok_or(HostFault::Unasked { answer })?);
            }
            ClientInput::Leave => {
                return Err(CloseReason::Left(Bye::new(ByeCode::Finished, "")));
            }
            ClientInput::Closed => return Err(CloseReason::Disconnected),
        }
        Ok(())
    }

    fn open(&mut self, now: Millis, clock: Timestamp) -> Result<(), CloseReason> {
        self.heard = now;
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::New(config) => {
                self.phase = Phase::AwaitsChallenge {
                    config,
                    opened: now,
                    clock,
                };
                Ok(())
            }
            other => {
                self.phase = other;
                Err(HostFault::Unasked {
                    answer: "a second opening",
                }
                .into())
            }
        }
    }

    fn receive(&mut self, now: Millis, frame: &[u8]) -> Result<(), CloseReason> {
        let Some(message) = frame::decode_relay(self.version(), frame)? else {
            return Ok(());
        };
        let kind = message.kind();
        match (&mut self.phase, message) {
            (_, RelayMessage::Bye(bye)) => Err(CloseReason::PeerLeft(bye)),
            (
                Phase::AwaitsChallenge {
                    config,
                    opened,
                    clock,
                },
                RelayMessage::Challenge(asked),
            ) => {
                let clock = clock.plus(now.since(*opened));
                let (hello, asked) = handshake::answer(config, clock, &asked)?;
                self.phase = Phase::AwaitsWelcome { asked, since: now };
                self.send(ClientMessage::Hello(hello));
                Ok(())
            }
            (Phase::AwaitsWelcome { asked, .. }, RelayMessage::Welcome(welcome)) => {
                let (live, welcomed) = handshake::admit(asked, &welcome)?;
                let next = live.begin(&welcomed);
                self.phase = Phase::Live(Box::new(live));
                self.effects.push_back(ClientEffect::Welcomed(welcomed));
                self.go_on(next);
                Ok(())
            }
            (Phase::Live(live), RelayMessage::Manifest(manifest)) => match &mut live.reading {
                Reading::Fetches(fetching, _) => {
                    let next = fetching.list(manifest, &mut self.effects)?;
                    self.go_on(next);
                    Ok(())
                }
                Reading::Log(_) | Reading::Waits(..) => Err(Violation::ManifestNotWanted.into()),
            },
            (Phase::Live(live), RelayMessage::Entries(entries)) => {
                let Reading::Log(inbound) = &mut live.reading else {
                    return Err(Violation::Unexpected { kind }.into());
                };
                let received = inbound.receive(frame.len(), &entries)?;
                if let Some((entries, cursor, states)) = received.store {
                    self.effects.push_back(ClientEffect::Store {
                        entries,
                        cursor,
                        states,
                    });
                }
                self.give(received.credit);
                self.caught_up(received.caught_up);
                Ok(())
            }
            (Phase::Live(live), RelayMessage::Verdict(verdict)) => {
                live.outbound.settle(now, &verdict)?;
                let (batch, outcome) = (verdict.batch, verdict.outcome);
                self.effects
                    .push_back(ClientEffect::Settle { batch, outcome });
                Ok(())
            }
            (Phase::Live(live), RelayMessage::Credit(credit)) => {
                Ok(live.outbound.give(credit.bytes)?)
            }
            (_, _) => Err(Violation::Unexpected { kind }.into()),
        }
    }

    fn stored(&mut self, through: Seq) -> Result<(), CloseReason> {
        let inbound = match &mut self.phase {
            Phase::Live(live) => match &mut live.reading {
                Reading::Log(inbound) => Some(inbound),
                Reading::Fetches(..) | Reading::Waits(..) => None,
            },
            _ => None,
        };
        let inbound = inbound.ok_or(HostFault::StoredNothing { through })?;
        let stored = inbound.stored(through)?;
        if let Some(through) = stored.erased {
            self.send(ClientMessage::Erased(Erased { through }));
        }
        self.give(stored.credit);
        self.caught_up(stored.caught_up);
        Ok(())
    }

    /// Does what follows from what was fetched, or begins with.
    fn go_on(&mut self, next: Next) {
        let Phase::Live(live) = &mut self.phase else {
            return;
        };
        match next {
            Next::Wait => {}
            Next::Want => {
                if let Reading::Fetches(fetching, _) = &live.reading {
                    let want = fetching.want();
                    self.send(ClientMessage::Want(want));
                }
            }
            Next::Follow(after) => {
                if let Some((epoch, window)) = live.reading.waits() {
                    live.reading = Reading::from(epoch, after, window);
                    self.send(ClientMessage::Follow(Follow { after }));
                }
            }
        }
    }

    fn give(&mut self, credit: Option<u32>) {
        if let Some(bytes) = credit {
            self.send(ClientMessage::Credit(Credit { bytes }));
        }
    }

    fn caught_up(&mut self, seq: Option<Seq>) {
        self.effects
            .extend(seq.map(|seq| ClientEffect::CaughtUp { seq }));
    }

    fn ask_for_batches(&mut self, now: Millis) {
        if let Phase::Live(live) = &mut self.phase
            && let Some((room, except)) = live.outbound.ask(now)
        {
            self.effects
                .push_back(ClientEffect::WantBatches { room, except });
        }
    }

    fn send(&mut self, message: ClientMessage) {
        let frame = frame::encode_client(self.version(), &message);
        self.effects.push_back(ClientEffect::Send(frame));
    }

    fn close(&mut self, reason: CloseReason) {
        if !matches!(self.phase, Phase::New(_))
            && let Some(bye) = reason.bye()
        {
            self.send(ClientMessage::Bye(bye));
        }
        self.phase = Phase::Closed;
        self.effects.push_back(ClientEffect::Close(reason));
    }

    const fn version(&self) -> u8 {
        match &self.phase {
            Phase::Live(live) => live.version,
            _ => HANDSHAKE_VERSION,
        }
    }

    /// The next moment at which waiting ends, and what for.
    fn deadline(&self) -> Option<(Millis, Deadline)> {
        match &self.phase {
            Phase::New(_) | Phase::Closed => None,
            Phase::AwaitsChallenge { opened, .. } => {
                Some((opened.plus(limits::CHALLENGE_DEADLINE), Deadline::Challenge))
            }
            Phase::AwaitsWelcome { since, .. } => {
                Some((since.plus(limits::WELCOME_DEADLINE), Deadline::Welcome))
            }
            Phase::Live(live) => {
                let idle = (self.heard.plus(limits::IDLE_DEADLINE), Deadline::Idle);
                let verdict = live
                    .outbound
                    .oldest()
                    .map(|since| (since.plus(limits::VERDICT_DEADLINE), Deadline::Verdict));
                verdict.into_iter().chain([idle]).min_by_key(|(at, _)| *at)
            }
        }
    }
}
