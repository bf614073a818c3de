//! A relay, its devices, and the time of day.

use client_core::{Executed, Identity, Medium, Moment, Replica, ReplicaError};
use dealership::id::FreshIds;
use dealership::{Timestamp, civil};
use serde_json::{Value as Json, json};
use sync_protocol::{ByeCode, CloseReason, Epoch, Versions};
use sync_server::relay::{Opening, Relay, RelayKey, renew_epoch};
use sync_server::store::MemoryStore;

use crate::chaos::{Dice, SeededEntropy, Weather};
use crate::connection::{Closed, Connection, Direction};
use crate::{group, invariants};

/// How often what a device sends may change its own spaces, in one sync.
const MOST_CHANGES_OF_SPACES: usize = 20;

/// The day of the stories.
const DAY: (i32, u32, u32) = (2026, 5, 3);

/// A device, by the order in which it was enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Device(usize);

/// A whole group in one process.
pub struct Network {
    /// The relay.
    pub relay: Relay<MemoryStore>,
    /// What the relay's clock shows; devices' clocks are right unless a story says otherwise.
    now: Timestamp,
    monotonic: u64,
    dice: Dice,
    weather: Weather,
    /// What devices and the relay speak.
    versions: [Versions; 2],
    devices: Vec<Held>,
}

struct Held {
    name: &'static str,
    replica: Replica,
    clock_ahead: i64,
    is_lost: bool,
}

/// How a connection ended.
enum Ending {
    /// Both ends have all.
    Idle,
    /// The relay sends the device away, whose spaces are no longer what the greeting said.
    SpacesChanged,
    /// An end has not all, and why.
    Early(String),
}

impl Network {
    /// Founds the group at nine in the morning.
    pub fn found(seed: u64, weather: Weather) -> Self {
        let mut dice = Dice::new(seed);
        let opening = Opening {
            key: RelayKey::new(dice.bytes()),
            seed: dice.bytes(),
            cached_documents: 8,
        };
        let store = MemoryStore::default();
        let relay = Relay::found(store, "relay.test", opening).expect("an empty store");
        let mut network = Self {
            relay,
            now: Timestamp::default(),
            monotonic: 0,
            dice,
            weather,
            versions: [Versions::SPOKEN; 2],
            devices: Vec::new(),
        };
        network.clock(9, 0);
        let now = network.now;
        network
            .relay
            .establish(now, "found", &group::founding())
            .expect("the relay founds the group");
        network
    }

    /// From now on devices and the relay speak these versions and no others.
    pub const fn speak(&mut self, devices: Versions, relay: Versions) {
        self.versions = [devices, relay];
    }

    /// Sets the relay's clock, and those of the devices with it; it never goes back.
    pub fn clock(&mut self, hour: i64, minute: i64) {
        self.clock_on_day(0, hour, minute);
    }

    /// Sets the clock on a later day.
    pub fn clock_on_day(&mut self, day: i64, hour: i64, minute: i64) {
        let (year, month, date) = DAY;
        let first = chrono_date(year, month, date);
        let at = civil::start_of_day(first) + ((day * 24 + hour) * 60 + minute) * 60_000;
        let at = Timestamp::from_millis(at);
        assert!(at >= self.now, "the time of a story goes on");
        self.monotonic += u64::try_from(at.millis_since(self.now).min(1 << 40)).unwrap_or(0);
        self.now = at;
    }

    /// Lets minutes pass.
    pub fn later(&mut self, minutes: i64) {
        self.now = self.now.plus_millis(minutes * 60_000);
        self.monotonic += u64::try_from(minutes * 60_000).unwrap_or(0);
    }

    /// What the relay's clock shows.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Enrols a device for a person of the cast, and syncs it once.
    pub fn enrol(&mut self, name: &'static str) -> Device {
        let device = self.join(name);
        self.sync(device);
        device
    }

    /// Enrols a device for a person of the cast; it has not been connected yet.
    pub fn join(&mut self, name: &'static str) -> Device {
        let key = self.dice.bytes();
        let identity = group::enrol(&mut self.relay, self.now, name, key);
        let connection = rusqlite::Connection::open_in_memory().expect("memory");
        let entropy = Box::new(SeededEntropy::new(self.dice.bytes()));
        let replica = Replica::create_in(connection, Medium::Memory, &identity, entropy)
            .expect("an empty database");
        let device = Device(self.devices.len());
        self.devices.push(Held {
            name,
            replica,
            clock_ahead: 0,
            is_lost: false,
        });
        device
    }

    /// A backup of the relay.
    pub fn back_up(&self) -> MemoryStore {
        self.relay.store().backup().expect("no transaction is open")
    }

