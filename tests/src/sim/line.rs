//! Connections in virtual time: dialling, messages on their way, and what breaks them.

use client_core::{LinkInput, Moment, Replica, ReplicaError};
use dealership::Timestamp;
use sync_protocol::{ByeCode, CloseReason, RelayInput, Retry, Versions};
use sync_server::relay::Relay;

use std::collections::VecDeque;

use crate::connection::{Closed, Connection, Direction, Judged, Spoiling, chain};
use crate::planted::{self, Bug, PlantedStore};

use super::dues::Due;
use super::ledger::Saved;
use super::world::World;

/// How often a relay pings, in milliseconds.
const PING: u64 = 25_000;

/// How long a message takes behind another, in milliseconds: what comes at once is stored at once,
/// and a catch-up of several frames can break between them.
const GAP: u64 = 10;

/// From how many bytes on a message is one of several of a catch-up, more likely than not.
const LONG: usize = 64 * 1024;

/// How long a connection lives on after a message was lost in it, which no transport does.
const AFTER_SPOILING: u64 = 30_000;

/// A connection with the times at which its messages arrive.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) site: usize,
    pub(super) connection: Connection,
    due: [VecDeque<u64>; 2],
    tick_at: Option<u64>,
    refused: u64,
    fetched: u64,
    /// When it is cut because something was done to its messages that no transport does.
    pub(super) cut_at: Option<u64>,
}

impl World {
    /// Lets a device dial a relay.
    pub(super) fn dial(&mut self, number: usize, site: usize) {
        let (at, now) = (self.now, self.timestamp());
        let nonce = self.dice.bytes();
        let member = &mut self.members[number];
        let moment = member.moment(at, now);
        if !member.is_online || member.line.is_some() {
            return;
        }
        let Some(replica) = member.replica.as_mut() else {
            return;
        };
        let Some(relay) = self.sites[site].relay.as_mut() else {
            self.seen.note("a relay is dialled while it is down");
            return self.dial_again(number, None);
        };
        let spoken = [member.versions, Versions::SPOKEN];
        match Connection::open_speaking(spoken, replica, relay, nonce, moment, now) {
            Ok(mut connection) => {
                connection.bug = self.bug;
                member.lines += 1;
                let line = member.lines;
                member.line = Some(Line {
                    number: line,
                    site,
                    connection,
                    due: [VecDeque::new(), VecDeque::new()],
                    tick_at: None,
                    refused: 0,
                    fetched: 0,
                    cut_at: None,
                });
                let member = number;
                self.dues.put(at + PING, Due::Ping { member, line });
                self.after(number);
            }
            Err(error) => self.replica_failed(number, &error),
        }
    }

    /// Lets a device dial after its pause.
    pub(super) fn dial_again(&mut self, number: usize, asked: Option<u32>) {
        let random = u64::from_be_bytes(self.dice.bytes());
        let member = &mut self.members[number];
        let pause = member.backoff.next_pause(random, asked);
        member.dial += 1;
        let dial = member.dial;
        let member = number;
        self.dues.put(self.now + pause, Due::Dial { member, dial });
    }

    /// Breaks a device's connection; it dials again if it has a network.
    pub(super) fn cut(&mut self, number: usize) {
        if self.members[number].line.take().is_some() {
            self.dial_again(number, None);
        }
    }

    /// Does something on a line, if it is still this one.
    pub(super) fn on_line(
        &mut self,
        number: usize,
        line: u64,
        work: impl FnOnce(
            &mut Line,
            &mut Replica,
            &mut Relay<PlantedStore>,
            Moment,
            Timestamp,
        ) -> Result<(), ReplicaError>,
    ) {
        let (at, now) = (self.now, self.timestamp());
        let member = &mut self.members[number];
        let moment = member.moment(at, now);
        let (Some(known), Some(replica)) = (member.line.as_mut(), member.replica.as_mut()) else {
            return;
        };
        let relay = self.sites[known.site].relay.as_mut();
        let Some(relay) = relay.filter(|_| known.number == line) else {
            return;
        };
        match work(known, replica, relay, moment, now) {
            Ok(()) => self.after(number),
            Err(error) => self.replica_failed(number, &error),
        }
    }

    /// Brings the oldest message of a direction to its end.
    pub(super) fn deliver(&mut self, number: usize, line: u64, direction: Direction) {
        let now = self.now;
        let member = &self.members[number];
        if member
            .line
            .as_ref()
            .is_none_or(|known| known.number != line)
        {
            return;
        }
        if member.isolated_until > now {
            let again = member.isolated_until + 1;
            let member = number;
            let due = Due::Deliver {
                member,
                line,
                direction,
            };
            return self.dues.put(again, due);
        }
        let trace = &mut self.trace;
        let oldest = |line: &Line| line.connection.oldest(direction).map(<[u8]>::to_vec);
        let frame = member.line.as_ref().and_then(oldest).unwrap_or_default();
        trace.add(now, &[number as u8, direction as u8]);
        trace.add(now, &frame);
        if direction == Direction::Down && self.bug == Some(Bug::CursorBeforeData) {
            self.save_cursor(number, &frame);
        }
        let is_long = direction == Direction::Down && frame.len() >= LONG;
        let is_cut = is_long && self.members[number].is_cut_now();
        self.on_line(number, line, |line, replica, relay, moment, at| {
            line.due[direction as usize].pop_front();
            let connection = &mut line.connection;
            connection.carry(direction, replica, relay, moment, at)?;
            let is_last = line.due[Direction::Down as usize]
                .front()
                .is_none_or(|next| *next > now);
            if direction == Direction::Down && is_last {
                connection.flush(replica, moment)?;
            }
            Ok(())
        });
        if is_cut {
            self.seen.note("a log is cut off between two messages");
            self.cut(number);
        }
    }

