//! Replicas, a hub, and connections whose every step is taken one at a time.

use std::collections::VecDeque;

use sync_protocol::id::Nonce;
use sync_protocol::{
    ClientEffect, ClientInput, ClientSession, CloseReason, Millis, RelayConfig, RelayEffect,
    RelayInput, RelaySession, SpaceName, Timestamp, limits,
};

use crate::hub::{Device, Hub, space};
use crate::replica::Replica;

/// Where a replica stands in [`Network::replicas`].
pub type Index = usize;

pub struct Network {
    pub now: Millis,
    pub hub: Hub,
    pub replicas: Vec<Replica>,
    pub links: Vec<Link>,
    nonces: u8,
}

/// One connection: two sessions, the frames between them and what their hosts have yet to do.
pub struct Link {
    pub replica: Index,
    pub client: ClientSession,
    pub relay: RelaySession,
    pub up: VecDeque<Vec<u8>>,
    pub down: VecDeque<Vec<u8>>,
    pub client_effects: VecDeque<ClientEffect>,
    pub relay_effects: VecDeque<RelayEffect>,
    pub client_closed: Option<CloseReason>,
    pub relay_closed: Option<CloseReason>,
    /// Whether the client's host commits what it is told to store.
    pub stores: bool,
    spaces: Vec<SpaceName>,
    pub frames_up: usize,
    pub frames_down: usize,
    pub bytes_up: usize,
    pub bytes_down: usize,
}

/// One thing that can happen next on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    DeliverUp,
    DeliverDown,
    ClientEffect,
    RelayEffect,
    /// The relay learns that the client's end is closed.
    RelayLearns,
    /// The client learns that the relay's end is closed.
    ClientLearns,
}

impl Network {
    pub fn new() -> Self {
        Self {
            now: Millis(1_000),
            hub: Hub::new(),
            replicas: Vec::new(),
            links: Vec::new(),
            nonces: 0,
        }
    }

    /// Enrols a device that holds these spaces.
    pub fn enrol(&mut self, spaces: &[&str]) -> Index {
        let index = self.replicas.len();
        let replica = Replica::new(index as u64 + 1);
        let device = Device {
            public_key: replica.key.verifying_key().to_bytes(),
            spaces: spaces.iter().map(|name| space(name)).collect(),
        };
        self.hub.devices.insert(replica.device, device);
        self.replicas.push(replica);
        index
    }

    /// Opens a connection and returns its place in [`Network::links`].
    pub fn connect(&mut self, replica: Index) -> usize {
        self.nonces = self.nonces.wrapping_add(1);
        let config = self.replicas[replica].config();
        let mut link = Link {
            replica,
            client: ClientSession::new(config),
            relay: RelaySession::new(RelayConfig {
                versions: sync_protocol::Versions::only(1),
                nonce: Nonce([self.nonces; 32]),
                server_name: "relay.example".to_owned(),
                window: limits::DEFAULT_WINDOW,
            }),
            up: VecDeque::new(),
            down: VecDeque::new(),
            client_effects: VecDeque::new(),
            relay_effects: VecDeque::new(),
            client_closed: None,
            relay_closed: None,
            stores: true,
            spaces: Vec::new(),
            frames_up: 0,
            frames_down: 0,
            bytes_up: 0,
            bytes_down: 0,
        };
        link.client_input(
            self.now,
            ClientInput::Opened {
                clock: Timestamp(1_600_000_000_000),
            },
        );
        link.relay_input(self.now, RelayInput::Opened);
        self.links.push(link);
        self.links.len() - 1
    }

    /// Breaks a connection: the client knows at once, the relay when it has read what was on its
    /// way.
    pub fn cut(&mut self, link: usize) {
        let now = self.now;
        let link = &mut self.links[link];
        link.down.clear();
        link.client_effects.clear();
        link.client_input(now, ClientInput::Closed);
        link.client_effects.clear();
        link.client_closed = Some(CloseReason::Disconnected);
    }

    /// What can happen now.
    pub fn steps(&self) -> Vec<(usize, Step)> {
        let mut steps = Vec::new();
        for (index, link) in self.links.iter().enumerate() {
            let relay_open = link.relay_closed.is_none();
            let client_open = link.client_closed.is_none();
            if !link.up.is_empty() && relay_open {
                steps.push((index, Step::DeliverUp));
            }
            if !link.down.is_empty() && client_open {
                steps.push((index, Step::DeliverDown));
            }
            if !link.client_effects.is_empty() {
                steps.push((index, Step::ClientEffect));
            }
            if !link.relay_effects.is_empty() {
                steps.push((index, Step::RelayEffect));
            }
            if link.up.is_empty() && !client_open && relay_open {
                steps.push((index, Step::RelayLearns));
            }
            let relay_done = !relay_open && link.relay_effects.is_empty();
            if link.down.is_empty() && relay_done && client_open {
                steps.push((index, Step::ClientLearns));
            }
        }
        steps
    }

