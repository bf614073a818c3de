//! A group of devices around a relay that is modelled by what it gives: order and receipts.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use automerge::{ActorId, Automerge, ChangeHash};
use dealership::command::{Command, Context, Library, Plan};
use dealership::edit::{self, Edit, Edits};
use dealership::id::FreshIds;
use dealership::phone::{PhoneHash, PhoneKey};
use dealership::refusal::Refusal;
use dealership::vehicle::Vehicle;
use dealership::{
    Author, Authorship, ChangeReceipt, CustomerId, DealId, DeviceNumber, Document, DocumentId,
    GroupId, Kind, Receipts, Role, Seq, ShowId, Space, StaffAccess, StaffId, StoreId, Timestamp,
    VehicleId, duty,
};

pub(crate) const GROUP: GroupId = GroupId::from_bytes([0xaa; 16]);
pub(crate) const V1: &str = "ZZZAB1C27RA000101";
pub(crate) const V2: &str = "ZZZAB1C26SA000208";
pub(crate) const V4: &str = "ZZZAB1C20TA000013";

/// Sunday, 3 May 2026, at an hour and a minute in Shanghai.
pub(crate) fn sunday(hour: i64, minute: i64) -> Timestamp {
    on(0, hour, minute)
}

/// Some days after that Sunday, at an hour and a minute in Shanghai.
pub(crate) fn on(days: i64, hour: i64, minute: i64) -> Timestamp {
    let midnight = 1_777_737_600_000;
    Timestamp::from_millis(midnight + ((days * 24 + hour) * 60 + minute) * 60_000)
}

pub(crate) fn store(number: u8) -> StoreId {
    StoreId::from_bytes([number; 16])
}

pub(crate) fn vehicle(vin: &str) -> VehicleId {
    Vehicle::id_of(GROUP, vin)
}

/// One document as a replica or the relay holds it.
struct Held {
    kind: Kind,
    space: Space,
    automerge: Automerge,
}

/// The relay: what it has accepted, in which order, received when.
#[derive(Default)]
pub(crate) struct Relay {
    documents: BTreeMap<DocumentId, Held>,
    receipts: BTreeMap<DocumentId, Receipts>,
    received_at: Vec<Timestamp>,
}

/// A device with its person and its replica.
pub(crate) struct Device {
    pub(crate) author: Author,
    documents: BTreeMap<DocumentId, Held>,
    receipts: BTreeMap<DocumentId, Receipts>,
    cursor: Seq,
    /// How far its clock is off, in milliseconds.
    pub(crate) clock_off_by: i64,
    drawn: RefCell<u64>,
}

impl Relay {
    /// Takes the place of the network: the device pushes what the relay has not, the relay does
    /// its duty, and the device gets all there is.
    pub(crate) fn sync(&mut self, device: &mut Device, at: Timestamp) {
        self.receive(device, at);
        device.fetch(self);
    }

    /// Takes in what a device has written, without giving it anything.
    pub(crate) fn receive(&mut self, device: &mut Device, at: Timestamp) {
        let mut changed = BTreeSet::new();
        for (id, held) in &mut device.documents {
            let here = self.documents.entry(*id).or_insert_with(|| Held {
                kind: held.kind,
                space: held.space,
                automerge: new_automerge(0),
            });
            let known: BTreeSet<ChangeHash> = hashes(&here.automerge);
            here.automerge.merge(&mut held.automerge).expect("merges");
            let clock_trusted = device.clock_off_by.abs() <= 600_000;
            for change in here.automerge.get_changes(&[]) {
                if known.contains(&change.hash()) {
                    continue;
                }
                let message: Authorship = change
                    .message()
                    .expect("has a message")
                    .parse()
                    .expect("of ours");
                let receipt = receipt(&mut self.received_at, message.base_seq, at, clock_trusted);
                self.receipts
                    .entry(*id)
                    .or_default()
                    .insert(&change.hash(), receipt);
                changed.insert(*id);
            }
        }
        self.do_duty(&changed, at);
    }

