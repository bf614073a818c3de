//! Lets this version read what another left and said.

use std::collections::BTreeMap;
use std::path::Path;

use client_core::Replica;
use dealership::Timestamp;
use sync_server::relay::Relay;
use sync_server::store::{ReadStore, SqliteStore};

use super::cast::{Cast, opening};
use super::make::outcomes;
use super::{EXPECTED, Expected, RELAY, REPLICA, Said, Speaker, TRANSCRIPT, Transcript};
use super::{lacking, text, unpack, views};
use crate::chaos::SeededEntropy;
use crate::connection::Direction;
use crate::invariants;

/// Opens copies of a version's golden files, lets each end answer what the other once said, and
/// says what is not as it was.
pub fn read(folder: &Path) -> Vec<String> {
    let expected: Expected = serde_json::from_str(&text(folder, EXPECTED)).expect("expectations");
    let transcript: Transcript =
        serde_json::from_str(&text(folder, TRANSCRIPT)).expect("a transcript");
    let mut found = Vec::new();
    let mut note = |what: &str, problems: Vec<String>| {
        found.extend(
            problems
                .into_iter()
                .map(|problem| format!("{what}: {problem}")),
        );
    };

    let copies = Copies::of(folder, expected.now);
    let cast = copies.relay();
    note(
        "the relay",
        invariants::a_relay_is_sound(cast.relay.store()),
    );
    if heads(cast.relay.store()) != expected.documents {
        note(
            "the relay",
            vec!["its documents have other heads".to_owned()],
        );
    }
    let mut replica = copies.replica();
    note("the device", invariants::a_replica_is_sound(&mut replica));
    let now = Timestamp::from_millis(expected.now);
    note(
        "the device",
        lacking(&expected.before, &views::shown(&replica, now)),
    );

    let (mut cast, answered) = copies.relay_hears(&transcript);
    if outcomes(&answered) != expected.outcomes {
        let (was, is) = (&expected.outcomes, outcomes(&answered));
        note(
            "the relay, to the device's part",
            vec![format!("{is:?}, once {was:?}")],
        );
    }
    note(
        "the relay, later",
        invariants::a_relay_is_sound(cast.relay.store()),
    );
    let manager = views::shown(&cast.device("何建国", None), now);
    note(
        "the relay, to a manager",
        lacking(&expected.manager, &manager),
    );

    let mut replica = copies.device_hears(&transcript);
    note(
        "the device, later",
        invariants::a_replica_is_sound(&mut replica),
    );
    note(
        "the device, later",
        lacking(&expected.after, &views::shown(&replica, now)),
    );
    let unsent = replica
        .outbox_summary()
        .expect("the replica is read")
        .batches;
    if unsent > 0 {
        note(
            "the device, later",
            vec![format!("{unsent} batches are unsent")],
        );
    }
    found
}

/// The heads of every document of a relay.
pub(super) fn heads(store: &impl ReadStore) -> BTreeMap<String, Vec<String>> {
    let ids = store
        .document_ids(None, 1_000_000)
        .expect("the store is read");
    ids.into_iter()
        .filter_map(|id| {
            let content = store.document(id).expect("the store is read")?.content?;
            let document = change_gate::GatedDocument::load(&content.saved);
            let document = document.expect("a document of the relay's");
            let heads = document.automerge().get_heads();
            let mut heads: Vec<_> = heads.iter().map(|head| hex::encode(head.0)).collect();
            heads.sort();
            Some((id.to_string(), heads))
        })
        .collect()
}

/// Copies of golden files, each used once.
struct Copies<'f> {
    golden: &'f Path,
    scratch: tempfile::TempDir,
    now: Timestamp,
    made: std::cell::Cell<u32>,
}

impl<'f> Copies<'f> {
    fn of(golden: &'f Path, now: i64) -> Self {
        Self {
            golden,
            scratch: tempfile::tempdir().expect("a folder"),
            now: Timestamp::from_millis(now),
            made: std::cell::Cell::default(),
        }
    }

    fn folder(&self) -> std::path::PathBuf {
        self.made.set(self.made.get() + 1);
        let folder = self.scratch.path().join(self.made.get().to_string());
        std::fs::create_dir(&folder).expect("a folder");
        folder
    }

    fn relay(&self) -> Cast {
        let database = self.folder().join("relay.sqlite");
        unpack(&self.golden.join(RELAY), &database);
        let store = SqliteStore::open(&database).expect("an older database is opened");
        let relay = Relay::open(store, opening(3)).expect("it holds a group");
        Cast::new(relay, self.now, 9)
    }

    fn replica(&self) -> Replica {
        let folder = self.folder();
        unpack(&self.golden.join(REPLICA), &folder.join("replica.sqlite"));
        let entropy = Box::new(SeededEntropy::new([3; 8]));
        let opened = Replica::open(&folder, entropy, self.now, &mut |_| {});
        opened.expect("an older database is opened")
    }

    /// The relay hears what the device once said, and answers.
    fn relay_hears(&self, transcript: &Transcript) -> (Cast, Vec<Said>) {
        let mut cast = self.relay();
        // It stands for the device; what it says itself is thrown away.
        let mut replica = self.replica();
        let mut connection = cast.dial(&mut replica, nonce(transcript));
        let mut answered = Vec::new();
        for said in of(transcript, Speaker::Device) {
            connection.waylay(Direction::Up);
            connection.slip_in(Direction::Up, said);
            cast.carry(&mut connection, Direction::Up, &mut replica);
            let frames = connection.waylay(Direction::Down).into_iter();
            answered.extend(frames.map(|frame| Said {
                from: Speaker::Relay,
                frame: hex::encode(frame),
            }));
        }
        (cast, answered)
    }

    /// The device hears what the relay once said.
    fn device_hears(&self, transcript: &Transcript) -> Replica {
        let mut cast = self.relay();
        let mut replica = self.replica();
        let mut connection = cast.dial(&mut replica, nonce(transcript));
        for said in of(transcript, Speaker::Relay) {
            connection.waylay(Direction::Up);
            connection.waylay(Direction::Down);
            connection.slip_in(Direction::Down, said);
            cast.carry(&mut connection, Direction::Down, &mut replica);
        }
        assert_eq!(connection.closed, None, "the device goes on to the end");
        replica
    }
}

fn nonce(transcript: &Transcript) -> [u8; 32] {
    let mut nonce = [0; 32];
    hex::decode_to_slice(&transcript.nonce, &mut nonce).expect("64 hex digits");
    nonce
}

fn of(transcript: &Transcript, speaker: Speaker) -> impl Iterator<Item = Vec<u8>> {
    let said = transcript
        .said
        .iter()
        .filter(move |said| said.from == speaker);
    said.map(|said| hex::decode(&said.frame).expect("hexadecimal"))
}
