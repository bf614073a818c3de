//! Runs planned commands as the people of the group would: each on a device of its own, judged
//! and kept by the relay like everyone's.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use automerge::{Automerge, ReadDoc};
use dealership::command::{self, Context, Library, Plan};
use dealership::edit::{self, Edit, Edits};
use dealership::phone::PhoneHash;
use dealership::refusal::Refusal;
use dealership::{
    Author, Authorship, CustomerId, DealId, DeviceNumber, Document, DocumentId, FreshIds, GroupId,
    Kind, PhoneKey, Seq, Space, StaffId, Timestamp, Value, VehicleId, schema,
};
use ed25519_dalek::SigningKey;
use serde_json::Value as Json;
use sync_protocol::{Batch, BatchId, Outcome, PushedChange};

use super::DemoError;
use super::dice::Dice;
use super::people::Seat;
use super::plan::Event;
use crate::relay::{Enrolment, Pushed, Relay};
use crate::store::Store;
use crate::wire;

/// How many batches go to the relay in one transaction.
const GROUP: usize = 64;

/// For how long a device keeps a batch before it pushes.
const PATIENCE: i64 = 2 * 60 * 60 * 1_000;

/// For how long a code to enrol with is good, in hours.
const CODE_HOURS: i64 = 1;

/// Everyone of the group with their devices.
pub(super) struct Office<'r, S> {
    relay: RefCell<&'r mut Relay<S>>,
    outbox: RefCell<Outbox>,
    phone_key: PhoneKey,
    group: GroupId,
    desks: BTreeMap<Seat, Desk>,
    /// On which vehicles which deals have claims.
    claimed: RefCell<BTreeMap<DealId, BTreeSet<VehicleId>>>,
    /// Which deals customers have.
    deals: RefCell<BTreeMap<CustomerId, Vec<DealId>>>,
    /// Under which phones which customers are found.
    phones: RefCell<BTreeMap<PhoneHash, Vec<(CustomerId, Space)>>>,
    /// The ids of what was made.
    made: BTreeMap<String, String>,
    dice: Dice,
    batches: u64,
    /// Whether people are offline: nobody pushes, and nobody sees what others write.
    is_offline: bool,
}

/// A member of staff with a device.
#[derive(Clone, Debug)]
struct Desk {
    staff: StaffId,
    device: DeviceNumber,
    actor: [u8; 16],
}

/// What the devices have written and not pushed.
#[derive(Debug, Default)]
struct Outbox {
    pushed: Vec<Pushed>,
    commands: Vec<&'static str>,
    documents: BTreeSet<DocumentId>,
    first: Timestamp,
    last: Timestamp,
}

impl<'r, S: Store> Office<'r, S> {
    /// Opens the office of a group in which the first seat is taken by `first`.
    pub(super) fn open(relay: &'r mut Relay<S>, first: StaffId, dice: Dice) -> Self {
        let group = relay.group();
        let made = [(name_of(Seat::GENERAL_MANAGER), first.to_string())];
        Self {
            phone_key: PhoneKey::new(group.phone_key),
            group: group.group,
            relay: RefCell::new(relay),
            outbox: RefCell::default(),
            desks: BTreeMap::new(),
            claimed: RefCell::default(),
            deals: RefCell::default(),
            phones: RefCell::default(),
            made: made.into(),
            dice,
            batches: 0,
            is_offline: false,
        }
    }

    /// How many batches were pushed or wait to be.
    pub(super) const fn batches(&self) -> u64 {
        self.batches
    }

    /// Runs a command and what happens meanwhile, and keeps what they make in the outbox or
    /// beyond.
    ///
    /// # Errors
    ///
    /// [`DemoError`] if it is refused by the command or by the relay.
    pub(super) fn run(&mut self, event: &Event) -> Result<(), DemoError> {
        self.push_if_due(event.at)?;
        if event.meanwhile.is_empty() {
            return self.run_one(event);
        }
        for event in event.meanwhile.iter().chain([event]) {
            self.desk(event)?;
        }
        self.push()?;
        self.is_offline = true;
        let run = [event]
            .into_iter()
            .chain(&event.meanwhile)
            .try_for_each(|event| self.run_one(event));
        self.is_offline = false;
        run?;
        self.push()
    }