    pub fn step(&mut self, index: usize, step: Step) {
        let now = self.now;
        let link = &mut self.links[index];
        match step {
            Step::DeliverUp => {
                let frame = link.up.pop_front().unwrap();
                link.relay_input(now, RelayInput::Received(frame));
            }
            Step::DeliverDown => {
                let frame = link.down.pop_front().unwrap();
                link.client_input(now, ClientInput::Received(frame));
            }
            Step::ClientEffect => self.client_effect(index),
            Step::RelayEffect => self.relay_effect(index),
            Step::RelayLearns => link.relay_input(now, RelayInput::Closed),
            Step::ClientLearns => link.client_input(now, ClientInput::Closed),
        }
    }

    fn client_effect(&mut self, index: usize) {
        let now = self.now;
        let link = &mut self.links[index];
        let replica = &mut self.replicas[link.replica];
        match link.client_effects.pop_front().unwrap() {
            ClientEffect::Send(frame) => {
                assert!(frame.len() <= limits::FRAME);
                link.frames_up += 1;
                link.bytes_up += frame.len();
                link.up.push_back(frame);
            }
            ClientEffect::Welcomed(welcomed) => replica.welcome(welcomed),
            ClientEffect::Store {
                entries, cursor, ..
            } => {
                if link.stores {
                    replica.store(entries, cursor, &self.hub);
                    link.client_input(
                        now,
                        ClientInput::Stored {
                            through: cursor.seq,
                        },
                    );
                }
            }
            ClientEffect::CaughtUp { seq } => {
                assert_eq!(replica.cursor.map_or(sync_protocol::Seq(0), |c| c.seq), seq);
                replica.caught_up.push(seq);
            }
            ClientEffect::Settle { batch, outcome } => replica.settle(batch, outcome),
            ClientEffect::WantBatches { room, except } => {
                for batch in replica.offers(room, except) {
                    link.client_input(now, ClientInput::Offer(batch));
                }
            }
            ClientEffect::Close(reason) => link.client_closed = Some(reason),
            other => panic!("version 1 has no {other:?}"),
        }
    }

    fn relay_effect(&mut self, index: usize) {
        let now = self.now;
        let link = &mut self.links[index];
        match link.relay_effects.pop_front().unwrap() {
            RelayEffect::Send(frame) => {
                assert!(frame.len() <= limits::FRAME);
                if link.client_closed.is_none() {
                    link.frames_down += 1;
                    link.bytes_down += frame.len();
                    link.down.push_back(frame);
                }
            }
            RelayEffect::Identify { device } => {
                let input = match self.hub.devices.get(&device.0) {
                    Some(device) => RelayInput::Identified {
                        public_key: device.public_key,
                    },
                    None => RelayInput::UnknownDevice,
                };
                link.relay_input(now, input);
            }
            RelayEffect::Admit(greeting) => {
                let admission = self.hub.admit(greeting);
                link.spaces.clone_from(&admission.spaces);
                link.relay_input(now, RelayInput::Admitted(admission));
            }
            RelayEffect::RollbackProved(cursor) => self.hub.heal(cursor),
            RelayEffect::Erased { .. } => {}
            RelayEffect::Read { after, walk } => {
                let answer = self.hub.read(&link.spaces, after, walk);
                link.relay_input(now, RelayInput::Log(answer));
            }
            RelayEffect::Accept(batch) => {
                let outcome = self.hub.judge(&batch);
                link.relay_input(
                    now,
                    RelayInput::Verdict {
                        batch: batch.id(),
                        outcome,
                    },
                );
                self.publish();
            }
            RelayEffect::Offer { .. } => panic!("version 1 has no segments"),
            RelayEffect::Close(reason) => link.relay_closed = Some(reason),
        }
    }

    /// Wakes every subscriber.
    pub fn publish(&mut self) {
        let (now, head) = (self.now, self.hub.head());
        for link in &mut self.links {
            link.relay_input(now, RelayInput::HeadMoved { head });
        }
    }

    /// Does everything that can be done without time passing.
    pub fn settle(&mut self) {
        while let Some((link, step)) = self.steps().first().copied() {
            self.step(link, step);
        }
    }

    /// Lets time pass, with a ping at the end of it, and does what follows.
    pub fn pass(&mut self, millis: u64) {
        self.now = self.now.plus(millis);
        let now = self.now;
        for link in &mut self.links {
            link.client_input(now, ClientInput::Touched);
            link.relay_input(now, RelayInput::Touched);
        }
        self.settle();
    }

    /// Lets time pass until nothing is left to wait for but silence.
    pub fn run_until_quiescent(&mut self) {
        self.settle();
        for _ in 0..200 {
            let wakes = self
                .links
                .iter()
                .flat_map(|link| [link.client.wake_at(), link.relay.wake_at()]);
            match wakes.flatten().min() {
                Some(at) if at.since(self.now) < 20_000 => self.pass(at.since(self.now)),
                _ => return,
            }
        }
        panic!("the network does not come to rest");
    }

    pub fn replica_of(&self, link: usize) -> &Replica {
        &self.replicas[self.links[link].replica]
    }
}

impl Link {
    pub fn client_input(&mut self, now: Millis, input: ClientInput) {
        self.client.handle(now, input);
        while let Some(effect) = self.client.next_effect() {
            self.client_effects.push_back(effect);
        }
    }

    pub fn relay_input(&mut self, now: Millis, input: RelayInput) {
        self.relay.handle(now, input);
        while let Some(effect) = self.relay.next_effect() {
            self.relay_effects.push_back(effect);
        }
    }
}
