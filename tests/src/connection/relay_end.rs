//! The relay's end of a connection: what its program does around a session, without sockets.

use std::collections::BTreeSet;

use client_core::Moment;
use dealership::{DeviceNumber, Space, Timestamp};
use sync_protocol::entry::ChangeEntry;
use sync_protocol::message::Later;
use sync_protocol::{
    Batch, Bye, ByeCode, ChangeReceipt, Entry, FetchProblem, Greeting, LogAnswer, Offer, Outcome,
    PushedChange, RelayEffect, RelayInput, SegmentHash, SpaceName,
};
use sync_server::relay::{Admittance, Fetched, Pushed, Relay};
use sync_server::store::Store;
use sync_server::wire;

use super::carried::Carried;
use super::{Connection, Judged, JudgedChange, chain};
use crate::planted::Bug;

/// How long a device waits with what could not be kept, in milliseconds.
const PAUSE: u32 = 30_000;

impl Connection {
    /// Tells the relay's end that others have written: the log, or who may read it.
    pub fn head_moved(&mut self, relay: &mut Relay<impl Store>, at: Moment, now: Timestamp) {
        let admitted = self.device.zip(self.spaces.as_ref());
        if let Some((device, spaces)) = admitted.filter(|_| !self.has(Bug::ScopeNotRechecked)) {
            let author = relay.front_desk().author(device);
            let dismissed = match author.expect("the store is read") {
                Some(author) if author.spaces == *spaces => None,
                Some(_) => Some(ByeCode::SpacesChanged),
                None => Some(ByeCode::Denied),
            };
            if let Some(code) = dismissed {
                let bye = Bye::new(code, "what the device may read has changed");
                return self.tell_session(relay, at, now, RelayInput::Dismiss(bye));
            }
        }
        let head = wire::seq(relay.head().seq);
        self.tell_session(relay, at, now, RelayInput::HeadMoved { head });
    }

