//! A group: its devices run commands offline, and a relay gives order and receipts.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use automerge::{ActorId, Automerge, ChangeHash, ScalarValue};
use dealership::command::{Command, Context, Library, Plan};
use dealership::edit::{self, Edit, Edits, Fields};
use dealership::id::FreshIds;
use dealership::phone::{PhoneHash, PhoneKey};
use dealership::refusal::Refusal;
use dealership::rights::{self, Act, Subject, Write};
use dealership::vehicle::Vehicle;
use dealership::{
    Author, Authorship, ChangeReceipt, Contact, Customer, CustomerId, Deal, DealId, DeviceNumber,
    Document, DocumentId, GroupId, Kind, MergeMap, Receipts, Role, Seq, Space, StaffAccess,
    StaffId, StoreId, Timestamp, VehicleId,
};

pub(crate) const GROUP: GroupId = GroupId::from_bytes([0xaa; 16]);

/// Days after Sunday, 3 May 2026, at an hour and a minute in Shanghai.
pub(crate) fn on(days: i64, hour: i64, minute: i64) -> Timestamp {
    let midnight = 1_777_737_600_000;
    Timestamp::from_millis(midnight + ((days * 24 + hour) * 60 + minute) * 60_000)
}

/// Sunday, 3 May 2026, at an hour and a minute in Shanghai.
pub(crate) fn sunday(hour: i64, minute: i64) -> Timestamp {
    on(0, hour, minute)
}

/// One document as a replica or the relay holds it.
#[derive(Clone)]
struct Held {
    kind: Kind,
    space: Space,
    automerge: Automerge,
    receipts: Receipts,
}

impl Held {
    fn read(&self, id: DocumentId) -> Document {
        Document::read(
            id,
            self.space,
            self.automerge.clone(),
            self.receipts.clone(),
        )
        .expect("of ours")
    }
}

/// What the relay has accepted, in which order, received when.
pub(crate) struct Relay {
    documents: BTreeMap<DocumentId, Held>,
    received_at: Vec<Timestamp>,
}

/// A device with its person and its replica.
pub(crate) struct Device {
    pub(crate) author: Author,
    pub(crate) clock_off_by: i64,
    documents: BTreeMap<DocumentId, Held>,
    cursor: Seq,
    actions: u64,
}

/// The store whose number is its id.
pub(crate) fn store(number: u8) -> StoreId {
    StoreId::from_bytes([number; 16])
}

impl Relay {
    pub(crate) fn new() -> Self {
        Self {
            documents: BTreeMap::new(),
            received_at: Vec::new(),
        }
    }

    /// The device pushes what the relay has not, and gets what its spaces hold.
    pub(crate) fn sync(&mut self, device: &mut Device, at: Timestamp) {
        let clock_trusted = device.clock_off_by.abs() <= 600_000;
        for (id, held) in &mut device.documents {
            let here = self.documents.entry(*id).or_insert_with(|| Held {
                automerge: automerge_of(0),
                receipts: Receipts::default(),
                ..held.clone()
            });
            let known = hashes(&here.automerge);
            here.automerge.merge(&mut held.automerge).expect("merges");
            for change in here.automerge.get_changes(&[]) {
                if known.contains(&change.hash()) {
                    continue;
                }
                let message = change.message().expect("has a message");
                let authorship: Authorship = message.parse().expect("of ours");
                let base = authorship.base_seq.0.checked_sub(1);
                let base_received_at = base.map_or(Timestamp::default(), |index| {
                    self.received_at[usize::try_from(index).expect("small")]
                });
                self.received_at.push(at);
                here.receipts.insert(
                    &change.hash(),
                    ChangeReceipt {
                        seq: Seq(self.received_at.len() as u64),
                        received_at: at,
                        base_received_at,
                        clock_trusted,
                    },
                );
            }
        }
        for (id, held) in &mut self.documents {
            if !device.author.spaces.contains(&held.space) {
                continue;
            }
            let mine = device.documents.entry(*id).or_insert_with(|| Held {
                automerge: automerge_of(device.author.device.0),
                receipts: Receipts::default(),
                ..held.clone()
            });
            mine.automerge.merge(&mut held.automerge).expect("merges");
            mine.receipts = held.receipts.clone();
        }
        device.cursor = Seq(self.received_at.len() as u64);
    }

    /// Writes what the relay itself says.
    pub(crate) fn write(&mut self, at: Timestamp, command: &str, edits: &Edits) {
        for (id, edits) in edits.by_document() {
            let held = self.documents.get_mut(&id).expect("the relay has it");
            let authorship = Authorship {
                staff: StaffId::RELAY,
                command: command.into(),
                base_seq: Seq(self.received_at.len() as u64),
            };
            let hash = edit::write(&mut held.automerge, edits, &authorship, at).expect("fits");
            self.received_at.push(at);
            held.receipts.insert(
                &hash.expect("is new"),
                ChangeReceipt {
                    seq: Seq(self.received_at.len() as u64),
                    received_at: at,
                    base_received_at: at,
                    clock_trusted: true,
                },
            );
        }
    }