    fn do_duty(&mut self, changed: &BTreeSet<DocumentId>, at: Timestamp) {
        let read: Vec<_> = changed.iter().map(|id| self.read(*id)).collect();
        let edits = duty::after_batch(&read, at);
        let base_seq = Seq(self.received_at.len() as u64);
        for (id, edits) in edits.by_document() {
            let authorship = Authorship {
                staff: StaffId::RELAY,
                command: duty::CONFIRM.into(),
                base_seq,
            };
            let held = self.documents.get_mut(&id).expect("changed");
            let hash = edit::write(&mut held.automerge, edits, &authorship, at)
                .expect("fits")
                .expect("is new");
            let receipt = receipt(&mut self.received_at, base_seq, at, true);
            self.receipts.entry(id).or_default().insert(&hash, receipt);
        }
        let again: Vec<_> = changed.iter().map(|id| self.read(*id)).collect();
        assert!(
            duty::after_batch(&again, at).is_empty(),
            "the relay's duty is done once"
        );
    }

    pub(crate) fn read(&self, id: impl Into<DocumentId>) -> Document {
        let id = id.into();
        let held = &self.documents[&id];
        let receipts = self.receipts.get(&id).cloned().unwrap_or_default();
        Document::read(id, held.space, held.automerge.clone(), receipts).expect("of ours")
    }

    pub(crate) fn vehicle(&self, vin: &str) -> Vehicle {
        Vehicle::read(&self.read(vehicle(vin))).expect("a vehicle")
    }
}

fn receipt(
    received_at: &mut Vec<Timestamp>,
    base: Seq,
    at: Timestamp,
    clock_trusted: bool,
) -> ChangeReceipt {
    let base_received_at = match base.0.checked_sub(1) {
        Some(index) => received_at[index as usize],
        None => Timestamp::default(),
    };
    received_at.push(at);
    ChangeReceipt {
        seq: Seq(received_at.len() as u64),
        received_at: at,
        base_received_at,
        clock_trusted,
    }
}

impl Device {
    pub(crate) fn new(number: u64, roles: &[Role], stores: &[StoreId]) -> Self {
        let access = StaffAccess {
            staff: StaffId::from_bytes([number as u8; 16]),
            roles: roles.iter().copied().collect(),
            stores: stores.iter().copied().collect(),
            former_stores: BTreeSet::new(),
            active: true,
        };
        Self {
            author: Author {
                spaces: access.spaces([&access]),
                access,
                device: DeviceNumber(number),
            },
            documents: BTreeMap::new(),
            receipts: BTreeMap::new(),
            cursor: Seq(0),
            clock_off_by: 0,
            drawn: RefCell::new(0),
        }
    }

    pub(crate) fn consultant(number: u64, at: StoreId) -> Self {
        Self::new(number, &[Role::Consultant], &[at])
    }

    pub(crate) fn staff(&self) -> StaffId {
        self.author.staff()
    }

    /// Runs a command at a true time; the device's clock may say otherwise.
    pub(crate) fn run<C: Command>(
        &mut self,
        at: Timestamp,
        command: &C,
    ) -> Result<C::Output, Refusal> {
        self.plan(at, command).map(|plan| {
            self.write(at, C::NAME, &plan.edits);
            plan.output
        })
    }

    /// What a command would do.
    pub(crate) fn plan<C: Command>(
        &self,
        at: Timestamp,
        command: &C,
    ) -> Result<Plan<C::Output>, Refusal> {
        let phone_key = PhoneKey::new([0; 32]);
        let mut context = Context {
            author: &self.author,
            group: GROUP,
            phone_key: &phone_key,
            now: at.plus_millis(self.clock_off_by),
            ids: self.fresh_ids(at),
        };
        command.plan(self, &mut context)
    }

