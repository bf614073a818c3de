//! A relay and a device with something on them, to do harm to.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use client_core::{Executed, Moment, Replica, ReplicaError};
use dealership::{Seq, Timestamp};
use serde_json::{Value as Json, json};
use sync_protocol::{Batch, Outcome};
use sync_server::relay::{Opening, Pushed, Relay, RelayKey};
use sync_server::store::{
    BatchRow, DocumentRow, LogRow, ReadStore, RunningHash, SqliteStore, Store,
};

use crate::chaos::{Dice, SeededEntropy};
use crate::connection::{Connection, Judged};
use crate::group;

/// Few, so that documents are loaded again and again.
const CACHED_DOCUMENTS: usize = 8;

/// When everything happens.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_777_780_800_000);

/// How many batches the device makes for the relay.
const BATCHES: usize = 80;

/// How many commands go to one customer before the next one comes: documents stay as small as most
/// are.
const COMMANDS_PER_CUSTOMER: usize = 4;

/// What the files in a folder are called.
pub(super) const RELAY: &str = "relay.sqlite";
pub(super) const REPLICA: &str = "replica.sqlite";

/// The databases of a relay and of a device that has read all of it, and what the device makes
/// next.
pub struct Stage {
    pub(super) key: RelayKey,
    pub(super) relay: Vec<u8>,
    pub(super) replica: Vec<u8>,
    /// What the device pushed after that, batch by batch, and the relay accepted.
    pub(super) pushed: Vec<Pushed>,
    /// What the relay's store was handed for each of them.
    pub(super) steps: Vec<Step>,
}

/// What a relay's store is handed when a batch is accepted, in one transaction.
pub(super) struct Step {
    /// The rows of the log, chained.
    pub(super) rows: Vec<(LogRow, RunningHash)>,
    /// The documents as they are then.
    pub(super) documents: Vec<DocumentRow>,
    /// The verdict.
    pub(super) batch: BatchRow,
}

impl Stage {
    /// Founds a group, enrols a device, lets it work, and keeps the databases and the batches.
    pub fn set() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut dice = Dice::new(4);
        let key = RelayKey::new(dice.bytes());
        let path = folder.path().join(RELAY);
        let store = SqliteStore::open(&path).expect("an empty folder");
        let mut relay =
            Relay::found(store, "relay.test", opening(&key, &mut dice)).expect("an empty store");
        let founded = relay.establish(NOW, "found", &group::founding());
        founded.expect("the relay founds the group");
        let identity = group::enrol(&mut relay, NOW, "李娜", dice.bytes());
        let home = folder.path().join("device");
        let mut replica =
            Replica::create(&home, &identity, entropy(&mut dice)).expect("an empty folder");
        sync(&mut replica, &mut relay, &mut dice).expect("sound disks");
        Worker::new(0).work(&mut replica).expect("a sound disk");
        sync(&mut replica, &mut relay, &mut dice).expect("sound disks");
        relay.tidy_up(true).expect("a sound disk");
        let relay_bytes = fs::read(&path).expect("a relay's database");
        let backup = folder.path().join("backup");
        replica.backup(&backup, &mut |_| {}).expect("a sound disk");
        let mut worker = Worker::new(1);
        for _ in 0..BATCHES {
            worker.work(&mut replica).expect("a sound disk");
        }
        let mut judging = Relay::open(copy_of(&path, folder.path()), opening(&key, &mut dice))
            .expect("a relay's database");
        let connection = sync(&mut replica, &mut judging, &mut dice).expect("sound disks");
        let mut stage = Self {
            key: key.clone(),
            relay: relay_bytes,
            replica: fs::read(&backup).expect("a device's database"),
            pushed: Vec::new(),
            steps: Vec::new(),
        };
        for Judged { batch, changes } in connection.acknowledged {
            let changes = changes.into_iter().map(|change| change.pushed).collect();
            let batch = Batch::new(batch, sync_protocol::Seq(0), changes);
            stage.pushed.push(Pushed {
                device: identity.device,
                shapes: u32::try_from(dealership::schema::SHAPE).expect("a small number"),
                clock_trusted: true,
                batch: batch.expect("it was pushed"),
            });
        }
        for pushed in &stage.pushed {
            let before = relay.head().seq;
            let accepted = relay.accept(NOW, std::slice::from_ref(pushed));
            assert!(matches!(accepted.as_deref(), Ok([Outcome::Accepted(_)])));
            stage.steps.push(step(relay.store(), before, pushed));
        }
        stage
    }

    /// Puts the relay's database into a folder.
    pub(super) fn put_relay(&self, folder: &Path) {
        fs::write(folder.join(RELAY), &self.relay).expect("a folder of ours");
    }

    /// Puts the device's database into a folder.
    pub(super) fn put_replica(&self, folder: &Path) {
        fs::write(folder.join(REPLICA), &self.replica).expect("a folder of ours");
    }

    /// What the relay's program opens its store with.
    pub(super) fn opening(&self, dice: &mut Dice) -> Opening {
        opening(&self.key, dice)
    }
}