    /// Tells a session that the log has grown.
    pub(super) fn wake(&mut self, number: usize, line: u64) {
        self.on_line(number, line, |line, _, relay, moment, now| {
            line.connection.head_moved(relay, moment, now);
            Ok(())
        });
    }

    /// Tells both ends what time it is.
    pub(super) fn tick(&mut self, number: usize, line: u64) {
        let at = self.now;
        self.on_line(number, line, |line, replica, relay, moment, now| {
            line.tick_at = None;
            if line.cut_at.is_some_and(|cut_at| cut_at <= at) {
                let connection = &mut line.connection;
                return connection.tell_device(replica, moment, LinkInput::Closed);
            }
            line.connection
                .tell_relay(relay, moment, now, RelayInput::Tick);
            line.connection
                .tell_device(replica, moment, LinkInput::Tick)
        });
    }

    /// Lets the relay ping.
    pub(super) fn ping(&mut self, number: usize, line: u64) {
        let is_isolated = self.members[number].isolated_until > self.now;
        let (now, dues) = (self.now, &mut self.dues);
        let known = self.members[number].line.as_ref();
        if known.is_some_and(|known| known.number == line) {
            let member = number;
            dues.put(now + PING, Due::Ping { member, line });
        }
        if !is_isolated {
            self.on_line(number, line, |line, replica, relay, moment, now| {
                line.connection
                    .tell_relay(relay, moment, now, RelayInput::Touched);
                let connection = &mut line.connection;
                connection.tell_device(replica, moment, LinkInput::Touched)?;
                connection.flush(replica, moment)
            });
        }
    }

    /// Does something to the next message that is on its way.
    fn spoil(&mut self, number: usize) {
        let cut_at = self.now + AFTER_SPOILING;
        let member = &mut self.members[number];
        let (Some((direction, spoiling)), Some(line)) = (member.spoils, member.line.as_mut())
        else {
            return;
        };
        if line.connection.spoil(direction, spoiling) {
            member.spoils = None;
            line.cut_at.get_or_insert(cut_at);
            self.seen.note(match spoiling {
                Spoiling::Dropped => "a message is dropped",
                Spoiling::Doubled => "a message is doubled",
                Spoiling::Overtaken => "a message is overtaken",
                Spoiling::CutShort => "a message is cut short",
            });
        }
    }

    /// Draws the consequences of whatever happened on a line.
    pub(super) fn after(&mut self, number: usize) {
        self.spoil(number);
        let now = self.now;
        let member = &mut self.members[number];
        let Some(line) = member.line.as_mut() else {
            return;
        };
        let site = line.site;
        let accepted = std::mem::take(&mut line.connection.acknowledged);
        let refused_here = std::mem::take(&mut line.connection.refused);
        let sent = std::mem::take(&mut line.connection.sent);
        let failure = line.connection.relay_failure.take();
        let overheard = std::mem::take(&mut line.connection.overheard);
        let refused = std::mem::replace(&mut line.refused, line.connection.refusals_heard());
        let was_refused = line.refused > refused;
        let fetched = std::mem::replace(&mut line.fetched, line.connection.segments_fetched());
        if line.fetched > fetched {
            self.seen.note("a device fetches a segment");
        }
        if line.connection.has_caught_up {
            member.backoff.caught_up();
        }
        let closed = line.connection.closed.clone();
        let latency = member.latency;
        for direction in [Direction::Up, Direction::Down] {
            let due = &mut line.due[direction as usize];
            while due.len() < line.connection.on_the_way(direction) {
                let behind = due.back().map_or(0, |ahead| ahead + GAP);
                let at = behind.max(now + latency);
                due.push_back(at);
                let (member, line) = (number, line.number);
                let due = Due::Deliver {
                    member,
                    line,
                    direction,
                };
                self.dues.put(at, due);
            }
        }
        let wake_at = [line.connection.wake_at(), line.cut_at];
        if let Some(at) = wake_at.into_iter().flatten().min()
            && line.tick_at.is_none_or(|known| at < known)
        {
            line.tick_at = Some(at);
            let (member, line) = (number, line.number);
            self.dues.put(at.max(now), Due::Tick { member, line });
        }
        for acknowledged in accepted {
            self.seen.note("a batch is acknowledged");
            let line = format!("{} is told: {} accepted", number, acknowledged.batch);
            self.trace.say(now, &line);
            self.verdicts[site].accepted.push(acknowledged);
        }
        for batch in refused_here {
            if self.bug == Some(Bug::RefusedFannedOut) {
                self.fan_out(number, site, &batch);
            }
            self.verdicts[site].refused.push(batch);
        }
        if self.bug == Some(Bug::OutboxForgetsWhenSent) {
            let database = self.members[number].database();
            for frame in sent {
                planted::device::forget_sent(&database, &frame);
            }
        }
        for told in overheard {
            self.violated(format!("{told}, to {number}"));
        }
        if let Some(failure) = failure
            && !self.sites[site].has_excuse()
        {
            self.violated(format!("I15: relay {site} failed: {failure}"));
        }
        if was_refused {
            self.seen.note("a batch is in quarantine");
            self.audit(number);
        }
        self.look_at_cursor(number);
        if let Some(Closed { reason, retry }) = closed {
            self.hang_up(number, &reason, retry);
        }
        self.publish(site);
        self.look_at_power();
    }

