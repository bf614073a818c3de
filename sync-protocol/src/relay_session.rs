//! The session of a relay: one connection of a device.
//!
//! ```text
//! Opened ─► awaits hello ─► identifying ─► admitting ─► live ─► draining ─► closed
//!      challenge          identify       admit      welcome  read, accept
//! ```
//!
//! Nothing is pushed from memory: a wake-up makes the session read the log, one page at a time,
//! and only while the device has credit for a whole frame. A slow device is simply read to
//! later. A host that takes the next effect only when its socket has taken the last frame keeps
//! one page per connection in memory and no more.

mod effect;
mod handshake;
mod input;
mod log_stream;
mod offering;
mod pushes;

use std::collections::VecDeque;

pub use self::effect::RelayEffect;
use self::handshake::Proof;
pub use self::input::{Admission, Offer, RelayConfig, RelayInput};
use self::log_stream::LogStream;
pub use self::log_stream::{LogAnswer, Walk};
use self::offering::Offering;
use self::pushes::Pushes;
use crate::clock::Millis;
use crate::close::{CloseReason, Deadline, HostFault, Violation};
use crate::cursor::Seq;
use crate::frame::{self, HANDSHAKE_VERSION};
use crate::id::BatchId;
use crate::limits;
use crate::message::{
    Bye, ByeCode, Challenge, ClientMessage, Credit, Greeting, Outcome, RelayMessage, Verdict,
};
use crate::text::truncated;
use crate::window::{ReceiveWindow, SendWindow};

/// The session of a relay: one connection of a device.
pub struct RelaySession {
    phase: Phase,
    /// When the device last showed a sign of life.
    heard: Millis,
    /// The newest position of the log that the host has named.
    head: Seq,
    effects: VecDeque<RelayEffect>,
}

enum Phase {
    New(Box<RelayConfig>),
    AwaitsHello {
        challenge: Box<Challenge>,
        window: ReceiveWindow,
        opened: Millis,
    },
    Identifying {
        proof: Box<Proof>,
        opened: Millis,
    },
    Admitting {
        greeting: Box<Greeting>,
        version: u8,
        window: ReceiveWindow,
    },
    Live(Box<Live>),
    Closed,
}

struct Live {
    version: u8,
    log: LogStream,
    offering: Offering,
    pushes: Pushes,
    draining: Option<Draining>,
}

#[derive(Clone, Copy)]
struct Draining {
    until: Millis,
    retry_ms: u32,
}

impl RelaySession {
    /// A session for one connection that has been accepted.
    pub fn new(config: RelayConfig) -> Self {
        Self {
            phase: Phase::New(Box::new(config)),
            heard: Millis::default(),
            head: Seq::default(),
            effects: VecDeque::new(),
        }
    }