/// Randomness that no other opening has.
pub(super) fn entropy(dice: &mut Dice) -> Box<SeededEntropy> {
    Box::new(SeededEntropy::new(dice.bytes()))
}

/// A copy of a relay's database, opened.
fn copy_of(path: &Path, folder: &Path) -> SqliteStore {
    let copy = folder.join("copy.sqlite");
    fs::copy(path, &copy).expect("a folder of ours");
    SqliteStore::open(&copy).expect("a relay's database")
}

/// What a store was handed for a batch, read back from it.
fn step(store: &SqliteStore, before: Seq, pushed: &Pushed) -> Step {
    let end = store.head().expect("a sound disk").seq;
    let rows = (before.0 + 1..=end.0).map(|seq| {
        let row = store.log_row(Seq(seq)).expect("a sound disk");
        let head = store.head_at(Seq(seq)).expect("a sound disk");
        (row.expect("a row"), head.expect("a row").running)
    });
    let rows: Vec<_> = rows.collect();
    let documents: BTreeSet<_> = rows.iter().map(|(row, _)| row.document).collect();
    let documents = documents.into_iter().map(|id| {
        let document = store.document(id).expect("a sound disk");
        document.expect("a document")
    });
    let batch = store.batch(pushed.batch.id()).expect("a sound disk");
    Step {
        documents: documents.collect(),
        batch: batch.expect("a verdict"),
        rows,
    }
}

/// Somebody who works on a device: new customers, and calls to each.
pub(super) struct Worker {
    /// Tells what they make from what others do.
    number: usize,
    done: usize,
    customer: Json,
}

impl Worker {
    /// Somebody who has done nothing yet.
    pub(super) const fn new(number: usize) -> Self {
        Self {
            number,
            done: 0,
            customer: Json::Null,
        }
    }

    /// Does the next thing.
    ///
    /// # Errors
    ///
    /// Whatever the device says.
    pub(super) fn work(&mut self, replica: &mut Replica) -> Result<Executed, ReplicaError> {
        let (number, done) = (self.number, self.done);
        if done.is_multiple_of(COMMANDS_PER_CUSTOMER) || self.customer.is_null() {
            let card = json!({"name": format!("客户{number}之{done}"),
                              "phone": format!("13{number:03}{done:06}")});
            self.done += 1;
            let carded = replica.execute("create_customer", card, NOW)?;
            self.customer = carded.output["customer"].clone();
            return Ok(carded);
        }
        self.done += 1;
        let call = json!({"customer": self.customer, "type": "call_out", "outcome": "reached",
                          "content": format!("第{done}次联系，看了S5")});
        replica.execute("log_follow_up", call, NOW)
    }
}

/// Opens a connection and carries everything until nothing is on its way.
///
/// # Errors
///
/// [`ReplicaError::Store`] when the device fails; a relay that fails says so in the connection.
pub(super) fn sync(
    replica: &mut Replica,
    relay: &mut Relay<impl Store>,
    dice: &mut Dice,
) -> Result<Connection, ReplicaError> {
    let mut connection = Connection::open(replica, relay, dice.bytes(), at(1), NOW)?;
    carry_all(&mut connection, replica, relay)?;
    Ok(connection)
}

/// Carries everything that is on its way over a connection.
///
/// # Errors
///
/// [`ReplicaError::Store`] when the device fails, and then the connection is over.
pub(super) fn carry_all(
    connection: &mut Connection,
    replica: &mut Replica,
    relay: &mut Relay<impl Store>,
) -> Result<(), ReplicaError> {
    for monotonic in 2.. {
        let waiting = connection.waiting();
        let Some(direction) = waiting.first().filter(|_| connection.closed.is_none()) else {
            break;
        };
        connection.carry(*direction, replica, relay, at(monotonic), NOW)?;
        if connection.waiting().is_empty() {
            connection.flush(replica, at(monotonic))?;
        }
    }
    Ok(())
}

/// An instant of both clocks.
pub(super) const fn at(monotonic: u64) -> Moment {
    Moment {
        monotonic,
        wall: NOW,
    }
}

fn opening(key: &RelayKey, dice: &mut Dice) -> Opening {
    Opening {
        key: key.clone(),
        seed: dice.bytes(),
        cached_documents: CACHED_DOCUMENTS,
    }
}