    /// The id of what was made and kept under a name.
    ///
    /// # Errors
    ///
    /// [`DemoError::Unmade`] if it was not.
    pub(super) fn made(&self, name: &str) -> Result<String, DemoError> {
        let id = self.made.get(name).cloned();
        id.ok_or_else(|| DemoError::Unmade(name.to_owned()))
    }

    fn run_one(&mut self, event: &Event) -> Result<(), DemoError> {
        let desk = self.desk(event)?;
        let author = self.author(&desk, event)?;
        let seed = self.dice.bytes();
        let input = self.filled_in(&event.input)?;
        let entry = command::find(event.command).ok_or(DemoError::NoCommand(event.command))?;
        let view = View {
            office: self,
            author: &author,
        };
        let mut context = Context {
            author: &author,
            group: self.group,
            phone_key: &self.phone_key,
            now: event.at,
            ids: FreshIds::new(event.at, seed),
        };
        let planned = (entry.plan)(input, &view, &mut context);
        let Plan { edits, output, .. } = planned.map_err(|source| DemoError::Command {
            command: event.command,
            input: event.input.to_string(),
            at: event.at,
            source: Box::new(source),
        })?;
        if !edits.is_empty() {
            self.write(&desk, event, &edits)?;
        }
        if let Some((field, name)) = &event.keeps {
            let id = output.get(field).and_then(Json::as_str);
            let id = id.ok_or_else(|| DemoError::Unmade(name.clone()))?;
            self.made.insert(name.clone(), id.to_owned());
        }
        Ok(())
    }

    /// Pushes what is in the outbox, in one transaction.
    ///
    /// # Errors
    ///
    /// [`DemoError`] if the relay fails or does not accept all of it.
    pub(super) fn push(&self) -> Result<(), DemoError> {
        let outbox = self.outbox.take();
        if outbox.pushed.is_empty() {
            return Ok(());
        }
        let outcomes = self
            .relay
            .borrow_mut()
            .accept(outbox.last, &outbox.pushed)?;
        // The store copies its write-ahead log into the database when that has grown long.
        self.relay.borrow_mut().tidy_up(false)?;
        for (outcome, command) in outcomes.into_iter().zip(outbox.commands) {
            if !matches!(outcome, Outcome::Accepted(_)) {
                let outcome = format!("{outcome:?}");
                return Err(DemoError::NotAccepted { command, outcome });
            }
        }
        Ok(())
    }

    fn push_if_due(&self, now: Timestamp) -> Result<(), DemoError> {
        let is_due = {
            let outbox = self.outbox.borrow();
            outbox.pushed.len() >= GROUP || now.millis_since(outbox.first) > PATIENCE
        };
        if is_due { self.push() } else { Ok(()) }
    }

    /// The device of whoever asks; it is enrolled when they ask first.
    fn desk(&mut self, event: &Event) -> Result<Desk, DemoError> {
        if let Some(desk) = self.desks.get(&event.by) {
            return Ok(desk.clone());
        }
        // The relay must know them before it gives them a code.
        self.push()?;
        let name = name_of(event.by);
        let made = self.made.get(&name).and_then(|id| id.parse().ok());
        let staff: StaffId = made.ok_or(DemoError::Unmade(name))?;
        // Nobody keeps the key: the device shows where the work came from, and never connects.
        let key = SigningKey::from_bytes(&self.dice.bytes());
        let relay = self.relay.get_mut();
        let code = relay.issue_code(staff, event.at.plus_hours(CODE_HOURS))?;
        let enrolment = Enrolment {
            code: &code,
            public_key: key.verifying_key().to_bytes(),
            device_name: "演示设备",
        };
        let device = relay.enrol(event.at, &enrolment)?.device;
        let mut actor = [0; 16];
        let (drawn, number) = actor.split_at_mut(8);
        drawn.copy_from_slice(&self.dice.bytes::<8>());
        number.copy_from_slice(&device.0.to_be_bytes());
        let desk = Desk {
            staff,
            device,
            actor,
        };
        self.desks.insert(event.by, desk.clone());
        Ok(desk)
    }