    /// Takes in what happened. A session that has ended takes in nothing.
    pub fn handle(&mut self, now: Millis, input: RelayInput) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        if matches!(input, RelayInput::Received(_) | RelayInput::Touched) {
            self.heard = now;
        }
        let result = match self.deadline() {
            Some((at, waited_for)) if now >= at => Err(CloseReason::TimedOut(waited_for)),
            _ => self.step(now, input).and_then(|()| self.go_on(now)),
        };
        if let Err(reason) = result {
            self.close(reason);
        }
    }

    /// The next thing that should happen, in order.
    pub fn next_effect(&mut self) -> Option<RelayEffect> {
        self.effects.pop_front()
    }

    /// When the session wants a [`RelayInput::Tick`] at the latest.
    pub fn wake_at(&self) -> Option<Millis> {
        let deadline = self.deadline().map(|(at, _)| at);
        let (quiet, drained) = match &self.phase {
            Phase::Live(live) => (live.log.quiet_due(), live.draining.map(|drain| drain.until)),
            _ => (None, None),
        };
        [deadline, quiet, drained].into_iter().flatten().min()
    }

    fn step(&mut self, now: Millis, input: RelayInput) -> Result<(), CloseReason> {
        match input {
            RelayInput::Opened => self.open(now),
            RelayInput::Received(frame) => self.receive(&frame),
            RelayInput::Touched | RelayInput::Tick => Ok(()),
            RelayInput::Identified { public_key } => self.identified(&public_key),
            RelayInput::UnknownDevice => match self.phase {
                Phase::Identifying { .. } => Err(CloseReason::Unproved),
                _ => unasked("an unknown device"),
            },
            RelayInput::Admitted(admission) => self.admitted(&admission),
            RelayInput::Log(answer) => match &mut self.phase {
                Phase::Live(live) => {
                    self.head = self.head.max(answer.head);
                    Ok(live.log.answered(now, self.head, answer, live.version)?)
                }
                _ => unasked("a page of the log"),
            },
            RelayInput::Offered(offer) => self.offered(offer),
            RelayInput::Verdict { batch, outcome } => self.judged(batch, outcome),
            RelayInput::HeadMoved { head } => {
                self.head = self.head.max(head);
                Ok(())
            }
            RelayInput::Drain { retry_ms } => self.drain(now, retry_ms),
            RelayInput::Dismiss(bye) => Err(CloseReason::Left(bye)),
            RelayInput::Closed => Err(CloseReason::Disconnected),
        }
    }

    fn open(&mut self, now: Millis) -> Result<(), CloseReason> {
        self.heard = now;
        let Phase::New(config) = &self.phase else {
            return unasked("a second opening");
        };
        let RelayConfig {
            versions,
            nonce,
            ref server_name,
            window,
        } = **config;
        let server_name = truncated(server_name, limits::SERVER_NAME).to_owned();
        let challenge = Challenge {
            versions,
            nonce,
            server_name,
        };
        self.phase = Phase::AwaitsHello {
            challenge: Box::new(challenge.clone()),
            window: ReceiveWindow::announcing(window),
            opened: now,
        };
        self.send(challenge);
        Ok(())
    }

    fn receive(&mut self, frame: &[u8]) -> Result<(), CloseReason> {
        let Some(message) = frame::decode_client(self.version(), frame)? else {
            return Ok(());
        };
        match (&mut self.phase, message) {
            (_, ClientMessage::Bye(bye)) => Err(CloseReason::PeerLeft(bye)),
            (
                Phase::AwaitsHello {
                    challenge,
                    window,
                    opened,
                },
                ClientMessage::Hello(hello),
            ) => {
                let proof = Proof::of(challenge, *window, &hello)?;
                let device = proof.greeting.device;
                self.phase = Phase::Identifying {
                    proof: Box::new(proof),
                    opened: *opened,
                };
                self.effects.push_back(RelayEffect::Identify { device });
                Ok(())
            }
            // The client pushes the batch again after the restart, and loses nothing.
            (Phase::Live(live), ClientMessage::Push(_)) if live.draining.is_some() => Ok(()),
            (Phase::Live(live), ClientMessage::Push(push)) => {
                let batch = live.pushes.receive(frame.len(), &push)?;
                self.effects.push_back(RelayEffect::Accept(batch));
                Ok(())
            }
            (Phase::Live(live), ClientMessage::Credit(credit)) => {
                Ok(live.log.give(credit.bytes)?)
            }
            (Phase::Live(_), ClientMessage::Erased(erased)) => {
                let through = erased.through.min(self.head);
                self.effects.push_back(RelayEffect::Erased { through });
                Ok(())
            }
            (Phase::Live(live), ClientMessage::Want(want)) if live.log.is_awaited() => {
                live.offering.want(&want, &mut self.effects)
            }
            (Phase::Live(live), ClientMessage::Follow(follow)) if live.log.is_awaited() => {
                let (head, found) = (self.head, follow.after);
                if found > head {
                    return Err(Violation::FollowsAhead { head, found }.into());
                }
                live.log.begin(found);
                Ok(())
            }
            (_, message) => Err(Violation::Unexpected {
                kind: message.kind(),
            }
            .into()),
        }
    }

    fn identified(&mut self, public_key: &[u8; 32]) -> Result<(), CloseReason> {
        let Phase::Identifying { proof, .. } = &self.phase else {
            return unasked("a public key");
        };
        proof.check(public_key)?;
        let Proof {
            ref greeting,
            version,
            window,
            ..
        } = **proof;
        self.effects.push_back(RelayEffect::Admit(greeting.clone()));
        let greeting = Box::new(greeting.clone());
        self.phase = Phase::Admitting {
            greeting,
            version,
            window,
        };
        Ok(())
    }

    fn admitted(&mut self, admission: &Admission) -> Result<(), CloseReason> {
        let Phase::Admitting {
            greeting,
            version,
            window,
        } = &self.phase
        else {
            return unasked("an admission");
        };
        let (version, window) = (*version, *window);
        self.head = self.head.max(admission.head);
        if let Some(cursor) = handshake::rollback(greeting, self.head, admission) {
            self.effects.push_back(RelayEffect::RollbackProved(cursor));
            let bye = Bye::new(ByeCode::Healing, "the relay's log has lost entries");
            return Err(CloseReason::Left(bye));
        }
        let beginning = handshake::welcome(greeting, version, window, self.head, admission)?;
        let log = LogStream::new(SendWindow::announced(greeting.window)?, beginning.position);
        let read = greeting.cursor.map_or(Seq::default(), |cursor| cursor.seq);
        let pushes = Pushes::new(window);
        self.phase = Phase::Live(Box::new(Live {
            version,
            log,
            offering: Offering::new(read),
            pushes,
            draining: None,
        }));
        self.effects.push_back(RelayEffect::Send(beginning.welcome));
        Ok(())
    }

    fn offered(&mut self, offer: Option<Offer>) -> Result<(), CloseReason> {
        let Phase::Live(live) = &mut self.phase else {
            return unasked("a list of segments");
        };
        for manifest in live.offering.offered(offer)? {
            self.send(manifest);
        }
        Ok(())
    }

    fn judged(&mut self, batch: BatchId, outcome: Outcome) -> Result<(), CloseReason> {
        let Phase::Live(live) = &mut self.phase else {
            return unasked("a verdict");
        };
        let credit = live.pushes.judged(batch)?;
        self.send(Verdict { batch, outcome });
        if let Some(bytes) = credit {
            self.send(Credit { bytes });
        }
        Ok(())
    }

    fn drain(&mut self, now: Millis, retry_ms: u32) -> Result<(), CloseReason> {
        match &mut self.phase {
            Phase::Live(live) => {
                let until = now.plus(limits::DRAIN_DEADLINE);
                live.draining.get_or_insert(Draining { until, retry_ms });
                Ok(())
            }
            _ => Err(drained(retry_ms)),
        }
    }

    /// Does what has become possible: the next frames, the next read, the end of draining.
    fn go_on(&mut self, now: Millis) -> Result<(), CloseReason> {
        let Phase::Live(live) = &mut self.phase else {
            return Ok(());
        };
        match live.draining {
            Some(Draining { until, retry_ms }) if live.pushes.is_empty() || now >= until => {
                Err(drained(retry_ms))
            }
            Some(_) => Ok(()),
            None => {
                live.log
                    .go_on(now, self.head, live.version, &mut self.effects);
                Ok(())
            }
        }
    }

    fn send(&mut self, message: impl Into<RelayMessage>) {
        let frame = frame::encode_relay(self.version(), &message.into());
        self.effects.push_back(RelayEffect::Send(frame));
    }

    fn close(&mut self, reason: CloseReason) {
        if !matches!(self.phase, Phase::New(_))
            && let Some(bye) = reason.bye()
        {
            self.send(bye);
        }
        self.phase = Phase::Closed;
        self.effects.push_back(RelayEffect::Close(reason));
    }

    const fn version(&self) -> u8 {
        match &self.phase {
            Phase::Live(live) => live.version,
            _ => HANDSHAKE_VERSION,
        }
    }

    /// The next moment at which waiting ends, and what for.
    const fn deadline(&self) -> Option<(Millis, Deadline)> {
        match &self.phase {
            Phase::New(_) | Phase::Closed => None,
            Phase::AwaitsHello { opened, .. } | Phase::Identifying { opened, .. } => {
                Some((opened.plus(limits::PROOF_DEADLINE), Deadline::Proof))
            }
            Phase::Admitting { .. } | Phase::Live(_) => {
                Some((self.heard.plus(limits::IDLE_DEADLINE), Deadline::Idle))
            }
        }
    }
}

fn drained(retry_ms: u32) -> CloseReason {
    let bye = Bye::new(ByeCode::Draining, "the relay is restarting");
    CloseReason::Left(Bye {
        retry_ms: Some(retry_ms),
        ..bye
    })
}

fn unasked<T>(answer: &'static str) -> Result<T, CloseReason> {
    Err(HostFault::Unasked { answer }.into())
}