    pub(super) fn tell_session(
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
                    self.listen(relay, &frame);
                    self.down.push_back(Carried::Frame(frame));
                    continue;
                }
                RelayEffect::Close(reason) => {
                    self.close(reason);
                    continue;
                }
                RelayEffect::RollbackProved(_) if self.has(Bug::RestoredKeepsEpoch) => continue,
                RelayEffect::RollbackProved(cursor) => {
                    if let Err(error) = relay.heal(&cursor) {
                        self.note_failure(&error);
                    }
                    continue;
                }
                RelayEffect::Erased { through } => {
                    let device = self.device.expect("identified before it erases");
                    let through = wire::domain_seq(through);
                    if let Err(error) = relay.note_erased(now, device, through) {
                        self.note_failure(&error);
                    }
                    continue;
                }
                RelayEffect::Identify { device } => self.identify(relay, device),
                RelayEffect::Admit(greeting) => self.admit(relay, millis, now, &greeting),
                RelayEffect::Read { after, walk } => self.read(relay, after, walk),
                RelayEffect::Offer { spaces, after } => self.offer(relay, now, &spaces, after),
                RelayEffect::Accept(batch) => {
                    let id = batch.id();
                    let clock = if self.has(Bug::DeviceClockBelieved) {
                        at.wall
                    } else {
                        now
                    };
                    let outcome = self.accept(relay, clock, batch);
                    let verdict = RelayInput::Verdict { batch: id, outcome };
                    self.session.handle(millis, verdict);
                    let head = wire::seq(relay.head().seq);
                    RelayInput::HeadMoved { head }
                }
            };
            self.session.handle(millis, answer);
        }
    }

    fn identify(
        &mut self,
        relay: &Relay<impl Store>,
        device: sync_protocol::DeviceNumber,
    ) -> RelayInput {
        let device = wire::domain_device(device);
        self.device = Some(device);
        match relay.front_desk().identify(device) {
            Ok(Some(row)) => RelayInput::Identified {
                public_key: row.public_key,
            },
            Ok(None) => RelayInput::UnknownDevice,
            Err(error) => self.fail(&error),
        }
    }

    fn admit(
        &mut self,
        relay: &mut Relay<impl Store>,
        millis: sync_protocol::Millis,
        now: Timestamp,
        greeting: &Greeting,
    ) -> RelayInput {
        let guest = match relay.front_desk().admit(now, greeting) {
            Ok(Admittance::Admitted(mut guest)) => {
                guest.admission.has_same_spaces |= self.has(Bug::GainedSpaceKeepsCursor);
                guest
            }
            Ok(Admittance::Dismissed(bye)) => return RelayInput::Dismiss(bye),
            Err(error) => return self.fail(&error),
        };
        self.spaces = Some(guest.spaces);
        self.shapes = guest.shapes;
        self.clock_trusted = guest.clock_trusted;
        self.session
            .handle(millis, RelayInput::Admitted(guest.admission));
        if guest.is_awaited {
            let device = wire::domain_device(greeting.device);
            if let Err(error) = relay.note_synced(now, device) {
                self.note_failure(&error);
            }
        }
        if let Some(through) = guest.has_erased {
            let device = wire::domain_device(greeting.device);
            if let Err(error) = relay.note_erased(now, device, through) {
                self.note_failure(&error);
            }
        }
        let head = wire::seq(relay.head().seq);
        RelayInput::HeadMoved { head }
    }

    fn read(
        &mut self,
        relay: &Relay<impl Store>,
        after: sync_protocol::Seq,
        walk: sync_protocol::Walk,
    ) -> RelayInput {
        let desk = relay.front_desk();
        let spaces = self.spaces.clone().unwrap_or_default();
        let device = self.device.expect("identified before it is read to");
        match desk.may_read(device, &spaces) {
            Ok(true) => {}
            Ok(false) if self.has(Bug::ScopeNotRechecked) => {}
            Ok(false) => {
                let text = "the device's spaces changed";
                return RelayInput::Dismiss(Bye::new(ByeCode::SpacesChanged, text));
            }
            Err(error) => return self.fail(&error),
        }
        match desk.read(&spaces, wire::domain_seq(after), walk) {
            Ok(mut answer) => {
                self.leak(&mut answer, &spaces);
                RelayInput::Log(answer)
            }
            Err(error) => self.fail(&error),
        }
    }

    /// Lists the segments of what the device lacks; those that are not packed are packed first.
    fn offer(
        &mut self,
        relay: &mut Relay<impl Store>,
        now: Timestamp,
        spaces: &[SpaceName],
        after: sync_protocol::Seq,
    ) -> RelayInput {
        let device = self.device.expect("identified before it wants anything");
        let named = spaces.iter().filter_map(|name| name.as_str().parse().ok());
        let held = self.spaces.clone().unwrap_or_default();
        let wanted: BTreeSet<Space> = named.filter(|space| held.contains(space)).collect();
        match Self::packed(relay, now, device, &wanted, wire::domain_seq(after)) {
            Ok(offer) => RelayInput::Offered(offer),
            Err(error) => self.fail(error.as_ref()),
        }
    }

    fn packed(
        relay: &mut Relay<impl Store>,
        now: Timestamp,
        device: DeviceNumber,
        wanted: &BTreeSet<Space>,
        after: dealership::Seq,
    ) -> Result<Option<Offer>, Box<dyn std::error::Error>> {
        for space in relay.front_desk().spaces_to_pack(wanted, after)? {
            let Some(built) = relay.front_desk().pack(space)? else {
                return Ok(None);
            };
            relay.keep_segments(&built)?;
        }
        Ok(relay.front_desk().offer(now, device, wanted)?)
    }

    /// Gives a segment to whoever asks, as the program does over HTTP.
    pub(super) fn fetch(
        &mut self,
        relay: &Relay<impl Store>,
        now: Timestamp,
        hash: SegmentHash,
        bearer: &str,
    ) -> Result<Vec<u8>, FetchProblem> {
        match relay.front_desk().fetch(now, bearer, &hash) {
            Ok(Fetched::Segment(bytes)) => Ok(bytes),
            Ok(Fetched::NotFound | Fetched::NotLet) => Err(FetchProblem::Gone),
            Err(error) => {
                self.note_failure(&error);
                Err(FetchProblem::Failed)
            }
        }
    }

    fn accept(&mut self, relay: &mut Relay<impl Store>, now: Timestamp, batch: Batch) -> Outcome {
        let judged = judged(&batch);
        let pushed = Pushed {
            device: self.device.expect("identified before it pushes"),
            shapes: self.shapes,
            clock_trusted: self.clock_trusted,
            batch,
        };
        let outcome = match relay.accept(now, &[pushed]) {
            Ok(mut outcomes) => outcomes.pop().expect("one batch, one outcome"),
            Err(error) => {
                self.note_failure(&error);
                Outcome::Later(Later { retry_ms: PAUSE })
            }
        };
        match outcome {
            Outcome::Accepted(_) => self.acknowledged.push(judged),
            Outcome::Refused(_) => self.refused.push(judged),
            Outcome::Later(_) | Outcome::NeedsDependencies(_) => {}
        }
        outcome
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Puts what was refused behind what the log brings, as if sessions were fed from what is
    /// pushed: at the position that the read came to, where nothing else stands.
    fn leak(&mut self, answer: &mut LogAnswer, spaces: &BTreeSet<Space>) {
        let readable = |change: &PushedChange| {
            let space = change.space.as_str().parse();
            space.is_ok_and(|space: Space| spaces.contains(&space))
        };
        if answer.page.last() >= answer.through {
            return;
        }
        while let Some(change) = self.leaking.pop() {
            if readable(&change) {
                let entry = Entry::Change(ChangeEntry {
                    receipt: ChangeReceipt {
                        seq: answer.through,
                        received_at: sync_protocol::Timestamp(0),
                        base_received_at: sync_protocol::Timestamp(0),
                        clock_trusted: false,
                    },
                    space: change.space,
                    document: change.document,
                    raw: change.raw,
                });
                let _fit = answer
                    .page
                    .push(&entry)
                    .expect("there is a position for it");
                return;
            }
        }
    }

    /// Ends the session as the program does where the relay fails.
    fn fail(&mut self, error: &dyn std::error::Error) -> RelayInput {
        self.note_failure(error);
        RelayInput::Dismiss(Bye::new(ByeCode::Failed, "the relay failed"))
    }

    fn note_failure(&mut self, error: &dyn std::error::Error) {
        self.relay_failure = Some(chain(error));
    }
}

/// What is judged with a batch.
pub(crate) fn judged(batch: &Batch) -> Judged {
    let changes = batch.changes().iter().map(|change| JudgedChange {
        document: wire::domain_document(change.document),
        // The gate reads it too; what it cannot read is not acknowledged.
        hash: change_gate::prescan(&change.raw).map_or([0; 32], |header| header.hash),
        pushed: change.clone(),
    });
    Judged {
        batch: batch.id(),
        changes: changes.collect(),
    }
}