    fn author(&self, desk: &Desk, event: &Event) -> Result<Author, DemoError> {
        let relay = self.relay.borrow();
        let author = relay.directory().author(desk.staff, desk.device);
        author.ok_or_else(|| DemoError::Unmade(name_of(event.by)))
    }

    /// An input with the ids of what was made in their places.
    fn filled_in(&self, input: &Json) -> Result<Json, DemoError> {
        Ok(match input {
            Json::String(text) => Json::String(self.id_for(text)?),
            Json::Array(items) => {
                let items = items.iter().map(|item| self.filled_in(item));
                Json::Array(items.collect::<Result<_, _>>()?)
            }
            Json::Object(fields) => {
                let fields = fields
                    .iter()
                    .map(|(key, value)| Ok((self.id_for(key)?, self.filled_in(value)?)));
                Json::Object(fields.collect::<Result<_, DemoError>>()?)
            }
            other => other.clone(),
        })
    }

    fn id_for(&self, text: &str) -> Result<String, DemoError> {
        match text.strip_prefix('@') {
            None => Ok(text.to_owned()),
            Some(name) => self.made(name),
        }
    }

    /// Writes edits as changes of a device, and puts them into the outbox as one batch.
    fn write(&mut self, desk: &Desk, event: &Event, edits: &Edits) -> Result<(), DemoError> {
        for (document, _) in edits.by_document() {
            self.push_if_waiting(document)?;
        }
        let base_seq = self.relay.borrow().head().seq;
        let authorship = Authorship {
            staff: desk.staff,
            command: event.command.to_owned(),
            base_seq,
        };
        let mut changes = Vec::new();
        for (document, edits) in edits.by_document() {
            let change = self.change(desk, event, document, edits, &authorship)?;
            changes.extend(change);
        }
        let documents = edits.by_document().map(|(document, _)| document);
        let mut outbox = self.outbox.borrow_mut();
        outbox.documents.extend(documents);
        if outbox.pushed.is_empty() {
            outbox.first = event.at;
        }
        outbox.last = event.at;
        outbox.commands.push(event.command);
        outbox.pushed.push(Pushed {
            device: desk.device,
            shapes: u32::try_from(schema::SHAPE).unwrap_or(u32::MAX),
            clock_trusted: true,
            batch: batch(self.dice.bytes(), base_seq, changes)?,
        });
        self.batches += 1;
        Ok(())
    }

    fn change(
        &self,
        desk: &Desk,
        event: &Event,
        document: DocumentId,
        edits: &[Edit],
        authorship: &Authorship,
    ) -> Result<Option<PushedChange>, DemoError> {
        let known = self.relay.borrow_mut().document(document)?;
        let created = edits.iter().find_map(|edit| match edit {
            Edit::Create { space, .. } => Some(*space),
            _ => None,
        });
        let space = known.as_ref().map(Document::space).or(created);
        let space = space.ok_or_else(|| DemoError::Unmade(document.to_string()))?;
        self.index_phones(document, space, edits);
        self.index_claims(document, edits);
        self.index_deals(document, edits);
        let mut automerge = known.map_or_else(Automerge::new, |known| known.into_automerge().0);
        automerge.set_actor(desk.actor.into());
        let hash = edit::write(&mut automerge, edits, authorship, event.at)?;
        let change = hash.and_then(|hash| automerge.get_change_by_hash(&hash));
        Ok(change.map(|change| PushedChange {
            document: wire::document(document),
            space: wire::space(space),
            raw: change.raw_bytes().to_vec(),
        }))
    }

    fn index_claims(&self, document: DocumentId, edits: &[Edit]) {
        let mut claimed = self.claimed.borrow_mut();
        for edit in edits {
            let Edit::Record { name, fields, .. } = edit else {
                continue;
            };
            let deal = fields.get("deal").and_then(|deal| deal.as_text());
            if let (&"claim", Some(Ok(deal))) = (name, deal.map(str::parse)) {
                let vehicles: &mut BTreeSet<_> = claimed.entry(deal).or_default();
                vehicles.insert(document.into());
            }
        }
    }