    pub(crate) fn fresh_ids(&self, at: Timestamp) -> FreshIds {
        let mut seed = [0; 16];
        seed[..8].copy_from_slice(&self.author.device.0.to_be_bytes());
        let drawn = self.drawn.replace_with(|drawn| *drawn + 1);
        seed[8..].copy_from_slice(&drawn.to_be_bytes());
        FreshIds::new(at, seed)
    }

    /// Writes edits as they are, whatever a command would say: a client that is not ours.
    pub(crate) fn write(&mut self, at: Timestamp, command: &str, edits: &Edits) {
        let authorship = Authorship {
            staff: self.staff(),
            command: command.into(),
            base_seq: self.cursor,
        };
        let claimed_at = at.plus_millis(self.clock_off_by);
        for (id, edits) in edits.by_document() {
            if let Some(Edit::Create { kind, space, .. }) = edits.first() {
                let number = self.author.device.0;
                self.documents.entry(id).or_insert_with(|| Held {
                    kind: *kind,
                    space: *space,
                    automerge: new_automerge(number),
                });
            }
            let held = self.documents.get_mut(&id).expect("is here");
            edit::write(&mut held.automerge, edits, &authorship, claimed_at).expect("fits");
        }
    }

    /// Makes a deal, bare as it may be.
    pub(crate) fn new_deal(&mut self, at: Timestamp) -> DealId {
        let customer = CustomerId::from_bytes([0xcc; 16]);
        self.new_deal_with(at, customer)
    }

    /// Makes a deal of one's own with a customer.
    pub(crate) fn new_deal_with(&mut self, at: Timestamp, customer: CustomerId) -> DealId {
        let registers = edit::fields([
            ("customer", customer.into()),
            ("owner", self.staff().into()),
        ]);
        let home = *self.author.access.stores.first().expect("has a store");
        let id = self.make(at, Kind::Deal, Space::Store(home), registers);
        id.into()
    }

    /// Makes a document of a kind, bare as it may be.
    pub(crate) fn make(
        &mut self,
        at: Timestamp,
        kind: Kind,
        space: Space,
        registers: edit::Fields,
    ) -> DocumentId {
        let id = self.fresh_ids(at).document();
        self.make_as(id, at, kind, space, registers);
        id
    }

    /// Makes a document under a given id.
    pub(crate) fn make_as(
        &mut self,
        id: DocumentId,
        at: Timestamp,
        kind: Kind,
        space: Space,
        registers: edit::Fields,
    ) {
        let mut edits = Edits::default();
        edits.create(id, kind, space, registers);
        self.write(at, "make", &edits);
    }

    /// Makes a show with a team, bare as it may be.
    pub(crate) fn new_show(
        &mut self,
        at: Timestamp,
        from: Timestamp,
        until: Timestamp,
        team: &[StaffId],
    ) -> ShowId {
        let id = self.fresh_ids(at).document();
        let home = *self.author.access.stores.first().expect("has a store");
        let mut registers = edit::fields([
            ("name", "车展".into()),
            ("store", home.to_string().into()),
            ("starts_at", from.millis().into()),
            ("ends_at", until.millis().into()),
        ]);
        for staff in team {
            registers.insert(format!("team/{staff}"), true.into());
        }
        let mut edits = Edits::default();
        edits.create(id, Kind::Show, Space::Group, registers);
        self.write(at, "create_show", &edits);
        id.into()
    }

    /// Takes what the relay has, and gives nothing.
    pub(crate) fn fetch(&mut self, relay: &mut Relay) {
        self.fetch_some(relay, None);
    }

    /// Takes what the relay has but one document, as a device whose relay answers with a gap.
    pub(crate) fn fetch_all_but(&mut self, relay: &mut Relay, one: DocumentId) {
        self.fetch_some(relay, Some(one));
    }

