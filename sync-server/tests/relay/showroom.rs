//! A group with one store, a relay in memory, and tablets to push from.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{Automerge, ReadDoc};
use dealership::edit::{self, Edit, Edits, Fields};
use dealership::{
    Authorship, DealId, DeviceNumber, DocumentId, FactId, Kind, Seq, Space, StaffId, StoreId,
    Timestamp, Value, schema,
};
use ed25519_dalek::SigningKey;
use sync_protocol::{Batch, BatchId, Outcome, PushedChange};
use sync_server::relay::{Enrolled, Enrolment, Opening, Pushed, Relay, RelayKey};
use sync_server::store::{MemoryStore, Store};
use sync_server::wire;

/// The instant at which every story begins.
pub(crate) const NOON: Timestamp = Timestamp::from_millis(1_777_780_800_000);

pub(crate) const SERVER: &str = "relay.example";

/// A store with its people, and the relay.
pub(crate) struct Showroom<S = MemoryStore> {
    pub(crate) relay: Relay<S>,
    pub(crate) store: StoreId,
    pub(crate) other_store: StoreId,
    openings: u8,
    batches: u64,
}

/// An enrolled device with the documents that it writes.
pub(crate) struct Tablet {
    pub(crate) device: DeviceNumber,
    pub(crate) staff: StaffId,
    pub(crate) actor: [u8; 16],
    pub(crate) documents: BTreeMap<DocumentId, Automerge>,
    pub(crate) base_seq: Seq,
    ids: u64,
}

pub(crate) fn opening(number: u8) -> Opening {
    Opening {
        key: RelayKey::new([42; 32]),
        seed: [number; 32],
        cached_documents: 100,
    }
}

impl Showroom {
    pub(crate) fn open() -> Self {
        Self::over(MemoryStore::new())
    }
}

impl<S: Store> Showroom<S> {
    pub(crate) fn over(store: S) -> Self {
        let mut relay = Relay::found(store, SERVER, opening(1)).unwrap();
        let mut ids = relay.fresh_ids(NOON);
        let (store, other_store) = (ids.document(), ids.document());
        let mut edits = Edits::default();
        for (id, name) in [(store, "城东店"), (other_store, "城西店")] {
            edits.create(
                id,
                Kind::Store,
                Space::Group,
                fields(&[("name", name.into())]),
            );
        }
        relay.establish(NOON, "found", &edits).unwrap();
        Self {
            relay,
            store: store.into(),
            other_store: other_store.into(),
            openings: 1,
            batches: 0,
        }
    }

    /// A member of staff of the store.
    pub(crate) fn hire(&mut self, name: &str, role: &str) -> StaffId {
        self.hire_at(name, role, self.store)
    }

    /// A member of staff of a store.
    pub(crate) fn hire_at(&mut self, name: &str, role: &str, store: StoreId) -> StaffId {
        let staff = self.relay.fresh_ids(NOON).document();
        let mut edits = Edits::default();
        let registers = fields(&[
            ("name", name.into()),
            (&format!("role/{role}"), true.into()),
            (&format!("store/{store}"), true.into()),
        ]);
        edits.create(staff, Kind::Staff, Space::Group, registers);
        self.relay.establish(NOON, "hire", &edits).unwrap();
        staff.into()
    }

    /// A consultant of the store with a tablet.
    pub(crate) fn consultant(&mut self, name: &str) -> Tablet {
        let staff = self.hire(name, "consultant");
        self.tablet_of(staff)
    }

    pub(crate) fn tablet_of(&mut self, staff: StaffId) -> Tablet {
        let key = SigningKey::from_bytes(&[self.openings.wrapping_add(staff.as_bytes()[15]); 32]);
        let enrolled = self.enrol(staff, &key);
        let mut actor = [7; 16];
        actor[8..].copy_from_slice(&enrolled.device.0.to_be_bytes());
        Tablet {
            device: enrolled.device,
            staff,
            actor,
            documents: BTreeMap::new(),
            base_seq: self.relay.head().seq,
            ids: 0,
        }
    }

    pub(crate) fn enrol(&mut self, staff: StaffId, key: &SigningKey) -> Enrolled {
        let code = self.relay.issue_code(staff, NOON.plus_hours(1)).unwrap();
        let enrolment = Enrolment {
            code: &code,
            public_key: key.verifying_key().to_bytes(),
            device_name: "iPad",
        };
        self.relay.enrol(NOON, &enrolment).unwrap()
    }

    /// Stops the relay and opens it again over the same store.
    pub(crate) fn restart(self) -> Self {
        let openings = self.openings + 1;
        let relay = Relay::open(self.relay.into_store(), opening(openings)).unwrap();
        Self {
            relay,
            openings,
            ..self
        }
    }