    fn hang_up(&mut self, number: usize, reason: &CloseReason, retry: Retry) {
        match reason {
            CloseReason::TimedOut(_) => self.seen.note("a connection times out"),
            CloseReason::PeerLeft(bye) | CloseReason::Left(bye)
                if bye.code == ByeCode::SpacesChanged =>
            {
                self.seen.note("somebody's spaces change");
                self.strike(number);
            }
            CloseReason::PeerLeft(bye) | CloseReason::Left(bye) if bye.code == ByeCode::Denied => {
                self.strike(number);
            }
            _ => {}
        }
        self.trace
            .say(self.now, &format!("the line of {number} ends: {reason}"));
        self.members[number].line = None;
        let asked = match retry {
            Retry::After(pause) => Some(pause),
            Retry::Backoff | Retry::WhenSomethingChanged => None,
        };
        self.dial_again(number, asked);
    }

    fn save_cursor(&self, number: usize, frame: &[u8]) {
        let member = &self.members[number];
        let site = member.line.as_ref().map(|line| line.site);
        let relay = site.and_then(|site| self.sites[site].relay.as_ref());
        if let Some(relay) = relay {
            let epoch = relay.group().epoch;
            planted::device::save_cursor(&member.database(), epoch, frame);
        }
    }

    pub(super) fn fan_out(&mut self, author: usize, site: usize, batch: &Judged) {
        let others = self.members.iter_mut().enumerate();
        let others = others.filter(|(number, _)| *number != author);
        let lines = others.filter_map(|(_, member)| member.line.as_mut());
        for line in lines.filter(|line| line.site == site) {
            let changes = batch.changes.iter().map(|change| change.pushed.clone());
            line.connection.leaking.extend(changes);
        }
    }

    /// Lets sessions know of what others wrote.
    pub(super) fn publish(&mut self, site: usize) {
        let Some(relay) = &self.sites[site].relay else {
            return;
        };
        let head = relay.head().seq;
        if self.sites[site].published == head {
            return;
        }
        self.sites[site].published = head;
        for (member, known) in self.members.iter().enumerate() {
            if let Some(line) = known.line.as_ref().filter(|line| line.site == site) {
                if self.bug == Some(Bug::WakeUpLost) && self.dice.once_in(10) {
                    continue;
                }
                let line = line.number;
                self.dues.put(self.now + 1, Due::Wake { member, line });
            }
        }
    }

    /// A replica failed: its line is over, and its disk must be why.
    pub(super) fn replica_failed(&mut self, number: usize, error: &ReplicaError) {
        let error = chain(error);
        self.trace
            .say(self.now, &format!("the replica of {number} fails: {error}"));
        if !self.members[number].has_excuse() {
            self.violated(format!("I15: the replica of {number} failed: {error}"));
        }
        self.cut(number);
        self.look_at_power();
    }

    /// I8: a cursor never goes back while the log goes on.
    fn look_at_cursor(&mut self, number: usize) {
        let member = &mut self.members[number];
        let Some(replica) = &member.replica else {
            return;
        };
        // A replica that fails is looked at elsewhere.
        let Ok(cursor) = replica.cursor() else { return };
        let before = std::mem::replace(&mut member.cursor, cursor);
        if let (Some(before), Some(after)) = (before, cursor)
            && before.epoch == after.epoch
            && after.seq < before.seq
        {
            self.violated(format!(
                "I8: the cursor of {number} went back from {} to {}",
                before.seq, after.seq
            ));
        }
    }

    /// I3: looks whether everything that a person was told is saved is somewhere.
    pub(super) fn audit(&mut self, number: usize) {
        let member = &self.members[number];
        let database = member.database();
        let relay = self.sites[member.role.group].relay.as_ref();
        let verdicts = &self.verdicts[member.role.group];
        let saved: &mut Saved = &mut self.saved[number];
        for lost in saved.lost(
            &database,
            relay.map(|relay| relay.store().sound()),
            verdicts,
        ) {
            self.violated(format!("{lost}, at {number}"));
        }
    }
}