    fn index_deals(&self, document: DocumentId, edits: &[Edit]) {
        for edit in edits {
            if let Edit::Create {
                kind: Kind::Deal,
                registers,
                ..
            } = edit
                && let Some(customer) = registers.get("customer").and_then(Value::as_text)
                && let Ok(customer) = customer.parse()
            {
                let mut deals = self.deals.borrow_mut();
                let deals: &mut Vec<_> = deals.entry(customer).or_default();
                deals.push(document.into());
            }
        }
    }

    fn index_phones(&self, document: DocumentId, space: Space, edits: &[Edit]) {
        let mut phones = self.phones.borrow_mut();
        let registers = edits.iter().flat_map(|edit| match edit {
            Edit::Create { registers, .. } => registers.keys().map(String::as_str).collect(),
            Edit::Set { key, .. } => vec![key.as_str()],
            _ => Vec::new(),
        });
        for hash in registers.filter_map(|key| key.strip_prefix("phone_hash/")?.parse().ok()) {
            let found: &mut Vec<_> = phones.entry(hash).or_default();
            found.push((document.into(), space));
        }
    }

    fn read(&self, document: DocumentId) -> Result<Option<Document>, DemoError> {
        self.push_if_waiting(document)?;
        Ok(self.relay.borrow_mut().document(document)?)
    }

    /// Lets everyone see what was written into a document, unless they are offline.
    fn push_if_waiting(&self, document: DocumentId) -> Result<(), DemoError> {
        let waits = !self.is_offline && self.outbox.borrow().documents.contains(&document);
        if waits { self.push() } else { Ok(()) }
    }

    fn ids_of_kind(&self, kind: Kind) -> Result<Vec<DocumentId>, DemoError> {
        if !self.is_offline {
            self.push()?;
        }
        let relay = self.relay.borrow();
        let ids = relay.store().documents_of_kind(kind);
        Ok(ids.map_err(crate::relay::RelayError::from)?)
    }
}

/// What the device of one person holds.
struct View<'o, 'r, S> {
    office: &'o Office<'r, S>,
    author: &'o Author,
}

impl<S: Store> Library for View<'_, '_, S> {
    fn document(&self, id: DocumentId) -> Result<Option<Rc<Document>>, Refusal> {
        let document = self.office.read(id).map_err(Refusal::storage)?;
        let here = |document: &Document| self.author.spaces.contains(&document.space());
        Ok(document.filter(here).map(Rc::new))
    }

    fn of_kind(&self, kind: Kind) -> Result<Vec<Rc<Document>>, Refusal> {
        let ids = self.office.ids_of_kind(kind).map_err(Refusal::storage)?;
        let mut documents = Vec::new();
        for id in ids {
            documents.extend(self.document(id)?);
        }
        Ok(documents)
    }

    fn customers_with_phone(&self, hash: &PhoneHash) -> Result<Vec<CustomerId>, Refusal> {
        let phones = self.office.phones.borrow();
        let found = phones.get(hash).into_iter().flatten();
        let here = found.filter(|(_, space)| self.author.spaces.contains(space));
        Ok(here.map(|(customer, _)| *customer).collect())
    }

    fn vehicles_claimed_for(&self, deal: DealId) -> Result<Vec<VehicleId>, Refusal> {
        let claimed = self.office.claimed.borrow();
        Ok(claimed.get(&deal).into_iter().flatten().copied().collect())
    }

    /// Nobody merges anybody in a demo group.
    fn merged_with(&self, customer: CustomerId) -> Result<Vec<CustomerId>, Refusal> {
        Ok(vec![customer])
    }

    fn deals_of(&self, customer: CustomerId) -> Result<Vec<DealId>, Refusal> {
        let deals = self.office.deals.borrow();
        Ok(deals.get(&customer).cloned().unwrap_or_default())
    }
}

fn name_of(seat: Seat) -> String {
    format!("staff/{}", seat.0)
}

fn batch(id: [u8; 16], base_seq: Seq, changes: Vec<PushedChange>) -> Result<Batch, DemoError> {
    Ok(Batch::new(BatchId(id), wire::seq(base_seq), changes)?)
}