    /// A batch of a tablet, under an id of its own.
    pub(crate) fn batch(&mut self, tablet: &Tablet, changes: Vec<PushedChange>) -> Pushed {
        self.batches += 1;
        let mut id = [0; 16];
        id[8..].copy_from_slice(&self.batches.to_be_bytes());
        Pushed {
            device: tablet.device,
            shapes: schema::SHAPE as u32,
            clock_trusted: true,
            batch: Batch::new(BatchId(id), wire::seq(tablet.base_seq), changes).unwrap(),
        }
    }

    pub(crate) fn push(&mut self, pushed: &Pushed) -> Outcome {
        let outcomes = self.relay.accept(NOON, std::slice::from_ref(pushed));
        let [outcome] = outcomes.unwrap().try_into().unwrap();
        outcome
    }

    /// Pushes changes, which must stand, and gives their first and last position.
    pub(crate) fn accepted(&mut self, tablet: &Tablet, changes: Vec<PushedChange>) -> (u64, u64) {
        let pushed = self.batch(tablet, changes);
        match self.push(&pushed) {
            Outcome::Accepted(accepted) => (accepted.first_seq.0, accepted.last_seq.0),
            other => panic!("{other:?}"),
        }
    }

    /// The space of the store.
    pub(crate) fn space(&self) -> Space {
        Space::Store(self.store)
    }

    /// How many entries the log has in all.
    pub(crate) fn head(&self) -> u64 {
        self.relay.head().seq.0
    }

    /// The positions that the readers of these spaces get.
    pub(crate) fn positions(&self, spaces: &[Space]) -> Vec<u64> {
        let spaces: BTreeSet<Space> = spaces.iter().copied().collect();
        let store = self.relay.store();
        let head = store.head().unwrap().seq;
        let positions = store.positions(&spaces, Seq(0), head, 10_000).unwrap();
        positions.iter().map(|position| position.seq.0).collect()
    }
}

impl Tablet {
    /// A new id.
    pub(crate) fn id(&mut self) -> DocumentId {
        self.ids += 1;
        DocumentId::of_content(&[&self.device.0.to_be_bytes(), &self.ids.to_be_bytes()])
    }

    /// Opens a deal in a space.
    pub(crate) fn open_deal(&mut self, space: Space) -> (DealId, PushedChange) {
        let deal = self.id();
        let mut edits = Edits::default();
        let registers = fields(&[
            ("owner", self.staff.to_string().into()),
            ("title", "首保".into()),
        ]);
        edits.create(deal, Kind::Deal, space, registers);
        (deal.into(), self.write(deal, space, &edits))
    }

    /// Renames a deal.
    pub(crate) fn rename(&mut self, deal: DealId, space: Space, title: &str) -> PushedChange {
        let mut edits = Edits::default();
        edits.set(deal.into(), "title", title);
        self.write(deal.into(), space, &edits)
    }

    /// Writes a fact of a deal.
    pub(crate) fn stage(&mut self, deal: DealId, space: Space, stage: &str) -> PushedChange {
        let mut edits = Edits::default();
        let fact = FactId::from_bytes(*self.id().as_bytes());
        let registers = fields(&[
            ("stage", stage.into()),
            ("by", self.staff.to_string().into()),
        ]);
        edits.record(deal.into(), "stage", fact, registers);
        self.write(deal.into(), space, &edits)
    }

    /// Writes edits of one document as one change.
    pub(crate) fn write(
        &mut self,
        document: DocumentId,
        space: Space,
        edits: &Edits,
    ) -> PushedChange {
        let (_, edits) = edits.by_document().next().unwrap();
        self.write_as(document, space, edits, self.staff)
    }

    pub(crate) fn write_as(
        &mut self,
        document: DocumentId,
        space: Space,
        edits: &[Edit],
        staff: StaffId,
    ) -> PushedChange {
        let actor = self.actor;
        let automerge = self.documents.entry(document).or_default();
        automerge.set_actor(actor.into());
        let authorship = Authorship {
            staff,
            command: "test".to_owned(),
            base_seq: self.base_seq,
        };
        let hash = edit::write(automerge, edits, &authorship, NOON)
            .unwrap()
            .unwrap();
        let raw = automerge
            .get_change_by_hash(&hash)
            .unwrap()
            .raw_bytes()
            .to_vec();
        PushedChange {
            document: wire::document(document),
            space: wire::space(space),
            raw,
        }
    }

    /// Takes a document over from another tablet.
    pub(crate) fn receive(&mut self, document: impl Into<DocumentId>, from: &Self) {
        let id = document.into();
        let mut theirs = from.documents[&id].fork();
        self.documents
            .entry(id)
            .or_default()
            .merge(&mut theirs)
            .unwrap();
    }
}

pub(crate) fn fields(pairs: &[(&str, Value)]) -> Fields {
    let owned = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()));
    owned.collect()
}