    /// Restores the relay from a backup, as its operator does: its log goes on in a new epoch.
    pub fn restore(&mut self, mut backup: MemoryStore) {
        let epoch = Epoch(self.dice.bytes());
        renew_epoch(&mut backup, epoch).expect("a backup of a group");
        self.roll_back(backup);
    }

    /// Puts the relay back to a backup, and tells nobody.
    pub fn roll_back(&mut self, backup: MemoryStore) {
        let opening = Opening {
            key: self.relay.key().clone(),
            seed: self.dice.bytes(),
            cached_documents: 8,
        };
        self.relay = Relay::open(backup, opening).expect("a backup of a group");
    }

    /// Loses a device for ever: it syncs no more, and nobody asks what it holds.
    pub fn lose(&mut self, device: Device) {
        self.devices[device.0].is_lost = true;
    }

    /// Sets a device's clock wrong.
    pub fn set_clock_ahead(&mut self, device: Device, millis: i64) {
        self.devices[device.0].clock_ahead = millis;
    }

    /// Runs a command that must not be refused.
    #[track_caller]
    pub fn run(&mut self, device: Device, command: &str, input: Json) -> Executed {
        match self.try_run(device, command, input) {
            Ok(executed) => executed,
            Err(error) => panic!("{command} on {}: {error:?}", self.devices[device.0].name),
        }
    }

    /// Runs a command.
    pub fn try_run(
        &mut self,
        device: Device,
        command: &str,
        input: Json,
    ) -> Result<Executed, ReplicaError> {
        let held = &mut self.devices[device.0];
        let now = self.now.plus_millis(held.clock_ahead);
        held.replica.execute(command, input, now)
    }

    /// Reads a view.
    #[track_caller]
    pub fn show(&self, device: Device, view: &str, input: Json) -> Json {
        let held = &self.devices[device.0];
        match held.replica.show(view, input, self.now) {
            Ok(shown) => shown,
            Err(error) => panic!("{view} on {}: {error:?}", held.name),
        }
    }

    /// Who a device is.
    pub fn identity(&self, device: Device) -> &Identity {
        self.devices[device.0].replica.identity()
    }

    /// The replica of a device.
    pub fn replica(&mut self, device: Device) -> &mut Replica {
        &mut self.devices[device.0].replica
    }

    /// Connects a device until both ends have all; in foul weather the connection breaks a few
    /// times before.
    pub fn sync(&mut self, device: Device) {
        let breaks = match self.weather {
            Weather::Fair => 0,
            Weather::Foul => self.dice.below(4),
        };
        for _ in 0..breaks {
            let messages = 1 + self.dice.below(12);
            let (sent, _) = self.connect(device, Some(messages));
            self.replay(&sent);
        }
        for _ in 0..MOST_CHANGES_OF_SPACES {
            match self.connect(device, None).1 {
                Ending::Idle => return,
                // What it sent changed what it may see; it dials again, as the driver does.
                Ending::SpacesChanged => {}
                Ending::Early(why) => panic!("{} is not idle: {why}", self.devices[device.0].name),
            }
        }
        panic!(
            "the spaces of {} change for ever",
            self.devices[device.0].name
        );
    }

    /// Connects a device until both ends have all, or the relay lets it no longer in.
    pub fn try_sync(&mut self, device: Device) {
        if self.weather == Weather::Foul {
            let messages = 1 + self.dice.below(12);
            self.connect(device, Some(messages));
        }
        self.connect(device, None);
    }

    /// Connects a device, and breaks the connection after so many messages.
    pub fn sync_and_break(&mut self, device: Device, messages: usize) {
        self.connect(device, Some(messages));
    }

    /// Syncs all devices, in an order that the seed decides, until nothing changes any more.
    pub fn settle(&mut self) {
        let mut order: Vec<_> = (0..self.devices.len()).map(Device).collect();
        for _ in 0..20 {
            let head = self.relay.head().seq;
            self.dice.shuffle(&mut order);
            for device in order.clone() {
                if self.devices[device.0].is_lost {
                    continue;
                }
                self.sync(device);
            }
            if self.relay.head().seq == head {
                return;
            }
        }
        panic!("the group does not come to rest");
    }