    pub(crate) fn read(&self, id: impl Into<DocumentId>) -> Document {
        let id = id.into();
        self.documents[&id].read(id)
    }

    pub(crate) fn documents(&self) -> Vec<Document> {
        let documents = self.documents.iter();
        documents.map(|(id, held)| held.read(*id)).collect()
    }

    pub(crate) fn customers(&self) -> Vec<Customer> {
        self.documents().iter().filter_map(Customer::read).collect()
    }
}

impl Device {
    pub(crate) fn new(number: u8, roles: &[Role], stores: &[StoreId], colleagues: &[u8]) -> Self {
        let access = |number: u8, roles: &[Role]| StaffAccess {
            staff: staff(number),
            roles: roles.iter().copied().collect(),
            stores: stores.iter().copied().collect(),
            former_stores: BTreeSet::new(),
            active: true,
        };
        let mine = access(number, roles);
        let everyone: Vec<_> = colleagues
            .iter()
            .map(|number| access(*number, &[Role::Consultant]))
            .chain([mine.clone()])
            .collect();
        Self {
            author: Author {
                spaces: mine.spaces(&everyone),
                access: mine,
                device: DeviceNumber(u64::from(number)),
            },
            clock_off_by: 0,
            documents: BTreeMap::new(),
            cursor: Seq(0),
            actions: 0,
        }
    }

    pub(crate) fn consultant(number: u8, at: StoreId) -> Self {
        Self::new(number, &[Role::Consultant], &[at], &[])
    }

    /// The manager of a store with these consultants.
    pub(crate) fn manager(number: u8, at: StoreId, colleagues: &[u8]) -> Self {
        Self::new(number, &[Role::Manager], &[at], colleagues)
    }

    pub(crate) fn staff(&self) -> StaffId {
        self.author.staff()
    }

    /// Runs a command at a true time; the device's clock may say otherwise. What it writes is
    /// judged by the rights, as the gate will judge it.
    pub(crate) fn run<C: Command>(
        &mut self,
        at: Timestamp,
        command: &C,
    ) -> Result<C::Output, Refusal> {
        self.plan(at, command).map(|plan| plan.output)
    }

    /// As [`Self::run`], with the notices.
    pub(crate) fn plan<C: Command>(
        &mut self,
        at: Timestamp,
        command: &C,
    ) -> Result<Plan<C::Output>, Refusal> {
        let mut seed = [0; 16];
        seed[..8].copy_from_slice(&self.author.device.0.to_be_bytes());
        seed[8..].copy_from_slice(&self.actions.to_be_bytes());
        self.actions += 1;
        let now = at.plus_millis(self.clock_off_by);
        let plan = command.plan(
            self,
            &mut Context {
                author: &self.author,
                group: GROUP,
                phone_key: &phone_key(),
                now,
                ids: FreshIds::new(now, seed),
            },
        )?;
        self.judge(C::NAME, &plan.edits)?;
        self.write(now, C::NAME, &plan.edits);
        Ok(plan)
    }

    fn write(&mut self, claimed_at: Timestamp, command: &str, edits: &Edits) {
        let number = self.author.device.0;
        for (id, edits) in edits.by_document() {
            if let Some(Edit::Create { kind, space, .. }) = edits.first() {
                self.documents.entry(id).or_insert_with(|| Held {
                    kind: *kind,
                    space: *space,
                    automerge: automerge_of(number),
                    receipts: Receipts::default(),
                });
            }
            let authorship = self.authorship(command);
            let held = self.documents.get_mut(&id).expect("is here");
            edit::write(&mut held.automerge, edits, &authorship, claimed_at).expect("fits");
        }
    }

    fn authorship(&self, command: &str) -> Authorship {
        Authorship {
            staff: self.staff(),
            command: command.into(),
            base_seq: self.cursor,
        }
    }

    fn judge(&self, command: &str, edits: &Edits) -> Result<(), Refusal> {
        for (id, edits) in edits.by_document() {
            let subject = match (self.documents.get(&id), edits.first()) {
                (Some(held), _) => Subject {
                    document: id,
                    kind: held.kind,
                    space: held.space,
                },
                (None, Some(Edit::Create { kind, space, .. })) => Subject {
                    document: id,
                    kind: *kind,
                    space: *space,
                },
                _ => panic!("{command} writes to {id}, which is not here"),
            };
            let stands: BTreeSet<String> = match self.documents.get(&id) {
                Some(held) => held
                    .read(id)
                    .registers()
                    .map(|(key, _)| key.to_owned())
                    .collect(),
                None => BTreeSet::new(),
            };
            let puts = puts_of(edits);
            let writes = puts.iter().map(|(path, value)| Write {
                path,
                act: match value {
                    Some(value) => Act::Put {
                        value,
                        replaces: path.len() == 1 && stands.contains(&path[0]),
                    },
                    None => Act::MakeMap { replaces: false },
                },
            });
            rights::decide(&self.author, &subject, &self.authorship(command), writes)?;
        }
        Ok(())
    }