    /// Takes what another device holds, past the relay.
    pub(crate) fn take_from(&mut self, other: &mut Self) {
        for (id, held) in &mut other.documents {
            let number = self.author.device.0;
            let mine = self.documents.entry(*id).or_insert_with(|| Held {
                kind: held.kind,
                space: held.space,
                automerge: new_automerge(number),
            });
            mine.automerge.merge(&mut held.automerge).expect("merges");
        }
    }

    fn fetch_some(&mut self, relay: &mut Relay, without: Option<DocumentId>) {
        for (id, held) in &mut relay.documents {
            if Some(*id) == without {
                continue;
            }
            let number = self.author.device.0;
            let mine = self.documents.entry(*id).or_insert_with(|| Held {
                kind: held.kind,
                space: held.space,
                automerge: new_automerge(number),
            });
            mine.automerge.merge(&mut held.automerge).expect("merges");
        }
        self.receipts = relay.receipts.clone();
        self.cursor = Seq(relay.received_at.len() as u64);
    }

    pub(crate) fn read(&self, id: impl Into<DocumentId>) -> Document {
        let id = id.into();
        let held = &self.documents[&id];
        let receipts = self.receipts.get(&id).cloned().unwrap_or_default();
        Document::read(id, held.space, held.automerge.clone(), receipts).expect("of ours")
    }

    pub(crate) fn vehicle(&self, vin: &str) -> Vehicle {
        Vehicle::read(&self.read(vehicle(vin))).expect("a vehicle")
    }
}

impl Library for Device {
    fn document(&self, id: DocumentId) -> Result<Option<Rc<Document>>, Refusal> {
        if self.documents.contains_key(&id) {
            return Ok(Some(Rc::new(self.read(id))));
        }
        // Every device has the group's stores since it was enrolled.
        let is_store = (1..=9).any(|number| DocumentId::from(store(number)) == id);
        Ok(is_store.then(|| Rc::new(bare_store(id))))
    }

    fn of_kind(&self, kind: Kind) -> Result<Vec<Rc<Document>>, Refusal> {
        let of_kind = self.documents.iter().filter(|(_, held)| held.kind == kind);
        Ok(of_kind.map(|(id, _)| Rc::new(self.read(*id))).collect())
    }

    fn customers_with_phone(&self, _: &PhoneHash) -> Result<Vec<CustomerId>, Refusal> {
        Ok(Vec::new())
    }

    fn vehicles_claimed_for(&self, deal: DealId) -> Result<Vec<VehicleId>, Refusal> {
        let vehicles = self.of_kind(Kind::Vehicle)?;
        let vehicles = vehicles
            .iter()
            .filter_map(|document| Vehicle::read(document));
        let claimed = vehicles.filter(|vehicle| vehicle.claims.iter().any(|one| one.deal == deal));
        Ok(claimed.map(|vehicle| vehicle.id).collect())
    }

    fn merged_with(&self, customer: CustomerId) -> Result<Vec<CustomerId>, Refusal> {
        Ok(vec![customer])
    }
}

fn bare_store(id: DocumentId) -> Document {
    let mut automerge = new_automerge(0);
    let mut edits = Edits::default();
    let registers = edit::fields([("name", "门店".into())]);
    edits.create(id, Kind::Store, Space::Group, registers);
    let authorship = Authorship {
        staff: StaffId::RELAY,
        command: "create_store".into(),
        base_seq: Seq(0),
    };
    for (_, edits) in edits.by_document() {
        edit::write(&mut automerge, edits, &authorship, Timestamp::default()).expect("fits");
    }
    Document::read(id, Space::Group, automerge, Receipts::default()).expect("of ours")
}

fn new_automerge(number: u64) -> Automerge {
    let mut actor = [number as u8; 16];
    actor[8..].copy_from_slice(&number.to_be_bytes());
    Automerge::new().with_actor(ActorId::from(&actor[..]))
}

fn hashes(automerge: &Automerge) -> BTreeSet<ChangeHash> {
    let changes = automerge.get_changes(&[]);
    changes.iter().map(|change| change.hash()).collect()
}