    /// Checks what every story ends with: equal documents on all who hold them, nothing unsent,
    /// nothing refused, projections that a rebuild gives again, and a second sync that changes
    /// nothing.
    #[track_caller]
    pub fn check(&mut self) {
        self.settle();
        let head = self.relay.head().seq;
        self.settle();
        assert_eq!(self.relay.head().seq, head, "syncing again changes nothing");
        for held in self.devices.iter_mut().filter(|held| !held.is_lost) {
            assert_eq!(
                invariants::a_replica_is_sound(&mut held.replica),
                [""; 0],
                "the replica of {} is sound",
                held.name
            );
            let status = held
                .replica
                .show("sync_status", json!({}), self.now)
                .expect("a status");
            assert_eq!(status["unsent"], 0, "{} has sent everything", held.name);
            assert_eq!(
                status["quarantine"],
                json!([]),
                "nothing of {} was refused",
                held.name
            );
            let device = held.replica.identity().device;
            let author = self.relay.front_desk().author(device);
            let author = author.expect("the store is read").expect("one of the cast");
            let states = invariants::states_at_relay(self.relay.store(), &author.spaces);
            assert_eq!(
                invariants::a_replica_holds(&held.replica, &states),
                [""; 0],
                "{} has what the relay has",
                held.name
            );
        }
        let problems = invariants::a_relay_is_sound(self.relay.store());
        assert_eq!(problems, [""; 0], "the relay is sound");
    }

    /// Every interesting instant of the two clocks.
    fn moment(&mut self, device: Device) -> Moment {
        self.monotonic += 1;
        Moment {
            monotonic: self.monotonic,
            wall: self.now.plus_millis(self.devices[device.0].clock_ahead),
        }
    }

    /// Carries messages until nothing moves, or the connection breaks after so many; gives what
    /// the device had sent, and how it ended.
    fn connect(&mut self, device: Device, breaks_after: Option<usize>) -> (Vec<Vec<u8>>, Ending) {
        let nonce = self.dice.bytes();
        let at = self.moment(device);
        let now = self.now;
        let replica = &mut self.devices[device.0].replica;
        let relay = &mut self.relay;
        let mut connection =
            Connection::open_speaking(self.versions, replica, relay, nonce, at, now)
                .expect("the replica is read");
        for carried in 0..100_000 {
            let waiting = connection.waiting();
            let broken = breaks_after == Some(carried);
            if broken || connection.closed.is_some() || waiting.is_empty() {
                break;
            }
            let direction = waiting[self.dice.below(waiting.len())];
            let at = self.moment(device);
            let replica = &mut self.devices[device.0].replica;
            connection
                .carry(direction, replica, &mut self.relay, at, now)
                .expect("the replica takes it");
            if connection.on_the_way(Direction::Down) == 0 {
                let flushed = connection.flush(replica, at);
                flushed.expect("the replica takes it");
            }
            assert_eq!(connection.relay_failure, None, "the relay takes it");
            assert_eq!(connection.overheard, [""; 0], "nothing is said to others");
        }
        let is_idle = connection.is_idle(&self.devices[device.0].replica);
        let is_idle = is_idle.expect("the replica is read");
        let ending = match connection.closed {
            _ if is_idle => Ending::Idle,
            Some(Closed {
                reason: CloseReason::Left(bye),
                ..
            }) if bye.code == ByeCode::SpacesChanged => Ending::SpacesChanged,
            closed => Ending::Early(format!("{closed:?}")),
        };
        (connection.sent, ending)
    }

    /// Sends what a device once sent over a new connection, as somebody does who listened: the
    /// relay must take nothing of it, for the nonce is another.
    fn replay(&mut self, sent: &[Vec<u8>]) {
        use sync_protocol::{RelayConfig, RelayEffect, RelayInput, RelaySession};
        let head = self.relay.head().seq;
        let mut session = RelaySession::new(RelayConfig {
            versions: sync_protocol::Versions::SPOKEN,
            nonce: sync_protocol::id::Nonce(self.dice.bytes()),
            server_name: self.relay.group().server_name.clone(),
            window: sync_protocol::limits::DEFAULT_WINDOW,
        });
        let now = sync_protocol::Millis(self.monotonic);
        session.handle(now, RelayInput::Opened);
        for frame in sent {
            session.handle(now, RelayInput::Received(frame.clone()));
            while let Some(effect) = session.next_effect() {
                match effect {
                    RelayEffect::Identify { device } => {
                        let device = sync_server::wire::domain_device(device);
                        let row = self.relay.front_desk().identify(device).expect("read");
                        let public_key = row.expect("enrolled").public_key;
                        session.handle(now, RelayInput::Identified { public_key });
                    }
                    RelayEffect::Send(_) | RelayEffect::Close(_) => {}
                    other => panic!("a replayed greeting came to {other:?}"),
                }
            }
        }
        assert_eq!(self.relay.head().seq, head);
    }

    /// Fresh ids for what a story makes by hand.
    pub fn ids(&mut self) -> FreshIds {
        FreshIds::new(self.now, self.dice.bytes())
    }
}

fn chrono_date(year: i32, month: u32, day: u32) -> chrono::NaiveDate {
    chrono::NaiveDate::from_ymd_opt(year, month, day).expect("a day")
}