    pub(crate) fn read(&self, id: impl Into<DocumentId>) -> Document {
        let id = id.into();
        self.documents[&id].read(id)
    }

    pub(crate) fn has(&self, id: impl Into<DocumentId>) -> bool {
        self.documents.contains_key(&id.into())
    }

    pub(crate) fn documents(&self) -> Vec<Document> {
        let documents = self.documents.iter();
        documents.map(|(id, held)| held.read(*id)).collect()
    }

    pub(crate) fn customer(&self, id: CustomerId) -> Customer {
        Customer::read(&self.read(id)).expect("a customer")
    }

    /// The customer as all cards tell that merging made one.
    pub(crate) fn whole(&self, id: CustomerId) -> Customer {
        let members = self.merged_with(id).expect("in memory");
        let cards: Vec<_> = members
            .into_iter()
            .filter(|member| self.has(*member))
            .map(|member| self.customer(member))
            .collect();
        dealership::merge::customer(&cards).expect("a customer")
    }

    pub(crate) fn contact(&self, id: CustomerId) -> Contact {
        Contact::read(&self.read(Contact::document_id(id))).expect("a contact")
    }

    pub(crate) fn deal(&self, id: DealId) -> Deal {
        Deal::read(&self.read(id)).expect("a deal")
    }
}

impl Library for Device {
    fn document(&self, id: DocumentId) -> Result<Option<Rc<Document>>, Refusal> {
        Ok(self.documents.get(&id).map(|held| Rc::new(held.read(id))))
    }

    fn of_kind(&self, kind: Kind) -> Result<Vec<Rc<Document>>, Refusal> {
        let of_kind = self.documents.iter().filter(|(_, held)| held.kind == kind);
        Ok(of_kind.map(|(id, held)| Rc::new(held.read(*id))).collect())
    }

    fn customers_with_phone(&self, hash: &PhoneHash) -> Result<Vec<CustomerId>, Refusal> {
        Ok(self
            .documents()
            .iter()
            .filter_map(Customer::read)
            .filter(|customer| customer.phones.contains_key(hash))
            .map(|customer| customer.id)
            .collect())
    }

    fn vehicles_claimed_for(&self, deal: DealId) -> Result<Vec<VehicleId>, Refusal> {
        let documents = self.documents();
        let vehicles = documents.iter().filter_map(Vehicle::read);
        let claimed = vehicles.filter(|vehicle| vehicle.claims.iter().any(|one| one.deal == deal));
        Ok(claimed.map(|vehicle| vehicle.id).collect())
    }

    fn merged_with(&self, customer: CustomerId) -> Result<Vec<CustomerId>, Refusal> {
        let cards: Vec<_> = self.documents().iter().filter_map(Customer::read).collect();
        let merged = MergeMap::of(&cards);
        Ok(merged.shown_as(merged.root(customer)).into_iter().collect())
    }
}

pub(crate) fn phone_key() -> PhoneKey {
    PhoneKey::new([7; 32])
}

pub(crate) fn staff(number: u8) -> StaffId {
    StaffId::from_bytes([number; 16])
}

/// Every put of an edit with its path; a map that is made puts nothing.
fn puts_of(edits: &[Edit]) -> Vec<(Vec<String>, Option<ScalarValue>)> {
    let mut puts = Vec::new();
    let map = |puts: &mut Vec<_>, key: String, fields: &Fields| {
        puts.push((vec![key.clone()], None));
        for (name, value) in fields {
            puts.push((vec![key.clone(), name.clone()], Some(value.to_scalar())));
        }
    };
    for edit in edits {
        match edit {
            Edit::Create {
                kind, registers, ..
            } => {
                puts.push((vec!["kind".into()], Some(kind.code().into())));
                for (key, value) in registers {
                    puts.push((vec![key.clone()], Some(value.to_scalar())));
                }
            }
            Edit::Set { key, value } => puts.push((vec![key.clone()], Some(value.to_scalar()))),
            Edit::Record { name, id, fields } => map(&mut puts, format!("{name}/{id}"), fields),
            Edit::Amend {
                name,
                id,
                field,
                value,
            } => puts.push((
                vec![format!("{name}/{id}"), field.clone()],
                Some(value.to_scalar()),
            )),
        }
    }
    puts
}

fn automerge_of(number: u64) -> Automerge {
    let mut actor = [number as u8; 16];
    actor[8..].copy_from_slice(&number.to_be_bytes());
    Automerge::new().with_actor(ActorId::from(&actor[..]))
}

fn hashes(automerge: &Automerge) -> BTreeSet<ChangeHash> {
    let changes = automerge.get_changes(&[]);
    changes.iter().map(|change| change.hash()).collect()
}
